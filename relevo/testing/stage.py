"""A stage for stories: contacts say, the bot replies, agents take control and give it back, on a real database.

    async with open_stage(dsn, lambda question: "Connecting you.") as stage:
        amina, kim = stage.contact("amina"), stage.agent("kim")
        await amina.says("I want a person")
        amina.hears("Connecting you.")
        await kim.takes(amina)
        await amina.says("are you there?")
        amina.hears_nothing()

Turns and deliveries run while somebody speaks, in the caller's own task and to their end: nothing waits, nothing races.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from relevo.bootstrap.store import OpenStore, open_store
from relevo.configuration import Configuration
from relevo.contracts.brain import Brain
from relevo.contracts.business import Business
from relevo.contracts.policy import Policy
from relevo.domain.attachments import Attachment
from relevo.domain.cases import Case
from relevo.domain.conversations import Control, Conversation
from relevo.domain.messages import Author, Content, Entry
from relevo.domain.passenger_rules import Rights
from relevo.domain.service import Service
from relevo.flow.codes import OneTimeCodes
from relevo.flow.converse import Converser
from relevo.flow.deliver import Deliverer
from relevo.flow.mail import Mailer
from relevo.flow.receive import arrival, receive
from relevo.flow.turn import TurnServices
from relevo.store.codes import PostgresCodes
from relevo.store.mails import PostgresMails
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.loopback import Loopback
from relevo.testing.scripted import Script, ScriptedBrain


@asynccontextmanager
async def open_stage(
    dsn: str,
    script: Script | Brain,
    *,
    channel: Loopback | None = None,
    business: Business | Callable[[OpenStore], Awaitable[Business]] | None = None,
    policies: Policy | None = None,
    configuration: Configuration | None = None,
) -> AsyncIterator[Stage]:
    """Open a stage on a migrated database; the bot speaks by a script, or is a brain of your own.

    A configuration brings its policies, service and language. Mails, one-time codes among them, end in the mailbox.
    """
    brain = ScriptedBrain(script) if callable(script) else script
    async with open_store(dsn, size=4, name="relevo stage", attachment_key=bytes(32)) as opened:
        mailer = Mailer(mails=PostgresMails(opened.database), live=opened.live, company="Stage")
        services = TurnServices(
            business=await business(opened) if callable(business) else business or Ledger(),
            effects=opened.store.effects,
            attachments=opened.store.attachments,
            policies=policies or (configuration.policies if configuration else Permissive()),
            rights=configuration.policies.rights if configuration else Rights(),
            handoffs=opened.store.handoffs,
            service=configuration.bot.service if configuration else Service(),
            default_language=configuration.bot.default_language if configuration else "en",
            codes=OneTimeCodes(codes=PostgresCodes(opened.database), mailer=mailer),
        )
        yield Stage(opened=opened, brain=brain, channel=channel or Loopback(), services=services)


@dataclass(kw_only=True)
class Stage:
    """Everybody who takes part, on one channel."""

    opened: OpenStore
    brain: Brain
    channel: Loopback
    services: TurnServices
    mailbox: Loopback = field(default_factory=lambda: Loopback("email"))
    _contacts: dict[str, ContactOnStage] = field(default_factory=dict)

    def contact(self, address: str) -> ContactOnStage:
        """Give the contact at an address, the same one each time."""
        return self._contacts.setdefault(address, ContactOnStage(stage=self, address=address))

    def agent(self, name: str) -> AgentOnStage:
        """Give a person who can take control."""
        return AgentOnStage(stage=self, name=name)

    async def cases(self) -> list[Case]:
        """Give all cases."""
        return await self.opened.store.desk.cases()

    async def play(self) -> None:
        """Run every turn and delivery that is due, to its end."""
        inbox = self.opened.store.inbox
        converser = Converser(
            inbox=inbox,
            brain=self.brain,
            live=self.opened.live,
            services=self.services,
            default_language=self.services.default_language,
        )
        while claims := await inbox.claim(16):
            for claim in claims:
                await asyncio.create_task(converser.converse(claim))
        deliverer = Deliverer(
            outbox=self.opened.store.outbox,
            channels={channel.name: channel for channel in (self.channel, self.mailbox)},
            live=self.opened.live,
        )
        while await deliverer.step():
            pass


@dataclass(kw_only=True)
class ContactOnStage:
    """A contact at one address."""

    stage: Stage
    address: str
    _said: int = 0
    _heard: int = 0

    async def says(self, text: str, *, message_id: str | None = None, attachments: tuple[Attachment, ...] = ()) -> None:
        """Write a message, and let it be answered."""
        self._said += 1
        message = arrival(
            channel=self.stage.channel.name,
            address=self.address,
            message_id=message_id or str(self._said),
            text=text,
            attachments=attachments,
        )
        await receive(self.stage.opened.store.inbox, self.stage.opened.live, message)
        await self.stage.play()

    def hears(self, *texts: str) -> None:
        """Demand that exactly these texts were shown since the last look."""
        shown = self.stage.channel.shown_to(self.address)
        fresh, self._heard = shown[self._heard :], len(shown)
        assert fresh == list(texts), f"{self.address} heard {fresh}, not {list(texts)}"

    def hears_nothing(self) -> None:
        """Demand that nothing was shown since the last look."""
        self.hears()

    async def conversation(self) -> Conversation:
        """Give the contact's conversation; they must have written before."""
        found = await self.stage.opened.store.conversations.find(self.stage.channel.name, self.address)
        assert found is not None, f"{self.address} has written nothing yet"
        return found

    async def timeline(self) -> list[Entry]:
        """Give everything on the timeline, of every kind."""
        return await self.stage.opened.store.conversations.entries((await self.conversation()).id, 0)


@dataclass(kw_only=True)
class AgentOnStage:
    """A person at the desk."""

    stage: Stage
    name: str

    async def takes(self, contact: ContactOnStage) -> None:
        """Take control of a contact's conversation."""
        await self._pass(contact, Control.AGENT)

    async def says(self, contact: ContactOnStage, text: str) -> None:
        """Write to a contact."""
        conversation = await contact.conversation()
        await self.stage.opened.store.conversations.say(conversation.id, Author.AGENT, Content(text=text))
        await self.stage.play()

    async def gives_back(self, contact: ContactOnStage) -> None:
        """Hand control back to the bot."""
        await self._pass(contact, Control.BOT)

    async def _pass(self, contact: ContactOnStage, to: Control) -> None:
        conversation = await contact.conversation()
        await self.stage.opened.store.conversations.pass_control(conversation.id, conversation.control_version, to)
