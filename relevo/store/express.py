"""Carries the message path's statements cheaply: prepared once, and sent one behind the other without waiting.

Several callers share a connection. What each asks is a transaction of its own, ended by a sync of its own: what becomes
of one is nothing to the one behind it. It is meant for statements that are over in a millisecond; one that has to wait
for a lock is given back as ``LockNotAvailable``, with nothing written, so that it does not hold up the others.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec
import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

from relevo.store.connecting import Connection
from relevo.store.silence import Silence

LONGEST_LOCK_MILLISECONDS = 50
_CONNECT_SECONDS = 5.0
_CONNECT_AGAIN_SECONDS = 0.2
_MOST_ATTEMPTS = 5
_LOOK_SECONDS = 0.5
"""How long a statement is waited for before its connection is looked at: one that ended unheard costs this much."""
# Every statement here goes by keys: planning it anew for its values finds nothing better. A plan is kept while its
# tables grow: one made for a table of a page or two, which is read from end to end, would soon be the wrong one.
_SETTINGS = f"""
SET plan_cache_mode = force_generic_plan; SET jit = off; SET lock_timeout = '{LONGEST_LOCK_MILLISECONDS}ms';
SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off
"""
Asked = tuple[str, Any]
"""A statement and its values."""
_Kind = tuple[str, tuple[int, ...]]
"""A statement, and the types of what is given to it: a number is a short one or a long one by its size."""
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|(s)|(%))")


class Answer(msgspec.Struct, frozen=True):
    """What a statement gave."""

    rows: list[tuple[Any, ...]]
    touched: int
    has_followed: bool = False
    """Whether what was to come behind it did."""


class Express:
    """A few connections, opened when first needed and again once they are lost."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], silence: Silence, *, size: int = 2) -> None:
        self._connect, self._silence, self._size = connect, silence, size
        self._lines: list[_Line] = []
        self._opening: asyncio.Task[None] | None = None
        self._is_closed = False

    async def ask(self, *asked: Asked, behind: Asked | None = None) -> list[Answer]:
        """Run statements as one transaction, each of which sees what those before it did; raises what psycopg would.

        What comes ``behind`` them is a transaction of its own, on the way with them, whatever becomes of them; nobody
        hears what becomes of it.
        """
        line = await self._line()
        return await line.ask(asked, behind)

    async def close(self) -> None:
        """End the connections for good; who still waits, and who asks later, is told that they are lost."""
        self._is_closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        for line in self._lines:
            line.close(psycopg.OperationalError("The process ends."))

    async def _line(self) -> _Line:
        if self._is_closed:
            raise psycopg.OperationalError("The connections were closed.")
        for _ in range(_MOST_ATTEMPTS):  # a line may be lost again before whoever waited for it goes on
            if len(self._lines) == self._size and not any(line.is_over for line in self._lines):
                return min(self._lines, key=len)
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self._open())
            await asyncio.shield(self._opening)  # one attempt for all who wait, also where it fails
        raise psycopg.OperationalError("The server ends its connections as soon as they are made.")

    async def _open(self) -> None:
        self._lines = [line for line in self._lines if not line.is_over]
        while len(self._lines) < self._size:
            self._lines.append(_Line(await self._connected(), self._silence))

    async def _connected(self) -> Connection:
        """Connect, also to a server that is just starting."""
        deadline = asyncio.get_running_loop().time() + _CONNECT_SECONDS
        while True:
            try:
                connection = await self._connect()
            except psycopg.OperationalError:
                self._silence.doubt()
                if self._silence.is_lost or asyncio.get_running_loop().time() > deadline:
                    raise
            else:
                return await _prepared(connection)
            await asyncio.sleep(_CONNECT_AGAIN_SECONDS)


async def _prepared(connection: Connection) -> Connection:
    try:
        await connection.execute(_SETTINGS)
    except BaseException:  # cancelled, or lost again: nobody else would close it
        await connection.close()
        raise
    return connection


@dataclass(slots=True)
class _UnderWay:
    """A transaction under way; its future is done once it is."""

    answer: asyncio.Future[list[pq.abc.PGresult]]
    coming: deque[_Kind | None] = field(default_factory=deque)
    """Of each result that is to come, what it says is prepared; None for a statement's own."""
    results: list[pq.abc.PGresult] = field(default_factory=list)
    error: pq.abc.PGresult | None = None


class _Line:
    """One connection in libpq's pipeline mode; its length is how many transactions are under way."""

    def __init__(self, connection: Connection, silence: Silence) -> None:
        self.is_over = False
        self._silence = silence
        silence.keep(connection)
        self._connection, self._wire = connection, connection.pgconn
        self._given = Transformer(connection)
        """Between two waits one caller has it to themselves."""
        self._loop, self._socket = asyncio.get_running_loop(), connection.pgconn.socket
        self._under_way: deque[_UnderWay] = deque()
        self._prepared: dict[_Kind, bytes] = {}
        self._numbered = 0
        self._is_writing = False
        self._looking: asyncio.TimerHandle | None = None
        self._wire.nonblocking = 1
        self._wire.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._read)

    def __len__(self) -> int:
        return len(self._under_way)

    async def ask(self, asked: Sequence[Asked], behind: Asked | None) -> list[Answer]:
        dumped = [self._dumped(*each) for each in asked]
        try:
            begun = self._sent(dumped)
            if behind is not None:
                begun.answer.add_done_callback(_unheard)  # where the line breaks before it can be waited for
                self._sent([self._dumped(*behind)]).answer.add_done_callback(_unheard)
            self._write()
            results = await begun.answer
        except psycopg.Error as error:
            if isinstance(error, psycopg.errors.FeatureNotSupported):  # its tables have changed their shape
                self._forget(kind for kind, _ in dumped)
            if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):  # another server takes writes by now
                self.close(psycopg.OperationalError("The server takes no writes any more."))
            raise
        return [self._loaded(result) for result in results]

    def _dumped(self, statement: str, values: Any) -> tuple[_Kind, Sequence[Any]]:
        sql, names = _numbered(statement)
        dumped = self._given.dump_sequence(_in_order(values, names), [PyFormat.TEXT] * len(names))
        return (sql, self._given.types or ()), dumped

    def _loaded(self, result: pq.abc.PGresult) -> Answer:
        self._given.set_pgresult(result)
        return Answer(self._given.load_rows(0, result.ntuples, tuple), result.command_tuples or 0)

    def _sent(self, dumped: Sequence[tuple[_Kind, Sequence[Any]]]) -> _UnderWay:
        begun = _UnderWay(self._loop.create_future())
        try:
            for kind, values in dumped:
                name = self._prepared.get(kind) or self._prepare(kind, begun)
                self._wire.send_query_prepared(name, values, result_format=pq.Format.BINARY)
                begun.coming.append(None)
            self._wire.pipeline_sync()
            self._under_way.append(begun)
            if len(self) == 1:
                self._silence.busy(self._connection)
            if self._looking is None:
                self._looking = self._loop.call_later(_LOOK_SECONDS, self._look)
        except psycopg.OperationalError as error:
            self.close(error)
            raise
        return begun

    def _prepare(self, kind: _Kind, begun: _UnderWay) -> bytes:
        self._numbered += 1
        name = self._prepared[kind] = b"express_%d" % self._numbered
        self._wire.send_prepare(name, kind[0].encode(), kind[1])
        begun.coming.append(kind)
        return name

    def _forget(self, kinds: Iterable[_Kind | None]) -> None:
        for kind in kinds:
            if kind is not None:
                self._prepared.pop(kind, None)

    def _write(self) -> None:
        try:
            is_left = bool(self._wire.flush())
        except psycopg.OperationalError as error:
            self.close(error)
            return
        if is_left and not self._is_writing:
            self._loop.add_writer(self._socket, self._write)
        elif self._is_writing and not is_left:
            self._loop.remove_writer(self._socket)
        self._is_writing = is_left

    def _look(self) -> None:
        """Read without having been told that there is something: libpq may have closed the socket while it wrote."""
        self._looking = None
        if self._under_way:
            self._looking = self._loop.call_later(_LOOK_SECONDS, self._look)
            self._read()

    def _read(self) -> None:
        try:
            self._wire.consume_input()
            while self._under_way and not self._wire.is_busy():
                self._take(self._wire.get_result())
        except psycopg.OperationalError as error:
            self.close(error)

    def _take(self, result: pq.abc.PGresult | None) -> None:
        """Take one result; the sync behind its statements, and nothing before it, says that a transaction is over."""
        if result is None:
            if self._wire.status != pq.ConnStatus.OK:
                raise psycopg.OperationalError("The connection was lost.")
            return
        first = self._under_way[0]
        if result.status == pq.ExecStatus.FATAL_ERROR:
            first.error = first.error or result
        elif result.status == pq.ExecStatus.PIPELINE_ABORTED:
            pass  # behind a statement that was refused
        elif result.status != pq.ExecStatus.PIPELINE_SYNC:
            if first.coming.popleft() is None:
                first.results.append(result)
        else:
            self._forget(first.coming)  # behind a refused statement nothing was prepared, whoever waits for it or not
            self._end(self._under_way.popleft())
            (self._silence.busy if self._under_way else self._silence.idle)(self._connection)

    @staticmethod
    def _end(ended: _UnderWay) -> None:
        if ended.answer.done():  # whoever asked has gone
            return
        if ended.error is not None:
            ended.answer.set_exception(psycopg.errors.error_from_result(ended.error))
        else:
            ended.answer.set_result(ended.results)

    def close(self, error: psycopg.OperationalError) -> None:
        """End it; whether what is under way was done, nobody knows."""
        if self.is_over:
            return
        self.is_over = True
        if self._looking is not None:
            self._looking.cancel()
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        with suppress(psycopg.OperationalError):
            self._wire.finish()
        self._silence.leave(self._connection)
        for lost in self._under_way:
            if not lost.answer.done():
                lost.answer.set_exception(error)
        self._under_way.clear()


def _unheard(answer: asyncio.Future[list[pq.abc.PGresult]]) -> None:
    """Take an error that nobody waits for."""
    if not answer.cancelled():
        answer.exception()


@lru_cache(maxsize=1000)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """Give a statement with PostgreSQL's own placeholders, and the names, or places, of what belongs into them."""
    names: dict[str, int] = {}

    def placed(found: re.Match[str]) -> str:
        if found[3]:
            return "%"
        name = found[1] or str(len(names))
        return f"${names.setdefault(name, len(names) + 1)}"

    return _PLACEHOLDER.sub(placed, statement), tuple(names)


def _in_order(values: Mapping[str, Any] | Sequence[Any] | None, names: Sequence[str]) -> Sequence[Any]:
    if isinstance(values, Mapping):
        return [values[name] for name in names]
    return values or ()
