"""Who answers: the arrows of the drawing, all of them and no others."""

from __future__ import annotations

from itertools import product

import pytest

from relevo.domain.conversations import TRANSITIONS, Control, may_change

ARROWS = """
bot: requested agent
requested: queued agent bot expired failed
queued: offered agent bot expired
offered: agent queued bot expired
agent: wrap_up bot queued
wrap_up: bot closed
closed: bot
expired: bot
failed: bot
"""


def drawn() -> set[tuple[Control, Control]]:
    """Give the allowed changes as they are written above, apart from the code's own table."""
    lines = [line.split(": ") for line in ARROWS.strip().splitlines()]
    return {(Control(before), Control(after)) for before, afters in lines for after in afters.split()}


@pytest.mark.parametrize(("before", "after"), list(product(Control, Control)))
def test_control_changes_along_the_arrows_only(before: Control, after: Control) -> None:
    """Each of the 81 pairs is allowed or not, as drawn."""
    assert may_change(before, after) is ((before, after) in drawn())


def test_every_state_can_be_reached_and_left() -> None:
    """No conversation is caught: from the bot everywhere, and from everywhere back to the bot."""
    assert set(TRANSITIONS) == set(Control)
    assert reachable(Control.BOT) == set(Control)
    assert all(Control.BOT in reachable(control) for control in Control)


def test_the_bot_speaks_again_only_by_a_change_that_says_so() -> None:
    """An agent's silence is never the bot's turn: no state but the bot's is the bot's."""
    assert not any(may_change(control, control) for control in Control)


def reachable(start: Control) -> set[Control]:
    """Give the states that one or more changes lead to."""
    found: set[Control] = set()
    edge = {start}
    while edge:
        edge = {after for before in edge for after in TRANSITIONS[before]} - found
        found |= edge
    return found
