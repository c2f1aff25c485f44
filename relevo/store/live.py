"""Wake-ups by NOTIFY: gathered for a moment, sent outside every transaction, heard on one connection a process."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from uuid import UUID

import psycopg
import structlog

from relevo.contracts.live import MOVED
from relevo.errors import Unavailable
from relevo.store.connecting import hear_notices
from relevo.store.express import Asked
from relevo.store.pool import Database
from relevo.store.subscribing import Subscribed, Subscription, Topic, end_wait

BOTS, SENDERS, TIMELINES = "relevo_bots", "relevo_senders", "relevo_timelines"
ROUTERS, SETTINGS, INTAKES = "relevo_routers", "relevo_settings", "relevo_intakes"
VISITORS, CONTACTS, AGENTS = "relevo_visitors", "relevo_contacts", "relevo_agents"
"""No timeline grew: an address has one now, or its token is over; a contact, or an agent, types or has read."""
CHATS = (VISITORS, CONTACTS, AGENTS)
EVERYTHING = (BOTS, SENDERS, TIMELINES, ROUTERS, SETTINGS, INTAKES, *CHATS)


def of_bot(name: str) -> str:
    """Give the channel of what one bot alone is told; names may be longer than channels."""
    return f"{BOTS}_{hashlib.sha256(name.encode()).hexdigest()[:16]}"


OF_BOT = f"'{BOTS}_' || left(encode(sha256(convert_to(%s, 'UTF8')), 'hex'), 16)"
"""The same in SQL, of an expression in the place of %s."""


LOOK_SECONDS = 3.0
"""How often what grew is looked for by one statement for all visitors' pages: a wake-up may be lost."""
_LATE_SECONDS = 15.0
"""How long before its end a transaction may have said that something grew."""
_GROWN = """
SELECT i.address, c.last_position FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE c.workspace_id = 1 AND c.updated_at > now() - make_interval(secs => %s)
"""
# Notices are sent under a lock of all databases: held up for a moment, they are late and not lost.
NOT_AT_ONCE = "set_config('lock_timeout', '1s', true)"
_TELL = f"SELECT pg_notify(topic, payload), {NOT_AT_ONCE} FROM unnest(%s::text[], %s::text[]) AS t (topic, payload)"
_log = structlog.get_logger()


def telling(*topics: Topic) -> Asked:
    """Give the statement that tells of topics; whoever sends it behind what it tells of need not wait in between."""
    return _TELL, list(map(list, zip(*topics, strict=True)))


class PostgresLive:
    """Wake-ups on PostgreSQL; see contracts.live.Live."""

    def __init__(self, database: Database, hears: Sequence[str] = EVERYTHING) -> None:
        self._database = database
        self._hears = hears
        self._topics: dict[Topic, list[Subscription]] = {}
        self._pending: set[Topic] = set()
        self._wanted = asyncio.Event()
        self._stirs = 0
        self._asleep: set[asyncio.Future[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to listen and to tell."""
        self._tasks = [asyncio.create_task(self._tell())]
        if self._hears:
            self._tasks.append(asyncio.create_task(self._listen()))
        if VISITORS in self._hears:
            self._tasks.append(asyncio.create_task(self._look()))

    async def close(self) -> None:
        """Stop; what was not told yet is dropped, since everybody looks again anyway."""
        running = set(self._tasks)
        while running:  # asyncio.wait_for, under every statement, loses a cancellation that comes with its result
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.1)

    @property
    def stirs(self) -> int:
        """How often this process told or heard anything since it began."""
        return self._stirs

    async def stirred(self, since: int, seconds: float) -> bool:
        """Return True as soon as it was oftener than ``since``, False after so many seconds."""
        if self._stirs == since:
            loop = asyncio.get_running_loop()
            asleep = loop.create_future()
            self._asleep.add(asleep)
            timer = loop.call_later(seconds, end_wait, asleep)
            try:
                await asleep
            finally:
                timer.cancel()
                self._asleep.discard(asleep)
        return self._stirs != since

    def stir(self) -> None:
        """Have what sleeps in this process look; next to nothing where nothing does, as while messages come."""
        self._stirs += 1
        while self._asleep:
            end_wait(self._asleep.pop())

    def wake_bots(self, bot: str | None = None) -> None:
        """Tell bot processes that an inbox row waits, or the one that it is for."""
        self._say((of_bot(bot) if bot else BOTS, ""))

    def bot_is_busy(self, bot: str) -> None:
        """Tell the other bots that what is for this one waits for a free hand."""
        self._say((BOTS, bot))

    def wake_senders(self) -> None:
        """Tell delivery workers that an outbox row waits."""
        self._say((SENDERS, ""))

    def wake_intakes(self) -> None:
        """Tell whoever reads what platforms tell that there is something."""
        self._say((INTAKES, ""))

    def wake_routers(self) -> None:
        """Tell whoever routes that something waits for a person, or that somebody can take it."""
        self._say((ROUTERS, ""))

    def settings_changed(self) -> None:
        """Tell every process that administrators have said something else at the desk."""
        self._say((SETTINGS, ""))

    def changed(self, conversation_id: UUID | None) -> None:
        """Tell pages and waiting callers that a timeline grew, or that something else at the desk changed."""
        self._say((TIMELINES, str(conversation_id or "")))

    def visitor_moved(self, address: str) -> None:
        """Tell pages of an address that it has a timeline now, or that its token is over."""
        self._say((VISITORS, address))

    def contact_stirred(self, conversation_id: UUID) -> None:
        """Tell desks that a contact types or has read."""
        self._say((CONTACTS, str(conversation_id)))

    def agent_stirred(self, conversation_id: UUID) -> None:
        """Tell the contact's pages that an agent types or has read."""
        self._say((AGENTS, str(conversation_id)))

    def conversation(self, conversation_id: UUID) -> AbstractContextManager[Subscription]:
        """Subscribe to a timeline's growth."""
        return Subscribed(self._topics, (TIMELINES, str(conversation_id)))

    def chat(self, address: str, conversation_id: UUID | None) -> AbstractContextManager[Subscription]:
        """Subscribe to all that a visitor's page shows."""
        topic = str(conversation_id)
        growth = [(TIMELINES, topic), (AGENTS, topic)] if conversation_id else []
        return Subscribed(self._topics, (VISITORS, address), *growth)

    def desk(self) -> AbstractContextManager[Subscription]:
        """Subscribe to everything that the desk shows, and to contacts who type or have read."""
        return Subscribed(self._topics, (TIMELINES, ""), (CONTACTS, ""))

    def anything(self) -> AbstractContextManager[Subscription]:
        """Subscribe to everything that the desk shows."""
        return Subscribed(self._topics, (TIMELINES, ""))

    def bots(self, name: str | None = None) -> AbstractContextManager[Subscription]:
        """Subscribe to waiting inbox rows: anybody's, a bot's own, and, by name, those of bots that are busy."""
        return Subscribed(self._topics, (BOTS, ""), *([(of_bot(name), "")] if name else []))

    def senders(self) -> AbstractContextManager[Subscription]:
        """Subscribe to waiting outbox rows."""
        return Subscribed(self._topics, (SENDERS, ""))

    def intakes(self) -> AbstractContextManager[Subscription]:
        """Subscribe to waiting events of platforms."""
        return Subscribed(self._topics, (INTAKES, ""))

    def routers(self) -> AbstractContextManager[Subscription]:
        """Subscribe to what may change who is offered what."""
        return Subscribed(self._topics, (ROUTERS, ""))

    def settings(self) -> AbstractContextManager[Subscription]:
        """Subscribe to what administrators say at the desk."""
        return Subscribed(self._topics, (SETTINGS, ""))

    def _say(self, topic: Topic) -> None:
        self._pending.add(topic)
        self._wanted.set()
        self.stir()

    async def _tell(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            topics, self._pending = self._pending, set()
            try:
                await self._database.quick(*telling(*topics))
            except Unavailable:
                _log.warning("live.untold", topics=len(topics))

    async def _look(self) -> None:
        """Look now and then what has grown, for as long as any visitor's page is open."""
        looked_at = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            begun_at = time.monotonic()
            if any(channel == VISITORS for channel, _ in self._topics):
                try:
                    grown = await self._database.rows(_GROWN, (begun_at - looked_at + _LATE_SECONDS,))
                except Unavailable:
                    continue
                self._wake_behind(grown)
            looked_at = begun_at

    def _wake_behind(self, grown: Sequence[tuple[str, int]]) -> None:
        """Wake the pages of visitors who have not read as far as their timeline has grown."""
        for address, position in grown:
            for subscription in self._topics.get((VISITORS, address), ()):
                if subscription.position is not None and subscription.position < position:
                    subscription.wake()

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except psycopg.OperationalError as error:
                _log.warning("live.deaf", reason=str(error).partition("\n")[0])
                await asyncio.sleep(1.0)

    async def _hear(self) -> None:
        async with self._database.listening() as connection:
            for channel in self._hears:
                await connection.execute(f"LISTEN {channel}")
            self._wake_everybody()  # something may have been told while nobody listened
            await hear_notices(connection.pgconn, self._heard)

    def _heard(self, channel: str, payload: str) -> None:
        self.stir()
        about = MOVED + payload if channel in CHATS else payload
        for subscription in self._interested(channel, payload):
            subscription.wake(about)

    def _interested(self, channel: str, payload: str) -> set[Subscription]:
        return {*self._topics.get((channel, payload), ()), *self._topics.get((channel, ""), ())}

    def _wake_everybody(self) -> None:
        self.stir()
        for subscriptions in self._topics.values():
            for subscription in subscriptions:
                subscription.wake()
