"""A counter at which orders come and do not, are sent back piece by piece, and flights are cancelled or given back.

Everything comes from one seed. What may go back is counted here anew, charge after charge as they were paid, without
the code that pays.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from relevo.store.pool import Database
from tests.properties.market import AT_ONCE, FLOOR, IN_30_DAYS, TIMES
from tests.shop import Bought, Issued, issue, sell_pieces

RETURN_DAYS = 14
"""What policies.yml says, written down again: when the rules change, somebody must look here."""


@dataclass(kw_only=True)
class Parcel(Bought):
    """An order as this test knows it, and what of it went back so far."""

    returned: dict[int, int] = field(default_factory=dict)
    has_delivery_back: bool = False
    paid_back: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """What was to be paid."""
        return sum(price * quantity for price, quantity in self.items) + self.delivery

    def owes(self, charge: str, today: date) -> int | None:
        """Give what a charge owes next after what went back before it, and count it as gone; None: nothing."""
        if sum(self.payments) < self.total or charge in self.paid_back:
            return None
        self.paid_back.add(charge)
        if charge == "undelivered":
            return self._all_of_it() if self.delivered is None and self.promised < 0 else None
        if charge == "delivery":
            return self._absurd_delivery()
        pieces = re.findall(r"(\d+)\.(\d+)(?:-(\d+))?", charge.removeprefix("return:"))
        if charge.startswith("return:"):
            return self._sent_back([(int(i), int(a), int(b or a)) for i, a, b in pieces], today)
        return self._above_total(int(charge.rpartition("/")[2]))

    def _all_of_it(self) -> int | None:
        pieces = [(place, self.returned.get(place, 0) + 1, count) for place, (_, count) in enumerate(self.items, 1)]
        return self._take(pieces)

    def _sent_back(self, pieces: list[tuple[int, int, int]], today: date) -> int | None:
        if self.delivered is not None:
            last = today + timedelta(days=self.delivered + RETURN_DAYS)
            last += timedelta(days={5: 2, 6: 1}.get(last.weekday(), 0))
            if today > last:
                return None
        is_next = all(first == self.returned.get(item, 0) + 1 for item, first, _ in pieces)
        return self._take(pieces) if pieces and is_next else None

    def _take(self, pieces: list[tuple[int, int, int]]) -> int | None:
        amount = 0
        for item, first, last in pieces:
            price, quantity = self.items[item - 1]
            if last > quantity:
                return None
            amount += price * (last - first + 1)
            self.returned[item] = last
        if all(self.returned.get(place, 0) == count for place, (_, count) in enumerate(self.items, 1)):
            amount += 0 if self.has_delivery_back else self.delivery
            self.has_delivery_back = True
        return amount

    def _absurd_delivery(self) -> int | None:
        goods = self.total - self.delivery
        is_absurd = self.delivery > FLOOR and self.delivery > TIMES * goods and not self.has_delivery_back
        self.has_delivery_back = True
        return self.delivery if is_absurd else None

    def _above_total(self, place: int) -> int | None:
        """Take what is above the total from the newest payment on."""
        later = sum(self.payments[place:])
        left = sum(self.payments) - self.total - later
        return min(left, self.payments[place - 1]) if left > 0 else None


@dataclass(kw_only=True)
class Ticket(Issued):
    """A ticket as this test knows it."""

    def owes(self, charge: str, today: date) -> int | None:
        """Give the fare where it goes back."""
        is_owed = self.is_cancelled or (self.is_refundable and self.flown > 0)
        return self.fare if charge == "fare" and is_owed else None


def a_parcel(chance: random.Random, number: str) -> Parcel:
    """Give an order that came or did not, in time or not, rightly charged or not, as near to a limit as can be."""
    prices = (0, 999, 1950, 4999, 5000, 7500, 9_900, 14_999, 15_000)
    items = tuple((chance.choice(prices), chance.randint(1, 3)) for _ in range(chance.randint(1, 2)))
    delivery = chance.choice((0, 390, 490, 5000, 5001, 60_000))
    total = sum(price * quantity for price, quantity in items) + delivery
    part = chance.randint(1, max(1, total - 1))
    payments = chance.choice(((total,), (total,), (part, total - part), (total, total), (part,), (part, total)))
    return Parcel(
        id=number,
        items=items,
        delivery=delivery,
        payments=tuple(amount for amount in payments if amount > 0),
        delivered=chance.choice((None, None, 0, -3, -13, -14, -15, -16, -17, -40)),
        promised=chance.choice((-20, -1, -1, 0, 1, 5)),
    )


def a_ticket(chance: random.Random, number: str) -> Ticket:
    """Give a ticket of a flight that was cancelled, is to come today or later, or is over."""
    return Ticket(
        id=number,
        fare=chance.choice((8800, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, IN_30_DAYS // 2 + 1, 184_000)),
        flown=chance.choice((-4, -1, 0, 1, 12)),
        is_cancelled=chance.random() < 0.4,
        is_refundable=chance.random() < 0.6,
    )


async def open_counter(
    database: Database, chance: random.Random, people: int, today: date
) -> dict[str, list[Parcel | Ticket]]:
    """Fill an empty company, and give what everybody has."""
    bought: dict[str, list[Parcel | Ticket]] = {}
    for number in range(people):
        ref = f"P{number:03}"
        await database.run(
            "INSERT INTO aurora_people (ref, given_names, surnames, email, phone, language)"
            " VALUES (%s, 'Amina', 'Diallo', %s, '1', 'es')",
            (ref, f"{ref}@example.com"),
        )
        parcels = [a_parcel(chance, f"AO-{number:03}{place}0") for place in range(chance.randint(1, 3))]
        tickets = [a_ticket(chance, f"0759{number:03}{place}") for place in range(chance.randint(0, 2))]
        bought[ref] = [*parcels, *tickets]
        for parcel in parcels:
            await sell_pieces(database, ref, parcel, today)
        for ticket in tickets:
            await issue(database, ref, ticket, today)
    return bought
