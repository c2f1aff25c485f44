"""What the bot wanted to say when somebody took over, and what an agent decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from relevo.contracts.composer import HeldDecision
from relevo.errors import Conflict, NotFound
from relevo.store.pool import Connection, Database

_DECIDE = """
INSERT INTO held_words (conversation_id, position, state, agent_id) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_HELD = """
SELECT h.position, h.state, a.name, h.decided_at FROM held_words h
JOIN agents a ON a.workspace_id = 1 AND a.id = h.agent_id WHERE h.workspace_id = 1 AND h.conversation_id = %s
"""


async def decisions(database: Database, conversation_id: UUID) -> Mapping[int, HeldDecision]:
    """Give what became of the bot's held words, by position."""
    names = ("position", "state", "agent_name", "decided_at")
    found = await database.rows(_HELD, (conversation_id,))
    return {row[0]: HeldDecision(**dict(zip(names, row, strict=True))) for row in found}


async def held_text(connection: Connection, conversation_id: UUID, position: int) -> str:
    """Give what the bot wanted to say; raises NotFound, and Conflict where there are no words."""
    found = await (
        await connection.execute(
            "SELECT content ->> 'text' FROM entries WHERE workspace_id = 1 AND conversation_id = %s AND position = %s"
            " AND kind = 'draft'",
            (conversation_id, position),
        )
    ).fetchone()
    if found is None:
        raise NotFound("The bot did not want to say anything there.")
    if not found[0]:
        raise Conflict("This has no words that could be sent; drop it, or write your own.", code="held_wordless")
    return str(found[0])


async def decide(connection: Connection, at: tuple[UUID, int], state: str, agent_id: int) -> None:
    """Keep what becomes of it, once; raises Conflict where it was decided otherwise."""
    if (await connection.execute(_DECIDE, (*at, state, agent_id))).rowcount:
        return
    found = await (
        await connection.execute(
            "SELECT state, agent_id FROM held_words WHERE workspace_id = 1 AND conversation_id = %s AND position = %s",
            at,
        )
    ).fetchone()
    if found != (state, agent_id):
        raise Conflict("It was sent or dropped already; look again.", code="held_decided")
