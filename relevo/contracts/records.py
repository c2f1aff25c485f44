"""What people have at a business: tickets, orders, subscriptions. Amounts are minor units of the record's currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from relevo.domain.rights import Journey


class Trip(msgspec.Struct, frozen=True, kw_only=True):
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
    paid_with: str | None = None
    """The means of payment, such as ``card ending 4417``; None where the business does not say."""


DELIVERY, UNDELIVERED, RETURN = "delivery", "undelivered", "return"
"""What may be paid back of an order: what bringing it cost, all of it, pieces of it; else a payment, by its number."""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment for an order; amounts are minor units of the order's currency."""

    id: str
    amount: int
    method: str
    """As the business writes it, such as ``card ending 4417``."""
    refunded: int = 0


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid back already."""

    charge: str
    """``delivery``, ``undelivered``, ``return:`` and its pieces, ``fare``, or the number of a payment."""
    amount: int
    reference: str
    methods: tuple[str, ...]
    refunded_at: datetime
    has_delivery: bool = False
    """Whether the charge for bringing it went back with it."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order: so many pieces of one thing."""

    position: int
    name: str
    quantity: int
    unit_price: int
    returned: int = 0
    """Pieces whose price went back; the first ones go back first."""
    names: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What it is called in other languages, by their codes."""

    @property
    def left(self) -> int:
        """How many pieces are still paid for."""
        return self.quantity - self.returned


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order of a person, with everything that was paid for it; payments and refunds oldest first."""

    id: str
    placed_on: date
    promised_on: date
    """The last day on which it was to arrive: as promised, else as the law has it."""
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
    status: str = "processing"
    """``processing``, ``shipped`` or ``delivered``; readers accept further values."""
    lines: tuple[Item, ...] = ()

    @property
    def total(self) -> int:
        """What was to be paid."""
        return self.goods + self.delivery

    @property
    def paid(self) -> int:
        """What was paid and did not go back as a payment too many."""
        payments = {payment.id for payment in self.payments}
        too_many = sum(refund.amount for refund in self.refunds if refund.charge in payments)
        return sum(payment.amount for payment in self.payments) - too_many

    @property
    def delivery_left(self) -> int:
        """What bringing it cost, as long as that did not go back."""
        return 0 if any(refund.has_delivery for refund in self.refunds) else self.delivery

    @property
    def left(self) -> int:
        """What of the total did not go back yet."""
        return sum(item.left * item.unit_price for item in self.lines) + self.delivery_left


class Fare(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid for one ticket of a person."""

    ticket: str
    booking_code: str
    flight: str
    flown_on: date
    """Day of the flight, also of one still to come."""
    origin: str
    destination: str
    was_flown: bool
    is_refundable: bool
    """Whether the fare may be given back before the flight."""
    amount: int
    currency: str
    method: str
    refund: Refund | None = None
    owed_for: str | None = None
    """What happened to the flight, where the rules owe the fare for it; not on file, but worked out."""
    law: str | None = None
    """The law that owes it."""


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A person's account of points."""

    points: int
    last_flown_on: date | None
    """The last flight that keeps the points; None where none is known."""
    expires_on: date | None
    """When the points are gone unless something is flown before; None where nobody can tell."""
    months: int
    """How long points are kept after the last flight."""
    terms: str
    """Where the business has written that down, such as ``5.2`` of its terms."""


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """What a person was given out of goodwill; newest first."""

    code: str
    amount: int
    currency: str
    valid_until: date
    issued_at: datetime


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
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


class FlightTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How one flight of the carrier goes, as anybody may know it."""

    flight: str
    flown_on: date
    origin: str
    destination: str
    status: str
    """``scheduled``, ``flown`` or ``cancelled``."""
    departure_delay_minutes: int
    arrival_delay_minutes: int


class Compensated(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid for a flight that was late, cancelled or full."""

    amount: int
    currency: str
    reference: str
    paid_at: datetime


class Flight(Journey, frozen=True, kw_only=True):
    """One ticket's flight, how it went, and what was paid for that."""

    ticket: str
    booking_code: str
    flight: str
    origin: str
    destination: str
    status: str
    """``scheduled``, ``flown`` or ``cancelled``."""
    compensated: Compensated | None = None


NOT_LOCATED, LOCATED, DELIVERED = "not_located", "located", "delivered"
"""How a bag stands."""


class BagEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a missing bag."""

    happened_on: date
    event: str
    """``opened``, ``located``, ``sent`` or ``delivered``; readers accept further ones."""
    place: str | None = None


class Bag(msgspec.Struct, frozen=True, kw_only=True):
    """One bag of a person that was reported missing."""

    report: str
    ticket: str
    flight: str
    flown_on: date
    tag: str | None
    description: str | None
    reported_on: date
    status: str
    """``not_located``, ``located`` or ``delivered``."""
    delivered_on: date | None
    delivery_address: str | None
    address_changes: int = 0
    """How often the delivery address was changed since the report."""
    events: tuple[BagEvent, ...] = ()
    """Oldest first."""


ESSENTIALS, DAMAGE = "essentials", "damage"
"""What is paid for a bag: what had to be bought while it was missing, and what was damaged in it or of it."""


class BagPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid for a bag; amounts are minor units of the currency."""

    kind: str
    """``essentials`` or ``damage``."""
    ticket: str
    report: str | None
    amount: int
    currency: str
    reference: str
    paid_on: date
