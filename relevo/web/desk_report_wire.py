"""What the reports' doors are asked, and what they answer: one shape for each report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sanic.request import Request

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.handoff import Moment
from relevo.domain import reports
from relevo.domain.reports import Asked, EpisodeLine, Report
from relevo.errors import Unreadable
from relevo.flow.reports import Wish, asked_by
from relevo.web.openapi import Query
from relevo.web.services import services_of

PAGE = 100
"""Episodes on one page of a list."""
MAX_AFTER = 100_000
_LONGEST = 100
_DAY = {"type": "string", "format": "date"}
_NAME = {"type": "string", "maxLength": _LONGEST}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
FILTERS = (
    Query(name="from", about="First day, in the business's time zone; four weeks before “to”.", schema=_DAY),
    Query(name="to", about=f"Last day; today. At most {reports.MAX_DAYS} days in all.", schema=_DAY),
    Query(name="channel", about="One channel alone.", schema=_NAME),
    Query(name="language", about="Conversations in one language alone.", schema=_NAME),
    Query(name="queue", about="What waited in one queue alone.", schema=_NAME),
    Query(name="agent", about="What one agent dealt with; agents get their own.", schema=_NUMBER),
)
ROW = Query(name="row", about="The “row” of the report's line.", schema=_NAME)
AFTER = Query(
    name="after",
    about="“next” of the page before.",
    schema={"type": "integer", "minimum": 0, "maximum": MAX_AFTER, "default": 0},
)


class Counted(msgspec.Struct, kw_only=True):
    """Which episodes were counted."""

    first: date
    last: date
    timezone: str
    channel: str | None
    language: str | None
    agent_id: int | None
    queue: str | None


class OutcomesReport(Counted, kw_only=True):
    """How episodes ended."""

    rows: Sequence[reports.OutcomeLine]


class HoursReport(Counted, kw_only=True):
    """What began in which hour of the day, by channel."""

    rows: Sequence[reports.HourLine]


class DaysReport(Counted, kw_only=True):
    """What began on which day, by channel."""

    rows: Sequence[reports.DayLine]


class ReasonsReport(Counted, kw_only=True):
    """Why people were asked for."""

    rows: Sequence[reports.ReasonLine]


class TimesReport(Counted, kw_only=True):
    """How long people took, counted from the handoff."""

    rows: Sequence[reports.TimeLine]


class RatesReport(Counted, kw_only=True):
    """Shares: contained, durable, promises kept, came again."""

    rows: Sequence[reports.RateLine]


class CsatReport(Counted, kw_only=True):
    """What contacts answered when they were asked how it was."""

    rows: Sequence[reports.RatingLine]


class EffectsReport(Counted, kw_only=True):
    """What was done in the business's systems."""

    rows: Sequence[reports.EffectLine]


class AgentsReport(Counted, kw_only=True):
    """What each agent did."""

    rows: Sequence[reports.AgentLine]


class QueuesReport(Counted, kw_only=True):
    """What became of the handoffs in each queue."""

    rows: Sequence[reports.QueueLine]


class SlaReport(Counted, kw_only=True):
    """How promised times were kept, by kind and priority."""

    rows: Sequence[reports.SlaLine]


class EpisodeRow(msgspec.Struct, kw_only=True):
    """One episode behind a number."""

    conversation_id: UUID
    began_at: Moment
    last_at: Moment
    channel: str
    language: str | None
    contact_name: str | None
    outcome: str
    messages: int
    case_id: str | None
    case_type: str | None
    goal: str | None
    score: int | None
    url: str
    """Its page at the desk: the case's, or where there is none the conversation's."""


class EpisodeRows(msgspec.Struct, kw_only=True):
    """Episodes behind a number, newest first."""

    episodes: Sequence[EpisodeRow]
    next: int | None
    """What to send as “after” for the next page; None on the last one."""


SHAPES: Mapping[str, type[Any]] = {
    "outcomes": OutcomesReport,
    "hours": HoursReport,
    "days": DaysReport,
    "reasons": ReasonsReport,
    "times": TimesReport,
    "rates": RatesReport,
    "csat": CsatReport,
    "effects": EffectsReport,
    "agents": AgentsReport,
    "queues": QueuesReport,
    "sla": SlaReport,
}


def read_asked(request: Request, agent: AgentAccount) -> Asked:
    """Read which episodes a query string asks for; raises Unreadable and AccessDenied."""
    services = services_of(request)
    number = _text(request, "agent")
    wish = Wish(
        first=_text(request, "from"),
        last=_text(request, "to"),
        channel=_text(request, "channel"),
        language=_text(request, "language"),
        agent_id=_whole(number, "agent", 2**31 - 1) if number else None,
        queue=_text(request, "queue"),
    )
    return asked_by(agent, wish, services.service.timezone, services.clock())


def read_row(request: Request) -> tuple[str, int]:
    """Read which row's episodes are wanted, and how many are known already."""
    return _text(request, "row") or "", _whole(_text(request, "after") or "0", "after", MAX_AFTER)


def query_of(asked: Asked, **more: str) -> str:
    """Give a query string that asks for the same."""
    period = asked.period
    values = {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "channel": asked.channel,
        "language": asked.language,
        "agent": asked.agent_id,
        "queue": asked.queue,
        **more,
    }
    return urlencode({name: value for name, value in values.items() if value is not None})


def shaped(report: Report, name: str) -> Any:
    """Give one report as it is answered."""
    asked = report.asked
    return SHAPES[name](
        first=asked.period.first,
        last=asked.period.last,
        timezone=asked.period.zone,
        channel=asked.channel,
        language=asked.language,
        agent_id=asked.agent_id,
        queue=asked.queue,
        rows=getattr(report, name),
    )


def episode_rows(found: Sequence[EpisodeLine], seen: Sequence[EpisodeLine], after: int) -> EpisodeRows:
    """Give a page of episodes, of which one more was read than fits, and not all may be seen."""
    has_next = len(found) > PAGE and after + PAGE <= MAX_AFTER
    return EpisodeRows(
        episodes=[_episode(line) for line in seen],
        next=after + PAGE if has_next else None,
    )


def address_of(line: EpisodeLine) -> str:
    """Give where an episode is read."""
    return f"/desk/cases/{line.case_id}" if line.case_id else f"/desk/conversations/{line.conversation_id}"


def _episode(line: EpisodeLine) -> EpisodeRow:
    values = {name: getattr(line, name) for name in EpisodeLine.__struct_fields__}
    return EpisodeRow(**values, url=address_of(line))


def _text(request: Request, name: str) -> str | None:
    given = (request.args.get(name) or "").strip()
    if len(given) > _LONGEST or not given.isprintable():
        raise Unreadable(f"“{name}” must be at most {_LONGEST} printable characters.", code="bad_filter")
    return given or None


def _whole(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > most:
        raise Unreadable(f"“{name}” must be a whole number, at most {most}.", code="bad_filter")
    return int(text)
