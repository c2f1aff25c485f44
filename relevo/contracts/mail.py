"""Writing to a contact by mail, and the codes that go that way: each method is one transaction."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.codes import CodeCheck
from relevo.domain.effects import EffectResult
from relevo.domain.messages import Author, Content

EMAIL = "email"
"""The channel's name."""


class Posting(str, Enum):
    """What became of a mail."""

    POSTED = "posted"
    """It is on the timeline and in the outbox."""
    POSTED_BEFORE = "posted_before"
    """A mail with the same key was posted earlier; this one is not."""
    MAIL_OFF = "mail_off"
    """This installation sends no mail."""
    BAD_ADDRESS = "bad_address"
    ANOTHER_CONTACT = "another_contact"
    """The address belongs to a contact who is not known to be the same person: an address proves nothing."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to a contact."""

    about: UUID | None
    """A conversation of the contact whom it is for; where there is none, ``business_ref`` tells the contact."""
    business_ref: str
    """Who they are in the business's own system, which has this address on file for them."""
    address: str
    content: Content
    language: str | None = None
    author: Author = Author.SYSTEM
    once: str | None = None
    """Of all mails with this key the first is posted, and no other."""
    sent_instead: Content | None = None
    """What leaves in place of ``content`` and is shown nowhere; forgotten when the delivery ends."""
    lives_seconds: float | None = None
    """After so long it is worth nothing, and is not sent any more."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """Where a mail is."""

    conversation_id: UUID
    position: int


class DoneEffect(msgspec.Struct, frozen=True, kw_only=True):
    """An effect that was done for somebody."""

    effect: EffectResult
    business_ref: str
    conversation_id: UUID | None
    """Where it was done; None where it was added to a case that has no conversation."""
    language: str | None = None
    """What is spoken in that conversation."""


class MissedPromise(msgspec.Struct, frozen=True, kw_only=True):
    """A promised time that passed without an answer."""

    case_id: str
    promised_at: datetime
    business_ref: str
    conversation_id: UUID | None
    language: str | None = None
    """What is spoken in that conversation."""


class Mails(Protocol):
    """Mails of the system, to addresses on file."""

    async def post(self, mail: Mail) -> Posted | None:
        """Put a mail on the timeline of its address's conversation and in the outbox; None when its key is known.

        Identity and conversation are made where they are missing, for the contact of ``about``. Raises Conflict when
        the address belongs to a contact who is not known to be the same person, NotFound when ``about`` is unknown.
        """
        ...

    async def unconfirmed(self, limit: int = 20) -> list[DoneEffect]:
        """Give effects of the last day that were done for a contact and not confirmed by mail, oldest first."""
        ...

    async def missed_promises(self, limit: int = 20) -> list[MissedPromise]:
        """Give promises of the last day that were missed and not owned up to by mail, oldest first."""
        ...

    async def give_up(self, key: str) -> None:
        """Take a key without a mail: what cannot be posted is not tried again."""
        ...


class CodeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is to be sent; only its hash is kept."""

    identity_id: UUID
    """Who asks, and may give it back."""
    salt: bytes
    hash: bytes
    mail: Mail


class Codes(Protocol):
    """One-time codes, committed by themselves: a wrong try counts, whatever becomes of its turn."""

    async def send(self, order: CodeOrder) -> Posted | None:
        """Post a code's mail and end the one that lived before; None when the mail's key is known.

        Raises TooMany beyond ``domain.codes.MAX_SENDS``, and what ``Mails.post`` raises.
        """
        ...

    async def check(self, identity_id: UUID, business_ref: str, code: str, asked_by: str) -> CodeCheck:
        """Try a code that the contact gave.

        One try for each ``asked_by``: a turn that is run again gets the same answer, and no second try.
        """
        ...
