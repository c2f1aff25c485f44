"""The list of cases in the desk's API: pages, counts, tags, snoozing, following, kept views, many cases at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sanic.request import Request

from relevo.contracts.worklist import CaseChange
from relevo.domain.covering import masked
from relevo.domain.messages import clean_text
from relevo.domain.worklist import FILTERS, LEVELS, LONGEST_FILTER, SORTS, VIEWS, CaseQuery, Place, read_cursor
from relevo.errors import RequestError, Unreadable
from relevo.flow.bulk import MOST_MATCHING, Bulk
from relevo.flow.worklist import Happened, ListWork, Wish
from relevo.web import desk_worklist_wire as wire
from relevo.web.audit_trail import Trail
from relevo.web.desk_board import board_of
from relevo.web.desk_doors import Call
from relevo.web.openapi import Query, changing, reading

MOST_CASES = 100
_LONGEST_CURSOR = 400


async def give_cases(call: Call) -> wire.CaseList:
    """Answer with a page of a list."""
    query, sight = _asked(call), call.eyes.sight
    after, limit = read_place(call.request, "cursor"), _limit(call.request)
    worklist = call.services.store.worklist
    page = await worklist.page(query, after, read_place(call.request, "until"), limit)
    return wire.case_list(page, await worklist.marks(call.agent.id, [case.id for case in page.cases], sight))


async def _counts(call: Call) -> wire.Counts:
    sight, board = call.eyes.sight, board_of(call.request)
    marks = await call.services.store.worklist.marks(call.agent.id, (), sight)
    return wire.Counts(views=await board.counts(call.agent.id, marks, await board.outlook(sight)))


async def _tags(call: Call) -> wire.Tags:
    return wire.Tags(tags=[wire.tag_line(tag) for tag in await call.services.store.worklist.tags()])


async def _set_tag(call: Call, body: wire.TagLine) -> wire.TagLine:
    return wire.tag_line(await _work(call).set_tag(call.agent, body.name, body.colour))


async def _drop_tag(call: Call, body: wire.DropTag) -> wire.Tags:
    await _work(call).drop_tag(call.agent, body.name)
    return await _tags(call)


async def _change_tags(call: Call, body: wire.ChangeTags, case_id: str) -> wire.ListedCase:
    return await _changed(call, case_id, Wish(add=body.add, remove=body.remove))


async def _snooze(call: Call, body: wire.Snooze, case_id: str) -> wire.ListedCase:
    return await _changed(call, case_id, Wish(snoozes=True, until=body.until))


async def _follow(call: Call, body: wire.Follow, case_id: str) -> wire.ListedCase:
    return await _changed(call, case_id, Wish(follows=body.follow))


async def _assign(call: Call, body: wire.Assign, case_id: str) -> wire.ListedCase:
    return await _changed(call, case_id, Wish(assigns=True, agent_id=body.agent_id))


async def _prioritise(call: Call, body: wire.SetPriority, case_id: str) -> wire.ListedCase:
    change = await call.work.prioritise(clean_text(case_id), call.agent, body.level)
    call.trail.parts = [trail_of(case_id, [change] if change else [])]
    return await _listed(call, case_id)


async def _bulk(call: Call, body: wire.Bulk) -> wire.BulkAnswer:
    happened = await _many(call).change(body.cases, call.agent, wire.wish_of(body))
    return _told(call, happened)


async def _matching(call: Call) -> wire.Matching:
    number = await _many(call).matching(_asked(call))
    return wire.Matching(number=min(number, MOST_MATCHING), is_more=number > MOST_MATCHING)


async def _bulk_matching(call: Call, body: wire.BulkMatching) -> wire.BulkAnswer:
    query = replace(wire.query_of(body.matching, call.agent.id), sight=call.eyes.sight)
    happened = await _many(call).change_matching(query, body.number, call.agent, wire.wish_of(body))
    return _told(call, happened)


def _told(call: Call, happened: Sequence[Happened]) -> wire.BulkAnswer:
    call.trail.parts = [trail_of(each.case_id, each.changes, each.refusal) for each in happened]
    return wire.bulk_answer(happened)


async def _changes(call: Call, case_id: str) -> wire.CaseChanges:
    case = await call.services.store.desk.case(case_id)
    found = await call.services.store.worklist.changes([case.id])
    return wire.CaseChanges(changes=[msgspec.convert(each, wire.ChangeLine, from_attributes=True) for each in found])


async def _look(call: Call, body: wire.Look, conversation_id: UUID) -> wire.Look:
    await _work(call).look(conversation_id, call.agent, body.position)
    call.services.live.agent_stirred(conversation_id)
    board_of(call.request).forget(call.agent.id)
    return body


async def _views(call: Call) -> wire.Views:
    return wire.Views(views=[wire.view_line(view) for view in await call.services.store.worklist.views(call.agent.id)])


async def _keep_view(call: Call, body: wire.KeepView) -> wire.View:
    kept = await _work(call).save_view(call.agent, body.name, wire.query_of(body, call.agent.id))
    board_of(call.request).forget(call.agent.id)
    return wire.view_line(kept)


async def _drop_view(call: Call, body: wire.DropView) -> wire.Views:
    await call.services.store.worklist.drop_view(call.agent.id, body.id)
    board_of(call.request).forget(call.agent.id)
    return await _views(call)


async def _changed(call: Call, case_id: str, wish: Wish) -> wire.ListedCase:
    changes = await _work(call).change(case_id, call.agent, wish)
    call.trail.parts = [trail_of(case_id, changes)]
    return await _listed(call, case_id)


async def _listed(call: Call, case_id: str) -> wire.ListedCase:
    store = call.services.store
    return wire.listed_case(await store.desk.case(case_id), await store.worklist.marks(call.agent.id, [case_id]))


def _asked(call: Call) -> CaseQuery:
    return replace(read_query(call.request, call.agent.id, "all"), sight=call.eyes.sight)


def trail_of(case_id: str, changes: Sequence[CaseChange], refusal: RequestError | None = None) -> Trail:
    """Give what the audit log tells of a case: how what changed was before, and is now."""
    before = {name: value for each in changes for name, value in each.before.items()}
    after = {name: value for each in changes for name, value in each.after.items()}
    return Trail(target=case_id, before=masked(before), after=masked(after), refusal=refusal)


def _work(call: Call) -> ListWork:
    return ListWork(desk=call.work)


def _many(call: Call) -> Bulk:
    return Bulk(work=_work(call), eyes=call.eyes, queues=call.services.service.queues)


def read_query(request: Request, agent_id: int, shown: str) -> CaseQuery:
    """Read which list is asked for; raises Unreadable for what is none."""
    show, sort = request.args.get("show", shown), request.args.get("sort", "due")
    if show not in VIEWS:
        raise Unreadable(f"“show” must be {', '.join(VIEWS)}.", code="bad_filter")
    if sort not in SORTS:
        raise Unreadable(f"“sort” must be {', '.join(SORTS)}.", code="bad_filter")
    filters = {name: request.args.get(name) for name in FILTERS}
    for name, value in filters.items():
        if value is not None and (len(value) > LONGEST_FILTER or not value.isprintable()):
            raise Unreadable(f"“{name}” is too long, or no text.", code="bad_filter")
    if filters["priority"] and filters["priority"] not in LEVELS:
        raise Unreadable(f"“priority” must be {', '.join(LEVELS)}.", code="bad_filter")
    return CaseQuery(show=show, sort=sort, agent_id=agent_id, **filters)


def read_place(request: Request, name: str) -> Place | None:
    """Read a cursor; None where there is none. Raises Unreadable for what never was one."""
    cursor = request.args.get(name)
    if not cursor:
        return None
    place = read_cursor(cursor) if len(cursor) <= _LONGEST_CURSOR else None
    if place is None:
        raise Unreadable("“cursor” must be what “next_cursor” said, for the same list.", code="bad_cursor")
    return place


def _limit(request: Request) -> int:
    given = request.args.get("limit", str(MOST_CASES))
    if not (given.isascii() and given.isdigit()) or len(given) > 3 or not 1 <= int(given) <= MOST_CASES:
        raise Unreadable(f"“limit” must be a whole number from 1 to {MOST_CASES}.", code="bad_limit")
    return int(given)


def _query(name: str, about: str, **schema: Any) -> Query:
    return Query(name=name, about=about, schema={"type": "string", **schema})


_FILTERED = (
    _query("show", "Which cases; snoozed ones are in snoozed, following and all.", enum=list(VIEWS), default="all"),
    *(
        _query(name, f"Only those with this {name}.", maxLength=LONGEST_FILTER)
        for name in FILTERS
        if name != "priority"
    ),
    _query("priority", "Only those with this priority.", enum=list(LEVELS)),
)
_LISTED = (
    *_FILTERED,
    _query("sort", "In which order; “due” has closed ones last.", enum=list(SORTS), default="due"),
    _query("cursor", "“next_cursor” of the answer before, for the same list.", maxLength=_LONGEST_CURSOR),
    _query("until", "Such a cursor: nothing behind it is given.", maxLength=_LONGEST_CURSOR),
    Query(
        name="limit",
        about=f"At most so many, 1 to {MOST_CASES}.",
        schema={"type": "integer", "minimum": 1, "maximum": MOST_CASES, "default": MOST_CASES},
    ),
)


_CASE = "/cases/{case_id}"
_QUIET = {"is_audited": False}  # what everybody does all the time, and for themselves alone
OPERATIONS = (
    reading("/cases", "cases", "A page of a list of cases.", give_cases, wire.CaseList, query=_LISTED),
    reading(f"{_CASE}/changes", "case_changes", "What people did to it among themselves.", _changes, wire.CaseChanges),
    reading("/counts", "counts", "How many cases each view has.", _counts, wire.Counts),
    reading("/tags", "tags", "The known tags.", _tags, wire.Tags),
    reading("/views", "views", "The lists that the caller keeps.", _views, wire.Views),
    reading("/counts/matching", "matching", "How many cases a list has.", _matching, wire.Matching, query=_FILTERED),
    changing("/cases/bulk", "bulk", "Do the same to many cases.", _bulk, wire.Bulk, wire.BulkAnswer),
    changing(
        "/cases/bulk/matching",
        "bulk_matching",
        "Do the same to all cases of a list.",
        _bulk_matching,
        wire.BulkMatching,
        wire.BulkAnswer,
    ),
    changing(f"{_CASE}/tags", "change_tags", "Tag a case.", _change_tags, wire.ChangeTags, wire.ListedCase),
    changing(f"{_CASE}/snooze", "snooze", "Put it out of the way for a time.", _snooze, wire.Snooze, wire.ListedCase),
    changing(f"{_CASE}/follow", "follow", "Follow it, or no longer.", _follow, wire.Follow, wire.ListedCase),
    changing(f"{_CASE}/assign", "assign", "Say who sees to it.", _assign, wire.Assign, wire.ListedCase),
    changing(f"{_CASE}/priority", "prioritise", "How urgent.", _prioritise, wire.SetPriority, wire.ListedCase),
    changing(
        "/conversations/{conversation_id}/look",
        "look",
        "Say how far one has read.",
        _look,
        wire.Look,
        wire.Look,
        **_QUIET,
    ),
    changing("/tags", "set_tag", "Know a tag, or change its colour.", _set_tag, wire.TagLine, wire.TagLine),
    changing("/tags/drop", "drop_tag", "Forget a tag.", _drop_tag, wire.DropTag, wire.Tags),
    changing("/views", "keep_view", "Keep a list under a name.", _keep_view, wire.KeepView, wire.View, **_QUIET),
    changing("/views/drop", "drop_view", "Forget a list.", _drop_view, wire.DropView, wire.Views, **_QUIET),
)
