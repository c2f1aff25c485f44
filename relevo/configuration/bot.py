"""Reads relevo.yml: languages, time zone, how long a verification holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from relevo.configuration.assistant import AssistantAccount, read_assistant
from relevo.configuration.documents import Mistakes, Spot, read_document
from relevo.configuration.formal import Formal, read_formal
from relevo.configuration.sla import read_sla
from relevo.domain.calendar import DAYS, Shift
from relevo.domain.service import Service


@dataclass(frozen=True, kw_only=True, slots=True)
class BotFile:
    """What relevo.yml says."""

    languages: tuple[str, ...] = ("es", "en")
    default_language: str = "es"
    formal: Mapping[str, Formal] = field(default_factory=dict)
    """Languages in which contacts are addressed formally, such as with "usted", and what is said in them then."""
    timezone: str = "Europe/Madrid"
    verification_seconds: int = 3600
    service: Service = field(default_factory=Service)
    assistant: AssistantAccount | None = None
    """A model that helps the people at the desk; None where the business names none."""


def read_bot(path: Path, environment: Mapping[str, str], mistakes: Mistakes) -> BotFile:
    """Read relevo.yml; what is wrong is noted, and its default stands in."""
    document = read_document(path, mistakes)
    if document is None:
        return BotFile()
    required = ("languages", "default_language", "timezone", "verification_seconds")
    parts = document.fields(required=required, optional=("formal", "desk", "privacy"))
    languages = _languages(parts.get("languages"))
    default = parts["default_language"].choice(languages) if languages and "default_language" in parts else None
    zone = _zone(parts.get("timezone"))
    seconds = parts["verification_seconds"].whole_number(least=60) if "verification_seconds" in parts else None
    spot = document.part("desk", "assistant")
    assistant = read_assistant(spot, environment) if spot else None
    if not (languages and default and zone and seconds):
        return BotFile()
    service = replace(_service(parts["desk"]) if "desk" in parts else Service(), timezone=zone)
    if "privacy" in parts and (months := _answer_months(parts["privacy"])):
        service = replace(service, privacy_answer_months=months)
    return BotFile(
        languages=languages,
        default_language=default,
        formal=read_formal(parts["formal"], path.parent, mistakes) if "formal" in parts else {},
        timezone=zone,
        verification_seconds=seconds,
        service=service,
        assistant=assistant,
    )


def _service(spot: Spot) -> Service:
    known = ("hours", "holidays", "sla", "first_response_seconds", "queue_seconds", "approval_seconds", "assistant")
    parts = spot.fields(optional=known)
    given: dict[str, object] = {
        name: seconds
        for name in ("queue_seconds", "approval_seconds")
        if name in parts and (seconds := parts[name].whole_number(least=60))
    }
    if "hours" in parts:
        shifts = [_shift(days, hours) for days, hours in parts["hours"].fields(is_open=True).items()]
        given["shifts"] = tuple(shift for shift in shifts if shift)
    if "holidays" in parts:
        days = [_holiday(day) for day in parts["holidays"].items()]
        given["holidays"] = frozenset(day for day in days if day)
    given["sla"] = read_sla(parts)
    return replace(Service(), **given)  # type: ignore[arg-type]


def _answer_months(spot: Spot) -> int | None:
    parts = spot.fields(required=("answer_months",))
    return parts["answer_months"].whole_number(least=1) if "answer_months" in parts else None


def _shift(days: str, hours: Spot) -> Shift | None:
    first, _, last = days.partition("-")
    text = hours.text() or ""
    opens, _, closes = text.partition("-")
    try:
        shift = Shift(first=first, last=last or first, opens=_clock(opens), closes=_clock(closes))
        if DAYS.index(shift.first) > DAYS.index(shift.last) or shift.opens >= shift.closes:
            raise ValueError
    except ValueError:
        hours.wrong(f"'{days}: {text}' must be written like mon-fri: \"08:00-22:00\", with days {', '.join(DAYS)}.")
        return None
    return shift


def _holiday(spot: Spot) -> date | None:
    text = spot.text() or ""
    try:
        return date.fromisoformat(text)
    except ValueError:
        spot.wrong(f"'{text}' must be a day in quotes, written like \"2026-12-25\".")
        return None


def _clock(text: str) -> time:
    return time.max if text.strip() == "24:00" else time.fromisoformat(text.strip())


def _languages(spot: Spot | None) -> tuple[str, ...]:
    codes = [item.text() for item in spot.items()] if spot else []
    if spot and not codes:
        spot.wrong("languages must name at least one language, such as es.")
    return tuple(code for code in codes if code)


def _zone(spot: Spot | None) -> str | None:
    name = spot.text() if spot else None
    if spot is None or name is None:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        spot.wrong(f"'{name}' is no known time zone; write it like Europe/Madrid.")
        return None
    return name
