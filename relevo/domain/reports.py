"""What reports count: episodes of conversations, each with one outcome, and the numbers made of them.

An *episode* is a stretch of a conversation. It begins with a contact's message after EPISODE_ENDS_AFTER in which nobody
wrote anything, or after an agent closed the conversation, and ends where the next one begins. While somebody waits in
the queue or a person has the conversation, silence ends nothing: an answer may take a night.

Each episode has exactly one *outcome*, so that shares sum to one. The first of these that holds is the outcome:

    open        somebody waits in the queue, or a person has it
    resolved    a person handed back or closed with "resolved"; or a case of it was resolved, or its effect approved
    refused     as above, with "refused"
    otherwise   a person dealt with it and said something else, such as "nothing to do"
    open        a person dealt with it, and a case of it is open still
    nobody_came a person was asked for, and nobody came in time, or nobody was online
    abandoned   the contact went on with the bot before a person came
    open        a case of it is open, or it may still go on: the last words are younger than EPISODE_ENDS_AFTER
    contained   the bot alone dealt with it

An episode belongs to the day on which it began, in the business's time zone; what happened in it later counts there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

EPISODE_ENDS_AFTER = timedelta(hours=12)
"""Silence that ends an episode: longer than lunch, shorter than a night and a morning."""
LASTS_FOR = timedelta(days=7)
"""How long a resolution must hold to count as durable, and within which coming again is a repeat."""
MAX_DAYS = 92
"""Longest period of one report: a quarter."""


class Outcome(str, Enum):
    """How an episode ended; exactly one each."""

    CONTAINED = "contained"
    RESOLVED = "resolved"
    REFUSED = "refused"
    OTHERWISE = "otherwise"
    ABANDONED = "abandoned"
    NOBODY_CAME = "nobody_came"
    OPEN = "open"


class Stretch(str, Enum):
    """Who dealt with what a rating is about."""

    BOT = "bot"
    PERSON = "person"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Whole days, the first and the last included, in the business's time zone."""

    first: date
    last: date
    zone: str

    @property
    def days(self) -> int:
        """Give how many days it has."""
        return (self.last - self.first).days + 1

    @property
    def begins_at(self) -> datetime:
        """Give its first moment."""
        return _midnight(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        """Give the first moment after it."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def before(self) -> Period:
        """Give the period of as many days before it."""
        length = timedelta(days=self.days)
        return replace(self, first=self.first - length, last=self.last - length)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which episodes a report is about."""

    period: Period
    channel: str | None = None
    language: str | None = None
    agent_id: int | None = None
    """Those that this agent dealt with; times and shares of promises are then theirs alone."""
    queue: str | None = None
    """Those that waited in this queue; times and shares of promises are then of these handoffs alone."""


class HourLine(msgspec.Struct, frozen=True, kw_only=True):
    """What began in one hour of the day on one channel."""

    row: str
    hour: int
    channel: str
    episodes: int
    messages: int
    """What contacts wrote in these episodes."""


class DayLine(msgspec.Struct, frozen=True, kw_only=True):
    """What began on one day on one channel."""

    row: str
    day: date
    channel: str
    episodes: int
    messages: int


class OutcomeLine(msgspec.Struct, frozen=True, kw_only=True):
    """How many episodes ended in one way."""

    row: str
    outcome: str
    episodes: int
    share: float
    """Of all episodes; all lines together sum to 1."""


class ReasonLine(msgspec.Struct, frozen=True, kw_only=True):
    """Why a person was asked for, and how often."""

    row: str
    trigger: str
    handoffs: int
    share: float


class TimeLine(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took, counted from the handoff: the bot's time is not in it."""

    row: str
    measure: str
    """``to_person`` (until somebody took it), ``first_response`` (until they wrote, or handed back with words), or
    ``resolution`` (until they handed back or closed it as settled)."""
    handoffs: int
    median_seconds: float
    p90_seconds: float


class RateLine(msgspec.Struct, frozen=True, kw_only=True):
    """How many of those that could did."""

    row: str
    measure: str
    """``contained``, ``durable``, ``sla`` or ``repeat``."""
    count: int
    of: int
    share: float | None
    """None where there was nothing to count."""


class RatingLine(msgspec.Struct, frozen=True, kw_only=True):
    """What contacts answered when they were asked how it was, for those that a bot or a person dealt with."""

    row: str
    stretch: str
    asked: int
    answered: int
    average: float | None
    """From 1 to 5."""
    satisfied: int
    """Who gave 4 or 5."""
    scores: tuple[int, int, int, int, int]
    """How many gave 1, 2, 3, 4 and 5."""


class EffectLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was done in the business's systems, or was to be."""

    row: str
    kind: str
    state: str
    unit: str | None
    """``points``, or an ISO 4217 currency."""
    effects: int
    amount: int | None
    """In minor units of the currency, or points."""


class AgentLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent did with the conversations that they took."""

    row: str
    agent_id: int
    name: str
    handoffs: int
    resolved: int
    refused: int
    first_response_seconds: float | None
    """Median, from the handoff."""
    resolution_seconds: float | None
    sla_kept: int
    sla_of: int
    ratings: int
    average: float | None


class QueueLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the handoffs that waited in one queue."""

    row: str
    queue: str
    handoffs: int
    taken: int
    nobody_came: int
    """Those that nobody took in time, or for which nobody was there."""
    resolved: int
    refused: int
    first_response_seconds: float | None
    """Median, from the handoff."""
    resolution_seconds: float | None
    sla_kept: int
    sla_of: int


class SlaLine(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of promised time was kept for cases of one priority, as the handoffs' clocks say."""

    row: str
    clock: str
    """``first_response``, ``next_response`` (each answer is one), or ``resolution``."""
    level: str
    kept: int
    late: int
    """What came too late, and what is late and has not come yet."""
    running: int
    """What is still to come, in time so far; what nobody has to keep any more is not counted."""
    share: float | None
    """Kept, of kept and late; None where neither happened."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one period; those that were not asked for are empty. Fields are the names of the reports."""

    asked: Asked
    outcomes: tuple[OutcomeLine, ...] = ()
    hours: tuple[HourLine, ...] = ()
    days: tuple[DayLine, ...] = ()
    reasons: tuple[ReasonLine, ...] = ()
    times: tuple[TimeLine, ...] = ()
    rates: tuple[RateLine, ...] = ()
    csat: tuple[RatingLine, ...] = ()
    effects: tuple[EffectLine, ...] = ()
    agents: tuple[AgentLine, ...] = ()
    queues: tuple[QueueLine, ...] = ()
    sla: tuple[SlaLine, ...] = ()

    @property
    def episodes(self) -> int:
        """Give how many episodes there were."""
        return sum(line.episodes for line in self.outcomes)


LINES: Mapping[str, type[Any]] = {
    "outcomes": OutcomeLine,
    "hours": HourLine,
    "days": DayLine,
    "reasons": ReasonLine,
    "times": TimeLine,
    "rates": RateLine,
    "csat": RatingLine,
    "effects": EffectLine,
    "agents": AgentLine,
    "queues": QueueLine,
    "sla": SlaLine,
}
"""Every report's name, and what its lines are."""


class EpisodeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One episode, as the list behind a number shows it."""

    conversation_id: UUID
    began_at: datetime
    last_at: datetime
    """When the last words in it were written."""
    channel: str
    language: str | None
    contact_name: str | None
    outcome: str
    messages: int
    case_id: str | None
    """The newest case that it was about."""
    case_type: str | None
    goal: str | None
    score: int | None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(zone))
