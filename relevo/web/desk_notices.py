"""What one agent is told in person: the API, and the frame that a script fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from relevo.contracts.handoff import Moment
from relevo.web.desk_doors import Call
from relevo.web.openapi import Operation


class NoticeLine(msgspec.Struct, kw_only=True):
    """One thing that the caller is told."""

    id: int
    kind: str
    """``sla_warning`` or ``sla_breach``; ``detail`` names the ``goal`` and when it is ``due_at``."""
    case_id: str | None
    conversation_id: UUID | None
    created_at: Moment
    read_at: Moment | None
    detail: Mapping[str, Any]


class NoticeList(msgspec.Struct, kw_only=True):
    """The caller's notices, unread and newest first, at most fifty."""

    notices: Sequence[NoticeLine]


class ReadNotices(msgspec.Struct, kw_only=True):
    """Marks the caller's notices as read, up to one."""

    up_to: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


async def _notices(call: Call) -> NoticeList:
    found = await call.services.store.notices.of(call.agent.id)
    cases = await call.eyes.among_cases(notice.case_id for notice in found)
    seen = [notice for notice in found if notice.case_id is None or notice.case_id in cases]
    return NoticeList(notices=[msgspec.convert(notice, NoticeLine, from_attributes=True) for notice in seen])


async def _read_notices(call: Call, body: ReadNotices) -> NoticeList:
    await call.services.store.notices.read(call.agent.id, body.up_to)
    return await _notices(call)


OPERATIONS = (
    Operation(
        method="GET",
        path="/notices",
        name="notices",
        about="What the caller is told in person.",
        handler=_notices,
        answer=NoticeList,
    ),
    Operation(
        method="POST",
        path="/notices/read",
        name="read_notices",
        about="Mark notices as read.",
        handler=_read_notices,
        body=ReadNotices,
        answer=NoticeList,
        is_audited=False,
    ),
)
