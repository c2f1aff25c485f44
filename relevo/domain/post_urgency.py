"""How urgent a public post is, and why: what it is about, how far it goes and how fast, who else was not answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from relevo.domain.cases import Priority, PriorityReason
from relevo.domain.merging import UNANSWERED

COMPLAINT, PRAISE, QUESTION, SPAM, OTHER = "complaint", "praise", "question", "spam", "other"
SORTS = (COMPLAINT, PRAISE, QUESTION, SPAM, OTHER)
ASKS = frozenset({COMPLAINT, QUESTION})
"""What wants an answer."""

TOPICS = (
    "safety", "lost_baggage", "damage", "refund", "overcharge", "cancellation", "delay", "points", "behaviour",
)  # fmt: skip
"""What posts may be about, the gravest first."""
CASE_TYPES = {
    "lost_baggage": "lost_baggage",
    "damage": "damage",
    "refund": "refund",
    "overcharge": "overcharge",
    "cancellation": "flight",
    "delay": "flight",
    "points": "points_correction",
    "safety": "safety",
}
"""Which type of case a topic makes; "other" for the rest."""

IMPRESSIONS, AN_HOUR, FOLLOWERS, TOPIC = "impressions", "impressions_an_hour", "followers", "public_topic"
"""Codes of reasons; their detail is a number, or a topic."""
_STEPS = {
    IMPRESSIONS: ((100_000, 40), (10_000, 20), (1_000, 10)),
    AN_HOUR: ((10_000, 30), (1_000, 15)),
    FOLLOWERS: ((100_000, 20), (10_000, 10)),
}
"""From how many on, and what it adds."""
_TOPIC_POINTS = {"safety": 100, "lost_baggage": 20, "damage": 15, "overcharge": 15, "cancellation": 15, "refund": 10}
_OTHER_TOPIC_POINTS = 5
_UNANSWERED_POINTS = 30

_SHORTEST = timedelta(minutes=1)
"""Readings that are closer together tell nothing of speed."""
_LONGEST = timedelta(hours=3)
"""What was longer ago says nothing of how fast a post travels now."""
_YOUNGEST = timedelta(minutes=10)
"""Age below which one reading alone tells no speed."""

LOOK_MINUTES = (2, 5, 15, 30, 60, 120, 240, 480, 1440)
"""Pauses between looks at a post: how far it goes shows within hours; after that only whether it is still there."""


class PostState(str, Enum):
    """What is to be done about a post."""

    WAITING = "waiting"
    """For people."""
    ANSWERED = "answered"
    HANDLED = "handled"
    DISMISSED = "dismissed"
    """Not for us, says a person."""
    QUIET = "quiet"
    """Asks for nothing: praise, spam and the like."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a post says, as far as words tell."""

    language: str
    sort: str
    """One of SORTS."""
    topic: str | None = None
    """One of TOPICS."""
    flight: str | None = None
    is_opt_out: bool = False
    is_bare_opt_out: bool = False
    """One word that may mean something else where something was asked."""
    """Whether its author wants no answers from us."""


class Travelled(msgspec.Struct, frozen=True, kw_only=True):
    """How far a post has come."""

    impressions: int
    an_hour: int | None
    followers: int | None = None


def speed(posted_at: datetime, readings: Sequence[tuple[datetime, int]]) -> int | None:
    """Give impressions an hour, from the last two readings that tell; from its age where there is one alone."""
    if not readings:
        return None
    at, latest = readings[-1]
    for before, earlier in reversed(readings[:-1]):
        if _SHORTEST <= at - before <= _LONGEST:
            return _an_hour(latest - earlier, at - before)
    age = at - posted_at
    return _an_hour(latest, age) if len(readings) == 1 and age >= _YOUNGEST else None


def urgency(judgement: Judgement, travelled: Travelled, unanswered: int = 0) -> Priority:
    """Give a post's priority with its reasons; what asks for nothing is not urgent, however far it goes."""
    if judgement.sort not in ASKS:
        return Priority()
    found = [
        _stepped(IMPRESSIONS, travelled.impressions),
        _stepped(AN_HOUR, travelled.an_hour or 0),
        _stepped(FOLLOWERS, travelled.followers or 0),
    ]
    if unanswered:
        found.append(PriorityReason(code=UNANSWERED, points=_UNANSWERED_POINTS, detail=str(unanswered)))
    if judgement.topic:
        points = _TOPIC_POINTS.get(judgement.topic, _OTHER_TOPIC_POINTS)
        found.append(PriorityReason(code=TOPIC, points=points, detail=judgement.topic))
    return Priority(tuple(reason for reason in found if reason))


def _stepped(code: str, number: int) -> PriorityReason | None:
    points = next((points for least, points in _STEPS[code] if number >= least), 0)
    return PriorityReason(code=code, points=points, detail=str(number)) if points else None


def _an_hour(more: int, within: timedelta) -> int:
    """Give a rate by two digits: more would say that it is known better than it is."""
    rate = max(0, round(more * 3600 / within.total_seconds()))
    return round(rate, min(0, 2 - len(str(rate))))
