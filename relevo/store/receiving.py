"""Keeps what came in, once, on its timeline.

Positions are given out under the conversation's row lock, so a later position is a later commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from msgspec.structs import replace

from relevo.contracts.store import Received
from relevo.domain.messages import Arrival, Content
from relevo.errors import Conflict, Unavailable
from relevo.store import rows
from relevo.store.attachments import hand_over
from relevo.store.express import Answer
from relevo.store.introducing import MET
from relevo.store.live import BOTS, NOT_AT_ONCE, OF_BOT
from relevo.store.pool import Connection, Database, NotAtOnce
from relevo.store.turns import AT_HOME_SECONDS

_TRIES = 4
LOST_SECONDS = 10
"""A bot that was silent for so long is no longer given what it has in memory; nothing but speed depends on it."""
_RECEIVE = f"""
WITH known AS (
    SELECT id, conversation_id, position, text, state, attachments FROM inbox
    WHERE workspace_id = 1 AND channel = %(channel)s AND external_id = %(external_id)s
), grown AS (
    UPDATE conversations c SET last_position = c.last_position + 1, updated_at = now()
    FROM identities i
    WHERE i.workspace_id = 1 AND i.channel = %(channel)s AND i.address = %(address)s
      AND c.workspace_id = 1 AND c.identity_id = i.id AND NOT EXISTS (SELECT FROM known)
    RETURNING c.id, c.last_position, (SELECT b.name FROM bots b WHERE b.workspace_id = 1 AND b.name = c.home
        AND b.problem IS NULL AND b.seen_at > now() - make_interval(secs => {LOST_SECONDS})) AS home
), row AS (
    INSERT INTO inbox (channel, external_id, conversation_id, position, text, metadata, raw, attachments, for_bots,
        for_bots_until)
    SELECT %(channel)s, %(external_id)s, id, last_position, %(text)s, %(metadata)s::jsonb, %(raw)s,
        %(attachments)s::jsonb, CASE WHEN home IS NOT NULL THEN ARRAY[home] END,
        now() + make_interval(secs => %(at_home)s) FROM grown
    RETURNING id, conversation_id, position, for_bots[1] AS home
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content, external_id, inbox_id)
    SELECT conversation_id, position, 'message', 'contact', %(content)s::jsonb, %(external_id)s, id FROM row
)
SELECT id, conversation_id, position, true, 'waiting', NULL, NULL, home,
    set_config('relevo.wakes', CASE WHEN home IS NULL THEN '{BOTS}' ELSE {OF_BOT % "home"} END, false) FROM row
UNION ALL SELECT id, conversation_id, position, false, state, text, attachments, NULL,
    set_config('relevo.wakes', CASE WHEN state IN ('settled', 'dead') THEN '' ELSE '{BOTS}' END, false) FROM known
"""
# Behind it, on the same connection: whom it is for is known there a round trip before it is known here.
_WAKE = f"""
SELECT pg_notify(current_setting('relevo.wakes'), ''), set_config('relevo.wakes', '', false), {NOT_AT_ONCE}
WHERE current_setting('relevo.wakes', true) <> ''
"""

_INTRODUCE = f"""
WITH {MET}
INSERT INTO conversations (identity_id, channel, language) SELECT id, %(channel)s, %(language)s FROM identity
ON CONFLICT (workspace_id, identity_id) DO NOTHING
"""


async def receive(database: Database, arrivals: Sequence[Arrival]) -> list[Received]:
    """Keep messages, all or none, and put them on their timelines."""
    if len(arrivals) == 1 and not arrivals[0].attachments:
        return [await _receive_alone(database, arrivals[0])]
    async with database.connection() as connection:
        # In one order everywhere: two batches that lock the same conversations cannot stop each other.
        ordered = sorted(range(len(arrivals)), key=lambda n: (arrivals[n].channel, arrivals[n].address))
        async with connection.transaction():
            received = {n: await _receive_among(connection, arrivals[n]) for n in ordered}
        return [received[n] for n in range(len(arrivals))]


async def _receive_alone(database: Database, arrival: Arrival) -> Received:
    values = _arrival_values(arrival)
    for _ in range(_TRIES):
        with suppress(psycopg.errors.UniqueViolation):  # the same message at the same moment: the next look finds it
            answer = await database.quick(_RECEIVE, values, behind=(_WAKE, ()))
            if not answer.rows:
                answer = await _receive_first(database, values)
            if answer.rows:
                return _received(answer.rows[0], arrival, is_told=answer.has_followed)
    raise _not_kept()


async def _receive_first(database: Database, values: dict[str, Any]) -> Answer:
    """Introduce whoever is not known yet, and keep their message in the same round trip where nothing is in the way."""
    try:
        _, answer = await database.at_once((_INTRODUCE, values), (_RECEIVE, values), behind=(_WAKE, ()))
        return replace(answer, has_followed=True)
    except NotAtOnce:
        return replace(await database.quick(_INTRODUCE, values), rows=[])


async def _receive_among(connection: Connection, arrival: Arrival) -> Received:
    """Keep one message within a transaction that others share."""
    values = _arrival_values(arrival)
    for _ in range(_TRIES):
        try:
            row = await _written(connection, arrival, values)
        except psycopg.errors.UniqueViolation:
            continue
        if row is not None:
            return _received(row, arrival)
        await connection.execute(_INTRODUCE, values)
    raise _not_kept()


async def _written(connection: Connection, arrival: Arrival, values: dict[str, Any]) -> tuple[Any, ...] | None:
    async with connection.transaction():
        row = await (await connection.execute(_RECEIVE, values)).fetchone()
        if row is not None and row[3] and arrival.attachments:
            await hand_over(connection, arrival, row[1], row[2])
        return row


def _not_kept() -> Unavailable:
    return Unavailable("The message could not be kept right now; send it again.")


def _arrival_values(arrival: Arrival) -> dict[str, Any]:
    language = arrival.metadata.get("language")
    content = Content(text=arrival.text or None, attachments=arrival.attachments)
    return {
        "channel": arrival.channel,
        "address": arrival.address,
        "external_id": arrival.external_id,
        "text": arrival.text,
        "metadata": rows.json_text(arrival.metadata),
        "raw": arrival.raw,
        "content": rows.json_text(rows.content_document(content)),
        "attachments": rows.json_text([rows.attachment_document(attachment) for attachment in arrival.attachments]),
        "language": language if isinstance(language, str) else None,
        "at_home": AT_HOME_SECONDS,
    }


def _received(row: tuple[Any, ...], arrival: Arrival, *, is_told: bool = False) -> Received:
    inbox_id, conversation_id, position, is_new, state, text, documents, home, _ = row
    if not is_new and (text != arrival.text or rows.attachments(documents) != arrival.attachments):
        raise Conflict(
            "This message id was used before with other words or files; give every message an id of its own.",
            code="message_id_reused",
        )
    return Received(
        inbox_id=inbox_id,
        conversation_id=conversation_id,
        position=position,
        is_new=is_new,
        is_settled=state in ("settled", "dead"),
        home=home,
        is_told=is_told,
    )
