"""The business's own systems: who somebody is, what they have, and doing things for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from relevo.domain.effects import EffectOrder

REFERENCE_FACTS = frozenset({"loyalty_number", "booking_code", "ticket", "order"})
"""Facts that only the contact has; at least one of two must be of these."""
OTHER_FACTS = frozenset({"name", "email", "phone"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody in the business's own files; names as in the passport."""

    ref: str
    given_names: str
    surnames: str
    email: str
    language: str
    loyalty_number: str | None
    points: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trip:
    """One ticket of a person."""

    ticket: str
    booking_code: str
    name: str
    """As printed, such as ``ROBLES/LUCIA``."""
    flight: str
    flown_on: date
    origin: str
    destination: str
    was_flown: bool
    points_due: int
    credited_at: datetime | None


class Business(Protocol):
    """The business's own systems. Every method raises BusinessUnavailable when they do not answer."""

    async def identify(self, facts: Mapping[str, str]) -> str | None:
        """Give the reference of the one person whom *all* these facts describe, or None.

        Keys are of REFERENCE_FACTS and OTHER_FACTS. Whether the facts suffice is for the caller to know; a None
        never tells which of them was wrong.
        """
        ...

    async def person(self, ref: str) -> Person:
        """Give a person by reference; raises NotFound."""
        ...

    async def trips(self, ref: str) -> Sequence[Trip]:
        """Give all of a person's tickets, newest flight first; nobody else's."""
        ...

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Do an effect exactly once per ``order.key`` and give its result; again with the same key, the same result.

        Raises Conflict when the business refuses (its sentence says why).
        """
        ...
