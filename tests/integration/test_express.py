"""Statements that share a connection: each caller gets what is theirs, whatever happens to the others'."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo.errors import Unavailable
from relevo.store.express import Express
from relevo.store.pool import Database, NotAtOnce
from relevo.store.silence import Silence

pytestmark = pytest.mark.anyio

_ADD = "INSERT INTO sums (id, number) VALUES (%(id)s, %(number)s)"
_SEE = "SELECT number FROM sums WHERE id = %(id)s"
_DEMAND = "SELECT 1 / (number = 0)::integer FROM sums WHERE id = %(id)s"
_GROW = "UPDATE sums SET number = number + %s WHERE id = %s"
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()
"""
_END_SLEEPING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'
"""


_THEN = {"add and see": _SEE, "add and add": _ADD, "add and demand": _DEMAND, "add and err": "SELECT * FROM nothing"}
_REFUSALS = {
    "add twice": psycopg.errors.UniqueViolation,
    "no such thing": psycopg.errors.UndefinedTable,
    "add and add": psycopg.errors.UniqueViolation,
    "add and demand": NotAtOnce,
    "add and err": psycopg.errors.UndefinedTable,
}
_FIRST = itertools.count(1, 100)
"""Numbers of each round: what somebody asked for who went away may be done while the next one runs."""
_ASKED = ("add", "gone", "grow", "add and see", *_REFUSALS)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Database]:
    """Give a database with a table of numbers."""
    opened = Database(database)
    await opened.open()
    await opened.run("CREATE TABLE sums (id bigint PRIMARY KEY, number bigint NOT NULL, note text)")
    yield opened
    await opened.close()


async def _numbers(database: Database) -> dict[int, int]:
    return dict(await database.rows("SELECT id, number FROM sums"))


async def test_values_come_back_as_they_went(opened: Database) -> None:
    """Every kind of value that the message path uses survives the way there and back, as on the ordinary way."""
    values: dict[str, Any] = {
        "text": "ñ % $1 'quoted'",
        "none": None,
        "number": 2**40,
        "truth": True,
        "bytes": b"\x00\xff",
        "id": uuid4(),
        "at": datetime(2026, 11, 26, 12, 30, tzinfo=timezone.utc),
        "list": ["a,b", '"', "ü"],
        "empty": [],
        "ids": [uuid4()],
    }
    statement = """SELECT %(text)s::text, %(none)s::text, %(number)s::bigint, %(truth)s::boolean, %(bytes)s::bytea,
        %(id)s::uuid, %(at)s::timestamptz, %(list)s::text[], %(empty)s::text[], %(ids)s::uuid[], %(text)s::text, 7 %% 4,
        '{"a": [1, null]}'::jsonb"""
    (quick,) = (await opened.quick(statement, values)).rows
    (usual,) = await opened.rows(statement, values)
    assert quick == usual == (*values.values(), values["text"], 3, {"a": [1, None]})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.sampled_from(_ASKED), min_size=1, max_size=30))
async def test_nobody_gets_anothers_answer(opened: Database, asked: list[str]) -> None:
    """Of many at once some are refused and some callers go away; all others are done once, and told so.

    What is asked at once is done as one, or not at all; each of it sees what came before. Where a statement is prepared
    by one that is refused, whoever comes with the same one may be sent the long way.
    """
    first = next(_FIRST)
    await opened.run("DELETE FROM sums")
    await opened.quick(_ADD, {"id": 0, "number": 0})
    tasks = [asyncio.create_task(_ask(opened, number, what)) for number, what in enumerate(asked, first)]
    await asyncio.sleep(0)
    for task, what in zip(tasks, asked, strict=True):
        if what == "gone":
            task.cancel()
    answers = dict(enumerate(await asyncio.gather(*tasks, return_exceptions=True), first))
    for number, answer in answers.items():
        _demand_own(number, asked[number - first], answer)
    numbers = await _numbers(opened)
    assert numbers.pop(0) == asked.count("grow")
    for number, what in enumerate(asked, first):
        if what not in ("gone", "grow", "no such thing"):
            assert (number in numbers) is (what == "add twice" or not isinstance(answers[number], Exception))
    assert all(number == kept for number, kept in numbers.items())


async def _ask(database: Database, number: int, what: str) -> object:
    if what == "grow":
        return (await database.quick(_GROW, (1, 0))).touched
    if what == "no such thing":
        return await database.quick("SELECT * FROM nothing WHERE id = %s", (number,))
    if what in _THEN:
        row = {"id": number, "number": number}
        return [answer.rows for answer in await database.at_once((_ADD, row), (_THEN[what], row), (_SEE, row))]
    done = (await database.quick(_ADD + " RETURNING id", {"id": number, "number": number})).rows
    return await database.quick(_ADD, {"id": number, "number": 0}) if what == "add twice" else done


def _demand_own(number: int, what: str, answer: object) -> None:
    if what in _THEN and isinstance(answer, NotAtOnce):
        return
    if what in _REFUSALS:
        assert isinstance(answer, _REFUSALS[what])
    elif what == "add and see":
        assert answer == [[], [(number,)], [(number,)]]
    elif what != "gone":
        assert answer == (1 if what == "grow" else [(number,)])


async def test_a_lock_holds_up_only_who_needs_it(opened: Database) -> None:
    """Who needs a row that somebody holds waits for it elsewhere; those behind are answered, and it is done later."""
    await opened.run(_ADD, {"id": 1, "number": 10})
    async with opened.connection() as connection, connection.transaction():
        await connection.execute("UPDATE sums SET number = 20 WHERE id = 1")
        held = [asyncio.create_task(opened.quick(_GROW, (number, 1))) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        for number in range(20):
            assert (await opened.quick("SELECT %s::int", (number,))).rows == [(number,)]
        assert not any(task.done() for task in held)
    assert [answer.touched for answer in await asyncio.gather(*held)] == [1, 1, 1]
    assert await _numbers(opened) == {1: 26}


async def test_what_a_refused_statement_kept_from_being_prepared_is_prepared_by_the_next(opened: Database) -> None:
    """Also where nobody waits for the refusal any more: who comes later is not sent the long way."""
    row = {"id": 1, "number": 1}
    await opened.run(_ADD, row)
    await opened.quick("SELECT 1")
    asked = [asyncio.create_task(opened.at_once((_DEMAND, row), (_SEE, row))) for _ in range(4)]  # on both lines
    await asyncio.sleep(0)
    for task in asked:
        task.cancel()
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*asked, return_exceptions=True)
    )
    await asyncio.gather(*(opened.quick("SELECT 1") for _ in range(4)))
    for answers in await asyncio.gather(*(opened.at_once((_SEE, row)) for _ in range(8))):
        assert answers[0].rows == [(1,)]


async def test_what_comes_behind_is_done_whatever_becomes_of_what_it_follows(opened: Database) -> None:
    """It is a transaction of its own, whose refusal nobody hears, and whoever comes later is not touched by either."""
    row, other = {"id": 1, "number": 1}, {"id": 2, "number": 2}
    await opened.at_once((_ADD, row), behind=(_ADD, other))
    with pytest.raises(NotAtOnce):
        await opened.at_once((_DEMAND, row), behind=(_GROW, (5, 1)))
    refused = await opened.quick(_SEE, row, behind=(_ADD, other))
    assert refused.has_followed
    assert (await opened.quick("SELECT 1")).rows == [(1,)]
    assert await _numbers(opened) == {1: 6, 2: 2}


async def test_what_would_wait_for_a_lock_is_not_done_at_once(opened: Database) -> None:
    """Nothing of it is written, nobody behind it waits for the lock, and it can be done once that is free."""
    await opened.run(_ADD, {"id": 1, "number": 10})
    both = (_ADD, {"id": 2, "number": 0}), (_GROW, (1, 1))
    async with opened.connection() as connection, connection.transaction():
        await connection.execute("UPDATE sums SET number = 20 WHERE id = 1")
        with pytest.raises(NotAtOnce):
            await opened.at_once(*both)
        assert await _numbers(opened) == {1: 10}
    assert [answer.touched for answer in await opened.at_once(*both)] == [1, 1]
    assert await _numbers(opened) == {1: 21, 2: 0}


async def test_a_lost_connection_is_said_and_made_anew(opened: Database) -> None:
    """What was under way when the server ended its sessions is done wholly or not at all; whoever was told is right."""
    lost = 0
    for number in range(60):
        await asyncio.sleep(0)
        asked = asyncio.create_task(opened.quick(_ADD, {"id": number, "number": number}))
        if number % 6 == 5:
            with suppress(Unavailable):
                await opened.rows(_END_OTHERS)
        try:
            await asked
        except Unavailable:
            lost += 1
            continue
        assert number in await _again(opened)
    assert lost < 60
    assert len(await _again(opened)) >= 60 - lost


async def test_a_line_that_is_lost_while_the_next_one_opens_is_made_anew(database: str) -> None:
    """Whoever waited for it is not told of a loss: nothing of theirs had been sent."""
    made: list[psycopg.AsyncConnection[Any]] = []

    async def connect() -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(database, autocommit=True)
        if len(made) == 1:
            await connection.execute("SELECT pg_terminate_backend(%s, 5000)", (made[0].info.backend_pid,))
            while not made[0].closed:
                await asyncio.sleep(0)
        made.append(connection)
        return connection

    async def renew() -> None:
        """There is no pool here."""

    express = Express(connect, Silence(connect, renew))
    (answer,) = await express.ask(("SELECT 7", None))
    assert answer.rows == [(7,)]
    assert len(made) == 3
    await express.close()


async def _again(database: Database) -> dict[int, int]:
    for _ in range(10):
        with suppress(Unavailable):
            return dict((await database.quick("SELECT id, number FROM sums")).rows)
    raise AssertionError("The database does not come back.")


async def test_what_was_closed_stays_closed(opened: Database) -> None:
    """Who asks after the end is told that the database is away."""
    await opened.quick("SELECT 1")
    await opened.close()
    with pytest.raises(Unavailable):
        await opened.quick("SELECT 1")


async def test_a_table_that_changes_its_shape_is_read_in_its_new_one(opened: Database) -> None:
    """While a newer release changes a table, statements that were prepared before go on."""
    statement = "SELECT * FROM sums WHERE id = %s"
    await opened.quick(_ADD, {"id": 1, "number": 1})
    assert (await opened.quick(statement, (1,))).rows == [(1, 1, None)]
    await opened.run("ALTER TABLE sums DROP COLUMN note")
    for _ in range(4):
        assert (await opened.quick(statement, (1,))).rows == [(1, 1)]


async def test_a_connection_that_ends_unheard_is_noticed(opened: Database) -> None:
    """Whoever waits on it hears that it is lost, also where nothing tells the process that its socket has ended."""
    await opened.quick("SELECT 1")
    for line in opened._express._lines:
        asyncio.get_running_loop().remove_reader(line._socket)
    assert (await opened.quick("SELECT 2")).rows == [(2,)]
    slow = asyncio.ensure_future(opened.quick("SELECT pg_sleep(60)"))
    while not await opened.rows(_END_SLEEPING):
        await asyncio.sleep(0.02)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(slow, 30)
