"""The desk's lists and transcripts as JSON, for signed-in agents."""

from __future__ import annotations

from uuid import UUID

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import Unreadable
from relevo.web.services import services_of
from relevo.web.sign_in import demand_session
from relevo.web.wire import json_answer


def add_desk_api(app: Sanic) -> None:
    """Open ``/desk/api``."""
    app.add_route(_cases, "/desk/api/cases", methods=["GET"], name="desk_api_cases")
    app.add_route(_conversations, "/desk/api/conversations", methods=["GET"], name="desk_api_conversations")
    app.add_route(
        _entries,
        "/desk/api/conversations/<conversation_id:uuid>/entries",
        methods=["GET"],
        name="desk_api_entries",
    )


async def _cases(request: Request) -> HTTPResponse:
    await demand_session(request)
    return json_answer({"cases": await services_of(request).store.desk.cases()})


async def _conversations(request: Request) -> HTTPResponse:
    await demand_session(request)
    return json_answer({"conversations": await services_of(request).store.desk.conversations()})


async def _entries(request: Request, conversation_id: UUID) -> HTTPResponse:
    await demand_session(request)
    conversations = services_of(request).store.conversations
    await conversations.get(conversation_id)
    entries = await conversations.entries(conversation_id, _after(request))
    return json_answer({"entries": entries})


def _after(request: Request) -> int:
    given = request.args.get("after", "0")
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise Unreadable("“after” must be the position of an entry, a whole number.", code="bad_cursor")
    return int(given)
