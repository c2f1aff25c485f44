"""Mails one-time links with which people at the desk set their password.

    asked for ─► held by one process ─► the secret is made, its hash kept, the mail sent
        ─► it left, or may have left | again, with another secret | nobody takes it: forgotten

The secret is in the mail alone. It is made when the mail leaves, so that what waits in the database opens nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from uuid import uuid4

import msgspec
import structlog

from relevo.contracts.channel import Channel, Delivery
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.mail import EMAIL
from relevo.contracts.password_links import LINK_SECONDS, LinkMail, PasswordLinks
from relevo.domain.messages import Author, Content
from relevo.errors import SendDeferred, SendRefused, SendUnconfirmed
from relevo.flow.texts import say
from relevo.flow.waiting import keep_watch

LINK_PATH = "/desk/password/"
_IDLE_SECONDS = 3.0
_AGAIN_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 1_800.0
_log = structlog.get_logger()


def new_secret() -> tuple[str, bytes]:
    """Make what a link ends with, 256 random bits, and what is kept of it."""
    secret = secrets.token_urlsafe(32)
    return secret, secret_hash(secret)


def secret_hash(secret: str) -> bytes:
    """Give what is kept of a link: nothing slow is needed where there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


class LinkPost(msgspec.Struct, frozen=True, kw_only=True):
    """Mails what was asked for, in whichever web process looks first."""

    links: PasswordLinks
    channel: Channel
    company: str
    desk_url: str
    """Where everybody reaches the doors: what links begin with."""
    clock: Clock = msgspec.field(default=system_clock)

    async def run(self, stop: asyncio.Event, live: Live) -> None:
        """Mail until told to stop."""

        async def look() -> int:
            mailed = 0
            while not stop.is_set() and await self.step():
                mailed += 1
            return mailed

        await keep_watch(stop, look, live=live, what="password_links", pause_seconds=_IDLE_SECONDS, first_seconds=0.0)

    async def step(self) -> bool:
        """Mail one that is due, and tell whether there was any."""
        secret, kept = new_secret()
        mail = await self.links.claim(kept)
        if mail is None:
            return False
        await self._send(mail, f"{self.desk_url}{LINK_PATH}{secret}")
        return True

    async def _send(self, mail: LinkMail, link: str) -> None:
        try:
            await self.channel.send(self._delivery(mail, link))
        except SendDeferred:  # another mail with another secret: this one certainly did not leave
            pause = min(_AGAIN_SECONDS * 2 ** min(mail.attempts - 1, 10), _LONGEST_PAUSE_SECONDS)
            await self.links.settle(mail.id, again_in_seconds=pause)
            _log.warning("password_link.not_yet_sent", attempt=mail.attempts)
        except SendRefused:
            await self.links.drop(mail.id)
            _log.warning("password_link.refused")
        except SendUnconfirmed:  # it may be in their mailbox, so the link goes on holding
            await self.links.settle(mail.id)
            _log.warning("password_link.unconfirmed")
        else:
            await self.links.settle(mail.id)
            _log.info("password_link.sent")

    def _delivery(self, mail: LinkMail, link: str) -> Delivery:
        hours = str(int(LINK_SECONDS // 3_600))
        text = say(mail.language, "mail_password_link", name=mail.name, link=link, hours=hours, company=self.company)
        subject = say(mail.language, "mail_password_link_subject", company=self.company)
        return Delivery(
            id=mail.id,
            channel=EMAIL,
            address=mail.email,
            conversation_id=uuid4(),  # each attempt is a mail of its own
            position=0,
            content=Content(subject=subject, text=text),
            author=Author.SYSTEM,
            queued_at=self.clock(),
            attempts=mail.attempts,
        )
