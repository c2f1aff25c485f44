"""Everything that is held about one person: ``relevo.contact/1``, as it is handed out, and how it is erased.

Published as JSON Schema in docs/reference/. Enumerations are open and fields may be added: readers accept unknown ones.
Times are RFC 3339 in UTC, money is in minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

import msgspec

from relevo.contracts.personal_words import HeldDraft, HeldPost, HeldRating, HeldTeaching, HeldTranslation, Moment

CONTACT = "relevo.contact/1"
ERASED = "erased"
"""Stands where a person's reference stood in what is kept without them."""


class HeldContact(msgspec.Struct, kw_only=True):
    """The person, as agents see them."""

    id: UUID
    display_name: str | None
    business_ref: str | None
    created_at: Moment


class HeldIdentity(msgspec.Struct, kw_only=True):
    """One address of theirs on a channel, and how it was verified."""

    id: UUID
    channel: str
    address: str
    business_ref: str | None
    level: int
    """0 claimed, 1 two facts, 2 code, 3 signed; it held until ``verified_until``."""
    verified_until: Moment | None
    verified_facts: Mapping[str, str]
    failed_tries: int
    created_at: Moment


class HeldCode(msgspec.Struct, kw_only=True):
    """A one-time code that was sent; what it was is kept nowhere."""

    address: str
    wrong_tries: int
    answer: str | None
    sent_at: Moment
    expires_at: Moment
    ended_at: Moment | None


class HeldDelivery(msgspec.Struct, kw_only=True):
    """What became of sending a message."""

    state: str
    attempts: int
    reason: str | None
    ended_at: Moment | None


class HeldEntry(msgspec.Struct, kw_only=True):
    """One line of a timeline: a message, an agent's note, an event."""

    position: int
    kind: str
    author: str
    content: Mapping[str, Any]
    created_at: Moment
    delivery: HeldDelivery | None


class HeldArrival(msgspec.Struct, kw_only=True):
    """One message as it came in."""

    text: str
    metadata: Mapping[str, Any]
    raw_base64: str | None
    """What the platform sent, byte for byte, where it was kept."""
    state: str
    error: str | None
    received_at: Moment


class HeldHandoff(msgspec.Struct, kw_only=True):
    """One stretch with a person: ``relevo.handoff/1`` and, where it ended, ``relevo.handback/1``."""

    state: str
    record: Mapping[str, Any]
    handback: Mapping[str, Any] | None
    created_at: Moment
    ended_at: Moment | None


class HeldConversation(msgspec.Struct, kw_only=True):
    """Everything said with one identity; mails are the conversation whose channel is ``email``."""

    id: UUID
    channel: str
    address: str
    language: str | None
    control: str
    created_at: Moment
    updated_at: Moment
    timeline: list[HeldEntry]
    arrivals: list[HeldArrival]
    handoffs: list[HeldHandoff]
    ratings: list[HeldRating]
    teachings: list[HeldTeaching]
    bot_memory: list[Any]
    """What the bot remembers of it: its tracker's events."""
    translations: list[HeldTranslation] = []
    drafts: list[HeldDraft] = []
    """What agents have begun to write in it."""


class Withheld(msgspec.Struct, kw_only=True):
    """A conversation that somebody else was verified in too: a person must tell apart who said what."""

    id: UUID
    channel: str


class HeldEncounter(msgspec.Struct, kw_only=True):
    """A call, mail, visit or public post of theirs that another system recorded."""

    source: str
    external_id: str
    kind: str
    direction: str
    summary: str
    is_answered: bool
    impressions: int | None
    followers: int | None
    url: str | None
    happened_at: Moment


class HeldMerge(msgspec.Struct, kw_only=True):
    """Two records of the person that were made one, and split where they were."""

    kept_id: UUID
    merged_id: UUID
    evidence: str
    reason: str
    merged_at: Moment
    split_reason: str | None
    split_at: Moment | None


class HeldCaseMerge(msgspec.Struct, kw_only=True):
    """Two of their cases that were made one, and split where they were."""

    kept_case: str
    merged_case: str
    reason: str
    merged_at: Moment
    split_reason: str | None
    split_at: Moment | None


class HeldCase(msgspec.Struct, kw_only=True):
    """One case of theirs."""

    id: str
    type: str
    trigger: str
    status: str
    reference: str | None
    goal: str | None
    detail: Any
    outcome: str | None
    contacted: int
    opened_at: Moment
    promised_at: Moment | None
    closed_at: Moment | None


class HeldEffect(msgspec.Struct, kw_only=True):
    """One thing done for them, or asked for, in the business's systems."""

    key: str
    kind: str
    arguments: Mapping[str, Any]
    amount: int | None
    unit: str | None
    state: str
    rule: str | None
    result: Mapping[str, Any]
    reason: str | None
    case_id: str | None
    intended_at: Moment
    ended_at: Moment | None


class HeldView(msgspec.Struct, kw_only=True):
    """An agent saw an attachment."""

    agent: str
    is_thumbnail: bool
    viewed_at: Moment


class HeldAttachment(msgspec.Struct, kw_only=True):
    """A photo or file of theirs, and who at the desk looked at it."""

    id: UUID
    channel: str
    address: str
    name: str
    mime: str
    size_bytes: int
    sha256: str
    kind: str
    case_id: str | None
    created_at: Moment
    erased_at: Moment | None
    views: list[HeldView]
    file: str | None = None
    """Where its bytes are in what was written, where they were asked for."""
    problem: str | None = None
    """Why its bytes are not there."""


class ContactRecord(msgspec.Struct, kw_only=True):
    """Everything that Relevo holds about one person; what the business's own systems hold is theirs to give."""

    schema: str
    exported_at: Moment
    business_ref: str | None
    contacts: list[HeldContact]
    identities: list[HeldIdentity]
    codes: list[HeldCode]
    conversations: list[HeldConversation]
    withheld: list[Withheld]
    cases: list[HeldCase]
    encounters: list[HeldEncounter]
    merges: list[HeldMerge]
    case_merges: list[HeldCaseMerge]
    effects: list[HeldEffect]
    attachments: list[HeldAttachment]
    posts: list[HeldPost] = []


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it is about: the business's own reference or, where nobody knows it, one contact."""

    business_ref: str | None = None
    contact_id: UUID | None = None
    known_as: str = ""
    """How to name them on the command line."""


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """How much is held about somebody."""

    names: int
    """Records of the person by name."""
    identities: tuple[str, ...]
    """As ``channel:address``."""
    conversations: int
    shared: int
    """Conversations that somebody else was verified in too."""
    entries: int
    attachments: int
    cases: int
    effects: int


class KeptEffect(msgspec.Struct, frozen=True, kw_only=True):
    """Money or points that moved: what is kept of it names nobody."""

    key: str
    amount: int
    unit: str
    state: str


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure erased, and what it kept without the person."""

    erased: Holdings
    closed_cases: tuple[str, ...]
    """Those that were open."""
    kept_effects: tuple[KeptEffect, ...]
    kept_cases: tuple[str, ...]


class PersonalData(Protocol):
    """Everything that is held about one person; each method is one transaction."""

    async def find(self, term: str, business_ref: str | None) -> list[Subject]:
        """Give everybody whom a term may mean and about whom anything is held.

        It is a reference of the business's, ``channel:address``, or a mail address; ``business_ref`` is whom the
        business itself knows by it.
        """
        ...

    async def holdings(self, subject: Subject) -> Holdings:
        """Count what is held."""
        ...

    async def export(self, subject: Subject) -> ContactRecord:
        """Give everything that is held, as of one moment."""
        ...

    async def erase(self, subject: Subject, *, closes_cases: bool = False) -> Erasure:
        """Erase everything but the amounts that moved and the numbers of cases, all or nothing.

        Raises Conflict, in sentences, while something of theirs is going on.
        """
        ...
