"""Reads what platforms have told, and makes of it what it means: messages, receipts, signs, posts.

    claim ─► read (and decrypt) ─► files fetched ─► inbox · delivery confirmed · read up to · post ─► settle
               │ not now: again later, its lane waits       │ a file is refused: the rest arrives, and says so
               └ never: given up, and kept to be looked at

Any number of processes do this at once. Everything that an event becomes is the same however often it is read, so that
whoever is killed between two steps leaves nothing to repair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from relevo.contracts.channel_log import ChannelLog, Unlogged
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.platform import (
    ClaimedEvent,
    Heard,
    Platform,
    Posted,
    Seen,
    Typing,
    Unposted,
    Written,
)
from relevo.contracts.posts import PostWatch
from relevo.contracts.store import Store
from relevo.contracts.x import Echoes, Peers
from relevo.domain.conversations import Control, Conversation
from relevo.errors import (
    Conflict,
    LeaseLost,
    PlatformAway,
    RequestError,
    Unavailable,
)
from relevo.flow.menus import chosen
from relevo.flow.receive import arrival, receive
from relevo.flow.remote_files import REFUSED, RemoteFiles, placeholder

MAX_ATTEMPTS = 8
"""How often an event is begun that always fails, before it is given up."""
PATIENCE = timedelta(days=3)
"""How long an event waits for a platform that cannot be asked."""
KEPT_SECONDS, KEPT_EVENTS = 30 * 86_400.0, 200_000
_FORGET_EVERY = 3_600
_IDLE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 600.0
_MENU_REACH = 40
"""How many entries back a menu is looked for."""
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Intake:
    """Reads events of platforms."""

    platforms: Mapping[str, Platform]
    store: Store
    live: Live
    posts: PostWatch | None = None
    """None: nobody looks after posts, and they are left."""
    echoes: Echoes | None = None
    """None: nothing is sent there, so what is heard of our own is left."""
    peers: Peers | None = None
    log: ChannelLog = field(default_factory=Unlogged)
    clock: Clock = field(default=system_clock)
    default_language: str = "es"
    _looks: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Read until told to stop."""
        with self.live.intakes() as wake:
            while not stop.is_set():
                if not await self._tried():
                    await wake.wait(_IDLE_SECONDS)

    async def _tried(self) -> int:
        try:
            if self._looks % _FORGET_EVERY == 0:
                await self.store.platform_events.forget_old(KEPT_SECONDS, KEPT_EVENTS)
            self._looks += 1
            return await self.step()
        except Unavailable:
            _log.warning("intake.database_unreachable")
            return 0

    async def step(self, limit: int = 16) -> int:
        """Read the heads of free lanes once and give their number."""
        claimed = await self.store.platform_events.claim(list(self.platforms), limit)
        await asyncio.gather(*map(self._take, claimed))
        return len(claimed)

    async def _take(self, claimed: ClaimedEvent) -> None:
        result = "lease_lost"
        try:
            result = await self._read(claimed)
        except LeaseLost:
            pass
        except Unavailable:  # its lease runs out, and it is read again
            result = "database_unreachable"
        self.log.count(claimed.event.channel, claimed.event.kind, result)
        _log.info("intake", number=claimed.id, kind=claimed.event.kind, attempt=claimed.attempts, outcome=result)

    async def _read(self, claimed: ClaimedEvent) -> str:
        events = self.store.platform_events
        platform = self.platforms[claimed.event.channel]
        try:
            heard = await platform.read(claimed.event)
            for each in heard:
                await self._hear(platform, each, claimed)
        except PlatformAway as error:
            return await self._wait(claimed, error)
        except (LeaseLost, Unavailable):
            raise
        except RequestError as error:
            await events.bury(claimed, f"{type(error).__name__}: {error}")
            return error.reason
        except Exception as error:  # noqa: BLE001 - one event's mistake must not stop the others
            return await self._failed(claimed, error)
        await events.settle(claimed)
        return "ok" if heard else "ignored"

    async def _wait(self, claimed: ClaimedEvent, error: PlatformAway) -> str:
        now = self.clock()
        if now - claimed.received_at > PATIENCE:
            await self.store.platform_events.bury(claimed, f"Waited for three days: {error}")
            return "given_up"
        again_at = error.until or now + timedelta(seconds=min(2.0**claimed.attempts, _LONGEST_PAUSE_SECONDS))
        await self.store.platform_events.defer(claimed, again_at)
        return "platform_away"

    async def _failed(self, claimed: ClaimedEvent, error: Exception) -> str:
        _log.error("intake.failed", number=claimed.id, kind=claimed.event.kind, exc_info=error)
        if claimed.attempts >= MAX_ATTEMPTS:
            await self.store.platform_events.bury(claimed, f"Reading it raised {type(error).__name__}.")
            return "given_up"
        again_at = self.clock() + timedelta(seconds=2.0**claimed.attempts)
        await self.store.platform_events.defer(claimed, again_at)
        return "failed"

    async def _hear(self, platform: Platform, heard: Heard, claimed: ClaimedEvent) -> None:
        if isinstance(heard, Written):
            await self._written(platform, heard, claimed)
        elif isinstance(heard, (Seen, Typing)):
            await self._sign(platform.name, heard)
        elif isinstance(heard, Posted) and self.posts is not None:
            await self.posts.seen(heard.post)
        elif isinstance(heard, Unposted) and self.posts is not None:
            await self.posts.gone(heard.post_id)

    async def _written(self, platform: Platform, written: Written, claimed: ClaimedEvent) -> None:
        files = await RemoteFiles(attachments=self.store.attachments).take(
            platform, written, self.clock() - claimed.received_at
        )
        conversation = await self.store.conversations.find(platform.name, written.address)
        payload = await self._payload(conversation, written)
        text = written.text if written.text.strip() or files.attachments else placeholder(written.files)
        if not text.strip() and not files.attachments:
            return  # such as a reaction: there is nothing to answer
        message = arrival(
            channel=platform.name,
            address=written.address,
            message_id=written.message_id,
            text=payload or text,
            metadata={REFUSED: list(files.refused)} if files.refused else None,
            attachments=files.attachments,
        )
        if payload and payload != text:
            message = replace(message, raw=text.encode("utf-8", "replace"))
        if self.peers is not None and written.transport is not None:
            await self.peers.heard(written.address, written.transport, at=written.written_at)
        try:
            received = await receive(self.store.inbox, self.live, message)
        except Conflict:
            return  # it is there already, with what was known of it then
        if received.is_new:
            self.live.changed(received.conversation_id)

    async def _payload(self, conversation: Conversation | None, written: Written) -> str | None:
        """Give what the words choose, where the bot has shown a menu and answers."""
        if conversation is None or conversation.control is not Control.BOT:
            return None
        if written.payload in conversation.issued_payloads:
            return written.payload
        after = max(0, conversation.last_position - _MENU_REACH)
        found = chosen(written.text, await self.store.conversations.entries(conversation.id, after))
        return found if found in conversation.issued_payloads else None

    async def _sign(self, channel: str, heard: Seen | Typing) -> None:
        conversation = await self.store.conversations.find(channel, heard.address)
        if conversation is None:
            return
        if isinstance(heard, Typing):
            await self.store.chats.contact_types(conversation.id)
            self.live.contact_stirred(conversation.id)
