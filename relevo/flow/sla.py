"""Watches how soon people answer: what is nearly late is told to whoever has it, what is late to supervisors."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic

from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.sla import Round, RoundChange, Rounds
from relevo.domain.cases import Priority
from relevo.domain.clocks import Event, Happened
from relevo.domain.service import Service
from relevo.flow.waiting import REST_SECONDS, keep_watch

LOOK_SECONDS = 1.0
LATELY_SECONDS = 10.0
"""What changed longer before the last look is found by the whole look that comes now and then."""
WHOLE_SECONDS = REST_SECONDS


@dataclass(kw_only=True)
class SlaWatch:
    """Keeps the clocks of handoffs; any number of them may run, and their service may be replaced meanwhile."""

    rounds: Rounds
    live: Live
    service: Service = field(default_factory=Service)
    clock: Clock = system_clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        looked_at, whole_at = 0.0, -math.inf

        async def look() -> int:
            nonlocal looked_at, whole_at
            began = monotonic()
            is_whole = began - whole_at >= WHOLE_SECONDS
            found = await self.step(None if is_whole else LATELY_SECONDS + began - looked_at)
            looked_at, whole_at = began, began if is_whole else whole_at
            return found

        await keep_watch(stop, look, live=self.live, what="sla", pause_seconds=LOOK_SECONDS)

    async def step(self, within: float | None = None) -> int:
        """Bring all clocks up to date, or those that moved lately, and give how many were looked at."""
        looked_at = await self._look(within)
        return looked_at + await self._look(within) if await self.rounds.begin() else looked_at

    async def _look(self, within: float | None) -> int:
        now = self.clock()
        wanted = await self.rounds.wanted(now, within)
        decide = partial(decided, service=self.service, now=now)
        for handoff_id in wanted:
            changed = await self.rounds.look(handoff_id, now, decide)
            if changed is not None:
                self.live.changed(changed)
        return len(wanted)


def decided(known: Round, *, service: Service, now: datetime) -> RoundChange:
    """Give what becomes of a handoff's clocks by now, in the hours of the queue that it is in."""
    clockwork = service.clockwork_of(service.queues.get(known.queue))
    clocks = known.clocks or clockwork.start(known.level, known.started_at, has_resolution=known.has_resolution)
    raised = Event(what=Happened.RAISED, at=now, level=known.priority.level)
    events = sorted([*known.events, raised, Event(what=Happened.LOOKED, at=now)], key=lambda event: event.at)
    clocks, remarks = clockwork.follow(clocks, events)
    breaches = [remark.goal.value for remark in remarks if remark.is_breach]
    if not breaches:
        return RoundChange(clocks=clocks, remarks=remarks)
    level = known.priority.because("sla_missed", breaches[-1]).level
    clocks, more = clockwork.follow(clocks, [Event(what=Happened.RAISED, at=now, level=level)])
    return RoundChange(clocks=clocks, remarks=[*remarks, *more], reason=Priority().because("sla_missed", breaches[-1]))
