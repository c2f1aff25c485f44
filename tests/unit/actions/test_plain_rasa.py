"""Actions outside Relevo: in plain Rasa nothing can be done, and that is said."""

from __future__ import annotations

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from actions.requests import ACTIONS, TalkAction
from relevo.contracts import runtime

pytestmark = pytest.mark.anyio


async def test_without_a_turn_the_contact_is_told_that_nothing_can_be_done() -> None:
    """No exception, no pretending: the way to a person is named."""
    runtime.enter(None)
    message = {"text": "me faltan puntos", "intent": {"name": "correct_points"}, "entities": []}
    tracker = Tracker("amina", {}, message, [], False, None, {}, "action_listen")
    (event,) = await ACTIONS[0]().run(CollectingDispatcher(), tracker, {})
    assert (event["event"], event["name"]) == ("followup", "utter_cannot_act")


def test_every_action_of_the_domain_is_registered_and_no_other() -> None:
    """Rasa and the actions agree on their names."""
    from tests.unit.actions.test_replies import DOMAIN

    executor = ActionExecutor()
    executor.register_package("actions")
    ours = {name for name, run in executor.actions.items() if isinstance(getattr(run, "__self__", None), TalkAction)}
    assert ours == set(DOMAIN["actions"])
