"""Which of some conversations, cases and contacts agents see: all who ask in the same moment are answered by one read.

A change wakes the pages of every agent, and each asks which of the conversations it names are theirs to see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from relevo.domain.queues import DEFAULT, Queues
from relevo.domain.sight import Outlook, Sight
from relevo.store.pool import Database
from relevo.store.sight import (
    EACH,
    each_of,
    for_each,
    queue_of_case,
    sees_case,
    sees_conversation,
    values_of,
    values_of_rules,
)
from relevo.store.together import Together

_About = tuple[Sight, frozenset[UUID]]
"""Whose eyes, and on which conversations."""

_SPOKEN = """
EXISTS (SELECT FROM identities i JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id WHERE {})
"""
_CONVERSATIONS = f"""
SELECT w.number, array_agg(c.id) FROM {EACH}
JOIN conversations c ON c.workspace_id = 1 AND c.id = ANY(w.ids) WHERE {{sees}} GROUP BY w.number
"""
# What sees_case holds of an open case beside its queue; from whoever asks to their cases, and not by asking each case
# about each of them.
_BESIDE = f"""
WITH w AS MATERIALIZED (SELECT * FROM {EACH}), served AS (
    SELECT w.number, k.id, k.business_ref FROM w
    JOIN conversations v ON v.workspace_id = 1 AND v.agent_id = w.agent
    JOIN identities i ON i.workspace_id = 1 AND i.id = v.identity_id
    JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
), theirs AS (
    SELECT w.number, s.id FROM cases s CROSS JOIN unnest(s.agent_id || s.had_by) had (agent) JOIN w USING (agent)
    WHERE s.workspace_id = 1 AND s.status = 'open'
    UNION SELECT w.number, h.case_id FROM w JOIN handoffs h ON h.workspace_id = 1 AND h.offered_to = w.agent
    UNION SELECT v.number, s.id FROM served v JOIN cases s ON s.workspace_id = 1 AND s.contact_id = v.id
    UNION SELECT v.number, s.id FROM served v JOIN cases s ON s.workspace_id = 1 AND s.business_ref = v.business_ref
)
SELECT w.number, array_agg(s.id) FROM theirs JOIN w USING (number)
JOIN cases s ON s.workspace_id = 1 AND s.id = theirs.id AND s.status = 'open'
WHERE NOT {{queue}} = ANY(w.queues) GROUP BY w.number
"""


class PostgresSights:
    """Sight on PostgreSQL; see contracts.sight.Sights."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._conversations: Together[_About, frozenset[UUID]] = Together(partial(self._read, _conversations))
        self._beside: Together[_About, frozenset[str]] = Together(partial(self._read, _beside))

    async def conversations(self, sight: Sight, ids: Collection[UUID]) -> frozenset[UUID]:
        """Give the conversations that may be seen."""
        if not ids:
            return frozenset()
        return await self._conversations.get((sight, frozenset(ids))) or frozenset()

    async def outlook(self, sight: Sight) -> Outlook:
        """Give what an agent sees of the open cases."""
        beside = await self._beside.get((sight, frozenset())) or frozenset()
        return Outlook(queues=frozenset(sight.queues), beside=beside, rules=sight.rules)

    async def cases(self, sight: Sight, ids: Collection[str]) -> frozenset[str]:
        """Give the cases that may be seen."""
        of = "SELECT s.id FROM cases s WHERE s.workspace_id = 1 AND s.id = ANY(%(ids)s::text[])"
        return await self._among(f"{of} AND {sees_case(sight)}", sight, ids)

    async def contacts(self, sight: Sight, ids: Collection[UUID]) -> frozenset[UUID]:
        """Give the contacts of whom something may be seen; who has neither case nor conversation is in no queue yet."""
        theirs = "i.workspace_id = 1 AND i.contact_id = k.id"
        case = "EXISTS (SELECT FROM cases s WHERE s.workspace_id = 1 AND s.contact_id = k.id{})"
        return await self._among(
            f"""
SELECT k.id FROM contacts k WHERE k.workspace_id = 1 AND k.id = ANY(%(ids)s::uuid[]) AND k.merged_into IS NULL AND (
    {_SPOKEN.format(f"{theirs} AND {sees_conversation(sight)}")} OR {case.format(f" AND {sees_case(sight)}")}
    OR '{DEFAULT}' = ANY(%(sight_queues)s) AND NOT {_SPOKEN.format(theirs)} AND NOT {case.format("")})
""",
            sight,
            ids,
        )

    async def conversation_of(self, attachment_id: UUID) -> UUID | None:
        """Give the conversation that a file was sent in."""
        found = await self._database.rows(
            "SELECT conversation_id FROM attachments WHERE workspace_id = 1 AND id = %s", (attachment_id,)
        )
        return found[0][0] if found else None

    async def _among(self, statement: str, sight: Sight, ids: Collection[Any]) -> frozenset[Any]:
        if not ids:
            return frozenset()
        found = await self._database.rows(statement, {**values_of(sight), "ids": list(ids)})
        return frozenset(row[0] for row in found)

    async def _read(
        self, statement_of: Callable[[Queues], str], asked: list[_About]
    ) -> Mapping[_About, frozenset[Any]]:
        found: dict[_About, frozenset[Any]] = {}
        for rules in {sight.rules for sight, _ in asked}:
            those = [about for about in asked if about[0].rules == rules]
            who = each_of((sight.agent_id, sight.queues, ids) for sight, ids in those)
            for number, seen in await self._database.rows(statement_of(rules), {**values_of_rules(rules), "who": who}):
                found[those[number]] = frozenset(seen)
        return found


def _conversations(rules: Queues) -> str:
    return _CONVERSATIONS.format(sees=for_each(sees_conversation(Sight(agent_id=0, queues=(), rules=rules))))


def _beside(rules: Queues) -> str:
    return _BESIDE.format(queue=queue_of_case(rules))
