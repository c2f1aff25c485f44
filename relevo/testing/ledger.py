"""A business that books each effect once for each key, counts what it really did, and fails on demand."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any

from relevo.contracts.business import Person, Record
from relevo.domain.contacts import Level
from relevo.domain.effects import Decision, EffectOrder, Verdict
from relevo.errors import BusinessUnavailable, Conflict, NotFound
from relevo.testing import Died


class Trouble(str, Enum):
    """What goes wrong with one effect."""

    REFUSES = "refuses"
    """What is booked already is not refused afterwards."""
    SILENT_BEFORE = "silent_before"
    """Not done, and no answer."""
    SILENT_AFTER = "silent_after"
    """Done, and no answer."""
    DIES_BEFORE = "dies_before"
    DIES_AFTER = "dies_after"
    BROKEN = "broken"
    """The business's own code raises what a business may not."""


class Ledger:
    """A business whose people are given as facts by reference; see contracts.business.Business."""

    def __init__(self, people: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.people = dict(people or {})
        self.booked: dict[str, EffectOrder] = {}
        """What was done, by key, as it was first ordered."""
        self.asked: Counter[str] = Counter()
        """How often each key was ordered."""
        self._troubles: deque[Trouble] = deque()

    def fail(self, *troubles: Trouble) -> None:
        """Let the next orders go wrong, one by one."""
        self._troubles.extend(troubles)

    async def identify(self, facts: Mapping[str, str]) -> str | None:
        """Give the reference of the one person whom all facts describe."""
        found = [ref for ref, known in self.people.items() if facts.items() <= known.items()]
        return found[0] if len(found) == 1 else None

    async def person(self, ref: str) -> Person:
        """Give a person by reference."""
        if ref not in self.people:
            raise NotFound("Nobody has this reference.")
        facts = self.people[ref]
        return Person(
            ref=ref,
            given_names=facts.get("name", ref),
            surnames="",
            email=facts.get("email", ""),
            language="en",
            loyalty_number=facts.get("loyalty_number"),
            points=None,
        )

    async def records(self, kind: type[Record], ref: str) -> Sequence[Record]:
        """Nobody has anything."""
        return ()

    async def public(self, kind: type[Record], number: str) -> Sequence[Record]:
        """There is nothing that anybody may know."""
        return ()

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Book an order once for its key."""
        self.asked[order.key] += 1
        trouble = self._troubles.popleft() if self._troubles else None
        if trouble is not Trouble.REFUSES or order.key not in self.booked:
            _before(trouble)
        self.booked.setdefault(order.key, order)
        if trouble is Trouble.SILENT_AFTER:
            raise BusinessUnavailable
        if trouble is Trouble.DIES_AFTER:
            raise Died
        return {"booking": list(self.booked).index(order.key) + 1}


class Permissive:
    """A policy that gives one verdict to everybody; see contracts.policy.Policy."""

    def __init__(self, decision: Decision = Decision.AUTO, level: Level = Level.CLAIMED) -> None:
        self.decision = decision
        self.level = level

    def decide(self, kind: str, facts: Mapping[str, Any], on: date) -> Verdict:
        """Give the verdict."""
        return Verdict(decision=self.decision, rule=f"testing.{self.decision.value}")

    def window_days(self, kind: str) -> int | None:
        """Know no cumulative limit."""
        return None

    def required_level(self, kind: str) -> Level:
        """Give the level."""
        return self.level


def _before(trouble: Trouble | None) -> None:
    if trouble is Trouble.REFUSES:
        raise Conflict("The business says no.", code="testing.business_refuses")
    if trouble is Trouble.SILENT_BEFORE:
        raise BusinessUnavailable
    if trouble is Trouble.DIES_BEFORE:
        raise Died
    if trouble is Trouble.BROKEN:
        raise KeyError("the business's own mistake")
