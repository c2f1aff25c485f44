"""What tests of mail share: somebody who wrote in the chat, a mailer, and what sends to a real mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from relevo.bootstrap.store import OpenStore, open_store
from relevo.channels.email.channel import EmailChannel
from relevo.contracts.mail import Mail
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Content, Entry
from relevo.flow.codes import OneTimeCodes
from relevo.flow.deliver import Deliverer
from relevo.flow.mail import Mailer
from relevo.store.codes import PostgresCodes
from relevo.store.mails import PostgresMails
from tests.integration.hands import let_all_be_due, written
from tests.integration.mail_server import MailServer

ADDRESS = "amina@example.com"


@dataclass(kw_only=True)
class OwnClock:
    """A clock that moves when it is told to."""

    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def __call__(self) -> datetime:
        """Give the moment."""
        return self.now

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@dataclass(kw_only=True)
class Office:
    """A store and everything that posts and sends mail."""

    opened: OpenStore
    mailer: Mailer
    codes: OneTimeCodes
    clock: OwnClock = field(default_factory=OwnClock)
    deliverer: Deliverer | None = None

    async def chat(self, by: str = "amina", *, ref: str | None = "C001", channel: str = "push") -> Conversation:
        """Let somebody write, and know them as this person of the business."""
        await self.opened.store.inbox.receive([written(by=by, channel=channel)])
        conversation = await self.opened.store.conversations.find(channel, by)
        assert conversation is not None
        await self.opened.database.run(
            "UPDATE contacts SET business_ref = %s WHERE id = %s", (ref, conversation.identity.contact_id)
        )
        return conversation

    def sends_to(self, server: MailServer, *, seconds: float = 10.0, **options: Any) -> Deliverer:
        """Begin to send to a mail server."""
        channel = EmailChannel(server.account(), clock=self.clock, seconds=seconds)
        self.deliverer = Deliverer(
            outbox=self.opened.store.outbox,
            channels={"email": channel},
            live=self.opened.live,
            clock=self.clock,
            **options,
        )
        return self.deliverer

    async def deliver(self) -> int:
        """Send what is due, as long as anything is, and give how many attempts that took."""
        assert self.deliverer is not None
        tried = 0
        await let_all_be_due(self.opened.database)
        while done := await self.deliverer.step():
            tried += done
        return tried

    async def endings(self) -> list[tuple[Any, ...]]:
        """Give state, attempts and reason of every delivery by mail, in order."""
        return await self.opened.database.rows(
            "SELECT state, attempts, reason FROM deliveries WHERE channel = 'email' ORDER BY conversation_id, position"
        )

    async def timeline(self, address: str = ADDRESS) -> list[Entry]:
        """Give what agents see of an address."""
        found = await self.opened.store.conversations.find("email", address)
        return await self.opened.store.conversations.entries(found.id, 0) if found else []


@asynccontextmanager
async def open_office(dsn: str, company: str | None = "Aurora") -> AsyncIterator[Office]:
    """Open an office on a migrated database; without a company mail is off."""
    async with open_store(dsn) as opened:
        mailer = Mailer(mails=PostgresMails(opened.database), live=opened.live, company=company)
        codes = OneTimeCodes(codes=PostgresCodes(opened.database), mailer=mailer)
        yield Office(opened=opened, mailer=mailer, codes=codes)


def mail(about: UUID, text: str = "hello", **changes: Any) -> Mail:
    """Give a mail to somebody who wrote."""
    known = {
        "about": about,
        "business_ref": "C001",
        "address": ADDRESS,
        "content": Content(text=text, subject="Your points"),
    }
    return Mail(**{**known, **changes})
