"""Translations of messages on PostgreSQL, beside the messages that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from relevo.contracts.translations import Translated
from relevo.store.pool import Database

_OF = """
SELECT position, text, model, left_out FROM translations
WHERE workspace_id = 1 AND conversation_id = %s AND language = %s
  AND (%s::bigint[] IS NULL OR position = ANY(%s)) ORDER BY position
"""
# The message is held while its translation is written: whoever erases it finds both, or neither.
_KEEP = """
INSERT INTO translations (conversation_id, position, language, text, model, left_out)
SELECT e.conversation_id, e.position, %(language)s, %(text)s, %(model)s, %(left_out)s FROM entries e
WHERE e.workspace_id = 1 AND e.conversation_id = %(conversation)s AND e.position = %(position)s FOR KEY SHARE
ON CONFLICT DO NOTHING
"""


class PostgresTranslations:
    """Translations on PostgreSQL; see contracts.translations.KeptTranslations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(
        self, conversation_id: UUID, language: str, positions: Sequence[int] | None
    ) -> Mapping[int, Translated]:
        """Give the translations of messages, of those that have one; None: of all."""
        wanted = None if positions is None else list(positions)
        found = await self._database.rows(_OF, (conversation_id, language, wanted, wanted))
        return {at: Translated(text=text, model=model, left_out=tuple(lost)) for at, text, model, lost in found}

    async def keep(self, conversation_id: UUID, language: str, made: Mapping[int, Translated]) -> None:
        """Keep translations, once for each message and language."""
        for position, one in sorted(made.items()):
            values = {
                "conversation": conversation_id,
                "position": position,
                "language": language,
                "text": one.text,
                "model": one.model,
                "left_out": Jsonb(list(one.left_out)),
            }
            await self._database.run(_KEEP, values)
