"""Migrations: forward from empty and from every earlier version, once, whoever else migrates at the same moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from relevo.bootstrap.store import open_store
from relevo.contracts.store import TurnOutcome
from relevo.domain.conversations import Control
from relevo.domain.effects import EffectState
from relevo.domain.messages import Author
from relevo.errors import ConfigurationError, Conflict
from relevo.flow.search import search
from relevo.flow.sight import Eyes
from relevo.store.migrate import migrate, migrations
from relevo.store.reach import bring_forward
from tests.integration.hands import claimed, lines, written

NUMBERS = [number for number, _, _ in migrations()]

# One row in each table of the first version, as a busy installation has them.
SAMPLE = """
INSERT INTO contacts (id, business_ref, display_name) VALUES ('00000000-0000-0000-0000-00000000000a', 'C001', 'Amina');
INSERT INTO identities (id, contact_id, channel, address, level)
VALUES ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-00000000000a', 'push', 'amina', 1);
INSERT INTO conversations (id, identity_id, channel, tracker_version, last_position)
VALUES ('00000000-0000-0000-0000-00000000000c', '00000000-0000-0000-0000-00000000000b', 'push', 1, 2);
INSERT INTO inbox (channel, external_id, conversation_id, position, state, text)
VALUES ('push', 'amina/1', '00000000-0000-0000-0000-00000000000c', 1, 'settled', 'hello');
INSERT INTO entries (conversation_id, position, kind, author, content) VALUES
    ('00000000-0000-0000-0000-00000000000c', 1, 'message', 'contact', '{"text": "hello"}'),
    ('00000000-0000-0000-0000-00000000000c', 2, 'message', 'bot', '{"text": "hi"}');
INSERT INTO deliveries (conversation_id, position, channel) VALUES ('00000000-0000-0000-0000-00000000000c', 2, 'push');
INSERT INTO tracker_events (conversation_id, version, events) VALUES ('00000000-0000-0000-0000-00000000000c', 1, '[]');
INSERT INTO effects (key, kind, business_ref, arguments, state) VALUES ('credit:T1', 'credit', 'C001', '{}', 'done');
INSERT INTO cases (id, type, trigger) VALUES ('CASE-1', 'points', 'user_request');
INSERT INTO agents (email, name, role, password_hash) VALUES ('kim@example.com', 'Kim', 'agent', 'hash');
INSERT INTO agent_sessions (token_hash, agent_id, expires_at) VALUES ('x', 1, now() + interval '1 day');
INSERT INTO visits (token_hash, address, expires_at) VALUES ('x', 'amina', now() + interval '1 day');
INSERT INTO rate_limits (bucket, tokens) VALUES ('amina', 1);
INSERT INTO installation (name, value) VALUES ('anything', '1');
"""
SAMPLED = [line.split()[2] for line in SAMPLE.splitlines() if line.startswith("INSERT")]


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    """Give an empty database of this test alone."""
    name = f"empty_{uuid4().hex[:12]}"
    with psycopg.connect(make_conninfo(postgres, user="postgres", dbname="postgres"), autocommit=True) as owner:
        owner.execute(f'CREATE DATABASE "{name}" OWNER relevo')
        yield make_conninfo(postgres, dbname=name)
        owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_database_that_cannot_keep_every_letter_is_refused_with_what_to_do(postgres: str, empty: str) -> None:
    """One that was made in the C locale keeps bytes; the sentence says how to make one that keeps text."""
    name = f"ascii_{uuid4().hex[:12]}"
    with psycopg.connect(make_conninfo(postgres, user="postgres", dbname="postgres"), autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name} OWNER relevo ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        with pytest.raises(ConfigurationError) as refused:
            bring_forward(make_conninfo(postgres, dbname=name))
        owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert f"“{name}” on" in str(refused.value)
    assert "keeps text as SQL_ASCII" in str(refused.value)
    assert "ENCODING 'UTF8'" in str(refused.value)
    assert bring_forward(make_conninfo(empty, client_encoding="latin1")) != []


def ask(dsn: str, question: str) -> list[tuple[Any, ...]]:
    """Give the rows that answer a question."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(question).fetchall()


def schema(dsn: str) -> list[tuple[Any, ...]]:
    """Give every column, constraint and index."""
    return [
        *ask(
            dsn,
            "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text, column_default"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        ),
        *ask(
            dsn,
            "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
        ),
        *ask(dsn, "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"),
    ]


def test_an_empty_database_is_brought_to_this_version(empty: str) -> None:
    """Every migration is applied once, in order; a second run has nothing to do."""
    assert migrate(empty) == [name for _, name, _ in migrations()]
    assert migrate(empty) == []
    assert [row[0] for row in ask(empty, "SELECT number FROM migrations ORDER BY number")] == NUMBERS


def test_no_number_is_taken_twice() -> None:
    """Two branches that took the same number are noticed before they meet in a database; a gap is filled later."""
    assert len(set(NUMBERS)) == len(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_database_of_an_earlier_version_keeps_what_it_holds(empty: str, database: str, number: int) -> None:
    """From each version on: every row is still there, and the schema is the same as one made from empty."""
    assert migrate(empty, up_to=number) == [name for n, name, _ in migrations() if n <= number]
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SAMPLE)
    before = {table: ask(empty, f"SELECT * FROM {table}") for table in SAMPLED}
    assert all(before.values()), "the sample fills every table"
    assert migrate(empty) == [name for n, name, _ in migrations() if n > number]
    for table, rows in before.items():
        after = ask(empty, f"SELECT * FROM {table}")
        assert [row[: len(old)] for row, old in zip(after, rows, strict=True)] == rows
    assert schema(empty) == schema(database)


@pytest.mark.anyio
async def test_what_was_written_before_there_was_a_search_is_found(empty: str) -> None:
    """Messages, names and cases of the first version."""
    migrate(empty, up_to=NUMBERS[0])
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SAMPLE)
    migrate(empty)
    async with open_store(empty) as opened:
        eyes = Eyes(store=opened.store, sight=None)
        for asked, kind in (("hello", "message"), ("amina", "contact"), ("CASE-1", "case")):
            assert [hit.found.kind for hit in (await search(eyes, asked, None, 10)).hits] == [kind]


@pytest.mark.anyio
async def test_a_conversation_goes_on_after_a_migration(empty: str) -> None:
    """What was said under the first version is answered, delivered and remembered under this one."""
    migrate(empty, up_to=NUMBERS[0])
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SAMPLE)
    migrate(empty)
    async with open_store(empty) as opened:
        claim = await claimed(opened.store.inbox, written("still there?", number=2))
        assert claim.conversation.identity.business_ref is None
        committed = await opened.store.inbox.settle(claim, TurnOutcome(messages=lines("yes"), tracker_events=(b"{}",)))
        assert committed.tracker_version == 2
        entries = await opened.store.conversations.entries(claim.conversation.id, 0)
        assert [entry.content.text for entry in entries] == ["hello", "hi", "still there?", "yes"]


OF_0003 = """
INSERT INTO effects (key, kind, business_ref, arguments, state, rule, result, conversation_id)
SELECT 'credit:' || state, 'credit', 'C001', '{"points": 100}', state, 'points.' || state, '{"booking": 1}',
    '00000000-0000-0000-0000-00000000000c'
FROM unnest(ARRAY['intended', 'prepared', 'done', 'refused', 'failed', 'unconfirmed']) AS s(state);
INSERT INTO cases (id, type, trigger, status, reference, goal, detail, contact_id, business_ref, conversation_id) VALUES
    ('CASE-2', 'points', 'approval', 'open', '0751', 'points', '{"known": {"ticket": "0751"}, "rule": "points.name"}',
        '00000000-0000-0000-0000-00000000000a', 'C001', '00000000-0000-0000-0000-00000000000c'),
    ('CASE-3', 'points', 'user_request', 'closed', NULL, NULL, '{"promised_at": "2026-05-04T12:00:00Z"}',
        '00000000-0000-0000-0000-00000000000a', NULL, '00000000-0000-0000-0000-00000000000c');
UPDATE agents SET limits = '{"points": 100}';
"""


@pytest.mark.anyio
async def test_cases_effects_and_agents_of_before_the_handoff_come_forward(empty: str) -> None:
    """Every case is found from its conversation, every effect has its state, and agents have the powers they had."""
    migrate(empty, up_to=3)
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SAMPLE)
        connection.execute(OF_0003)
    before = ask(empty, "SELECT key, state, rule, arguments, result FROM effects ORDER BY key")
    migrate(empty)
    assert ask(empty, "SELECT key, state, rule, arguments, result FROM effects ORDER BY key") == before
    async with open_store(empty) as opened:
        found = await opened.store.conversations.find("push", "amina")
        assert found is not None
        cases = {case.id: case for case in await opened.store.desk.cases_of(found.id)}
        assert {name: case.status for name, case in cases.items()} == {"CASE-2": "open", "CASE-3": "closed"}
        assert cases["CASE-2"].detail == {"known": {"ticket": "0751"}, "rule": "points.name"}
        assert cases["CASE-2"].due_at is not None
        assert cases["CASE-3"].promised_at is not None
        assert (await opened.store.desk.case("CASE-1")).conversation_id is None
        assert await opened.store.case_work.missed_promises() == [], "closed cases promise nothing"
        kim = await opened.store.accounts.agent("kim@example.com")
        assert kim is not None
        assert (kim.name, kim.limits, kim.is_away) == ("Kim", {"points": 100}, False)


@pytest.mark.anyio
async def test_what_was_prepared_before_there_were_decisions_is_over_and_said_so(empty: str) -> None:
    """Nobody knows what its amount was: it is not approved, does not wait for good, and may be asked for anew."""
    migrate(empty, up_to=3)
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SAMPLE)
        connection.execute(OF_0003)
    migrate(empty)
    async with open_store(empty) as opened:
        approvals = opened.store.approvals
        (effect,) = await approvals.expired()
        assert effect.order.key == "credit:prepared"
        with pytest.raises(Conflict, match="The time to decide about this is over"):
            await approvals.approve("credit:prepared", effect.hash, 1)
        assert await approvals.expire("credit:prepared", "it was not decided")
        assert await approvals.expired() == []
        (begun,) = await approvals.unfinished(0)
        assert (begun.order.key, begun.decided_by) == ("credit:intended", None)
        entries = await opened.store.conversations.entries(UUID("00000000-0000-0000-0000-00000000000c"), 0)
        assert entries[-1].content.text == "it was not decided"


def test_migrators_at_the_same_moment_apply_each_migration_once(empty: str) -> None:
    """All of them end well; together they applied everything, in order."""
    with ThreadPoolExecutor(6) as pool:
        applied = list(pool.map(migrate, [empty] * 6))
    assert sorted(name for names in applied for name in names) == sorted(name for _, name, _ in migrations())
    assert [row[0] for row in ask(empty, "SELECT number FROM migrations ORDER BY applied_at, number")] == NUMBERS


def test_a_database_that_newer_code_has_only_added_to_is_used(database: str) -> None:
    """Machines are upgraded one by one: those that are not yet go on, and may start again."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations (number, name) VALUES (9999, 'from_the_future')")
    assert bring_forward(database) == []
    assert migrate(database) == []


def test_a_migration_does_not_make_everybody_wait_behind_it(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody holds a table that it needs, it steps back and tries again; then it is applied once."""
    migrate(empty, up_to=NUMBERS[0])
    text = "SET LOCAL lock_timeout = '50ms'; ALTER TABLE agents ADD COLUMN nickname text"
    nickname = [(NUMBERS[0], "core", ""), (NUMBERS[0] + 1, "nickname", text)]
    monkeypatch.setattr("relevo.store.migrate.migrations", lambda: nickname)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(empty) as busy:
        busy.execute("LOCK TABLE agents IN ACCESS SHARE MODE")
        migrating = pool.submit(migrate, empty)
        while not ask(empty, "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'agents'::regclass"):
            assert not migrating.done()
        busy.rollback()
        assert migrating.result(60) == ["nickname"]


def test_a_newer_database_that_has_no_place_for_this_code_is_refused_with_a_sentence(database: str) -> None:
    """It names the way out, and nothing is changed."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations (number, name, least_code) VALUES (9999, 'from_the_future', 9998)")
    before = schema(database)
    with pytest.raises(ConfigurationError, match=r"written by a newer Relevo"):
        bring_forward(database)
    with pytest.raises(ConfigurationError, match=r"written by a newer Relevo\. Install that version, or name another"):
        migrate(database)
    assert schema(database) == before


def test_a_migration_that_fails_leaves_nothing_of_itself(empty: str) -> None:
    """The next start tries the same migration again, on what was there before."""
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE TABLE agents (whose text)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(empty)
    tables = {row[0] for row in ask(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert tables == {"agents", "migrations"}
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("DROP TABLE agents")
    assert len(migrate(empty)) == len(NUMBERS)


def test_the_workspace_leads_every_key(database: str) -> None:
    """Every table has one, and every index and reference starts with it: workspaces can be spread over databases."""
    found = ask(
        database,
        "SELECT t.relname, i.relname, a.attname FROM pg_index x"
        " JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid"
        " LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]"
        " WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> 'migrations'"
        " AND i.relname <> 'search_by_words'",  # an index of words holds nothing else
    )
    assert [row for row in found if row[2] != "workspace_id"] == []
    tables = {row[0] for row in ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert {row[0] for row in found} == tables - {"migrations"}
    references = ask(database, "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'")
    assert [name for name, text in references if not text.startswith("FOREIGN KEY (workspace_id")] == []


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("conversations", "control", Control),
        ("effects", "state", EffectState),
        ("entries", "author", Author),
    ],
)
def test_the_database_knows_the_same_states_as_the_domain(
    database: str, table: str, column: str, values: type[Enum]
) -> None:
    """What one of them allows and the other does not would fail on the day it first happens."""
    found = ask(
        database,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE contype = 'c' AND conrelid = '{table}'::regclass AND conname LIKE '%{column}%'",
    )
    ((text,),) = found
    assert set(re.findall(r"'(\w+)'::text", text)) == {value.value for value in values}
