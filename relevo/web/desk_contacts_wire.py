"""What the desk's API is sent and answers about people: their timeline, what was recorded elsewhere, merges."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from relevo.contracts.contacts import ContactView, Cursor, Line, Merge, Page
from relevo.contracts.handoff import Moment
from relevo.contracts.records import Bag, Fare, Membership, Order, Subscription, Trip, Voucher
from relevo.domain.merging import Encounter, Reach
from relevo.domain.messages import Entry, clean_text
from relevo.errors import Unreadable
from relevo.flow.belongings import Belongings, masked_mail
from relevo.flow.contacts import MAX_REASON_CHARACTERS
from relevo.web import desk_wire as wire

People = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REASON_CHARACTERS)]
CaseNumber = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class EncounterReach(msgspec.Struct, kw_only=True):
    """How many people may see a public post."""

    impressions: People | None = None
    followers: People | None = None


class EncounterOf(msgspec.Struct, kw_only=True):
    """Whose it is: the business's reference, or an address on a channel."""

    business_ref: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    channel: Annotated[str, msgspec.Meta(max_length=50, pattern=r"^[a-z0-9_-]+$")] | None = None
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=320)] | None = None


class RecordEncounter(msgspec.Struct, kw_only=True):
    """A call, mail, visit or public post that another system knows of; the same id of a source is kept once."""

    source: Annotated[str, msgspec.Meta(max_length=50, pattern=r"^[A-Za-z0-9._-]+$")]
    external_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    kind: Literal["call", "email", "visit", "post", "other"]
    at: Moment
    direction: Literal["in", "out"]
    """``in``: they came to the business."""
    summary: Annotated[str, msgspec.Meta(max_length=4_000)]
    answered: bool
    contact: EncounterOf
    reach: EncounterReach | None = None
    url: Annotated[str, msgspec.Meta(max_length=2_000, pattern=r"^https?://[^\s]+$")] | None = None


class RecordedEncounter(msgspec.Struct, kw_only=True):
    """What became of it."""

    id: int
    contact_id: UUID
    is_new: bool


class MergeContacts(msgspec.Struct, kw_only=True):
    """Gives this contact all that another one has."""

    other: UUID
    evidence: Literal["same_reference", "code", "two_facts", "document", "call"]
    """The first is checked; the others are what the agent answers for."""
    reason: Reason


class MergeCases(msgspec.Struct, kw_only=True):
    """Has another open case of the same person go on in this one."""

    other: CaseNumber
    reason: Reason


class Split(msgspec.Struct, kw_only=True):
    """Takes out again what a merge brought; the last one first."""

    merge_id: Number
    reason: Reason


class SeenOnLine(msgspec.Struct, kw_only=True):
    """One address of a contact, and how it is verified now."""

    channel: str
    address: str
    level: str
    business_ref: str | None
    conversation_id: UUID | None
    updated_at: Moment | None


class SuggestedContact(msgspec.Struct, kw_only=True):
    """Another contact who may be the same person."""

    contact_id: UUID
    display_name: str | None
    business_ref: str | None
    channels: Sequence[str]
    why: str
    """``same_reference`` or ``same_mail``."""


class MergeLine(msgspec.Struct, kw_only=True):
    """Two contacts or cases that were made one, by whom and why; and split, where they were.

    With the evidence ``signed`` it was nobody: the site vouched for a visitor who had written before.
    """

    id: int
    kept: str
    merged: str
    merged_name: str | None
    evidence: str | None
    reason: str
    merged_by: str | None
    merged_at: Moment
    split_reason: str | None
    split_by: str | None
    split_at: Moment | None


class ContactDetail(msgspec.Struct, kw_only=True):
    """One person; where they were merged, the contact who has them now."""

    id: UUID
    display_name: str | None
    business_ref: str | None
    created_at: Moment
    seen_on: Sequence[SeenOnLine]
    cases: Sequence[wire.CaseLine]
    suggestions: Sequence[SuggestedContact]
    merges: Sequence[MergeLine]
    case_merges: Sequence[MergeLine]
    reach: Reach | None


class TimelineLine(msgspec.Struct, kw_only=True):
    """One line of a contact's timeline; exactly one of the last three is there."""

    at: Moment
    kind: str
    group: str
    """``messages``, ``steps``, ``effects``, ``notes``, ``handoffs``, ``elsewhere`` or ``merges``."""
    channel: str | None
    conversation_id: UUID | None
    entry: Entry | None
    encounter: Encounter | None
    merge: MergeLine | None


class Timeline(msgspec.Struct, kw_only=True):
    """A part of a contact's timeline, oldest first."""

    lines: Sequence[TimelineLine]
    earlier: str | None
    """Send it as ``before`` for the part before this one; null where there is none."""


class BusinessPerson(msgspec.Struct, kw_only=True):
    """Who somebody is in the business's files."""

    ref: str
    name_on_file: str
    email: str
    """Its first letter and its place."""
    language: str
    loyalty_number: str | None
    points: int | None


class BusinessView(msgspec.Struct, kw_only=True):
    """What somebody has at the business as of now; nothing of it is kept."""

    state: str
    """``read``; ``unknown``: nobody knows who they are; ``gone``: not on file any more; ``unreachable``."""
    read_at: Moment
    person: BusinessPerson | None
    memberships: Sequence[Membership]
    trips: Sequence[Trip]
    fares: Sequence[Fare]
    orders: Sequence[Order]
    bags: Sequence[Bag]
    subscriptions: Sequence[Subscription]
    vouchers: Sequence[Voucher]


def contact_detail(view: ContactView) -> ContactDetail:
    """Give a person as the API shows them."""
    return ContactDetail(
        id=view.id,
        display_name=view.display_name,
        business_ref=view.business_ref,
        created_at=view.created_at,
        seen_on=[
            SeenOnLine(
                channel=seen.channel,
                address=seen.address,
                level=seen.level.name.lower(),
                business_ref=seen.business_ref,
                conversation_id=seen.conversation_id,
                updated_at=seen.updated_at,
            )
            for seen in view.seen_on
        ],
        cases=[wire.case_line(case) for case in view.cases],
        suggestions=[msgspec.convert(each, SuggestedContact, from_attributes=True) for each in view.suggestions],
        merges=[merge_line(merge) for merge in view.merges],
        case_merges=[merge_line(merge) for merge in view.case_merges],
        reach=view.reach,
    )


def merge_line(merge: Merge) -> MergeLine:
    """Give a merge as the API shows it."""
    return msgspec.convert(merge, MergeLine, from_attributes=True)


def timeline(page: Page) -> Timeline:
    """Give a part of a timeline as the API shows it."""
    return Timeline(
        lines=[_timeline_line(line) for line in page.lines], earlier=cursor_text(page.earlier) if page.earlier else None
    )


def business_view(found: Belongings) -> BusinessView:
    """Give what somebody has as the API shows it."""
    kinds = ("memberships", "trips", "fares", "orders", "bags", "subscriptions", "vouchers")
    person = found.person
    return BusinessView(
        state=found.state,
        read_at=found.read_at,
        person=BusinessPerson(
            ref=person.ref,
            name_on_file=f"{person.given_names} {person.surnames}".strip(),
            email=masked_mail(person.email),
            language=person.language,
            loyalty_number=person.loyalty_number,
            points=person.points,
        )
        if person
        else None,
        **{kind: getattr(found, kind) for kind in kinds},
    )


def cursor_text(cursor: Cursor) -> str:
    """Give a cursor as one word."""
    told = (cursor.at.isoformat(), cursor.rank, cursor.place, cursor.number)
    return base64.urlsafe_b64encode(msgspec.json.encode(told)).rstrip(b"=").decode()


def read_cursor(word: str) -> Cursor:
    """Read a cursor that was given out; raises Unreadable."""
    try:
        if len(word) > 400:
            raise ValueError
        told = base64.urlsafe_b64decode(word.encode("ascii") + b"=" * (-len(word) % 4))
        at, rank, place, number = msgspec.json.decode(told, type=tuple[datetime, int, str, int])
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise _bad_cursor() from None
    if at.tzinfo is None or not 0 <= rank <= 9 or not 0 <= number < 2**63 or len(place) > 36:
        raise _bad_cursor()
    return Cursor(at=at, rank=rank, place=clean_text(place), number=number)


def _bad_cursor() -> Unreadable:
    return Unreadable("“before” must be what “earlier” was, unchanged.", code="bad_cursor")


def _timeline_line(line: Line) -> TimelineLine:
    return TimelineLine(
        at=line.at,
        kind=line.kind,
        group=line.group,
        channel=line.channel,
        conversation_id=line.conversation_id,
        entry=line.entry,
        encounter=line.encounter,
        merge=merge_line(line.merge) if line.merge else None,
    )
