"""Which queue a conversation waits in, chosen from what it is about, its language, and why a person is needed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relevo.domain.calendar import Calendar
from relevo.domain.cases import Trigger

DEFAULT, SUPERVISORS = "default", "supervisors"
"""Queues that are always there: for what belongs in no other, and for what is sensitive."""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """One queue; where it names no languages or case types, it takes any."""

    name: str
    languages: tuple[str, ...] = ()
    case_types: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    """All of what whoever takes from it must be able to do."""
    calendar: Calendar | None = None
    """When its people are there; None: as everybody."""

    def takes(self, case_type: str, language: str | None) -> bool:
        """Tell whether something belongs here."""
        is_spoken = not self.languages or language in self.languages
        return is_spoken and (not self.case_types or case_type in self.case_types)

    @property
    def narrowness(self) -> int:
        """How much it asks for: the narrower of two queues is the better one."""
        return 2 * bool(self.case_types) + bool(self.languages)


class Queues(msgspec.Struct, frozen=True, kw_only=True):
    """All queues of the business, and what goes to its supervisors before anything else is asked."""

    named: tuple[Queue, ...] = ()
    """In the order of the file; the default one and the supervisors' may be among them."""
    sensitive_triggers: frozenset[str] = frozenset(
        {Trigger.DENIED_BOARDING.value, Trigger.SAFETY.value, Trigger.ABUSE.value}
    )
    sensitive_priorities: frozenset[str] = frozenset()

    def get(self, name: str) -> Queue:
        """Give a queue; the default one where the file no longer has it."""
        known = {queue.name: queue for queue in self.all}
        return known.get(name, known[DEFAULT])

    def has(self, name: str) -> bool:
        """Tell whether there is such a queue."""
        return any(queue.name == name for queue in self.all)

    @property
    def all(self) -> Sequence[Queue]:
        """Every queue there is, the two that are always there at the end unless the file places them."""
        names = {queue.name for queue in self.named}
        return (*self.named, *(Queue(name=name) for name in (DEFAULT, SUPERVISORS) if name not in names))

    def choose(self, *, case_type: str, language: str | None, trigger: str, priority: str) -> Queue:
        """Give where a handoff waits: sensitive things with supervisors, all else in the narrowest queue that fits."""
        if trigger in self.sensitive_triggers or priority in self.sensitive_priorities:
            return self.get(SUPERVISORS)
        fitting = [q for q in self.all if q.name not in (DEFAULT, SUPERVISORS) and q.takes(case_type, language)]
        return max(fitting, key=lambda queue: queue.narrowness, default=self.get(DEFAULT))
