"""One-time codes: sent with their mail or not at all, tried a few times, then dead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.contracts.mail import CodeOrder, Posted
from relevo.domain.codes import (
    LIFE_SECONDS,
    MAX_SENDS,
    MAX_WRONG_TRIES,
    SENDS_WITHIN_SECONDS,
    CodeCheck,
    is_right,
)
from relevo.errors import TooMany
from relevo.store.mails import write_mail
from relevo.store.pool import Connection, Database

# Both counts are exact: others of the identity wait for this lock, others of the address for the mail's.
_LOCK_IDENTITY = "SELECT FROM identities WHERE workspace_id = 1 AND id = %(identity)s FOR UPDATE"

_COUNT = """
SELECT count(*) FILTER (WHERE identity_id = %(identity)s), count(*) FILTER (WHERE address = %(address)s) FROM codes
WHERE workspace_id = 1 AND (identity_id = %(identity)s OR address = %(address)s)
  AND sent_at > now() - make_interval(secs => %(within)s)
"""

_END_LIVING = (
    "UPDATE codes SET ended_at = now() WHERE workspace_id = 1 AND identity_id = %(identity)s AND ended_at IS NULL"
)

_KEEP = """
INSERT INTO codes (identity_id, business_ref, address, salt, hash, expires_at)
VALUES (%(identity)s, %(ref)s, %(address)s, %(salt)s, %(hash)s, now() + make_interval(secs => %(life)s))
"""

_FIND = """
SELECT id, salt, hash, wrong_tries, CASE WHEN asked_by = %(asked_by)s THEN answer END AS answered FROM codes
WHERE workspace_id = 1 AND identity_id = %(identity)s AND business_ref = %(ref)s
  AND (asked_by = %(asked_by)s OR ended_at IS NULL AND expires_at > now())
ORDER BY answered NULLS LAST, id DESC LIMIT 1 FOR UPDATE
"""

_ANSWER = """
UPDATE codes SET asked_by = %(asked_by)s, answer = %(answer)s,
    wrong_tries = wrong_tries + CASE WHEN %(answer)s = 'right' THEN 0 ELSE 1 END,
    ended_at = CASE WHEN %(answer)s <> 'wrong' THEN now() END
WHERE workspace_id = 1 AND id = %(id)s
"""


class PostgresCodes:
    """Codes on PostgreSQL; see contracts.mail.Codes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, order: CodeOrder) -> Posted | None:
        """Post a code's mail and end the one that lived before; None when the mail's key is known."""
        values = _order_values(order)
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_LOCK_IDENTITY, values)
            posted = await write_mail(connection, order.mail)
            if posted is not None:
                await _demand_room(connection, values)
                await connection.execute(_END_LIVING, values)
                await connection.execute(_KEEP, values)
            return posted

    async def check(self, identity_id: UUID, business_ref: str, code: str, asked_by: str) -> CodeCheck:
        """Try a code; one try for each ``asked_by``."""
        values = {"identity": identity_id, "ref": business_ref, "asked_by": asked_by}
        async with self._database.connection() as connection, connection.transaction():
            found = await (await connection.execute(_FIND, values)).fetchone()
            if found is None:
                return CodeCheck.DEAD
            code_id, salt, kept, wrong_tries, answered = found
            if answered is not None:
                return CodeCheck(answered)
            answer = _answer(is_right(code, salt, kept), wrong_tries)
            await connection.execute(_ANSWER, values | {"id": code_id, "answer": answer.value})
            return answer


async def _demand_room(connection: Connection, values: dict[str, Any]) -> None:
    counts = await (await connection.execute(_COUNT, values)).fetchone()
    if counts is None or max(counts) >= MAX_SENDS:
        raise TooMany("Too many codes were sent; wait an hour.", retry_after_seconds=SENDS_WITHIN_SECONDS)


def _answer(was_right: bool, wrong_tries: int) -> CodeCheck:
    if was_right:
        return CodeCheck.RIGHT
    return CodeCheck.WRONG if wrong_tries + 1 < MAX_WRONG_TRIES else CodeCheck.DEAD


def _order_values(order: CodeOrder) -> dict[str, Any]:
    return {
        "identity": order.identity_id,
        "ref": order.mail.business_ref,
        "address": order.mail.address,
        "salt": order.salt,
        "hash": order.hash,
        "life": LIFE_SECONDS,
        "within": SENDS_WITHIN_SECONDS,
    }
