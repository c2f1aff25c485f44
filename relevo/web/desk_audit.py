"""The audit log by the API: page by page, and as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.audit import OTHER_OPERATIONS, AuditEntry, AuditFilter
from relevo.domain.messages import clean_text
from relevo.domain.roles import ADMINS
from relevo.errors import Unreadable
from relevo.web import desk_admin_wire as wire
from relevo.web.csv import csv_answer
from relevo.web.desk_admin import CURSOR, cursor_of
from relevo.web.desk_doors import Call
from relevo.web.openapi import Operation, Query

PAGE = 100
BY_COMMAND = "command_line"
"""As a filter's account: only what commands did."""
_MOST_ROWS = 5_000
_COLUMNS = (
    "at",
    "agent_id",
    "agent_name",
    "role",
    "token_id",
    "address",
    "operation",
    "target",
    "status",
    "code",
    "request",
    "before",
    "after",
)


async def give_page(call: Call) -> wire.AuditPage:
    """Give changes, newest first."""
    found = await call.services.store.audit.read(filter_of(call.request), cursor_of(call), PAGE)
    lines = [msgspec.convert(entry, wire.AuditLine, from_attributes=True) for entry in found]
    return wire.AuditPage(entries=lines, next_cursor=str(lines[-1].id) if len(lines) == PAGE else None)


async def give_table(call: Call) -> HTTPResponse:
    """Give the newest changes as CSV."""
    found = await call.services.store.audit.read(filter_of(call.request), cursor_of(call), _MOST_ROWS)
    return csv_answer(call.session, _COLUMNS, found, "audit.csv")


def filter_of(request: Request) -> AuditFilter:
    """Read which changes are wanted; raises Unreadable."""
    agent = request.args.get("agent_id")
    by_command = agent == BY_COMMAND
    if agent and not by_command and (not (agent.isascii() and agent.isdigit()) or len(agent) > 9):
        raise Unreadable(f"“agent_id” must be the number of an account, or {BY_COMMAND}.", code="bad_filter")
    return AuditFilter(
        agent_id=int(agent) if agent and not by_command else None,
        by_command=by_command,
        operation=_text(request, "operation"),
        target=_text(request, "target"),
        since=_moment(request, "since"),
        until=_moment(request, "until"),
    )


def cells(entry: AuditEntry) -> Mapping[str, str]:
    """Give an entry's columns as text."""
    return {name: _plain(getattr(entry, name)) for name in _COLUMNS}


def _text(request: Request, name: str) -> str | None:
    given = clean_text(request.args.get(name) or "")
    return given.strip()[:300] or None


def _moment(request: Request, name: str) -> datetime | None:
    given = request.args.get(name)
    if not given:
        return None
    try:
        at = msgspec.convert(given if "T" in given else f"{given}T00:00:00Z", datetime)
    except (msgspec.ValidationError, ValueError):
        at = None
    if at is None or at.tzinfo is None or not 1900 < at.year < 9000:
        raise Unreadable(f"“{name}” must be a day or a time with its zone, such as 2026-05-04.", code="bad_filter")
    return at


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return msgspec.json.encode(value).decode() if value else ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


_FILTERS = (
    Query(
        name="agent_id",
        about=f"Who did it: the number of an account, or {BY_COMMAND}.",
        schema={"type": "string", "pattern": f"^([0-9]{{1,9}}|{BY_COMMAND})$"},
    ),
    Query(
        name="operation",
        about=f"What was done, by its operationId, or one of {', '.join(OTHER_OPERATIONS)}.",
        schema={"type": "string", "maxLength": 300},
    ),
    Query(
        name="target", about="To what: a case, a conversation, an account.", schema={"type": "string", "maxLength": 300}
    ),
    Query(name="since", about="From this day or time on.", schema={"type": "string", "format": "date-time"}),
    Query(name="until", about="Before this day or time.", schema={"type": "string", "format": "date-time"}),
    CURSOR,
)

OPERATIONS = (
    Operation(
        method="GET",
        path="/audit",
        name="audit",
        about="What was changed, by whom, from where; newest first.",
        handler=give_page,
        answer=wire.AuditPage,
        query=_FILTERS,
        who=ADMINS,
    ),
    Operation(
        method="GET",
        path="/audit.csv",
        name="audit_table",
        about=f"The newest {_MOST_ROWS} of these as CSV.",
        handler=give_table,
        answer_type="text/csv",
        query=_FILTERS,
        who=ADMINS,
    ),
)
