"""Money for bags is what the rules give: nothing above them without a person, nothing without a yes, nothing twice.

Conversations on a real database, written by a seed: amounts around every limit, with photos and without, put right
before a yes, in several conversations of one person at once, with a business that is silent or dies before and after it
paid, and people who approve. RELEVO_LONG=1 runs ten seeds.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from actions import damage, essentials
from actions.conversation import Heard, Memory, Talk
from actions.requests import REQUESTS, begin
from relevo.bootstrap.store import OpenStore, open_store
from relevo.configuration import Mistakes, read_policies
from relevo.contracts.store import Claim
from relevo.domain.attachments import Attachment
from relevo.domain.contacts import Identity, Level
from relevo.domain.conversations import Control, Conversation
from relevo.domain.effects import EffectState
from relevo.domain.messages import Arrival
from relevo.flow.effects import carry_out
from relevo.flow.turn import ConversationTurn, TurnServices
from relevo.store.aurora.company import Aurora
from relevo.store.aurora.demo import ZONE
from relevo.testing import Died
from tests.measured import Measured
from tests.properties.market import BUTTON, NO_YES, PLAIN_YES, FailingAurora

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

SEEDS = range(10) if os.environ.get("RELEVO_LONG") else (20_260,)
PEOPLE, TALKS, AT_A_TIME = 70, 5, 8
A_DAY, MOST_DAYS, ESSENTIALS_IN_30_DAYS = 10_000, 3, 60_000
DAMAGE_AT_ONCE, DAMAGE_DAYS, DAMAGE_IN_30_DAYS, COMPLAINT_DAYS, CAP = 20_000, 7, 40_000, 21, 176_819
"""What policies.yml says, written down again: when the rules change, somebody must look here."""
AMOUNTS = (
    1,
    4_999,
    A_DAY - 1,
    A_DAY,
    A_DAY + 1,
    DAMAGE_AT_ONCE,
    DAMAGE_AT_ONCE + 1,
    30_000,
    30_001,
    CAP,
    CAP + 1,
    -5_000,
    0,
)
ITEMS = (
    ("maleta", "ordinary"),
    ("mochila", "ordinary"),
    ("guitarra", "instrument"),
    ("silla de ruedas", "mobility_aid"),
)
SIGHTS = {"essentials at once", "damage at once", "by a person", "waiting", "two at once"}
"""What must have been seen, or the story tells too little."""


@dataclass(frozen=True)
class Lost:
    """A flight with a bag on it, as this test knows it."""

    person: str
    flown_on: date
    delivered_on: date | None

    @property
    def ticket(self) -> str:
        """Give its number."""
        return f"075{int(self.person[1:]):010}"

    def days(self, today: date) -> int:
        """Count the days without it."""
        return (min(self.delivered_on or today, today) - self.flown_on).days + 1


@dataclass
class World:
    """Everybody, what they agreed to, and what was seen."""

    opened: OpenStore
    services: TurnServices
    business: FailingAurora
    today: date
    lost: list[Lost] = field(default_factory=list)
    agreed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Amounts to which a person said yes, by key."""
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was shown when they did."""
    conversations: int = 0
    seen: Counter[str] = field(default_factory=Counter)


@dataclass
class Chat:
    """One conversation of a verified person, held without Rasa."""

    world: World
    person: str
    request: str
    slots: dict[str, Any] = field(default_factory=lambda: {"language": "es"})
    id: UUID = field(default_factory=uuid4)

    async def hears(self, heard: Heard, photos: int = 0) -> None:
        """Answer one message; where the process dies, the same message is answered again from where it stood."""
        self._note_yes(heard, photos)
        attachments = tuple(map(_photo, range(photos)))
        while True:
            talk = Talk(self._turn(attachments), heard, Memory(self.slots))
            try:
                await (REQUESTS[self.request](talk) if self.slots.get("in_request") else begin(talk, self.request))
            except Died:
                continue
            self.slots |= {event["name"]: event["value"] for event in talk.memory.events()}
            return

    def _note_yes(self, heard: Heard, photos: int) -> None:
        facts = self.slots.get("offer")
        is_yes = heard == BUTTON or (heard.intent == "affirm" and heard.entities.keys() <= {"agreement", "amount"})
        named = heard.entities.get("amount", ())
        if facts and is_yes and not photos and self.slots.get("stage") == "confirm":
            if any(amount != f"{facts['amount']} EUR" for amount in named):
                return
            sort = damage.SORT if self.request == damage.CASE_TYPE else essentials.SORT
            key = f"{sort.kind}:{facts[sort.refers_to]}:{facts['place']}"
            self.world.agreed[key].add(facts["amount"])
            self.world.shown[key] = facts

    def _turn(self, attachments: tuple[Attachment, ...]) -> ConversationTurn:
        now = datetime.now(timezone.utc)
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
        arrival = Arrival(channel="rest", address=str(self.id), external_id="1", text="", attachments=attachments)
        claim = Claim(
            inbox_id=1, token=self.id, attempts=1, arrival=arrival, received_at=now, conversation=conversation
        )
        return ConversationTurn(claim=claim, services=self.world.services)


def _photo(number: int) -> Attachment:
    return Attachment(id=uuid4(), name=f"{number}.jpg", mime="image/jpeg", size_bytes=1, sha256="0")


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """A store on a database of this test alone."""
    async with open_store(database, size=AT_A_TIME, name="relevo bags") as store:
        await store.store.accounts.add_agent("one@aurora.example", "one", "supervisor", "no hash")
        yield store


@pytest.mark.parametrize("seed", SEEDS)
async def test_bags_are_paid_for_as_the_rules_give(opened: OpenStore, seed: int, measured: Measured) -> None:
    """Whoever says what how often, and whatever fails."""
    world, chance = await _begin(opened, seed), random.Random(seed)
    gate = asyncio.Semaphore(AT_A_TIME)

    async def one(lost: Lost, own: random.Random) -> None:
        async with gate:
            await _one_person(world, lost, own)

    await asyncio.gather(*(one(lost, random.Random(chance.randint(0, 2**40))) for lost in world.lost))
    await _finish(world)
    await _check(world)
    assert world.seen.keys() >= SIGHTS, f"never seen: {SIGHTS - world.seen.keys()}"
    assert world.conversations >= 300
    measured.conversations["bags"] += world.conversations


async def _begin(opened: OpenStore, seed: int) -> World:
    mistakes, chance = Mistakes(), random.Random(seed)
    policies = read_policies(Path(__file__).parents[2] / "policies.yml", mistakes)
    mistakes.raise_if_any()
    business, today = FailingAurora(Aurora(opened.database), seed), datetime.now(ZONE).date()
    services = TurnServices(business=business, effects=opened.store.effects, policies=policies)
    world = World(opened, services, business, today)
    for number in range(PEOPLE):
        flown_on = today - timedelta(days=chance.choice((0, 1, 2, 3, 6, 7, 8, 20, 29)))
        delivered = chance.choice((None, flown_on + timedelta(days=chance.choice((0, 1, 2, 4)))))
        is_delivered = delivered is not None and delivered <= today
        lost = Lost(f"P{number:03}", flown_on, delivered if is_delivered else None)
        await _fly(opened, lost)
        world.lost.append(lost)
    return world


async def _fly(opened: OpenStore, lost: Lost) -> None:
    run = opened.database.run
    await run(
        "INSERT INTO aurora_people (ref, given_names, surnames, email, phone, language)"
        " VALUES (%s, 'Amina', 'Diallo', %s, '1', 'es')",
        (lost.person, f"{lost.person}@example.com"),
    )
    await run(
        "INSERT INTO aurora_tickets (number, booking_code, person_ref, name, flight, flown_on, origin, destination,"
        " was_flown, points_due) VALUES (%s, 'AAAAA1', %s, 'DIALLO/AMINA', 'AU0001', %s, 'MAD', 'LHR', true, 0)",
        (lost.ticket, lost.person, lost.flown_on),
    )
    status = "delivered" if lost.delivered_on else "not_located"
    await run(
        "INSERT INTO aurora_bags (report, person_ref, ticket, reported_on, status, delivered_on)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (f"LHRAU{lost.ticket[-5:]}", lost.person, lost.ticket, lost.flown_on, status, lost.delivered_on),
    )


async def _one_person(world: World, lost: Lost, chance: random.Random) -> None:
    """Hold a person's conversations, some of them at the same moment; a supervisor approves in between."""
    left = TALKS
    while left:
        together = min(left, chance.choice((1, 1, 2)))
        left -= together
        world.seen["two at once"] += together == 2
        await asyncio.gather(*(_talk(world, lost, random.Random(chance.random())) for _ in range(together)))
        await _approve(world, lost, chance)


async def _talk(world: World, lost: Lost, chance: random.Random) -> None:
    request = chance.choice((essentials.CASE_TYPE, damage.CASE_TYPE))
    chat = Chat(world, lost.person, request)
    world.conversations += 1
    item, _ = chance.choice(ITEMS)
    intent = "report_damage" if request == damage.CASE_TYPE else "claim_essentials"
    story = f"mi {item} llegó rota" if request == damage.CASE_TYPE else "gasté dinero"
    await chat.hears(Heard(story, intent, {}, story=story), photos=chance.choice((0, 0, 1)))
    for _ in range(chance.randint(2, 5)):
        amount = Heard("esto costó", "inform", {"amount": (f"{chance.choice(AMOUNTS)} EUR",)}, story="esto costó")
        put_right = Heard("no, 80", "deny", {"bare_amount": ("8000",), "hedge": ("no",)})
        yes_but = Heard("sí, 90 euros", "affirm", {"agreement": ("si",), "amount": ("9000 EUR",)})
        said = chance.choice((amount, amount, PLAIN_YES, PLAIN_YES, BUTTON, put_right, yes_but, chance.choice(NO_YES)))
        await chat.hears(said, photos=chance.choice((0, 0, 0, 1)))


async def _approve(world: World, lost: Lost, chance: random.Random) -> None:
    """Approve what waits for a person, now and then; the deed is left for later."""
    rows = await world.opened.database.rows(
        "SELECT key FROM effects WHERE business_ref = %s AND state = 'prepared'", (lost.person,)
    )
    for (key,) in rows:
        if chance.random() < 0.4:
            approvals = world.opened.store.approvals
            await approvals.approve(key, (await approvals.get(key)).hash, 1)


async def _finish(world: World) -> None:
    """Carry out what was approved, until the business has answered about all of it."""
    approvals = world.opened.store.approvals
    while left := await approvals.unfinished(-1, limit=50):
        for effect in left:
            try:
                result = await carry_out(effect.order, effect.rule, world.business)
            except Died:
                continue
            if result.state is not EffectState.UNCONFIRMED:
                await approvals.finish(effect.order.key, result, "Hecho.", closes_case=True)


async def _check(world: World) -> None:
    """Check every payment, from what was shown to what was paid."""
    rows = await world.opened.database.rows(
        "SELECT p.key, p.kind, p.person_ref, p.amount, f.amount, f.state, f.decided_by IS NOT NULL, f.arguments"
        " FROM aurora_bag_payments p JOIN effects f ON f.workspace_id = 1 AND f.key = p.key ORDER BY p.number"
    )
    ((paid,),) = await world.opened.database.rows("SELECT count(*) FROM aurora_bag_payments")
    ((waiting,),) = await world.opened.database.rows("SELECT count(*) FROM effects WHERE state = 'prepared'")
    assert len(rows) == paid, "something was paid that nobody recorded"
    world.seen["waiting"] += waiting
    at_once: dict[tuple[str, str], list[int]] = defaultdict(list)
    lost = {one.person: one for one in world.lost}
    for key, kind, person, amount, recorded, state, is_by_person, facts in rows:
        assert amount == recorded
        assert amount in world.agreed[key], f"{key}: nobody said yes to {amount}"
        assert state in ("done", "unconfirmed"), f"{key} was paid and is {state}"
        if facts.get("item_kind", "ordinary") == "ordinary":  # people in charge may pay others late
            _check_time(lost[person], kind, world.today)
        assert facts["amount"] == amount
        world.seen["by a person" if is_by_person else f"{kind} at once"] += 1
        if not is_by_person:
            _check_evidence(kind, amount, facts)
            at_once[kind, person].append(amount)
    for (kind, person), amounts in at_once.items():
        _check_sums(kind, amounts, lost[person].days(world.today))


def _check_time(lost: Lost, kind: str, today: date) -> None:
    received = lost.delivered_on or (lost.flown_on if kind == "damage" else None)
    if received is not None:
        assert (today - received).days <= (DAMAGE_DAYS if kind == "damage" else COMPLAINT_DAYS), "paid too late"


def _check_evidence(kind: str, amount: int, facts: dict[str, Any]) -> None:
    assert 0 < amount <= CAP
    if kind == "damage":
        assert dict(ITEMS).get(facts["item"], "ordinary") == "ordinary", "only people in charge decide about the others"
        assert facts["photos"], "paid without a photo"
        assert amount <= DAMAGE_AT_ONCE
    else:
        assert facts["bills"], "paid without a receipt"


def _check_sums(kind: str, amounts: list[int], days: int) -> None:
    if kind == "damage":
        assert len(amounts) == 1, "the same flight was paid for twice without a person"
        assert sum(amounts) <= DAMAGE_IN_30_DAYS
    else:
        assert sum(amounts) <= min(A_DAY * min(days, MOST_DAYS), ESSENTIALS_IN_30_DAYS)
