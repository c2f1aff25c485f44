"""An office where people decide: contacts whose effects wait, agents with limits, a business that fails on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.accounts import AgentAccount, AgentPowers
from relevo.contracts.clock import system_clock
from relevo.contracts.store import Intent, TurnOutcome
from relevo.domain.cases import Case, CaseRequest, Trigger
from relevo.domain.effects import POINTS, Decision, EffectOrder, EffectState, PreparedEffect, Verdict
from relevo.flow.approvals import Decider
from relevo.flow.deliver import Deliverer
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.loopback import Loopback
from tests.integration.hands import claimed, written

DONE = "A person has approved it and it is done."
NO_LIMITS: Mapping[str, int] = {}


class Judge(Permissive):
    """A policy that counts what a person was given, and may refuse from a sum on."""

    def __init__(self) -> None:
        super().__init__(Decision.NEEDS_APPROVAL)
        self.most: int | None = None

    def decide(self, kind: str, facts: Mapping[str, Any], on: date) -> Verdict:
        """Refuse what would be too much."""
        if self.most is not None and facts["spent"] + facts["amount"] > self.most:
            return Verdict(decision=Decision.REFUSED, rule="testing.too_much")
        return super().decide(kind, facts, on)

    def window_days(self, kind: str) -> int | None:
        """Count over a month, where there is a limit."""
        return None if self.most is None else 30


@dataclass(kw_only=True)
class Office:
    """Everything that a decision touches, on one channel."""

    opened: OpenStore
    business: Ledger = field(default_factory=Ledger)
    judge: Judge = field(default_factory=Judge)
    channel: Loopback = field(default_factory=lambda: Loopback("push"))

    def decider(self) -> Decider:
        """Give somebody who decides, as each web process has one."""
        store = self.opened.store
        return Decider(
            approvals=store.approvals,
            effects=store.effects,
            business=self.business,
            policies=self.judge,
            conversations=store.conversations,
            live=self.opened.live,
            default_language="en",
        )

    async def agent(self, name: str, limits: Mapping[str, int] = NO_LIMITS, *, ref: str | None = None) -> AgentAccount:
        """Give an agent with limits by measure."""
        powers = AgentPowers(limits=limits, business_ref=ref)
        return await self.opened.store.accounts.add_agent(f"{name}@example.com", name, "agent", "no hash", powers)

    async def prepared(self, ticket: str = "T1", *, amount: int = 100, unit: str = POINTS, ref: str = "C001") -> str:
        """Have a contact ask for something that a person decides about in a case, and give its key."""
        store, key = self.opened.store, f"credit:{ticket}"
        claim = await claimed(store.inbox, written(f"credit {ticket}", number=int(ticket[1:])))
        order = EffectOrder(
            key=key, kind="credit", business_ref=ref, arguments={"amount": amount}, amount=amount, unit=unit
        )
        intent = Intent(conversation_id=claim.conversation.id, expires_at=system_clock() + timedelta(days=7))
        await store.effects.intend(order, EffectState.PREPARED, "testing.needs_approval", intent)
        case = CaseRequest(id=f"CASE-{ticket}", type="points", trigger=Trigger.APPROVAL, effects=(key,))
        await store.inbox.settle(claim, TurnOutcome(cases=(case,)))
        return key

    async def decides(self, verb: str, key: str, hash_: str, agent: AgentAccount) -> None:
        """Have an agent do one of the three things that can be decided."""
        if verb == "approve":
            await self.decider().approve(key, hash_, agent)
        elif verb == "decline":
            await self.decider().decline(key, hash_, agent, "no")
        else:
            await self.decider().change_amount(key, hash_, agent, 10)

    async def effect(self, ticket: str = "T1") -> PreparedEffect:
        """Give an effect as it is now."""
        return await self.opened.store.approvals.get(f"credit:{ticket}")

    async def case(self, ticket: str = "T1") -> Case:
        """Give an effect's case as it is now."""
        return await self.opened.store.desk.case(f"CASE-{ticket}")

    async def heard(self, address: str = "amina") -> list[str]:
        """Send what waits in the outbox, and give everything that a contact was shown."""
        deliverer = Deliverer(
            outbox=self.opened.store.outbox, channels={self.channel.name: self.channel}, live=self.opened.live
        )
        while await deliverer.step():
            pass
        return self.channel.shown_to(address)

    async def let_time_pass(self) -> None:
        """Let every time to decide be over, and every approval be an old one."""
        await self.opened.database.run(
            "UPDATE effects SET expires_at = expires_at - interval '30 days',"
            " decided_at = decided_at - interval '1 hour'"
        )


@asynccontextmanager
async def open_office(dsn: str) -> AsyncIterator[Office]:
    """Open an office on a migrated database."""
    async with open_store(dsn, size=8) as opened:
        yield Office(opened=opened)
