"""Customers on a fake X who write, read, type and post, chosen by a seed; and what each of them wrote and heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bench.kit.x_business import ANSWER
from relevo.testing.x.customer import Customer
from relevo.testing.x.faults import DELIVERY, Fault, Faults
from relevo.testing.x.posts import Posted
from relevo.testing.x.world import FakeX

CHAT_SHARE = 0.3
"""Of customers who write encrypted."""
BURST, TYPES, READS, POSTS = 0.15, 0.3, 0.3, 0.02
"""With which chance somebody writes twice at once, is seen to type, to read, and posts."""
COMPLAINTS = (
    "@{brand} your app ate my booking {number}, shame on you",
    "@{brand} nobody answers my mail about {number}, this is a disgrace",
    "@{brand} why does flight {number} never leave on time?",
)
SENDING = (
    (Fault.RESPONSE_LOST, 0.008),
    (Fault.BROKEN_AFTER, 0.008),
    (Fault.BROKEN_BEFORE, 0.008),
    (Fault.REQUEST_LOST, 0.004),
    (Fault.LIMITED, 0.002),
)
"""Together 3 of 100 calls that send something."""
TELLING = ((Fault.DUPLICATE, 0.05), (Fault.REORDERED, 0.05), (Fault.ACCOUNT_ACTIVITY, 0.02))
LOST = 0.01
"""Of what X tells; what is lost is waited for, until it is asked for."""


def let_go_wrong(x: FakeX, seed: int, times: float) -> None:
    """Let everything go wrong now and then, or so many times as often, in the order of a seed."""
    x.faults = Faults(seed)
    for door in ("dm.send", "chat.send", "posts.create"):
        for fault, share in SENDING:
            x.faults.rate(door, fault, share * times)
    x.faults.rate("dm.events", Fault.BROKEN_BEFORE, 0.03)
    x.faults.rate(DELIVERY, Fault.LOST, LOST)
    for fault, share in TELLING:
        x.faults.rate(DELIVERY, fault, share * times)


@dataclass(kw_only=True)
class Person:
    """One customer."""

    customer: Customer
    said: list[list[str]] = field(default_factory=list)
    """Their messages: those of one list were written at once, and X may tell of them in any order."""
    posted: list[Posted] = field(default_factory=list)

    async def acts(self, chance: Random) -> None:
        """Do what somebody does in a moment."""
        if chance.random() < POSTS:
            text = chance.choice(COMPLAINTS).format(brand=self.customer.x.brand.username, number=chance.randrange(9999))
            self.posted.append(await self.customer.posts(text, impressions=chance.randrange(100_000)))
        if self.customer.transport == "dm":
            await self._signs(chance)
        texts = [self._next(number) for number in range(2 if chance.random() < BURST else 1)]
        self.said.append(texts)
        for text in texts:
            await self.customer.writes(text)

    async def _signs(self, chance: Random) -> None:
        if chance.random() < TYPES:
            await self.customer.types()
        if chance.random() < READS and self.customer.received:
            await self.customer.reads()

    def _next(self, more: int) -> str:
        return f"{self.customer.username} {sum(map(len, self.said)) + more + 1}"

    @property
    def messages(self) -> list[str]:
        """All that they wrote, in the order in which they did."""
        return [text for texts in self.said for text in texts]

    def answered(self) -> list[str]:
        """Give what of it was answered, in the order of the answers."""
        return [
            text.partition("\n")[0].removeprefix(ANSWER) for text in self.customer.heard() if text.startswith(ANSWER)
        ]

    def heard_else(self) -> list[str]:
        """Give what they heard that is no answer."""
        return [text for text in self.customer.heard() if not text.startswith(ANSWER)]


def people(x: FakeX, count: int, chance: Random) -> Sequence[Person]:
    """Give so many customers."""
    return [
        Person(
            customer=x.customer(
                str(500_000 + number),
                username=f"c{number}",
                transport="chat" if chance.random() < CHAT_SHARE else "dm",
                followers=chance.randrange(2_000),
            )
        )
        for number in range(count)
    ]
