"""A floor on which people wait: contacts, a bot that asks for a person whenever one is wanted, agents, a router."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from msgspec.structs import replace

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts import runtime
from relevo.contracts.accounts import AgentAccount, AgentPowers, Duty
from relevo.contracts.brain import Question
from relevo.domain.cases import Trigger
from relevo.domain.conversations import Conversation
from relevo.domain.handoff import HandoffRequest
from relevo.domain.queues import Queue, Queues
from relevo.domain.service import Service
from relevo.flow.converse import Converser
from relevo.flow.offers import OfferWork
from relevo.flow.routing import Router
from relevo.flow.turn import TurnServices
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.scripted import ScriptedBrain
from tests.integration.hands import spoken, written

SERVICE = Service(queues=Queues(named=(Queue(name="money", case_types=("refund",)),)))


@dataclass(kw_only=True)
class Floor:
    """Contacts, a bot that asks for a person whenever one is wanted, and a router."""

    opened: OpenStore
    written: Counter[str] = field(default_factory=Counter)

    def router(self) -> Router:
        """Give a router, as each web process has one."""
        return Router(routing=self.opened.store.routing, live=self.opened.live, service=SERVICE, default_language="en")

    @property
    def offers(self) -> OfferWork:
        """What agents do."""
        return OfferWork(store=self.opened.store, live=self.opened.live)

    async def agent(self, name: str, *, is_here: bool = True, role: str = "agent", **duty: object) -> AgentAccount:
        """Give an agent, at the desk."""
        accounts = self.opened.store.accounts
        powers = AgentPowers(duty=replace(Duty(), **duty))
        agent = await accounts.add_agent(f"{name}@example.com", name, role, "no hash", powers)
        if is_here:
            await self.comes(agent)
        return agent

    async def comes(self, agent: AgentAccount, *, is_away: bool | None = None) -> None:
        """Have an agent say that they are here."""
        await self.offers.arrived(agent, is_away=is_away, presence_seconds=45)

    async def says(self, who: str, text: str) -> None:
        """Have a contact write, and the bot answer."""
        self.written[who] += 1
        store, live = self.opened.store, self.opened.live
        await store.inbox.receive([written(text, number=self.written[who], by=who)])
        services = TurnServices(
            business=Ledger(),
            effects=store.effects,
            policies=Permissive(),
            handoffs=store.handoffs,
            service=SERVICE,
            default_language="en",
        )
        converser = Converser(
            inbox=store.inbox, brain=ScriptedBrain(_script), live=live, services=services, default_language="en"
        )
        for claim in await store.inbox.claim(10):
            await asyncio.create_task(converser.converse(claim))

    async def conversation(self, who: str) -> Conversation:
        """Give a contact's conversation."""
        found = await self.opened.store.conversations.find("push", who)
        assert found is not None
        return found

    async def offered(self, who: str) -> str | None:
        """Give whom a contact's conversation is offered to."""
        here = (await self.conversation(who)).id
        return {e.conversation_id: e.offered_to_name for e in await self.opened.store.routing.line()}.get(here)

    async def until_offered(self, who: str) -> None:
        """Wait until somebody is offered a conversation."""
        deadline = time.monotonic() + 20
        while await self.offered(who) is None:
            assert time.monotonic() < deadline, "nobody was offered it"
            await asyncio.sleep(0.02)

    async def heard(self, who: str) -> list[str]:
        """Give what the system and the bot said to a contact."""
        entries = await self.opened.store.conversations.entries((await self.conversation(who)).id, 0)
        return [line for line in spoken(entries) if line.startswith(("message system", "message bot"))]

    async def steps(self, who: str) -> list[str]:
        """Give each step of control after the first two, with who and why."""
        entries = await self.opened.store.conversations.entries((await self.conversation(who)).id, 0)
        told = [entry.content.custom or {} for entry in entries if entry.kind == "control"]
        return [" ".join(str(told[key]) for key in ("to", "because") if key in told) for told in told]

    async def let_offers_run_out(self) -> None:
        """Let the time to accept be over."""
        await self.opened.database.run("UPDATE handoffs SET offer_ends_at = now() WHERE state = 'offered'")

    async def let_waits_age(self, seconds: int) -> None:
        """Let those who wait have waited for longer, and have been told earlier."""
        await self.opened.database.run(
            "UPDATE handoffs SET waits_since = waits_since - %(by)s * interval '1 second',"
            " told_at = told_at - %(by)s * interval '1 second', asked_at = asked_at - %(by)s * interval '1 second'"
            " WHERE state IN ('queued', 'offered')",
            {"by": seconds},
        )


async def _script(question: Question) -> str:
    turn = runtime.current()
    assert turn is not None
    if question.text.startswith(("person", "refund", "danger")):
        sort = "refund" if question.text.startswith("refund") else "other"
        trigger = Trigger.SAFETY if question.text.startswith("danger") else Trigger.USER_REQUEST
        case_id = await turn.open_case(sort, trigger)
        waiting = await turn.hand_off(HandoffRequest(trigger=trigger, case_id=case_id, case_type=sort))
        return f"number {waiting.position}" if waiting.is_anybody_online else "nobody is here"
    if question.text == "case":
        await turn.open_case("other", Trigger.POLICY_RULE)
    if question.text == "again":
        turn.came_again((await turn.own_cases())[0])
    return f"re: {question.text}"


@asynccontextmanager
async def floor_on(dsn: str) -> AsyncIterator[Floor]:
    """Open a floor on a migrated database."""
    async with open_store(dsn, size=6) as opened:
        yield Floor(opened=opened)
