"""What a conversation must find known, so that a bot with another model can tell whether it can go on with it."""

from __future__ import annotations

from typing import Any

import pytest

from relevo.brain.knowing import needed_by
from relevo.contracts import runtime

Events = list[dict[str, Any]]


def says(intent: str) -> Events:
    """Give the event of somebody who says something."""
    return [{"event": "user", "text": "…", "parse_data": {"intent": {"name": intent}}}]


def sets(**slots: object) -> Events:
    """Give the events of slots that are set."""
    return [{"event": "slot", "name": name, "value": value} for name, value in slots.items()]


def does(action: str) -> Events:
    """Give the event of an action."""
    return [{"event": "action", "name": action}]


def loop(name: str | None) -> Events:
    """Give the event of a form that begins, or ends."""
    return [{"event": "active_loop", "name": name}]


OPEN: Events = [
    *says("ask_lounge"), *does("action_lounge"), *sets(in_request=True, request="lounge", stage="day"),
    *does("utter_lounge_day"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some actions that say which requests they know."""
    monkeypatch.setattr(runtime, "_offered", {"refund"})


def test_between_requests_nothing_needs_to_be_known() -> None:
    """Whatever was said and set before: any model can begin."""
    closed = sets(in_request=False, request=None, stage=None)
    assert needed_by([]) == set()
    assert needed_by([*says("greet"), *sets(name="Amina"), *does("action_greet")]) == set()
    assert needed_by([*OPEN, *closed]) == set()
    assert needed_by([*OPEN, {"event": "restart"}]) == set()


def test_an_open_request_needs_what_was_named_since_it_began() -> None:
    """Its name, what was understood, done and set; not what came before it, and not how the bot puts things."""
    before = [*says("old_intent"), *does("action_old"), *sets(old=1), *says("greet")]
    needed = needed_by([*before, *OPEN, *says("inform"), *sets(day="Monday", given_up=None)])
    slots = {"slot:in_request", "slot:request", "slot:stage", "slot:day"}
    assert needed == {"request:lounge", "intent:ask_lounge", "intent:inform", "action:action_lounge", *slots}


def test_a_form_is_a_request_too() -> None:
    """Stock Rasa projects have nothing else."""
    events = [*says("ask"), *loop("lounge_form"), *sets(day="Monday"), *says("inform")]
    assert needed_by(events) == {"intent:ask", "intent:inform", "action:lounge_form", "slot:day"}
    assert needed_by([*events, *loop(None), *says("thanks")]) == set()


def test_where_actions_name_no_requests_none_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project without that convention is judged by what its model knows."""
    monkeypatch.setattr(runtime, "_offered", set())
    assert not any(name.startswith("request:") for name in needed_by(OPEN))
