"""Proves by a one-time code that whoever writes reads the mail that goes to the address on file.

The code exists in the mail alone: what is kept is its hash, what agents see has dots in its place.
"""

from __future__ import annotations

import msgspec
import structlog

from relevo.contracts.business import Person
from relevo.contracts.mail import CodeOrder, Codes, Mail
from relevo.contracts.store import Claim
from relevo.domain.addresses import mail_address
from relevo.domain.codes import DIGITS, LIFE_SECONDS, CodeCheck, CodeSending, hashed, new_code, new_salt
from relevo.domain.messages import Content
from relevo.errors import Conflict, TooMany
from relevo.flow.mail import Mailer
from relevo.flow.texts import say

_log = structlog.get_logger()


class OneTimeCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Sends codes and checks what is given back; a turn that is run again does neither twice."""

    codes: Codes
    mailer: Mailer

    async def send(self, claim: Claim, person: Person) -> CodeSending:
        """Send a code to a verified person's address on file; the one sent before is dead from then on."""
        if not self.mailer.is_on:
            return CodeSending.MAIL_OFF
        address = mail_address(person.email)
        if address is None:
            return CodeSending.NO_ADDRESS
        try:
            posted = await self.codes.send(self._order(claim, person, address))
        except TooMany:
            return CodeSending.TOO_MANY
        except Conflict as refusal:
            _log.warning("code.not_sent", conversation=str(claim.conversation.id), why=refusal.reason)
            return CodeSending.NO_ADDRESS
        if posted is not None:
            self.mailer.announce(posted)
        return CodeSending.SENT

    async def check(self, claim: Claim, business_ref: str, code: str) -> CodeCheck:
        """Try a code that was given back for the same person; one try for each message."""
        return await self.codes.check(claim.conversation.identity.id, business_ref, code, _turn(claim))

    def _order(self, claim: Claim, person: Person, address: str) -> CodeOrder:
        code, salt = new_code(), new_salt()
        mail = Mail(
            about=claim.conversation.id,
            business_ref=person.ref,
            address=address,
            content=self._words(person, "•" * DIGITS),
            language=person.language,
            once=f"code:{_turn(claim)}",
            sent_instead=self._words(person, code),
            lives_seconds=LIFE_SECONDS,
        )
        return CodeOrder(identity_id=claim.conversation.identity.id, salt=salt, hash=hashed(code, salt), mail=mail)

    def _words(self, person: Person, code: str) -> Content:
        company, minutes = self.mailer.company or "", str(LIFE_SECONDS // 60)
        return Content(
            subject=say(person.language, "mail_code_subject", company=company),
            text=say(person.language, "mail_code", code=code, minutes=minutes, company=company),
        )


def _turn(claim: Claim) -> str:
    # A replayed message was received anew: it asks again, and an answer of long ago does not count.
    return f"{claim.inbox_id}@{claim.received_at.isoformat()}"
