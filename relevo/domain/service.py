"""When people are there and how fast they answer: the business's own words, as data."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time

import msgspec

from relevo.domain.calendar import Calendar, Shift
from relevo.domain.clocks import Goal, Policy
from relevo.domain.queues import Queue, Queues
from relevo.domain.routing import Rules
from relevo.domain.sight import OWN_QUEUES
from relevo.domain.sla import Sla

SLA: Mapping[str, Policy] = {
    "normal": Policy(first_response_seconds=14_400, next_response_seconds=14_400, resolution_seconds=86_400),
    "high": Policy(first_response_seconds=3_600, next_response_seconds=3_600, resolution_seconds=28_800),
    "urgent": Policy(first_response_seconds=900, next_response_seconds=900, resolution_seconds=14_400, is_wall=True),
}
"""Where nothing else is said: what is urgent does not wait for the morning."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What the business promises about its people."""

    shifts: tuple[Shift, ...] = (Shift(first="mon", last="sun", opens=time(8), closes=time(22)),)
    holidays: frozenset[date] = frozenset()
    """Days on which nobody is there, whatever the shifts say."""
    sla: Mapping[str, Policy] = msgspec.field(default_factory=lambda: SLA)
    """How soon people answer, by priority."""
    queue_seconds: int = 900
    """How long a conversation waits for a person before the bot goes on."""
    approval_seconds: int = 7 * 86_400
    """How long a prepared effect may be approved."""
    presence_seconds: float = 45.0
    """How recently an agent's desk must have been heard of for them to count as online."""
    queues: Queues = msgspec.field(default_factory=Queues)
    offer_seconds: int = 30
    """How long somebody has to accept a conversation before the next one is asked."""
    offer_later_seconds: int = 14_400
    """For how long, in open hours, a conversation is offered to who comes, for which nobody was there."""
    agents_see: str = OWN_QUEUES
    """What agents see whose account names queues: ``own_queues``, or ``all``."""
    undo_seconds: int = 5
    """How long an agent may take back a reply that they have sent from the desk's page; 0 sends it at once."""
    audit_days: int = 730
    """How long entries of the audit log are kept."""
    timezone: str = "Europe/Madrid"
    privacy_answer_months: int = 1
    """Within how many months a request about one's own data is answered, counted from when it came."""

    def privacy_due_at(self, asked_at: datetime) -> datetime:
        """Give until when such a request is answered: the same day of the month, or the month's last one."""
        months = asked_at.month - 1 + self.privacy_answer_months
        year, month = asked_at.year + months // 12, months % 12 + 1
        return asked_at.replace(year=year, month=month, day=min(asked_at.day, monthrange(year, month)[1]))

    @property
    def calendar(self) -> Calendar:
        """When people are there."""
        return Calendar(shifts=self.shifts, holidays=self.holidays, timezone=self.timezone)

    def clockwork_of(self, queue: Queue) -> Sla:
        """Give what moves the clocks of handoffs in a queue: by the hours of its own people."""
        return Sla(self.sla, self.calendar_of(queue))

    def answer_seconds(self, case_type: str, trigger: str, level: str, language: str, now: datetime) -> float:
        """Give how long it is until a case should have its first answer by the people who would see to it."""
        queue = self.queues.choose(case_type=case_type, language=language, trigger=trigger, priority=level)
        return (self.clockwork_of(queue).due_at(level, Goal.FIRST_RESPONSE, now) - now).total_seconds()

    @property
    def rules(self) -> Rules:
        """By what conversations are offered."""
        return Rules(queues=self.queues)

    def calendar_of(self, queue: Queue) -> Calendar:
        """When a queue's people are there."""
        return queue.calendar or self.calendar

    def is_open_at(self, moment: datetime) -> bool:
        """Tell whether people should be there at a moment."""
        return self.calendar.is_open_at(moment)
