"""Puts the date of a message into the days that it names by their distance, such as "yesterday".

They are kept for as long as the conversation lasts, and mean the day on which they were said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from relevo.contracts.runtime import current
from relevo.domain.periods import dated

_PERIOD = "period"
"""The entity of relevo.nlu that days are in."""


def with_days(parsed: dict[str, Any]) -> dict[str, Any]:
    """Give what was understood, with dates; outside a turn as it is."""
    turn = current()
    if turn is None:
        return parsed
    return {**parsed, "entities": [each for entity in parsed["entities"] for each in _dated(entity, turn)]}


def _dated(entity: Mapping[str, Any], turn: Any) -> Iterator[dict[str, Any]]:
    if "entities" in entity:  # a further request, with its own
        yield {**entity, "entities": [each for inner in entity["entities"] for each in _dated(inner, turn)]}
    elif entity["entity"] == _PERIOD:
        yield from ({**entity, "value": value} for value in dated(str(entity["value"]), turn.today))
    else:
        yield dict(entity)
