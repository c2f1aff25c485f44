"""Everything that is held about one person, on PostgreSQL: found, counted, handed out and erased."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.personal import ContactRecord, Erasure, Holdings, Subject
from relevo.errors import Conflict
from relevo.store.personal_erase import Busy, erase
from relevo.store.personal_export import read_record
from relevo.store.personal_scope import find_subjects, read_holdings, read_scope
from relevo.store.pool import Connection, Database

_LOOKS, _PAUSE_SECONDS = 20, 0.25
_AS_OF_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresPersonalData:
    """Personal data on PostgreSQL; see contracts.personal.PersonalData."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, term: str, business_ref: str | None) -> list[Subject]:
        """Give everybody whom a term may mean."""
        async with self._reading() as connection:
            return await find_subjects(connection, term, business_ref)

    async def holdings(self, subject: Subject) -> Holdings:
        """Count what is held."""
        async with self._reading() as connection:
            return await read_holdings(connection, await read_scope(connection, subject))

    async def export(self, subject: Subject) -> ContactRecord:
        """Give everything that is held, as of one moment."""
        async with self._reading() as connection:
            return await read_record(connection, await read_scope(connection, subject), self._clock())

    async def erase(self, subject: Subject, *, closes_cases: bool = False) -> Erasure:
        """Erase everything but the amounts that moved and the numbers of cases, all or nothing."""
        for _ in range(_LOOKS):
            try:
                return await self._erase(subject, closes_cases=closes_cases)
            except Busy:
                await asyncio.sleep(_PAUSE_SECONDS)
        raise Conflict(
            "Something of theirs is being written right now. Try again in a moment; nothing was erased.", code="busy"
        )

    async def _erase(self, subject: Subject, *, closes_cases: bool) -> Erasure:
        async with self._database.connection() as connection, connection.transaction():
            return await erase(connection, subject, closes_cases=closes_cases)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_AS_OF_ONE_MOMENT)
            yield connection
