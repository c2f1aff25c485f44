"""What is promised a time for, and how much of it is over: the clocks of one handoff, and what may move them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

WARNED_AT = 0.8
"""After which part of the time somebody is warned."""


class Goal(str, Enum):
    """What is promised a time for; the values name fields of a policy and of the clocks."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


ANSWERS = (Goal.FIRST_RESPONSE, Goal.NEXT_RESPONSE)


class Happened(str, Enum):
    """What moves clocks."""

    TAKEN = "taken"
    """A person has control."""
    REPLIED = "replied"
    """That person wrote to the contact."""
    WROTE = "wrote"
    """The contact wrote."""
    PUT_BACK = "put_back"
    """Somebody else is to take it."""
    HANDED_BACK = "handed_back"
    """The bot opens with what the person decided."""
    ENDED = "ended"
    """The person's stretch ended without a word."""
    LEFT = "left"
    """The contact went on with the bot before anybody came."""
    CLOSED = "closed"
    """The case was closed."""
    RAISED = "raised"
    """The case has another priority."""
    LOOKED = "looked"
    """Nothing but time passed."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, and when; ``level`` is the new priority."""

    what: Happened
    at: datetime
    level: str | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How soon, for cases of one priority."""

    first_response_seconds: int
    next_response_seconds: int
    resolution_seconds: int
    is_wall: bool = False
    """Whether nights, weekends and holidays count, too."""

    def seconds(self, goal: Goal) -> int:
        """Give the time for a goal."""
        found: int = getattr(self, f"{goal.value}_seconds")
        return found


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """One promised time; ``due_at`` of one that stands still is what it was when it stopped."""

    target_seconds: int
    is_wall: bool
    started_at: datetime
    due_at: datetime
    warn_at: datetime
    running_since: datetime | None
    spent_seconds: float = 0.0
    """What it had counted by then."""
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    met_at: datetime | None = None
    dropped_at: datetime | None = None
    """When it ended with nobody having to keep it any more."""

    @property
    def is_over(self) -> bool:
        """Whether it ended, one way or the other."""
        return self.met_at is not None or self.dropped_at is not None

    @property
    def kept_at(self) -> datetime | None:
        """When it was kept; None where it was not, or too late."""
        return self.met_at if self.breached_at is None else None

    @property
    def state(self) -> str:
        """Give ``running``, ``paused``, ``late``, ``kept``, ``missed`` or ``dropped``."""
        if self.breached_at is not None:
            return "missed" if self.is_over else "late"
        if self.is_over:
            return "kept" if self.met_at is not None else "dropped"
        return "paused" if self.running_since is None else "running"


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """Those of one handoff."""

    level: str
    """Priority that the times are for."""
    at: datetime
    """Until when they know what happened."""
    first_response: Clock | None
    resolution: Clock | None
    next_response: Clock | None = None
    answers: int = 0
    """How many next responses there were, and how many of them too late."""
    late_answers: int = 0
    is_with_person: bool = False
    is_answered_by_people: bool = True
    """Until it is handed back; who is handed off again has new clocks."""
    paused_at: datetime | None = None
    """Since when the contact is waited for."""
    ended_at: datetime | None = None

    def each(self) -> Iterator[tuple[Goal, Clock]]:
        """Give the clocks that there are."""
        for goal in Goal:
            if (clock := self.of(goal)) is not None:
                yield goal, clock

    def of(self, goal: Goal) -> Clock | None:
        """Give the clock for a goal."""
        found: Clock | None = getattr(self, goal.value)
        return found

    def having(self, goal: Goal, clock: Clock | None) -> Clocks:
        """Give these with another clock for a goal."""
        moved: dict[str, Any] = {goal.value: clock}
        return replace(self, **moved)

    def due(self) -> tuple[Goal, datetime] | None:
        """Give what is due next; None while nothing runs."""
        running = [(clock.due_at, goal) for goal, clock in self.each() if clock.running_since is not None]
        if not running:
            return None
        due_at, goal = min(running, key=lambda found: found[0])
        return goal, due_at

    def wakes_at(self) -> datetime | None:
        """Give when somebody must look, though nothing happens."""
        running = [clock for _, clock in self.each() if clock.running_since is not None and clock.breached_at is None]
        return min((clock.due_at if clock.warned_at else clock.warn_at for clock in running), default=None)


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A time that is nearly over, or over."""

    goal: Goal
    number: int
    """Which one: there may be many next responses."""
    is_breach: bool
    at: datetime
    due_at: datetime


class Hours(Protocol):
    """How time counts."""

    def after(self, moment: datetime, open_seconds: float) -> datetime:
        """Give when so many counted seconds have passed."""
        ...

    def open_seconds(self, start: datetime, end: datetime) -> float:
        """Count the seconds between two moments."""
        ...


class AllHours:
    """Nights and holidays, too."""

    def after(self, moment: datetime, open_seconds: float) -> datetime:
        """Give when so many seconds have passed."""
        return moment + timedelta(seconds=open_seconds)

    def open_seconds(self, start: datetime, end: datetime) -> float:
        """Count the seconds between two moments."""
        return max(0.0, (end - start).total_seconds())
