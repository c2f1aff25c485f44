"""What custom actions may do in the turn that runs them.

The flow opens a Turn around each question to the brain; actions reach it through ``current()``. In a plain
``rasa run actions`` or ``rasa shell`` there is none: ``current()`` gives None, and an action then says that it cannot
act and offers a person. Nothing done through a Turn but effects and codes is written before the whole turn
commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

import msgspec

from relevo.contracts.business import Person, Record
from relevo.contracts.help import Passage
from relevo.domain.attachments import Attachment, AttachmentKind
from relevo.domain.cases import Case, Trigger
from relevo.domain.codes import CodeCheck, CodeSending
from relevo.domain.contacts import Level
from relevo.domain.effects import EffectResult, PreparedEffect, Verdict
from relevo.domain.handoff import Handback, HandoffRequest
from relevo.domain.rights import Entitlement


class Identification(str, Enum):
    """What came of the facts that a contact gave."""

    VERIFIED = "verified"
    TOO_FEW = "too_few"
    """They may be right, but are not two different facts of which one is a reference."""
    NOT_MATCHED = "not_matched"
    """They do not describe one person; nothing tells which of them was wrong."""
    LOCKED = "locked"
    """Too many wrong tries on this identity: only a person may verify it now."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact may be told when a person was asked for."""

    case_id: str
    is_anybody_online: bool
    """Whether control passes to the queue when the turn commits; if not, the bot goes on and the case waits."""
    position: int
    """Place in the queue, 1 for the next; 0 when nobody is online."""
    hours: str
    """When people are there, as a phrase in the conversation's language."""


class Turn(Protocol):
    """What an action may ask and do for the contact who is writing."""

    @property
    def now(self) -> datetime:
        """When the contact's message was received, in UTC: the same in every retry of the turn."""
        ...

    @property
    def zone(self) -> tzinfo:
        """Where the business is, for times that are told."""
        ...

    @property
    def today(self) -> date:
        """The day where the business is when the message came, by which its rules count."""
        ...

    @property
    def control_version(self) -> int:
        """A number that rises whenever control passes: what was shown under another one is not what a yes is to."""
        ...

    @property
    def privacy_due_at(self) -> datetime:
        """Until when a request about the contact's own data that comes now must be answered."""
        ...

    @property
    def level(self) -> Level:
        """How the contact is verified at this moment, what this turn added included."""
        ...

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What came with the message that is being answered."""
        ...

    async def files(self) -> tuple[Attachment, ...]:
        """Give what this conversation was sent within a day and nobody has said yet what it is for, oldest first.

        This message's own are among them, until ``keep_attachment`` says what they are for.
        """
        ...

    async def identify(self, facts: Mapping[str, str]) -> Identification:
        """Verify the contact by facts on file (keys as in contracts.business)."""
        ...

    async def send_code(self) -> CodeSending:
        """Send a one-time code to the contact's mail address on file; raises AccessDenied below two facts.

        Asked again in the same turn, or by the turn run again, it sends no second one.
        """
        ...

    async def check_code(self, code: str) -> CodeCheck:
        """Try a code, and raise the contact's level to CODE when it is right; raises AccessDenied below two facts.

        One try for each message: a second code in the same turn gets the first one's answer.
        """
        ...

    async def person(self) -> Person:
        """Give the verified contact; raises AccessDenied below two facts."""
        ...

    async def own(self, kind: type[Record]) -> Sequence[Record]:
        """Give what the verified contact has of a kind of contracts.records; raises AccessDenied below two facts."""
        ...

    async def public(self, kind: type[Record], number: str) -> Sequence[Record]:
        """Give what anybody may know of a kind of contracts.records by its number, whoever asks; oldest first."""
        ...

    @property
    def handback(self) -> Handback | None:
        """What a person decided, in the turn with which the bot takes the conversation back; else None."""
        ...

    def entitlement(self, facts: Mapping[str, Any]) -> Entitlement:
        """Give what a passenger's flight is owed by the business's rules (facts as in domain.rights.Disruption)."""
        ...

    async def judge(self, kind: str, facts: Mapping[str, Any]) -> Verdict:
        """Ask the policy about an effect without doing it, what the contact had in its window included."""
        ...

    async def perform(
        self,
        kind: str,
        reference: str,
        arguments: Mapping[str, Any],
        *,
        amount: int | None = None,
        unit: str | None = None,
    ) -> EffectResult:
        """Do an effect once, by policy; a second call with the same kind and reference gives the recorded result.

        ``amount`` of ``unit`` (``points``, or a currency in minor units) is what people's limits are compared with.
        A ``prepared`` one waits for a person: give its key to ``open_case``, so that somebody sees it.

        Raises AccessDenied when the contact is not verified as the policy asks for this kind.
        A business that does not answer gives the state ``failed`` or ``unconfirmed``, never an exception.
        """
        ...

    async def open_case(  # noqa: PLR0913 - one for each thing that a case may have
        self,
        case_type: str,
        trigger: Trigger,
        *,
        reference: str | None = None,
        goal: str | None = None,
        detail: Mapping[str, Any] | None = None,
        effects: Sequence[EffectResult] = (),
        promised_at: datetime | None = None,
    ) -> str:
        """Open a case for a person when the turn commits, and give its number to tell the contact.

        The prepared ones among the effects are decided about in it. A time that is promised is kept, or owned up to.
        """
        ...

    async def find_case(self, case_type: str, reference: str | None = None) -> Case | None:
        """Give the verified contact's open case of a type, whatever channel it came by; None below two facts."""
        ...

    async def own_cases(self) -> Sequence[Case]:
        """Give the contact's own cases, newest first, closed ones too.

        Below two facts these are what was opened in this very conversation for somebody whom nobody knew.
        """
        ...

    async def own_effects(self) -> Sequence[PreparedEffect]:
        """Give every effect ever asked for the verified contact, newest first; raises AccessDenied below two facts."""
        ...

    def came_again(
        self,
        case: Case,
        *,
        effects: Sequence[EffectResult] = (),
        goal: str | None = None,
        detail: Mapping[str, Any] | None = None,
        is_counted: bool = True,
    ) -> None:
        """Link this conversation to a case that is open already, and make it more urgent, when the turn commits.

        The prepared ones among the effects are decided about in it; goal and detail are added where it has none.
        ``is_counted`` is False where an earlier turn told of this contact already: then it gets no more urgent by it.
        """
        ...

    async def hand_off(self, request: HandoffRequest) -> Waiting:
        """Pass control to a person when the turn commits, if one is online, with everything known; say so after it.

        Its language is what the contact speaks by this message: it decides in which one the hours are told.
        Where nobody is online the bot keeps control, and the case waits.
        """
        ...

    def find_help(self, question: str, language: str) -> Passage | None:
        """Give what answers a question in a language, from the business's articles; None where none surely does."""
        ...

    def keep_attachment(self, attachment_id: UUID, kind: AttachmentKind, case_id: str | None) -> None:
        """Say what an attachment of this conversation is for when the turn commits: how long it is kept, who sees it.

        An identity document without a case is seen by nobody at the desk.
        """
        ...


_offered: set[str] = set()


def offer_requests(names: Iterable[str]) -> None:
    """Say which requests the actions know: a bot without one of them leaves its conversations to bots that have it."""
    _offered.update(names)


def offered_requests() -> frozenset[str]:
    """Give the requests that the actions of this process know."""
    return frozenset(_offered)


_current: ContextVar[Turn | None] = ContextVar("relevo_turn", default=None)


def current() -> Turn | None:
    """Give the turn that is running, or None outside Relevo (plain Rasa)."""
    return _current.get()


def enter(turn: Turn | None) -> None:
    """Make a turn the running one for this task and what it awaits; each turn runs in a task of its own."""
    _current.set(turn)
