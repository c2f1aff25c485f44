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


DELIVERY = "delivery"
"""The charge for bringing an order; every other charge that may be paid back is a payment, by its number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """One payment for an order; amounts are minor units of the order's currency."""

    id: str
    amount: int
    method: str
    """As the business writes it, such as ``card ending 4417``."""
    refunded: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    """What was paid back already."""

    charge: str
    """``delivery``, or the number of a payment."""
    amount: int
    reference: str
    methods: tuple[str, ...]
    refunded_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One order of a person, with everything that was paid for it; payments and refunds oldest first."""

    id: str
    placed_on: date
    delivered_on: date | None
    seller: str
    is_third_party: bool
    items: tuple[str, ...]
    goods: int
    """What the goods alone cost."""
    delivery: int
    currency: str
    payments: tuple[Payment, ...]
    refunds: tuple[Refund, ...] = ()

    @property
    def total(self) -> int:
        """What was to be paid."""
        return self.goods + self.delivery

    @property
    def paid(self) -> int:
        """What was paid and did not go back as a payment too many."""
        too_many = sum(refund.amount for refund in self.refunds if refund.charge != DELIVERY)
        return sum(payment.amount for payment in self.payments) - too_many


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """One subscription of a person."""

    id: str
    plan: str
    price: int
    """For one period, in minor units of the currency."""
    currency: str
    period: str
    """``month`` or ``year``."""
    paid_until: date
    """The end of what is paid: there it renews, or ends where it was cancelled."""
    is_active: bool
    """Whether it renews; a cancelled one may be used until the end of what is paid."""


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

    async def orders(self, ref: str) -> Sequence[Order]:
        """Give all of a person's orders, newest first; nobody else's."""
        ...

    async def subscriptions(self, ref: str) -> Sequence[Subscription]:
        """Give all of a person's subscriptions, the cancelled ones too; nobody else's."""
        ...

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Do an effect exactly once per ``order.key`` and give its result; again with the same key, the same result.

        A ``refund`` pays ``order.amount`` back to the means that the order was paid with: of the ``payment`` that its
        arguments name, else of the delivery. Its result has amount, unit, reference and the payments.

        A ``cancel_subscription`` ends the ``subscription`` at ``ends_on``, which must be the end of what is paid. Its
        result has both, and the plan.

        Raises Conflict when the business refuses (its sentence says why).
        """
        ...
