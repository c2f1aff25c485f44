"""Customers who talk to the real bot: real Rasa, real PostgreSQL, the demo company behind it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relevo.bootstrap.store import OpenStore, open_store
from relevo.configuration import read_configuration
from relevo.contracts import runtime
from relevo.contracts.brain import Question
from relevo.contracts.store import Claim
from relevo.domain.cases import Case
from relevo.domain.messages import Arrival, Author, Content
from relevo.flow.converse import Converser
from relevo.flow.turn import ConversationTurn, TurnServices
from relevo.help.answers import HelpFromArticles
from relevo.help.shelf import Shelf
from relevo.store.aurora.company import Aurora

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

BOT = Path(__file__).parents[2]
KEY = bytes(32)


@dataclass(kw_only=True)
class Floor:
    """Where customers talk: one database with the demo company in it, and one bot."""

    opened: OpenStore
    business: Aurora
    brain: RasaBrain
    converser: Converser
    seconds: list[float] = field(default_factory=list)

    def customer(self, name: str = "amina") -> Customer:
        """Give somebody who has not written yet."""
        return Customer(floor=self, address=name)

    async def answer_all(self) -> None:
        """Answer everything that waits."""
        while claims := await self.opened.store.inbox.claim(10):
            for claim in claims:
                await self.converse(claim)

    async def converse(self, claim: Claim) -> None:
        """Answer one claimed message, and note how long it took."""
        began = time.perf_counter()
        await self.converser.converse(claim)
        self.seconds.append(time.perf_counter() - began)

    async def answer_without_keeping(self, claim: Claim) -> None:
        """Do what a turn does up to the moment before its answer would be kept."""
        turn = ConversationTurn(claim=claim, services=self.converser.services)
        runtime.enter(turn)
        question = Question(conversation=claim.conversation, message_id=str(claim.inbox_id), text=claim.arrival.text)
        await self.converser.brain.answer(
            question, lambda: self.opened.store.inbox.tracker_events(claim.conversation.id)
        )
        runtime.enter(None)

    async def cases(self) -> list[Case]:
        """Give all cases."""
        return await self.opened.store.desk.cases()

    async def points(self, ref: str) -> int | None:
        """Give a person's balance."""
        return (await self.business.person(ref)).points

    def restart(self) -> None:
        """Have the bot know what is written, and no more."""
        self.brain._trackers.clear()

    async def run(self, statement: str, values: Any = None) -> None:
        """Change something behind everybody's back, such as what time it is."""
        await self.opened.database.run(statement, values)


@dataclass(kw_only=True)
class Customer:
    """Somebody who writes."""

    floor: Floor
    address: str
    said: int = 0
    position: int = 0
    heard: tuple[Content, ...] = ()

    async def says(self, text: str) -> str:
        """Write something and give everything that the bot answers, a message a paragraph."""
        await self.writes(text)
        return await self.hears()

    async def hears(self) -> str:
        """Have everything answered that waits, and give what was said to this customer since they last heard."""
        await self.floor.answer_all()
        self.heard = tuple(await self._fresh())
        told = "\n\n".join(content.text or "" for content in self.heard)
        assert "{" not in told, f"a value is missing: {told}"
        return told

    async def writes(self, text: str) -> None:
        """Write something that nobody answers yet."""
        self.said += 1
        arrival = Arrival(channel="rest", address=self.address, external_id=f"{self.address}/{self.said}", text=text)
        await self.floor.opened.store.inbox.receive([arrival])

    async def chooses(self, title: str) -> str:
        """Press one of the buttons of the last answer."""
        payloads = {button.title: button.payload for content in self.heard for button in content.buttons}
        assert title in payloads, f"there is no such button: {sorted(payloads)}"
        return await self.says(payloads[title])

    async def _fresh(self) -> list[Content]:
        conversations = self.floor.opened.store.conversations
        found = await conversations.find("rest", self.address)
        assert found is not None, f"{self.address} has written nothing"
        entries = await conversations.entries(found.id, self.position)
        self.position = entries[-1].position if entries else self.position
        spoken = (Author.BOT, Author.SYSTEM)
        return [entry.content for entry in entries if entry.kind == "message" and entry.author in spoken]


@asynccontextmanager
async def open_floor(dsn: str, brain: RasaBrain, company: type[Aurora] = Aurora) -> AsyncIterator[Floor]:
    """Open a floor on a migrated database, with the demo loaded as of now."""
    configuration = read_configuration(BOT, {})
    async with open_store(dsn, size=4, name="relevo tests", attachment_key=KEY) as opened:
        business = company(opened.database)
        await business.load(datetime.now(timezone.utc))
        services = TurnServices(
            business=business,
            effects=opened.store.effects,
            attachments=opened.store.attachments,
            policies=configuration.policies,
            rights=configuration.policies.rights,
            handoffs=opened.store.handoffs,
            service=configuration.bot.service,
            help=HelpFromArticles(articles=Shelf(BOT / "data" / "help"), address="https://aurora.example"),
        )
        converser = Converser(inbox=opened.store.inbox, brain=brain, live=opened.live, services=services)
        yield Floor(opened=opened, business=business, brain=brain, converser=converser)
