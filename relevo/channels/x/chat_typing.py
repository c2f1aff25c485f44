"""Shows contacts of X's encrypted chat that an answer is being written: by the bot, or by an agent who types."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic

from relevo.channels.x.chat_sending import ChatSender
from relevo.contracts.x_chat import ChatRecords
from relevo.errors import RelevoError

EVERY_SECONDS = 3.0
_SHOWN_SECONDS = 6.0
"""For how long one sign is taken to be shown; X does not say."""
_MOST_AT_ONCE = 5


class TypingSigns:
    """Looks who is being written to, and shows it: at best, for it is a courtesy."""

    def __init__(self, records: ChatRecords, sender: ChatSender) -> None:
        self._records = records
        self._sender = sender
        self._shown_at: dict[str, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Show it until told to stop."""
        while not stop.is_set():
            with suppress(RelevoError):
                await self.look()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)

    async def look(self) -> None:
        """Show it once to whom it is not shown already."""
        now = monotonic()
        self._shown_at = {address: at for address, at in self._shown_at.items() if now - at < _SHOWN_SECONDS}
        due = [each for each in await self._records.written_to() if each not in self._shown_at][:_MOST_AT_ONCE]
        self._shown_at.update(dict.fromkeys(due, now))
        await asyncio.gather(*map(self._sender.show_typing, due))
