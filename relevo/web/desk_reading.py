"""Gathers what an agent sees of one conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from relevo.contracts.desk import ConversationLine
from relevo.contracts.store import Store
from relevo.domain.attachments import AttachmentState
from relevo.domain.cases import Case
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Entry

TRANSCRIPT_PAGE = 100
"""Entries on one page of a transcript."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a conversation's page shows."""

    line: ConversationLine
    conversation: Conversation
    entries: Sequence[Entry]
    cases: Sequence[Case]
    earlier: int | None
    """Cursor of the page before this one, where there is one."""
    is_newest: bool
    files: Mapping[UUID, AttachmentState]
    """Whether each attachment may be opened."""


async def read_conversation(store: Store, conversation_id: UUID, after: int | None) -> Reading:
    """Read a page of a conversation, the newest one when no cursor is given; raises NotFound."""
    conversation = await store.conversations.get(conversation_id)
    newest = max(0, conversation.last_position - TRANSCRIPT_PAGE)
    start = newest if after is None else min(after, newest)
    cases = [case for case in await store.desk.cases() if case.conversation_id == conversation_id]
    entries = await store.conversations.entries(conversation_id, start, TRANSCRIPT_PAGE)
    has_files = any(entry.content.attachments for entry in entries)
    return Reading(
        line=await store.desk.conversation(conversation_id),
        conversation=conversation,
        entries=entries,
        cases=cases,
        earlier=max(0, start - TRANSCRIPT_PAGE) if start else None,
        is_newest=start == newest,
        files=await store.attachments.states(conversation_id) if has_files else {},
    )
