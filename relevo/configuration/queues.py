"""Reads desk.queues of relevo.yml: which queues there are, what belongs into each, and when its people are there."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from relevo.configuration.documents import Spot
from relevo.configuration.hours import read_calendar
from relevo.domain.calendar import Calendar
from relevo.domain.cases import Trigger
from relevo.domain.queues import DEFAULT, SUPERVISORS, Queue, Queues

_HOURS = ("hours", "holidays", "timezone")
_FIELDS = {DEFAULT: ("skills",), SUPERVISORS: ("skills", "triggers", "priorities")}
"""What those two may have beside hours; what belongs into them is not chosen by language and case type."""
_LEVELS = ("normal", "high", "urgent")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def read_queues(spot: Spot, languages: Collection[str], calendar: Calendar) -> Queues:
    """Read the queues; ``languages`` are the bot's, ``calendar`` is when everybody is there."""
    found = spot.fields(is_open=True)
    queues = Queues(named=tuple(_queue(name, one, languages, calendar) for name, one in found.items()))
    _demand_different(found, queues.named)
    return _sensitive(found[SUPERVISORS], queues) if SUPERVISORS in found else queues


def _queue(name: str, spot: Spot, languages: Collection[str], calendar: Calendar) -> Queue:
    if not _NAME.fullmatch(name):
        pattern = "'{name}' is no name of a queue; write small letters, digits, - and _, such as refunds."
        spot.wrong(pattern, name=name)
    if spot.is_empty:
        return Queue(name=name)
    parts = spot.fields(optional=(*_HOURS, *_FIELDS.get(name, ("languages", "case_types", "skills"))))
    return Queue(
        name=name,
        languages=_choices(parts.get("languages"), languages),
        case_types=_names(parts.get("case_types")),
        skills=_names(parts.get("skills")),
        calendar=read_calendar(parts, calendar),
    )


def _sensitive(spot: Spot, queues: Queues) -> Queues:
    parts = {} if spot.is_empty else spot.fields(is_open=True)
    if "triggers" in parts:
        triggers = _choices(parts["triggers"], [trigger.value for trigger in Trigger])
        queues = replace(queues, sensitive_triggers=frozenset(triggers))
    if "priorities" in parts:
        queues = replace(queues, sensitive_priorities=frozenset(_choices(parts["priorities"], _LEVELS)))
    return queues


def _demand_different(spots: dict[str, Spot], queues: Sequence[Queue]) -> None:
    """Note queues in which nothing can arrive, since one above takes the very same."""
    seen: dict[tuple[frozenset[str], frozenset[str]], str] = {}
    for queue in queues:
        if queue.name in (DEFAULT, SUPERVISORS):
            continue
        kind = frozenset(queue.languages), frozenset(queue.case_types)
        if kind in seen:
            spots[queue.name].wrong(
                "'{name}' takes the same as '{other}', so nothing arrives in it; "
                "give it other languages or case_types.",
                name=queue.name,
                other=seen[kind],
            )
        seen.setdefault(kind, queue.name)


def _choices(spot: Spot | None, options: Collection[str]) -> tuple[str, ...]:
    found = [item.choice(options) for item in spot.items()] if spot else []
    return tuple(choice for choice in found if choice)


def _names(spot: Spot | None) -> tuple[str, ...]:
    found = []
    for item in spot.items() if spot else ():
        text = item.text()
        if text is not None and not _NAME.fullmatch(text):
            item.wrong("'{text}' must be a name in small letters, such as refund.", text=text)
        elif text is not None:
            found.append(text)
    return tuple(found)
