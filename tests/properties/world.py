"""A whole Relevo on a real database, in which every step of every process can be halted, and what it has written."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts import runtime
from relevo.contracts.brain import Question
from relevo.contracts.channel import Delivery, Receipt
from relevo.contracts.store import Claim, Committed, Intent, TurnOutcome
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control
from relevo.domain.effects import EffectOrder, EffectResult, EffectState
from relevo.errors import AccessDenied, BrainUnavailable, TurnFailed
from relevo.flow.converse import Converser
from relevo.flow.deliver import Deliverer
from relevo.flow.sweep import Sweeper
from relevo.flow.turn import TurnServices
from relevo.store.effects import PostgresEffects
from relevo.store.inbox import PostgresInbox
from relevo.store.outbox import PostgresOutbox
from relevo.store.pool import Database
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.loopback import Loopback
from relevo.testing.scripted import ScriptedBrain
from tests.properties.walkers import Walker, halt, is_overtaken

LEASE_SECONDS = 3600.0
"""Leases run out when a rule says so, never by themselves."""

TABLES = (
    "contacts",
    "identities",
    "conversations",
    "entries",
    "inbox",
    "deliveries",
    "tracker_events",
    "effects",
    "cases",
)
PEOPLE = {name: {"name": name, "loyalty_number": name} for name in ("amina", "bilal", "chidi")}

Row = Mapping[str, Any]


class HaltingInbox(PostgresInbox):
    """The real inbox, with halts around the end of a turn; only who holds a message may end it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, lease_seconds=LEASE_SECONDS)
        self.leased: set[int] = set()

    async def claim(self, limit: int, bot: str | None = None) -> list[Claim]:
        return self._taken(await super().claim(limit, bot))

    async def abandoned(self, silence_seconds: float, queueing_seconds: float | None = None) -> list[Claim]:
        return self._taken(await super().abandoned(silence_seconds, queueing_seconds))

    async def settle(self, claim: Claim, outcome: TurnOutcome) -> Committed:
        await halt("before the commit")
        holder = await self._holder(claim)
        committed = await super().settle(claim, outcome)
        assert holder == claim.token, "settled by somebody who had lost the lease"
        self.leased.discard(claim.inbox_id)
        await halt("after the commit")
        return committed

    async def defer(self, claim: Claim, seconds: float) -> None:
        holder = await self._holder(claim)
        await super().defer(claim, seconds)
        assert holder == claim.token, "deferred by somebody who had lost the lease"
        self.leased.discard(claim.inbox_id)

    def _taken(self, claims: list[Claim]) -> list[Claim]:
        taken = {claim.inbox_id for claim in claims}
        assert not taken & self.leased, "taken out of the hands of somebody who still had the lease"
        self.leased |= taken
        return claims

    async def _holder(self, claim: Claim) -> Any:
        return (await self._database.rows("SELECT token FROM inbox WHERE id = %s", (claim.inbox_id,)))[0][0]


class HaltingEffects(PostgresEffects):
    """The real record of effects, with halts around intent and result."""

    async def intend(self, order: EffectOrder, state: EffectState, rule: str, intent: Intent) -> EffectResult | None:
        await halt("before the intent")
        known = await self._database.rows("SELECT state FROM effects WHERE key = %s", (order.key,))
        recorded = await super().intend(order, state, rule, intent)
        if known in ([("done",)], [("unconfirmed",)]):
            assert recorded is not None, f"{order.key} is {known[0][0]}, and is handed out again"
            assert recorded.state.value == known[0][0]
        await halt("after the intent")
        return recorded

    async def conclude(self, result: EffectResult) -> None:
        await halt("before the result")
        await super().conclude(result)
        await halt("after the result")


class HaltingOutbox(PostgresOutbox):
    """The real outbox, with halts around a delivery's ending; only who holds a delivery may end it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, lease_seconds=LEASE_SECONDS)
        self.leased: set[int] = set()

    async def claim(self, channels: Sequence[str], limit: int) -> list[tuple[Delivery, UUID]]:
        claimed = await super().claim(channels, limit)
        taken = {delivery.id for delivery, _ in claimed}
        assert not taken & self.leased, "taken out of the hands of somebody who still had the lease"
        self.leased |= taken
        await halt("after taking a delivery")
        return claimed

    async def conclude(
        self, delivery: Delivery, token: UUID, state: str, *, external_id: str | None = None, reason: str | None = None
    ) -> None:
        await halt("before a delivery's ending")
        holder = await self._holder(delivery)
        await super().conclude(delivery, token, state, external_id=external_id, reason=reason)
        assert holder == token, "concluded by somebody who had lost the lease"
        self.leased.discard(delivery.id)

    async def defer(self, delivery: Delivery, token: UUID, until: datetime, **how: Any) -> None:
        holder = await self._holder(delivery)
        await super().defer(delivery, token, until, **how)
        assert holder == token, "deferred by somebody who had lost the lease"
        self.leased.discard(delivery.id)

    async def _holder(self, delivery: Delivery) -> Any:
        return (await self._database.rows("SELECT token FROM deliveries WHERE id = %s", (delivery.id,)))[0][0]


class HaltingLoopback(Loopback):
    """A platform that remembers what came from a sender who still had its lease."""

    def __init__(self, name: str, *, is_duplicate_safe: bool) -> None:
        super().__init__(name, is_duplicate_safe=is_duplicate_safe)
        self.in_time: list[Delivery] = []

    async def send(self, delivery: Delivery) -> Receipt:
        await halt("before sending")
        before = len(self.shown)
        try:
            return await super().send(delivery)
        finally:
            if len(self.shown) > before and not is_overtaken():
                self.in_time.append(delivery)


@dataclass
class World:
    """Everything that rules act upon, and the loop that it runs on."""

    loop: asyncio.AbstractEventLoop
    dsn: str
    stack: AsyncExitStack
    opened: OpenStore
    connection: psycopg.Connection[Any]
    business: Ledger = field(default_factory=lambda: Ledger(PEOPLE))
    has_model: bool = True
    walkers: list[Walker] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """What happened in all stories so far, for who asks whether they tell enough."""
    kept: set[int] = field(default_factory=set)
    """Messages that were taken while somebody else had control: no bot answers them."""

    @classmethod
    def open(cls, dsn: str) -> World:
        loop = asyncio.new_event_loop()
        stack = AsyncExitStack()
        opened = loop.run_until_complete(stack.enter_async_context(open_store(dsn, size=4)))
        return cls(loop, dsn, stack, opened, psycopg.connect(dsn, autocommit=True))

    def close(self) -> None:
        self.connection.close()
        self.run(self.stack.aclose())
        self.loop.close()

    def begin(self) -> None:
        """Start with nothing."""
        self.connection.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
        database, live = self.opened.database, self.opened.live
        self.business, self.has_model, self.walkers, self.kept = Ledger(PEOPLE), True, [], set()
        self.inbox = HaltingInbox(database)
        self.outbox = HaltingOutbox(database)
        self.effects = HaltingEffects(database)
        self.conversations = self.opened.store.conversations
        self.platforms = {
            "push": HaltingLoopback("push", is_duplicate_safe=False),
            "safe": HaltingLoopback("safe", is_duplicate_safe=True),
        }
        services = TurnServices(
            business=self.business,
            effects=self.effects,
            policies=Permissive(level=Level.TWO_FACTS),
            handoffs=self.opened.store.handoffs,
        )
        self.converser = Converser(inbox=self.inbox, brain=ScriptedBrain(self.script), live=live, services=services)
        self.deliverer = Deliverer(outbox=self.outbox, channels=self.platforms, live=live)
        self.sweeper = Sweeper(inbox=self.inbox, effects=self.effects, live=live, handoffs=self.opened.store.handoffs)

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def script(self, question: Question) -> str | tuple[str, ...]:
        """Do what the message says; every answer names the message that it answers."""
        assert question.conversation.control is Control.BOT, "the bot is asked while it has no control"
        await halt("asked")
        if not self.has_model:
            self.seen["asked without a model"] += 1
            raise BrainUnavailable
        verb, ticket, *_ = question.text.split()
        if verb == "boom":
            raise TurnFailed("the action raised")
        if verb == "silence":
            return ()
        said = await self._credit(question, ticket) if verb in {"credit", "late-boom"} else "hello"
        if verb == "late-boom":
            raise TurnFailed("the action raised after the deed")
        return (f"{question.message_id} {said}", f"{question.message_id} anything else?")

    async def _credit(self, question: Question, ticket: str) -> str:
        turn = runtime.current()
        assert turn is not None
        name = question.conversation.identity.address
        await turn.identify(PEOPLE[name])
        try:
            result = await turn.perform("credit", ticket, {"ticket": ticket})
        except AccessDenied:
            return f"{ticket} denied"
        return f"{ticket} {result.state.value}"

    def note(self, end: Snapshot) -> None:
        """Count what happened in a story."""
        self.seen["stories"] += 1
        for row in end.rows("entries"):
            self.seen[f"{row['kind']} of {row['author']}"] += 1
        for table in ("inbox", "deliveries", "effects"):
            for row in end.rows(table):
                self.seen[f"{table} {row['state']}"] += 1
                self.seen[f"{table} tried again"] += row.get("attempts", row.get("tries")) > 1

    def turns(self) -> list[Claim]:
        """Give the claims of the turns that run."""
        return [walker.claim for walker in self.walkers if walker.claim is not None]

    def walk(self, name: str, work: Any, claim: Claim | None = None) -> Walker:
        """Let a process begin; it halts at once."""
        walker = Walker(self.loop, name, work, claim)
        self.run(asyncio.sleep(0))
        self.walkers.append(walker)
        return walker

    def let_leases_expire(self) -> None:
        for table in ("inbox", "deliveries"):
            past = "now() - interval '1 second'"
            self.connection.execute(f"UPDATE {table} SET lease_until = {past} WHERE lease_until IS NOT NULL")
        self.inbox.leased.clear()
        self.outbox.leased.clear()
        for walker in self.walkers:
            walker.is_overtaken = True

    def let_all_be_due(self) -> None:
        for table in ("inbox", "deliveries"):
            self.connection.execute(f"UPDATE {table} SET due_at = now() WHERE due_at > now()")

    def make_old(self, external_id: str) -> None:
        age = "UPDATE inbox SET received_at = received_at - interval '1 hour' WHERE external_id = %s"
        self.connection.execute(age, (external_id,))

    def snapshot(self) -> Snapshot:
        parts = ", ".join(
            f"'{table}', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM {table} t)" for table in TABLES
        )
        found = self.connection.execute(f"SELECT jsonb_build_object({parts})::text").fetchone()
        assert found is not None
        return Snapshot(json.loads(found[0]))


class Snapshot:
    """Everything that is kept, as rows by table."""

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self.tables = {name: sorted(rows, key=json.dumps) for name, rows in tables.items()}
        self.identities = {row["id"]: row for row in tables["identities"]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]

    def rows(self, table: str) -> list[Row]:
        return self.tables[table]

    def lane(self, table: str, conversation: Row) -> list[Row]:
        """Give a table's rows of one conversation in their order."""
        found = [row for row in self.tables[table] if row["conversation_id"] == conversation["id"]]
        return sorted(found, key=lambda row: int(row.get("position", row.get("version", 0))))

    def contact(self, conversation: Row) -> tuple[str, str]:
        """Give channel and address of a conversation."""
        return conversation["channel"], self.identities[conversation["identity_id"]]["address"]
