"""How soon people answer: three clocks that start at the handoff, and what stops them.

    handoff ─► first response ─ agent writes ─► the contact is waited for ─ contact writes ─► next response ─► …
         └──► resolution, which stands still while the contact is waited for ─────────────► the case is closed

A clock counts open hours, or all hours where its policy says so. Nothing here looks at a watch: what happened carries
its time, so that the same events give the same clocks whenever they are read, and a breach is dated when it was due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from relevo.domain.clocks import (
    ANSWERS,
    WARNED_AT,
    AllHours,
    Clock,
    Clocks,
    Event,
    Goal,
    Happened,
    Hours,
    Policy,
    Remark,
)
from relevo.domain.messages import SENT_ELSEWHERE

_ALL_HOURS = AllHours()


class Sla(msgspec.Struct, frozen=True):
    """Moves clocks by what happens."""

    policies: Mapping[str, Policy]
    calendar: Hours

    def start(self, level: str, at: datetime, *, has_resolution: bool = True) -> Clocks:
        """Give the clocks of a handoff; without that for the resolution where an earlier one has it."""
        policy = self.policies[level]
        return Clocks(
            level=level,
            at=at,
            first_response=self._started(policy, Goal.FIRST_RESPONSE, at),
            resolution=self._started(policy, Goal.RESOLUTION, at) if has_resolution else None,
        )

    def due_at(self, level: str, goal: Goal, since: datetime) -> datetime:
        """Give until when a goal is kept that is counted from a moment on."""
        policy = self.policies[level]
        return self._hours(policy.is_wall).after(since, policy.seconds(goal))

    def follow(self, clocks: Clocks, events: Iterable[Event]) -> tuple[Clocks, list[Remark]]:
        """Give the clocks after what happened, and what is to be told; events come in order."""
        remarks: list[Remark] = []
        for event in events:
            if clocks.ended_at is not None:
                break
            at = max(event.at, clocks.at)
            clocks = self._pass(clocks, at, remarks)
            clocks = replace(self._move(clocks, replace(event, at=at)), at=at)
        return clocks, remarks

    def _pass(self, clocks: Clocks, at: datetime, remarks: list[Remark]) -> Clocks:
        """Let time pass: what was due before is a breach, dated when it was due."""
        for goal, clock in clocks.each():
            if clock.running_since is None or clock.breached_at is not None:
                continue
            number = clocks.answers + 1 if goal is Goal.NEXT_RESPONSE else 1
            if clock.due_at < at:
                passed = replace(clock, breached_at=clock.due_at, warned_at=clock.warned_at or clock.warn_at)
            elif clock.warned_at is None and clock.warn_at < at:
                passed = replace(clock, warned_at=clock.warn_at)
            else:
                continue
            is_breach = passed.breached_at is not None
            told_at = passed.breached_at or passed.warn_at
            remarks.append(Remark(goal=goal, number=number, is_breach=is_breach, at=told_at, due_at=clock.due_at))
            clocks = clocks.having(goal, passed)
        return clocks

    def _move(self, clocks: Clocks, event: Event) -> Clocks:
        return self._moves[event.what](clocks, event.at) if event.what in self._moves else self._raised(clocks, event)

    @property
    def _moves(self) -> Mapping[Happened, Callable[[Clocks, datetime], Clocks]]:
        return {
            Happened.TAKEN: lambda clocks, _: replace(clocks, is_with_person=True),
            Happened.REPLIED: lambda clocks, at: self._pause(_answered(clocks, at), at),
            Happened.WROTE: lambda clocks, at: self._wanted(clocks, at) if clocks.is_with_person else clocks,
            Happened.PUT_BACK: lambda clocks, at: replace(self._wanted(clocks, at), is_with_person=False),
            Happened.HANDED_BACK: lambda clocks, at: self._left_to_bot(_answered(clocks, at), at),
            Happened.ENDED: lambda clocks, at: self._left_to_bot(_dropped(clocks, at), at),
            Happened.LEFT: lambda clocks, at: self._left_to_bot(_dropped(clocks, at), at),
            Happened.CLOSED: self._closed,
            Happened.LOOKED: lambda clocks, _: clocks,
        }

    def _closed(self, clocks: Clocks, at: datetime) -> Clocks:
        left = self._left_to_bot(_dropped(clocks, at), at)
        done = left.resolution and replace(left.resolution, met_at=at, running_since=None)
        return replace(left, resolution=done, ended_at=at)

    def _pause(self, clocks: Clocks, at: datetime) -> Clocks:
        """Wait for the contact."""
        clock = clocks.resolution
        if clock is None or clock.running_since is None:
            return replace(clocks, paused_at=clocks.paused_at or at)
        stopped = replace(clock, spent_seconds=self._spent(clock, at), running_since=None)
        return replace(clocks, paused_at=at, resolution=stopped)

    def _resume(self, clocks: Clocks, at: datetime) -> Clocks:
        clock = clocks.resolution
        if clock is not None and clock.running_since is None and not clock.is_over:
            clock = self._from(replace(clock, running_since=at), at)
        return replace(clocks, paused_at=None, resolution=clock)

    def _wanted(self, clocks: Clocks, at: datetime) -> Clocks:
        """Have the contact wait for an answer, from the first message on that has none."""
        clocks = self._resume(clocks, at)
        is_waited_for = any(_is_open(clocks.of(goal)) for goal in ANSWERS)
        if is_waited_for or not clocks.is_answered_by_people:
            return clocks
        return replace(clocks, next_response=self._started(self.policies[clocks.level], Goal.NEXT_RESPONSE, at))

    def _left_to_bot(self, clocks: Clocks, at: datetime) -> Clocks:
        """End a person's stretch: there is nobody left to answer; what is left is the case itself."""
        resumed = self._resume(clocks, at)
        ended_at = at if resumed.resolution is None else None
        return replace(resumed, is_with_person=False, is_answered_by_people=False, ended_at=ended_at)

    def _raised(self, clocks: Clocks, event: Event) -> Clocks:
        """Have what is not over yet be due by another policy; what it has counted by now stays counted."""
        level, at = event.level or clocks.level, event.at
        if level == clocks.level:
            return clocks
        policy = self.policies[level]
        for goal, clock in clocks.each():
            if clock.is_over or clock.breached_at is not None:
                continue
            spent = self._spent(clock, at)
            since = at if clock.running_since is not None else None
            fresh = replace(clock, target_seconds=policy.seconds(goal), is_wall=policy.is_wall, spent_seconds=spent)
            clocks = clocks.having(goal, self._from(replace(fresh, running_since=since, due_at=at), at))
        return replace(clocks, level=level)

    def _started(self, policy: Policy, goal: Goal, at: datetime) -> Clock:
        clock = Clock(
            target_seconds=policy.seconds(goal),
            is_wall=policy.is_wall,
            started_at=at,
            running_since=at,
            due_at=at,
            warn_at=at,
        )
        return self._from(clock, at)

    def _from(self, clock: Clock, at: datetime) -> Clock:
        """Give a clock with when it is due, counted on from a moment; never earlier than it was."""
        if clock.breached_at is not None:
            return clock
        after, left = self._hours(clock.is_wall).after, clock.target_seconds - clock.spent_seconds
        due_at = max(clock.due_at, after(at, left) if left > 0 else at)
        before = left - clock.target_seconds * (1 - WARNED_AT)
        warn_at = clock.warn_at if clock.warned_at else min(due_at, after(at, before) if before > 0 else at)
        return replace(clock, due_at=due_at, warn_at=warn_at)

    def _spent(self, clock: Clock, at: datetime) -> float:
        if clock.running_since is None:
            return clock.spent_seconds
        return clock.spent_seconds + self._hours(clock.is_wall).open_seconds(clock.running_since, at)

    def _hours(self, is_wall: bool) -> Hours:
        return _ALL_HOURS if is_wall else self.calendar


def happened(kind: str, author: str, before: str | None, after: str | None) -> Happened | None:
    """Tell what an entry of the timeline means for clocks; ``before`` and ``after`` are who had and has control."""
    if kind in ("message", SENT_ELSEWHERE):
        return {"agent": Happened.REPLIED, "contact": Happened.WROTE}.get(author)
    if kind != "control":
        return None
    if after == "agent":
        return Happened.TAKEN
    if before == "agent":
        return {"queued": Happened.PUT_BACK, "bot": Happened.HANDED_BACK, "wrap_up": Happened.ENDED}.get(str(after))
    return Happened.LEFT if after == "bot" and before in ("requested", "queued", "offered") else None


def _is_open(clock: Clock | None) -> bool:
    return clock is not None and not clock.is_over


def _answered(clocks: Clocks, at: datetime) -> Clocks:
    """Have the contact be answered."""
    for goal in ANSWERS:
        clock = clocks.of(goal)
        if clock is None or clock.is_over:
            continue
        clocks = clocks.having(goal, replace(clock, met_at=at, running_since=None))
        if goal is Goal.NEXT_RESPONSE:
            late = clocks.late_answers + (clock.breached_at is not None)
            clocks = replace(clocks, answers=clocks.answers + 1, late_answers=late)
    return clocks


def _dropped(clocks: Clocks, at: datetime) -> Clocks:
    """Have nobody wait for an answer any more."""
    for goal in ANSWERS:
        clock = clocks.of(goal)
        if clock is not None and not clock.is_over:
            clocks = clocks.having(goal, replace(clock, dropped_at=at, running_since=None))
    return clocks
