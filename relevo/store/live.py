"""Wake-ups by NOTIFY: gathered for a moment, sent outside every transaction, heard on one connection a process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import psycopg
import structlog

from relevo.errors import Unavailable
from relevo.store.pool import Database

BOTS, SENDERS, TIMELINES = "relevo_bots", "relevo_senders", "relevo_timelines"
ROUTERS, SETTINGS = "relevo_routers", "relevo_settings"
EVERYTHING = (BOTS, SENDERS, TIMELINES, ROUTERS, SETTINGS)

Topic = tuple[str, str]
"""A channel of NOTIFY and its payload: a conversation for timelines, else nothing, which then means any of them."""
_MOST_TOLD = 50
"""Conversations that are told apart; more at once are anything."""
_log = structlog.get_logger()


class Subscription:
    """Interest in one topic since it was made."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._about: set[str] = set()

    async def wait(self, seconds: float) -> bool:
        """Return True when something happened since the last wait, False after so many seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        self._event.clear()
        return True

    def heard(self) -> frozenset[str]:
        """Give, once, which conversations it was about since this was last asked; "" stands for anything."""
        about, self._about = frozenset(self._about), set()
        return about

    def wake(self, about: str = "") -> None:
        """Say that something happened, and to which conversation."""
        if about not in self._about:
            self._about = {""} if len(self._about) >= _MOST_TOLD else {*self._about, about}
        self._event.set()


class PostgresLive:
    """Wake-ups on PostgreSQL; see contracts.live.Live."""

    def __init__(self, database: Database, hears: Sequence[str] = EVERYTHING) -> None:
        self._database = database
        self._hears = hears
        self._topics: dict[Topic, set[Subscription]] = {}
        self._pending: set[Topic] = set()
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to listen and to tell."""
        self._tasks = [asyncio.create_task(self._tell())]
        if self._hears:
            self._tasks.append(asyncio.create_task(self._listen()))

    async def close(self) -> None:
        """Stop; what was not told yet is dropped, since everybody looks again anyway."""
        running = set(self._tasks)
        while running:  # asyncio.wait_for, under every statement, loses a cancellation that comes with its result
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.1)

    def wake_bots(self) -> None:
        """Tell bot processes that an inbox row waits."""
        self._say((BOTS, ""))

    def wake_senders(self) -> None:
        """Tell delivery workers that an outbox row waits."""
        self._say((SENDERS, ""))

    def wake_routers(self) -> None:
        """Tell whoever routes that something waits for a person, or that somebody can take it."""
        self._say((ROUTERS, ""))

    def settings_changed(self) -> None:
        """Tell every process that administrators have said something else at the desk."""
        self._say((SETTINGS, ""))

    def changed(self, conversation_id: UUID | None) -> None:
        """Tell pages and waiting callers that a timeline grew, or that something else at the desk changed."""
        self._say((TIMELINES, str(conversation_id or "")))

    @contextmanager
    def conversation(self, conversation_id: UUID) -> Iterator[Subscription]:
        """Subscribe to a timeline's growth."""
        with self._subscribe((TIMELINES, str(conversation_id))) as subscription:
            yield subscription

    @contextmanager
    def anything(self) -> Iterator[Subscription]:
        """Subscribe to everything that the desk shows."""
        with self._subscribe((TIMELINES, "")) as subscription:
            yield subscription

    @contextmanager
    def bots(self) -> Iterator[Subscription]:
        """Subscribe to waiting inbox rows."""
        with self._subscribe((BOTS, "")) as subscription:
            yield subscription

    @contextmanager
    def senders(self) -> Iterator[Subscription]:
        """Subscribe to waiting outbox rows."""
        with self._subscribe((SENDERS, "")) as subscription:
            yield subscription

    @contextmanager
    def routers(self) -> Iterator[Subscription]:
        """Subscribe to what may change who is offered what."""
        with self._subscribe((ROUTERS, "")) as subscription:
            yield subscription

    @contextmanager
    def settings(self) -> Iterator[Subscription]:
        """Subscribe to what administrators say at the desk."""
        with self._subscribe((SETTINGS, "")) as subscription:
            yield subscription

    @contextmanager
    def _subscribe(self, topic: Topic) -> Iterator[Subscription]:
        subscription = Subscription()
        self._topics.setdefault(topic, set()).add(subscription)
        try:
            yield subscription
        finally:
            others = self._topics[topic]
            others.discard(subscription)
            if not others:
                del self._topics[topic]

    def _say(self, topic: Topic) -> None:
        self._pending.add(topic)
        self._wanted.set()

    async def _tell(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            topics, self._pending = self._pending, set()
            try:
                await self._database.run(
                    "SELECT pg_notify(topic, payload) FROM unnest(%s::text[], %s::text[]) AS t (topic, payload)",
                    ([topic for topic, _ in topics], [payload for _, payload in topics]),
                )
            except Unavailable:
                _log.warning("live.untold", topics=len(topics))

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except psycopg.OperationalError as error:
                _log.warning("live.deaf", reason=str(error).partition("\n")[0])
                await asyncio.sleep(1.0)

    async def _hear(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._database.dsn, autocommit=True) as connection:
            for channel in self._hears:
                await connection.execute(f"LISTEN {channel}")
            self._wake_everybody()  # something may have been told while nobody listened
            async for notice in connection.notifies():
                for subscription in self._interested(notice.channel, notice.payload):
                    subscription.wake(notice.payload)

    def _interested(self, channel: str, payload: str) -> set[Subscription]:
        return self._topics.get((channel, payload), set()) | self._topics.get((channel, ""), set())

    def _wake_everybody(self) -> None:
        for subscriptions in self._topics.values():
            for subscription in subscriptions:
                subscription.wake()
