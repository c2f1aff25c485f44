"""The desk's API under ``/desk/api``: one table that opens every door and describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sanic import Sanic
from sanic.request import Request

from relevo import __version__
from relevo.contracts.desk import ConversationLine
from relevo.errors import NotFound, Unreadable
from relevo.web import desk_admin, desk_audit, desk_composer, desk_queues, desk_ready
from relevo.web import desk_wire as wire
from relevo.web import desk_worklist as worklist
from relevo.web import desk_writing as writing
from relevo.web.desk_assistant import OPERATIONS as ASSISTANT
from relevo.web.desk_changes import give_changes
from relevo.web.desk_channels import OPERATIONS as CHANNELS
from relevo.web.desk_contacts import OPERATIONS as CONTACTS
from relevo.web.desk_deliveries import OPERATIONS as DELIVERIES
from relevo.web.desk_doors import Call, add_doors
from relevo.web.desk_notices import OPERATIONS as NOTICES
from relevo.web.desk_posts import OPERATIONS as POSTS
from relevo.web.desk_reports import OPERATIONS as REPORTS
from relevo.web.desk_search import MOST_HITS, PAGE_HITS, give_hits
from relevo.web.desk_search_wire import SearchResults
from relevo.web.desk_settings import OPERATIONS as SETTINGS
from relevo.web.desk_tags import OPERATIONS as TAGS
from relevo.web.desk_teaching import OPERATIONS as TEACHING
from relevo.web.openapi import Api, Operation, Query, changing, describe, reading
from relevo.web.schemas import PUBLISHED, schema_of

_ABOUT = """
What agents do at the desk. A program sends a token (“Authorization: Bearer rlv_…”), which an administrator makes at
/desk/admin. A page signs in at /desk/login; the session's cookie is all that reading needs, and what changes something
is a POST or PUT from a page of this origin, with the form token of GET /desk/api/me as X-Form-Token.

With an Idempotency-Key such a request is carried out once, and answered the same for 24 hours. Refusals are problems as
of RFC 9457, with a stable code. “x-roles” says which roles may.

Times are RFC 3339 in UTC, money is in minor units. Control and effects are changed by compare-and-set: send the version
or hash that you looked at; 409 means that somebody was quicker. A client id makes writing safe to repeat.
"""
_LIMIT = Query(name="limit", about="At most so many, 1 to 500.", schema={"type": "integer", "default": 100})


def add_desk_api(app: Sanic) -> None:
    """Open ``/desk/api``."""
    add_doors(app, API)


async def _me(call: Call) -> wire.Me:
    return wire.Me(agent=wire.agent_line(call.agent), form_token=call.session.form_token)


async def _case(call: Call, case_id: str) -> wire.CaseView:
    desk = call.services.store.desk
    case = await desk.case(case_id)
    about = await call.eyes.conversations(await desk.conversations_about(case_id))
    return wire.CaseView(
        case=wire.case_line(case),
        effects=[writing.effect_for(call, effect) for effect in await desk.effects_of(case_id)],
        conversations=[wire.conversation_line(line) for line in about],
        handoffs=await _episodes(call, *about),
    )


async def _conversations(call: Call) -> wire.ConversationList:
    found = await call.services.store.desk.conversations(_limit(call.request), call.eyes.sight)
    return wire.ConversationList(conversations=[wire.conversation_line(line) for line in found])


async def _conversation(call: Call, conversation_id: UUID) -> wire.ConversationView:
    desk = call.services.store.desk
    line = await desk.conversation(conversation_id)
    return wire.ConversationView(
        conversation=wire.conversation_line(line),
        cases=[wire.case_line(case) for case in await call.eyes.cases(await desk.cases_of(conversation_id))],
        handoffs=await _episodes(call, line),
    )


async def _entries(call: Call, conversation_id: UUID) -> wire.Entries:
    conversations = call.services.store.conversations
    await conversations.get(conversation_id)
    return wire.Entries(entries=await conversations.entries(conversation_id, _after(call.request)))


async def _openapi(_request: Request) -> dict[str, Any]:
    return describe(API)


async def _schema(_request: Request, name: str) -> Mapping[str, Any]:
    if name not in PUBLISHED:
        raise NotFound(f"There is no such schema; there are {', '.join(PUBLISHED)}.")
    return schema_of(name)


async def _episodes(call: Call, *lines: ConversationLine) -> list[wire.HandoffEpisode]:
    found = [episode for line in lines for episode in await call.services.store.desk.episodes(line.id)]
    return [wire.handoff_episode(e) for e in sorted(found, key=lambda episode: episode.created_at, reverse=True)]


def _after(request: Request) -> int:
    given = request.args.get("after", "0")
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise Unreadable("“after” must be the position of an entry, a whole number.", code="bad_cursor")
    return int(given)


def _limit(request: Request) -> int:
    given = request.args.get("limit", "100")
    if not (given.isascii() and given.isdigit()) or len(given) > 3 or not 1 <= int(given) <= 500:
        raise Unreadable("“limit” must be a whole number from 1 to 500.", code="bad_limit")
    return int(given)


def _post(path: str, about: str, handler: Any, body: Any, answer: Any, **rest: Any) -> Operation:
    prefix = "effect_" if path.startswith("/effects") else ""
    name = f"{prefix}{handler.__name__}"
    return changing(path, name, about, handler, body, answer, **rest)


_ONE, _CASE, _EFFECTS = "/conversations/{conversation_id}", "/cases/{case_id}", "/effects"
_AFTER = Query(
    name="after", about="Position of the last entry that is known.", schema={"type": "integer", "default": 0}
)
_SEARCH = (
    Query(
        name="q",
        about="Words, a name, a case number or a reference; the last word may be a beginning. At most 200 characters.",
        schema={"type": "string", "minLength": 2, "maxLength": 200},
    ),
    Query(name="cursor", about="“next_cursor” of the answer before, with the same q.", schema={"type": "string"}),
    Query(
        name="limit",
        about=f"At most so many, 1 to {MOST_HITS}.",
        schema={"type": "integer", "minimum": 1, "maximum": MOST_HITS, "default": PAGE_HITS},
    ),
)

API = Api(
    title="Relevo desk",
    version=__version__,
    about=_ABOUT.strip(),
    prefix="/desk/api",
    refusal=wire.Refusal,
    operations=(
        *worklist.OPERATIONS,
        reading("/me", "me", "Who is signed in.", _me, wire.Me),
        reading(_CASE, "case", "A case with its effects, conversations and handoffs.", _case, wire.CaseView),
        reading(
            "/conversations", "conversations", "Conversations.", _conversations, wire.ConversationList, query=(_LIMIT,)
        ),
        reading(
            _ONE, "conversation", "A conversation with its cases and handoffs.", _conversation, wire.ConversationView
        ),
        reading(f"{_ONE}/entries", "entries", "A timeline after a position.", _entries, wire.Entries, query=(_AFTER,)),
        reading("/search", "search", "What was written, who, and which case.", give_hits, SearchResults, query=_SEARCH),
        reading(
            "/changes", "changes", "Events that say “look again”.", give_changes, None, answer_type="text/event-stream"
        ),
        reading("/openapi.json", "openapi", "This description.", _openapi, None, is_public=True),
        reading(
            "/schemas/{name}", "schema", "JSON Schema of handoff, handback or contact.", _schema, None, is_public=True
        ),
        _post(f"{_ONE}/take-over", "Take control.", writing.take_over, wire.TakeOver, wire.Conversation),
        _post(f"{_ONE}/hand-back", "Give the bot control.", writing.hand_back, wire.HandBack, wire.Conversation),
        _post(f"{_ONE}/close", "End it; the bot says nothing.", writing.close, wire.HandBack, wire.Conversation),
        _post(f"{_ONE}/put-back", "Put it into the queue.", writing.put_back, wire.TakeOver, wire.Conversation),
        _post(f"{_ONE}/verify", "Say who writes.", writing.verify, wire.Verify, wire.Conversation),
        _post(f"{_ONE}/unverify", "Undo who writes.", writing.unverify, wire.Unverify, wire.Conversation),
        _post(f"{_CASE}/promise", "Promise an answer.", writing.promise, wire.PromiseTime, wire.CaseLine),
        _post(f"{_CASE}/close", "Close a case.", writing.close_case, wire.CloseCase, wire.CaseLine),
        _post(f"{_CASE}/voucher", "Add a voucher.", writing.add_voucher, wire.AddVoucher, wire.Effect),
        _post(f"{_EFFECTS}/approve", "Approve what was shown.", writing.approve, wire.Approve, wire.Effect),
        _post(f"{_EFFECTS}/decline", "Decline with a reason.", writing.decline, wire.Decline, wire.Effect),
        _post(f"{_EFFECTS}/change", "Change the amount.", writing.change_amount, wire.ChangeAmount, wire.Effect),
        *NOTICES,
        *ASSISTANT,
        *desk_queues.OPERATIONS,
        *desk_composer.OPERATIONS,
        *DELIVERIES,
        *desk_ready.OPERATIONS,
        *CONTACTS,
        *POSTS,
        *REPORTS,
        *TEACHING,
        _post(
            "/presence",
            "Say that one is here, or away.",
            writing.presence,
            wire.Presence,
            wire.Agent,
            is_for_people=True,
            is_audited=False,
        ),
        *desk_admin.OPERATIONS,
        *CHANNELS,
        *desk_audit.OPERATIONS,
        *SETTINGS,
        *TAGS,
    ),
)
