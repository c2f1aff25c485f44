"""Reads relevo.yml: languages, time zone, how long a verification holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace
from yaml.nodes import Node

from relevo.configuration.assistant import AssistantAccount, read_assistant
from relevo.configuration.documents import Mistakes, Spot, read_document
from relevo.configuration.formal import Formal, read_formal
from relevo.configuration.hours import read_holidays, read_shifts, read_zone
from relevo.configuration.posts import PostRules, read_posts
from relevo.configuration.queues import read_queues
from relevo.configuration.sites import Around, read_sites
from relevo.configuration.sla import read_sla
from relevo.domain.service import Service
from relevo.domain.sight import AGENTS_SEE
from relevo.domain.sites import Sites

_LEAST_SECONDS = {"queue_seconds": 60, "approval_seconds": 60, "offer_seconds": 5, "offer_later_seconds": 60}
_LEAST_AUDIT_DAYS = 30
"""The database ends nothing sooner."""


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
    csat: bool = False
    """Whether contacts are asked how it was."""
    sites: Sites | None = None
    """The websites that the web chat stands on; None where the business names none."""
    posts: PostRules = field(default_factory=PostRules)
    desk: Node | None = field(default=None, repr=False, compare=False)
    """The section ``desk`` as it is written, on which lies what administrators have said at the desk."""


def read_bot(path: Path, environment: Mapping[str, str], mistakes: Mistakes) -> BotFile:
    """Read relevo.yml; what is wrong is noted, and its default stands in."""
    document = read_document(path, mistakes)
    if document is None:
        return BotFile()
    required = ("languages", "default_language", "timezone", "verification_seconds")
    parts = document.fields(required=required, optional=("formal", "desk", "privacy", "csat", "sites", "posts"))
    languages = _languages(parts.get("languages"))
    default = parts["default_language"].choice(languages) if languages and "default_language" in parts else None
    zone = read_zone(parts.get("timezone"))
    seconds = parts["verification_seconds"].whole_number(least=60) if "verification_seconds" in parts else None
    spot = document.part("desk", "assistant")
    assistant = read_assistant(spot, environment) if spot else None
    if not (languages and default and zone and seconds):
        return BotFile()
    service = read_service(parts.get("desk"), languages, zone)
    if "privacy" in parts and (months := _answer_months(parts["privacy"])):
        service = replace(service, privacy_answer_months=months)
    around = Around(languages=languages, default_language=default, calendar=service.calendar, environment=environment)
    return BotFile(
        languages=languages,
        default_language=default,
        formal=read_formal(parts["formal"], path.parent, mistakes) if "formal" in parts else {},
        timezone=zone,
        verification_seconds=seconds,
        service=service,
        assistant=assistant,
        csat=bool("csat" in parts and parts["csat"].switch()),
        sites=read_sites(parts["sites"], around) if "sites" in parts else None,
        posts=read_posts(parts["posts"]) if "posts" in parts else PostRules(),
        desk=parts["desk"].node if "desk" in parts else None,
    )


def read_service(desk: Spot | None, languages: Collection[str], zone: str) -> Service:
    """Read what the business promises about its people, out of the section ``desk``."""
    service = replace(_service(desk) if desk else Service(), timezone=zone)
    queues = desk.part("queues") if desk else None
    return replace(service, queues=read_queues(queues, languages, service.calendar)) if queues else service


def _service(spot: Spot) -> Service:
    known = ("hours", "holidays", "sla", "first_response_seconds", "queues", "assistant", "undo_seconds", "agents_see")
    parts_of_desk = (*known, "audit_days")
    parts = spot.fields(optional=(*parts_of_desk, *_LEAST_SECONDS))
    given: dict[str, object] = {
        name: seconds
        for name, least in _LEAST_SECONDS.items()
        if name in parts and (seconds := parts[name].whole_number(least=least))
    }
    if "undo_seconds" in parts and (undo := parts["undo_seconds"].whole_number(least=0)) is not None:
        given["undo_seconds"] = undo
    if "agents_see" in parts and (seen := parts["agents_see"].choice(AGENTS_SEE)):
        given["agents_see"] = seen
    if "audit_days" in parts and (days := parts["audit_days"].whole_number(least=_LEAST_AUDIT_DAYS)) is not None:
        given["audit_days"] = days
    if "hours" in parts:
        given["shifts"] = read_shifts(parts["hours"])
    if "holidays" in parts:
        given["holidays"] = read_holidays(parts["holidays"])
    given["sla"] = read_sla(parts)
    return replace(Service(), **given)


def _answer_months(spot: Spot) -> int | None:
    parts = spot.fields(required=("answer_months",))
    return parts["answer_months"].whole_number(least=1) if "answer_months" in parts else None


def _languages(spot: Spot | None) -> tuple[str, ...]:
    codes = [item.text() for item in spot.items()] if spot else []
    if spot and not codes:
        spot.wrong("languages must name at least one language, such as es.")
    return tuple(code for code in codes if code)
