"""Writes to a contact by mail: on the timeline of their mail conversation and in the outbox, at once."""

from __future__ import annotations

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.live import Live
from relevo.contracts.mail import Mail, Mails, Posted, Posting
from relevo.domain.addresses import mail_address
from relevo.errors import Conflict

_log = structlog.get_logger()


class Mailer(msgspec.Struct, frozen=True, kw_only=True):
    """Posts mails, where this installation sends any."""

    mails: Mails
    live: Live
    company: str | None = None
    """Who writes, by name, as the mails are signed; None where no mail is sent."""

    @property
    def is_on(self) -> bool:
        """Whether mail is sent at all; ``relevo check`` says how to switch it on."""
        return self.company is not None

    async def send(self, mail: Mail) -> Posting:
        """Post a mail; every result but POSTED means that nothing was."""
        posting = await self._send(mail)
        _log.info("mail", about=str(mail.about), outcome=posting.value)
        return posting

    async def _send(self, mail: Mail) -> Posting:
        if not self.is_on:
            return Posting.MAIL_OFF
        address = mail_address(mail.address)
        if address is None:
            return Posting.BAD_ADDRESS
        try:
            posted = await self.mails.post(replace(mail, address=address))
        except Conflict:
            return Posting.ANOTHER_CONTACT
        if posted is None:
            return Posting.POSTED_BEFORE
        self.announce(posted)
        return Posting.POSTED

    def announce(self, posted: Posted) -> None:
        """Wake whoever sends, and whoever shows the conversation."""
        self.live.wake_senders()
        self.live.changed(posted.conversation_id)
