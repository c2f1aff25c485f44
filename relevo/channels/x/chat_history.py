"""Looks now and then whether X's encrypted chat holds something that no webhook told.

Whatever is found is kept as if it had been told: an event that came before is the same event, and a message that was
read before is the same message, by the id that its writer has signed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import structlog

from relevo.channels.x.chat_crypto import message_id_in, partner_in
from relevo.channels.x.chat_keys import Keyring, key_changes
from relevo.channels.x.envelopes import kept, told
from relevo.channels.x.marks import is_healthy
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.platform import PlatformEvent, PlatformEvents, PlatformMarks
from relevo.contracts.x import X
from relevo.errors import RelevoError

OFTEN_SECONDS, SELDOM_SECONDS = 120.0, 900.0
"""As far as a webhook works, seldom; X has told no limit for it."""
NOT_OLDER, FIRST_REACH = timedelta(days=1), timedelta(minutes=10)
"""What is older is not answered any more, however it was missed; at the very first look nothing was."""
_MARK = "chat_history"
_LOOK_SECONDS = 10.0
_MOST_CONVERSATIONS, _MOST_PAGES = 100, 5
_log = structlog.get_logger()


class ChatHistory:
    """Finds what was missed."""

    def __init__(
        self, ring: Keyring, events: PlatformEvents, marks: PlatformMarks, live: Live, *, clock: Clock = system_clock
    ) -> None:
        self._ring = ring
        self._events = events
        self._marks = marks
        self._live = live
        self._clock = clock
        self._looked_at: dict[str, str] = {}
        """When each conversation had changed last, as X says: whatever did not change since is not asked for."""

    async def run(self, stop: asyncio.Event) -> None:
        """Look when it is time, one host at a time, until told to stop."""
        while not stop.is_set():
            try:
                await self.step()
            except RelevoError as error:
                _log.warning("x_chat.history_not_read", why=str(error))
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)

    async def step(self) -> int:
        """Look if it is time, and give how much was new. Raises XError."""
        if not await self._ring.pairs():
            return 0  # nothing of it could be read
        every = SELDOM_SECONDS if await is_healthy(self._marks, self._clock()) else OFTEN_SECONDS
        mark = await self._marks.turn(X, _MARK, every)
        if mark is None:
            return 0
        found = await self.look(NOT_OLDER if mark.value else FIRST_REACH)
        await self._marks.put(X, _MARK, "looked")
        return found

    async def look(self, reach: timedelta = NOT_OLDER) -> int:
        """Keep what was not known and is not older, and give how much that was. Raises XError."""
        found = 0
        for address, changed_at in await self._conversations():
            if changed_at and self._looked_at.get(address) == changed_at:
                continue
            found += await self._read(address, self._clock() - reach)
            self._looked_at[address] = changed_at
        if found:
            self._live.wake_intakes()
        return found

    async def _conversations(self) -> Sequence[tuple[str, str]]:
        """Give with whom the account talks, and when that changed last; groups are left out."""
        answer = await self._ring.api.get("/2/chat/conversations", params={"max_results": _MOST_CONVERSATIONS})
        rows = [row for row in _list(answer.get("data")) if isinstance(row, Mapping)]
        named = [(partner_in(_id_of(row), self._ring.own_id), str(row.get("updated_at") or "")) for row in rows]
        return [(address, changed_at) for address, changed_at in named if address is not None]

    async def _read(self, address: str, since: datetime) -> int:
        """Read a conversation back to what is known or too old, keep the rest, and give how much of it was new."""
        found = 0
        async for page in self._ring.history(address, _MOST_PAGES):
            await self._ring.learn(address, key_changes(page))
            events = [event for item in _list(page.get("data")) if (event := self._event(item, since))]
            new = await self._events.keep(events) if events else 0
            found += new
            if new < len(events) or not events:
                break
        return found

    def _event(self, item: Any, since: datetime) -> PlatformEvent | None:
        if not isinstance(item, Mapping) or not isinstance(item.get("encoded_event"), str):
            return None
        said_at = _moment(item)
        if said_at is None or said_at < since:
            return None
        is_ours = item.get("sender_id") == self._ring.own_id
        own = message_id_in(item["encoded_event"]) or item.get("id")  # as webhooks call it, so that it is kept once
        event = {**item, "id": own, "created_at_msec": str(int(said_at.timestamp() * 1000))}
        return kept(told("chat.sent" if is_ours else "chat.received", self._ring.own_id, event), self._ring.own_id)


def _moment(item: Mapping[str, Any]) -> datetime | None:
    if str(milliseconds := item.get("created_at_msec") or "").isdigit():
        return datetime.fromtimestamp(int(milliseconds) / 1000, timezone.utc)
    try:
        said = datetime.fromisoformat(str(item.get("created_at")).replace("Z", "+00:00"))
    except ValueError:
        return None
    return said if said.tzinfo else said.replace(tzinfo=timezone.utc)


def _id_of(row: Mapping[str, Any]) -> str:
    return str(row.get("id") or row.get("conversation_id") or "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
