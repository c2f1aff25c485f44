"""Opening a case for a person, with the contact's own words and everything that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.conversation import Talk
from relevo.contracts.business import OTHER_FACTS, REFERENCE_FACTS
from relevo.domain.cases import Trigger
from relevo.domain.contacts import Level
from relevo.domain.effects import EffectResult

_KNOWN = (*sorted(REFERENCE_FACTS | OTHER_FACTS), "flight", "partner_flight", "place", "period")
_REFERENCES = ("baggage_report", "ticket", "order", "subscription", "flight", "booking_code", "loyalty_number")
_LONGEST_GOAL = 500


async def open_case(
    talk: Talk,
    case_type: str,
    trigger: Trigger,
    *,
    goal: str | None = None,
    named: Mapping[str, Any] | None = None,
    effects: Sequence[EffectResult] = (),
    **detail: Any,
) -> str:
    """Open a case, remember its number and give it to be said.

    Its goal is in the contact's own words: those given here, else the open request's, else this message's. Its
    reference is the most telling one of what was named for it, else of everything known.
    """
    known = {name: talk.memory[name] for name in _KNOWN if talk.memory[name]}
    number = await talk.turn.open_case(
        case_type,
        trigger,
        reference=_reference(known if named is None else named),
        goal=(goal or talk.memory["goal"] or talk.heard.text)[:_LONGEST_GOAL],
        detail={
            "language": talk.memory["language"],
            "known": known,
            "is_verified": talk.turn.level >= Level.TWO_FACTS,
            **({"also": [one["text"] for one in later]} if (later := talk.memory["later"]) else {}),
            **{name: value for name, value in detail.items() if value},
        },
        effects=effects,
    )
    talk.memory["case_id"], talk.memory["has_case"] = number, True
    return number


async def same_case(talk: Talk, case_type: str, trigger: Trigger, **detail: Any) -> str:
    """Give the number of the case that is open about this already, or open one."""
    number = talk.memory["case_id"]
    return str(number) if number else await open_case(talk, case_type, trigger, **detail)


def _reference(values: Mapping[str, Any]) -> str | None:
    value = next((values[name] for name in _REFERENCES if values.get(name)), None)
    return str(value[0] if isinstance(value, (list, tuple)) else value) if value else None
