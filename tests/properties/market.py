"""A shop full of right and wrong charges, its customers, a business that fails, and what the rules owe to whom.

Everything comes from one seed. What is owed is counted here anew, without the code that pays it back.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

from actions import refunds
from actions.conversation import Heard, Memory, Talk
from actions.requests import REQUESTS, begin
from relevo.contracts.store import Claim
from relevo.domain.contacts import Identity, Level
from relevo.domain.conversations import Control, Conversation
from relevo.domain.effects import EffectOrder
from relevo.domain.messages import Arrival
from relevo.errors import BusinessUnavailable
from relevo.flow.turn import ConversationTurn, TurnServices
from relevo.store.aurora.company import Aurora
from relevo.store.pool import Database
from relevo.testing import Died
from tests.shop import sell

AT_ONCE, IN_30_DAYS, TIMES, FLOOR = 15_000, 30_000, 5, 5_000
"""What policies.yml says, written down again: when the rules change, somebody must look here."""

OPENED = {
    "report_overcharge": "overcharge",
    "report_undelivered": "undelivered",
    "return_goods": "goods_return",
    "give_back_fare": "fare_refund",
    "report_flight_cancelled": "fare_refund",
    "ask_refund": "refund",
}
"""Which request each intent opens."""
PLAIN_YES = Heard("sí", "affirm", {"agreement": ("si",)})
BUTTON = Heard("/affirm", "affirm", {})
NO_YES = (
    Heard("sí, pero espera", "affirm", {"agreement": ("si",), "hedge": ("pero", "espera")}),
    Heard("¿sí?", "affirm", {"agreement": ("si",), "hedge": ("?",)}),
    Heard("no", "deny", {}),
    Heard("gracias", "thanks", {}),
    Heard("hola", "greet", {}),
    Heard("quiero mi dinero", "ask_refund", {}),
    Heard("solo el segundo", "inform", {"choice": ("2",), "hedge": ("solo",)}),
    Heard("déjalo", "change_mind", {}),
)


@dataclass(frozen=True)
class Sold:
    """An order as this test knows it; payments oldest first."""

    id: str
    person: str
    goods: int
    delivery: int
    payments: tuple[int, ...]

    def owed(self) -> dict[str, int]:
        """Give what the rules give back, by the effect's key."""
        total, paid = self.goods + self.delivery, sum(self.payments)
        owed = {}
        if paid >= total and self.delivery > FLOOR and self.delivery > TIMES * self.goods:
            owed[f"refund:{self.id}:delivery"] = self.delivery
        too_much = paid - total
        for place in range(len(self.payments), 0, -1):
            back = min(too_much, self.payments[place - 1])
            if back > 0:
                owed[f"refund:{self.id}:{self.id}/{place}"] = back
                too_much -= back
        return owed


def an_order(chance: random.Random, number: str, person: str) -> Sold:
    """Give an order that is right, wrong, or as near to a limit as can be."""
    goods = chance.choice((0, 200, 999, 1000, 1001, 2490, 5999, 9_900, 12_000, 14_999))
    near = (TIMES * goods, FLOOR, AT_ONCE, IN_30_DAYS)
    delivery = max(0, chance.choice((0, 390, 9_900, *near)) + chance.choice((-1, 0, 1)))
    total = max(1, goods + delivery)
    part = chance.randint(0, total - 1)
    payments = chance.choice(
        ((total,), (total,), (total, total), (total, total, total), (part, total - part), (part, total), (total, 1), ())
    )
    return Sold(number, person, goods, total - goods, tuple(amount for amount in payments if amount))


def an_order_near_the_limit(chance: random.Random, number: str, person: str) -> Sold:
    """Give an order paid twice, of which two may go back in 30 days without a person, and three may not."""
    total = chance.randint(IN_30_DAYS // 3 - 1, AT_ONCE)
    return Sold(number, person, total, 0, (total, total))


@dataclass
class FailingAurora:
    """Aurora that is silent or dies now and then, before or after the deed; which, the seed knows."""

    aurora: Aurora
    seed: int
    asked: Counter[str] = field(default_factory=Counter)

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Do it, or fail in one of four ways."""
        self.asked[order.key] += 1
        trouble = random.Random(f"{self.seed}:{order.key}:{self.asked[order.key]}").random()
        _fail(trouble, before=True)
        done = await self.aurora.carry_out(order)
        _fail(trouble, before=False)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self.aurora, name)


def _fail(trouble: float, *, before: bool) -> None:
    silent, dies = (0.02, 0.08) if before else (0.12, 0.18)
    if silent - 0.02 <= trouble < silent:
        raise BusinessUnavailable
    if silent <= trouble < dies:
        raise Died


@dataclass
class Chat:
    """One conversation of a verified person, held without Rasa: what was understood goes straight to the action."""

    person: str
    services: TurnServices
    agreed: set[str]
    """Keys to which a person said yes, of all their conversations; what is shown is what they agree to."""
    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    slots: dict[str, Any] = field(default_factory=lambda: {"language": "es"})
    id: UUID = field(default_factory=uuid4)
    amounts: set[tuple[str, int]] = field(default_factory=set)
    """The same with their amounts."""

    async def hears(self, heard: Heard) -> None:
        """Answer one message; where the process dies, the same message is answered again from where it stood."""
        if self.slots.get("stage") == "confirm":
            self._agree(heard, self.slots["offer"])
        while True:
            talk = Talk(self._turn(), heard, Memory(self.slots))
            try:
                await self._answer(talk)
            except Died:
                continue
            self.slots |= {event["name"]: event["value"] for event in talk.memory.events()}
            return

    def _agree(self, heard: Heard, offer: Sequence[Mapping[str, Any]]) -> None:
        """Note a yes to what is shown, unless it names something else."""
        shown = {str(facts["order"] or facts["ticket"]) for facts in offer}
        named = {number for kind in ("order", "ticket") for number in heard.entities.get(kind, ())} or shown
        is_plain = heard.intent == "affirm" and heard.entities.keys() <= {"agreement", "order", "ticket"}
        if (heard == BUTTON or is_plain) and named == shown:
            self.agreed.update(f"refund:{facts['reference']}" for facts in offer)
            self.amounts.update((f"refund:{facts['reference']}", facts["amount"]) for facts in offer)

    async def _answer(self, talk: Talk) -> None:
        request = OPENED.get(talk.heard.intent)
        if request or not self.slots.get("in_request"):
            await begin(talk, request or refunds.CASE_TYPE)
        else:
            await REQUESTS[self.slots["request"]](talk)

    def _turn(self) -> ConversationTurn:
        now = self.now
        identity = Identity(
            id=self.id,
            contact_id=self.id,
            channel="rest",
            address=str(self.id),
            business_ref=self.person,
            level=Level.TWO_FACTS,
            verified_until=now + timedelta(hours=1),
        )
        conversation = Conversation(
            id=self.id,
            channel="rest",
            identity=identity,
            control=Control.BOT,
            control_version=0,
            tracker_version=0,
            language="es",
            last_position=0,
        )
        arrival = Arrival(channel="rest", address=str(self.id), external_id="1", text="")
        claim = Claim(
            inbox_id=1, token=self.id, attempts=1, arrival=arrival, received_at=now, conversation=conversation
        )
        return ConversationTurn(claim=claim, services=self.services)


async def open_market(database: Database, chance: random.Random, people: int) -> dict[str, list[Sold]]:
    """Fill an empty shop, and give everybody's orders."""
    sold: dict[str, list[Sold]] = {}
    for number in range(people):
        ref = f"P{number:03}"
        await database.run(
            "INSERT INTO aurora_people (ref, given_names, surnames, email, phone, language)"
            " VALUES (%s, 'Amina', 'Diallo', %s, '1', 'es')",
            (ref, f"{ref}@example.com"),
        )
        make = chance.choice((an_order, an_order, an_order_near_the_limit))
        sold[ref] = [make(chance, f"AO-{number:03}{place}", ref) for place in range(chance.randint(1, 4))]
        for order in sold[ref]:
            await sell(database, ref, order.id, goods=order.goods, delivery=order.delivery, payments=order.payments)
    return sold
