"""Where a reported bag is: its history, for whoever reported it and for nobody else."""

from __future__ import annotations

from actions import bag_states
from actions.bags import CASE_TYPE, goes_on, known_bags, with_report
from actions.conversation import Talk


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    talk.memory["draft"] = with_report(talk, talk.memory["draft"] or {})
    if not await goes_on(talk, CASE_TYPE):
        return
    if talk.memory["stage"] == bag_states.DELIVERED and not bag_states.names_another(talk):
        await bag_states.go_on_delivered(talk)
    else:
        await _go_on_identified(talk)


async def _go_on_identified(talk: Talk) -> None:
    if await known_bags(talk, none="utter_baggage_none"):
        await bag_states.tell(talk)
