"""What a message reads in the database is what belongs to it, from a new database's first hundred messages on."""

from __future__ import annotations

from time import monotonic

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from relevo.contracts.store import TurnOutcome
from relevo.domain.messages import Arrival, Content
from relevo.store.inbox import PostgresInbox
from relevo.store.outbox import PostgresOutbox
from relevo.store.pool import Database
from relevo.store.statistics import analyse_grown

pytestmark = pytest.mark.anyio

_READ = """
SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_user_tables
WHERE relname IN ('inbox', 'conversations', 'entries', 'deliveries', 'tracker_events', 'identities')
"""
_LEAVE = """
DELETE FROM identities WHERE id NOT IN (SELECT id FROM identities LIMIT {left});
DELETE FROM conversations WHERE identity_id NOT IN (SELECT id FROM identities);
ANALYZE identities
"""
_ALONE = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_a_message_reads_as_little_when_a_thousand_are_stored_as_when_a_hundred_are(database: str) -> None:
    """Nobody but Relevo has looked at the tables: a new database's plans are not kept while it fills."""
    await _talk(database, 0, 100)
    few = _read(database)
    await _talk(database, 100, 1000)
    await _talk(database, 1100, 100)
    before = _read(database)
    await _talk(database, 1200, 100)
    assert (_read(database) - before) / 100 < 60
    assert _read(database) - before < 2 * few


async def test_lanes_are_found_by_their_conversation_however_many_wait(database: str) -> None:
    """A queue that was empty when PostgreSQL last looked is not read from end to end for each message of it."""
    await _talk(database, 0, 100)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ANALYZE")
    before, opened = _read(database), Database(database)
    await opened.open()
    inbox = PostgresInbox(opened)
    await inbox.claim(1)  # planned while nothing waits
    for number in range(300):
        await inbox.receive([Arrival(channel="rest", address=f"waits-{number}", external_id=f"w{number}", text="?")])
    assert len(await inbox.claim(200)) == 200
    await opened.close()
    assert _read(database) - before < 300 * 20 + 200 * 20


@pytest.mark.parametrize("left", [0, 1, 3])
async def test_tables_that_were_looked_at_while_they_held_hardly_anything_are_looked_at_again(
    database: str, left: int
) -> None:
    """One index is as good as another for so few rows: a contact would be looked for among all of them."""
    await _talk(database, 0, 40)
    with psycopg.connect(make_conninfo(database, user="postgres"), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # what belongs to them is left as it is
        connection.execute(sql.SQL(_LEAVE).format(left=left))
    await _talk(database, 40, 100)
    before = _read(database)
    await _talk(database, 140, 100)
    assert (_read(database) - before) / 100 < 60


async def test_only_tables_that_have_outgrown_what_is_known_of_them_are_analysed(database: str) -> None:
    """One that has rows, was analysed, and has not doubled since, is left alone."""
    await _talk(database, 0, 40)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ANALYZE")
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        assert "inbox" not in await analyse_grown(connection)
        await connection.execute("CREATE TABLE fresh AS SELECT generate_series(1, 1000)")
        await connection.execute("ANALYZE fresh")
        await connection.execute("INSERT INTO fresh SELECT generate_series(1, 5000)")
        assert "fresh" in await analyse_grown(connection)
        assert "fresh" not in await analyse_grown(connection)


async def _talk(dsn: str, first: int, messages: int) -> None:
    """Have messages kept, answered and heard, by a process that is gone afterwards."""
    database = Database(dsn)
    await database.open()
    inbox, outbox = PostgresInbox(database), PostgresOutbox(database)
    for number in range(first, first + messages):
        arrival = Arrival(channel="rest", address=f"c{number % 40}", external_id=f"m{number}", text="hola")
        (kept,) = await inbox.receive([arrival])
        (claim,) = await inbox.claim(1)
        outcome = TurnOutcome(messages=(Content(text="hola"),), tracker_events=(b"{}",))
        await inbox.settle(claim, outcome)
        await inbox.reply(kept.inbox_id)
        await outbox.claim(["x"], 10)
    await database.close()


def _read(dsn: str) -> int:
    """Give how many rows were read in all; a backend tells what it has read when it ends."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        deadline = monotonic() + 10
        while not connection.execute(_ALONE).fetchone()[0] and monotonic() < deadline:  # type: ignore[index]
            connection.execute("SELECT pg_sleep(0.02)")
        return int(connection.execute(_READ).fetchone()[0])  # type: ignore[index]
