"""A week of a small company, made by the store and dated afterwards, so that its numbers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from relevo.bootstrap.store import OpenStore
from relevo.contracts.accounts import AgentAccount
from relevo.contracts.composer import Written
from relevo.contracts.store import Intent, TurnOutcome
from relevo.domain.cases import CaseRequest, Trigger
from relevo.domain.effects import EffectOrder, EffectResult, EffectState
from relevo.domain.handoff import Handoff
from relevo.domain.messages import Content
from tests.integration.hands import claimed, written

MADRID = ZoneInfo("Europe/Madrid")
_DATED = {
    "entries": ("created_at",),
    "handoffs": ("created_at", "taken_at", "ended_at"),
    "cases": ("opened_at", "closed_at"),
    "effects": ("intended_at", "ended_at"),
    "csat": ("asked_at", "answered_at"),
}
"""Columns that tell when something was; what was written since the world began is dated by its clock."""
_FRESH = "CASE WHEN {0} > %(began_at)s THEN %(clock)s::timestamptz ELSE {0} END"
_DATE = (
    "WITH "
    + ", ".join(
        f"of_{table} AS (UPDATE {table} SET "
        + ", ".join(f"{column} = {_FRESH.format(column)}" for column in columns)
        + f" WHERE greatest({', '.join(columns)}) > %(began_at)s)"
        for table, columns in _DATED.items()
    )
    + " SELECT 1"
)


def local(day: int, clock: str, month: int = 5) -> datetime:
    """Give a moment of May 2026 as a clock in Madrid shows it."""
    hour, _, minute = clock.partition(":")
    return datetime(2026, month, day, int(hour), int(minute), tzinfo=MADRID)


@dataclass(kw_only=True)
class World:
    """What happened, step by step; each step is dated by the clock that was set last."""

    opened: OpenStore
    began_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc) - timedelta(minutes=1))
    clock: datetime = field(default_factory=lambda: local(4, "10:00"))
    said: int = 0

    async def at(self, day: int, clock: str) -> None:
        """Date what was written since the last step, and set the clock."""
        await self.date()
        self.clock = local(day, clock)

    async def writes(self, who: str, channel: str = "push", **outcome: Any) -> UUID:
        """Have a contact write and the bot answer, and give the conversation."""
        self.said += 1
        claim = await claimed(self.opened.store.inbox, written(by=who, channel=channel, number=self.said))
        outcome = {"messages": (Content(text="Right."),), "language": "es", **outcome}
        await self.opened.store.inbox.settle(claim, TurnOutcome(**outcome))
        return claim.conversation.id

    async def adds(self, who: str, channel: str = "push") -> None:
        """Have a contact write to whoever has the conversation."""
        self.said += 1
        await self.opened.store.inbox.receive([written(by=who, channel=channel, number=self.said)])

    async def asks_for_person(self, who: str, channel: str = "push", *, online: bool = True, **rest: Any) -> UUID:
        """Have a contact ask for a person, who is promised to them within half an hour."""
        case = CaseRequest(id=f"CASE-{who}", type="refund", trigger=Trigger.USER_REQUEST, goal=f"=help {who}")
        due = self.clock + timedelta(minutes=30)
        handoff = Handoff(
            id=uuid4(),
            idempotency_key=f"{who}:{self.said}",
            trigger=Trigger.USER_REQUEST,
            case_id=case.id,
            record={"sla": {"first_response_due_at": due.isoformat()}},
            expires_at=datetime.now(timezone.utc) + timedelta(hours=1),
            is_anybody_online=online,
        )
        return await self.writes(who, channel, cases=(case,), handoff=handoff, **rest)

    async def takes(self, agent: AgentAccount, conversation_id: UUID) -> None:
        """Have an agent take a conversation."""
        conversation = await self.opened.store.conversations.get(conversation_id)
        await self.opened.store.handoffs.take_over(conversation_id, conversation.control_version, agent.id, None)

    async def replies(self, agent: AgentAccount, conversation_id: UUID) -> None:
        """Have an agent write to the contact."""
        written = Written(text="Hello.", client_id=uuid4().hex)
        await self.opened.store.composer.writing.reply(conversation_id, agent.id, written)

    async def hands_back(self, agent: AgentAccount, conversation_id: UUID, outcome: str) -> None:
        """Have an agent hand back."""
        conversation = await self.opened.store.conversations.get(conversation_id)
        record: Mapping[str, Any] = {"outcome": outcome, "agent": agent.name}
        handoffs = self.opened.store.handoffs
        await handoffs.hand_back(conversation_id, conversation.control_version, agent.id, record)

    async def gives_up(self, conversation_id: UUID) -> None:
        """Have a contact go on with the bot before anybody came."""
        await self.opened.store.handoffs.give_up_waiting(conversation_id, "As you like.", "ended")

    async def effect(self, who: str, kind: str, state: EffectState, amount: int, unit: str) -> EffectResult:
        """Have something done, or prepared, in the conversation that somebody is about to write in."""
        found = await self.opened.store.conversations.find("push", who)
        order = EffectOrder(key=f"{kind}:{who}", kind=kind, business_ref=who, arguments={}, amount=amount, unit=unit)
        started = EffectState.PREPARED if state is EffectState.PREPARED else EffectState.INTENDED
        intent = Intent(conversation_id=found.id if found else uuid4())
        await self.opened.store.effects.intend(order, started, "testing.rule", intent)
        result = EffectResult(key=order.key, state=state, rule="testing.rule")
        if state is not EffectState.PREPARED:
            await self.opened.store.effects.conclude(result)
        return result

    async def date(self) -> None:
        """Date what was written since the clock was set."""
        await self.opened.database.run(_DATE, {"clock": self.clock, "began_at": self.began_at})


async def make_week(world: World, sara: AgentAccount, leo: AgentAccount) -> None:
    """Have everything happen that the tests count: nine episodes from 4 to 10 May 2026, and one after them."""
    await world.at(4, "10:00")
    await world.writes("amina")
    await world.effect("amina", "credit_points", EffectState.DONE, 500, "points")
    await world.at(4, "11:00")
    await world.writes("amina")
    await world.at(6, "12:00")
    await world.writes("amina")
    await _resolved(world, sara)
    await _refused_after_a_night(world, sara)
    await _nobody(world)
    await _open(world, leo)
    await world.at(10, "23:30")
    await world.writes("hana")
    await world.at(11, "0:30")
    await world.writes("iris")
    await world.date()


async def _resolved(world: World, sara: AgentAccount) -> None:
    await world.at(5, "9:00")
    ben = await world.asks_for_person("ben", "email", language="en")
    await world.at(5, "9:10")
    await world.takes(sara, ben)
    await world.at(5, "9:20")
    await world.replies(sara, ben)
    await world.at(5, "10:00")
    await world.hands_back(sara, ben, "resolved")
    await world.at(5, "10:05")
    await world.adds("ben", "email")


async def _refused_after_a_night(world: World, sara: AgentAccount) -> None:
    await world.at(5, "23:30")
    cara = await world.asks_for_person("cara")
    await world.at(6, "11:45")
    await world.takes(sara, cara)
    await world.at(6, "11:50")
    await world.adds("cara")
    await world.at(6, "12:00")
    await world.replies(sara, cara)
    await world.at(6, "12:30")
    await world.hands_back(sara, cara, "refused")


async def _nobody(world: World) -> None:
    await world.at(6, "8:00")
    dan = await world.asks_for_person("dan", language="en")
    await world.at(6, "8:05")
    await world.gives_up(dan)
    await world.at(7, "8:00")
    await world.asks_for_person("eva", "email", online=False)


async def _open(world: World, leo: AgentAccount) -> None:
    await world.at(8, "9:00")
    await world.writes("finn")
    prepared = await world.effect("finn", "refund", EffectState.PREPARED, 4_500, "EUR")
    case = CaseRequest(id="CASE-finn", type="refund", trigger=Trigger.APPROVAL, effects=(prepared.key,))
    await world.writes("finn", cases=(case,))
    gus = await world.asks_for_person("gus")
    await world.at(8, "9:05")
    await world.takes(leo, gus)
    await world.at(8, "9:15")
    await world.hands_back(leo, gus, "promised")
