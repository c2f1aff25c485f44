"""What the desk's API does about people: one timeline, what the business has, what happened elsewhere, merges."""

from __future__ import annotations

from uuid import UUID

from sanic.request import Request

from relevo.contracts.contacts import Wanted, Whom
from relevo.domain.merging import GROUPS, Encounter, Reach
from relevo.domain.messages import clean_text
from relevo.errors import Unreadable
from relevo.flow.belongings import Belongings, read_belongings
from relevo.flow.contacts import ContactWork
from relevo.web import desk_contacts_wire as people
from relevo.web import desk_wire as wire
from relevo.web.desk_doors import Call
from relevo.web.openapi import Query, changing, reading
from relevo.web.services import WebServices

PAGE_LINES = 50
MAX_GROUPS_CHARACTERS = 200


async def contact(call: Call, contact_id: UUID) -> people.ContactDetail:
    """Give a person."""
    return people.contact_detail(await call.eyes.person(await call.services.store.contacts.get(contact_id)))


async def timeline(call: Call, contact_id: UUID) -> people.Timeline:
    """Give a part of everything of a person."""
    contacts, asked = call.services.store.contacts, wanted(call.request)
    page = await contacts.timeline(contact_id, await call.eyes.narrowed(await contacts.get(contact_id), asked))
    return people.timeline(page)


async def business(call: Call, contact_id: UUID) -> people.BusinessView:
    """Give what a person has at the business now."""
    return people.business_view(await belongings_of(call.services, contact_id))


async def record(call: Call, body: people.RecordEncounter) -> people.RecordedEncounter:
    """Keep what another system recorded."""
    seen = body.reach
    reach = Reach(impressions=seen.impressions, followers=seen.followers) if seen else None
    encounter = Encounter(
        source=body.source,
        external_id=_word(body.external_id, "external_id"),
        kind=body.kind,
        happened_at=body.at,
        direction=body.direction,
        summary=clean_text(body.summary).strip(),
        is_answered=body.answered,
        reach=reach,
        url=body.url and clean_text(body.url),
    )
    kept = await _work(call).record(encounter, _whom(body.contact), call.agent)
    return people.RecordedEncounter(id=kept.id, contact_id=kept.contact_id, is_new=kept.is_new)


async def merge(call: Call, body: people.MergeContacts, contact_id: UUID) -> people.ContactDetail:
    """Give this contact all that another one has."""
    await call.eyes.demand_contact(body.other)
    await _work(call).merge(contact_id, body.other, call.agent, body.evidence, body.reason)
    return await contact(call, contact_id)


async def split(call: Call, body: people.Split, contact_id: UUID) -> people.ContactDetail:
    """Take out again who was merged, and give them."""
    return await contact(call, await _work(call).split(contact_id, body.merge_id, call.agent, body.reason))


async def merge_cases(call: Call, body: people.MergeCases, case_id: str) -> wire.CaseLine:
    """Have another case go on in this one."""
    case_id = clean_text(case_id)
    other = clean_text(body.other).strip()
    await call.eyes.demand_case(other)
    await _work(call).merge_cases(case_id, other, call.agent, body.reason)
    return wire.case_line(await call.services.store.desk.case(case_id))


async def split_cases(call: Call, body: people.Split, case_id: str) -> wire.CaseLine:
    """Take out again the case that was merged, and give it."""
    parted = await _work(call).split_cases(clean_text(case_id), body.merge_id, call.agent, body.reason)
    return wire.case_line(await call.services.store.desk.case(parted))


async def belongings_of(services: WebServices, contact_id: UUID) -> Belongings:
    """Read what a person has; raises NotFound for a contact that there is not."""
    view = await services.store.contacts.get(contact_id)
    business = services.decider.business if services.decider is not None else None
    return await read_belongings(business, view.business_ref, services.clock())


def wanted(request: Request) -> Wanted:
    """Read which part of a timeline is asked for."""
    before, kinds, channel = (request.args.get(name, "") for name in ("before", "kinds", "channel"))
    groups = tuple(dict.fromkeys(filter(None, kinds.split(",")))) if len(kinds) <= MAX_GROUPS_CHARACTERS else ("",)
    if not set(groups) <= set(GROUPS):
        raise Unreadable(f"“kinds” are some of {', '.join(GROUPS)}, with commas between.", code="bad_filter")
    return Wanted(
        before=people.read_cursor(before) if before else None,
        groups=groups,
        channel=clean_text(channel)[:50] or None,
        limit=_limit(request),
    )


def _limit(request: Request) -> int:
    given = request.args.get("limit", str(PAGE_LINES))
    if not (given.isascii() and given.isdigit()) or len(given) > 3 or not 1 <= int(given) <= 200:
        raise Unreadable("“limit” must be a whole number from 1 to 200.", code="bad_limit")
    return int(given)


def _work(call: Call) -> ContactWork:
    services = call.services
    business = services.decider.business if services.decider is not None else None
    return ContactWork(store=services.store, live=services.live, clock=services.clock, business=business)


def _whom(of: people.EncounterOf) -> Whom:
    if (of.business_ref is None) == (of.channel is None or of.address is None):
        raise Unreadable("“contact” needs either a business_ref, or a channel and an address.", code="bad_contact")
    if of.business_ref is not None:
        return Whom(business_ref=_word(of.business_ref, "business_ref"))
    return Whom(channel=of.channel, address=_word(of.address or "", "address"))


def _word(value: str, name: str) -> str:
    word = clean_text(value).strip()
    if not word or not word.isprintable():
        raise Unreadable(f"“{name}” must be printable and not empty.", code="bad_word")
    return word


_ONE = "/contacts/{contact_id}"
_FILTERS = (
    Query(name="before", about="Where the part ends: what “earlier” was.", schema={"type": "string", "maxLength": 400}),
    Query(
        name="kinds",
        about=f"Some of {', '.join(GROUPS)}, with commas between; all where there is none.",
        schema={"type": "string", "maxLength": MAX_GROUPS_CHARACTERS},
    ),
    Query(name="channel", about="Only what was on this channel.", schema={"type": "string", "maxLength": 50}),
    Query(name="limit", about="At most so many, 1 to 200.", schema={"type": "integer", "default": PAGE_LINES}),
)

OPERATIONS = (
    reading(
        _ONE, "contact", "A person: where they write, their cases, who may be the same.", contact, people.ContactDetail
    ),
    reading(
        f"{_ONE}/timeline", "contact_timeline", "All of a person, in order.", timeline, people.Timeline, query=_FILTERS
    ),
    reading(
        f"{_ONE}/business", "contact_business", "What they have at the business now.", business, people.BusinessView
    ),
    changing(
        f"{_ONE}/merge", "merge_contacts", "Make two contacts one.", merge, people.MergeContacts, people.ContactDetail
    ),
    changing(f"{_ONE}/split", "split_contacts", "Make them two again.", split, people.Split, people.ContactDetail),
    changing(
        "/contacts/events",
        "record_encounter",
        "Record a call, mail, visit or post.",
        record,
        people.RecordEncounter,
        people.RecordedEncounter,
    ),
    changing(
        "/cases/{case_id}/merge", "merge_cases", "Merge a case into it.", merge_cases, people.MergeCases, wire.CaseLine
    ),
    changing("/cases/{case_id}/split", "split_cases", "Take it out again.", split_cases, people.Split, wire.CaseLine),
)
