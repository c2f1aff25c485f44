"""Reads how soon people answer: ``desk.sla`` of relevo.yml, or its shorthand ``desk.first_response_seconds``."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from relevo.configuration.documents import Spot
from relevo.domain.clocks import Policy
from relevo.domain.service import SLA

_TIMES = ("first_response_seconds", "next_response_seconds", "resolution_seconds")
_CLOCKS = {"open": False, "wall": True}
LEAST_SECONDS, MOST_SECONDS = 60, 365 * 86_400


def read_sla(parts: Mapping[str, Spot]) -> Mapping[str, Policy]:
    """Read policies by priority out of what ``desk`` says; what is not said stays as it is without."""
    long, short = parts.get("sla"), parts.get("first_response_seconds")
    if long is not None and short is not None:
        short.wrong("'first_response_seconds' is the short form of 'sla', which is there, too; keep one of them.")
    if long is not None:
        return {**SLA, **{level: _policy(level, spot) for level, spot in long.fields(optional=tuple(SLA)).items()}}
    if short is not None:
        given = {level: _seconds(spot) for level, spot in short.fields(required=tuple(SLA)).items()}
        return {**SLA, **{level: replace(SLA[level], first_response_seconds=s) for level, s in given.items() if s}}
    return SLA


def _policy(level: str, spot: Spot) -> Policy:
    parts = spot.fields(required=_TIMES, optional=("clock",))
    times = {name: seconds for name in _TIMES if name in parts and (seconds := _seconds(parts[name]))}
    clock = parts["clock"].choice(tuple(_CLOCKS)) if "clock" in parts else "open"
    if set(times) != set(_TIMES) or clock is None:
        return SLA[level]
    if times["resolution_seconds"] < times["first_response_seconds"]:
        parts["resolution_seconds"].wrong("resolution_seconds is less than first_response_seconds; make it longer.")
    return Policy(**times, is_wall=_CLOCKS[clock])


def _seconds(spot: Spot) -> int | None:
    return spot.whole_number(least=LEAST_SECONDS, most=MOST_SECONDS)
