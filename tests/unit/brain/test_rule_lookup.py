"""Which of a bot's rules are looked up when."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relevo.brain import lean

lean.install()

from relevo.brain.policies import RuleIndex

pytestmark = pytest.mark.rasa

_LISTENED = {"prev_action": {"action_name": "action_listen"}}
_STARTED: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("newest", "is_read"),
    [
        ({**_LISTENED, "user": {"text": "hello there"}}, True),
        ({**_LISTENED, "slots": {"is_known": [1.0]}}, True),
        ({"active_loop": {"name": "order_form"}, "prev_action": {}}, False),
        ({**_LISTENED, "user": {"intent": "greet"}}, False),
        ({"prev_action": {"action_name": "utter_hello"}}, False),
    ],
)
def test_words_are_looked_at_where_a_rule_may_ask_for_them(newest: dict[str, Any], is_read: bool) -> None:
    """A rule of an intent, or of what follows an action, cannot agree with a message's words alone."""
    others = [_STARTED, {**_LISTENED, "user": {"intent": "bye"}}]
    rules = {json.dumps([_STARTED, newest]): "utter_hello", json.dumps(others): "utter_bye"}
    assert RuleIndex(rules).reads_words is is_read
    said = {**_LISTENED, "user": {"text": "hello there"}, "slots": {"is_known": (1.0,)}}
    assert bool(RuleIndex(rules).agreeing([_STARTED, said])) is is_read
