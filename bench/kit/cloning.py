"""Copies one conversation that was really had so many times within the database, for a load of what is stored."""

from __future__ import annotations

import psycopg
from psycopg import sql

_TABLES = {
    "contacts": "t.id = (SELECT contact_id FROM identities WHERE address = %(address)s AND channel = 'rest')",
    "identities": "t.address = %(address)s AND t.channel = 'rest'",
    "conversations": "t.id = %(conversation)s",
    "inbox": "t.conversation_id = %(conversation)s",
    "entries": "t.conversation_id = %(conversation)s",
    "deliveries": "t.conversation_id = %(conversation)s",
    "tracker_events": "t.conversation_id = %(conversation)s",
}
"""What a conversation leaves behind, and which rows are those of the one that is copied."""

_CONTACT, _IDENTITY, _CONVERSATION = (f"md5('{kind}' || n)::uuid" for kind in ("contact", "identity", "conversation"))
_ROW = "%(beyond)s + n * 100 + t.position"
"""Numbers of rows of conversations with up to 99 entries, beyond those that are there."""
_EARLIER = "t.{} - n * interval '1 second'"
_CHANGED = {
    ("contacts", "id"): _CONTACT,
    ("identities", "id"): _IDENTITY,
    ("identities", "contact_id"): _CONTACT,
    ("identities", "address"): "%(prefix)s || n",
    ("conversations", "id"): _CONVERSATION,
    ("conversations", "identity_id"): _IDENTITY,
    ("inbox", "id"): _ROW,
    ("inbox", "external_id"): "t.external_id || n",
    ("entries", "inbox_id"): "%(beyond)s + n * 100 + (SELECT position FROM inbox b WHERE b.id = t.inbox_id)",
    ("entries", "external_id"): "t.external_id || n",
    ("deliveries", "id"): _ROW,
    ("deliveries", "external_id"): "t.external_id || n",
}
_CHANGED |= {
    (table, "conversation_id"): _CONVERSATION for table in ("inbox", "entries", "deliveries", "tracker_events")
}
_DATED = ("created_at", "updated_at", "received_at", "settled_at", "ended_at")


def clone_conversations(owner: str, address: str, prefix: str, *, least: int, messages: int) -> int:
    """Copy the REST conversation with an address so often that there are so many; give the number of messages written.

    There are at least ``least`` copies, and about ``messages`` messages in all of them.

    ``owner`` connects as PostgreSQL's owner: triggers and foreign keys are left out, and nothing is brought into the
    search index, which no message waits for. The copies are earlier by seconds, with senders of their own.
    """
    with psycopg.connect(owner, autocommit=True) as connection:
        found = connection.execute(
            "SELECT c.id, (SELECT count(*) FROM entries e WHERE e.conversation_id = c.id AND e.kind = 'message'),"
            " (SELECT max(id) FROM inbox), (SELECT max(id) FROM deliveries)"
            " FROM conversations c JOIN identities i ON i.id = c.identity_id"
            " WHERE i.address = %s AND i.channel = 'rest'",
            (address,),
        ).fetchone()
        assert found is not None, "nobody wrote from this address"
        conversation, each, *numbers = found
        count = max(least, round(messages / each))
        values = {"conversation": conversation, "address": address, "prefix": prefix, "beyond": max(numbers) + 1000}
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            for table, rows in _TABLES.items():
                connection.execute(_copy(connection, table, rows), {**values, "count": count})
        for table in ("inbox", "deliveries"):
            beyond = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - names of this file
            connection.execute(beyond.encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
        written: int = each * count
        return written


def _copy(connection: psycopg.Connection[tuple[object, ...]], table: str, rows: str) -> sql.SQL:
    names = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", (table,)
    )
    columns = [str(name) for (name,) in names]
    chosen = [
        _CHANGED.get((table, name)) or (_EARLIER.format(name) if name in _DATED else f"t.{name}") for name in columns
    ]
    return sql.SQL(
        f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {', '.join(chosen)}"  # noqa: S608 - names of this file and of the database
        f" FROM {table} t, generate_series(1, %(count)s) n WHERE {rows}"
    )
