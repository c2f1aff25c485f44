"""Takes what our own people write in a platform's own app: agent's words, after which a person has control.

Nobody at the desk has the conversation then, so it is put into the queue, where somebody may take it up; the bot is
silent for as long, and the contact, who was just answered, is not told to wait.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.platform import Echo
from relevo.contracts.store import Store
from relevo.domain.conversations import Control, Conversation
from relevo.domain.handoff import Handoff
from relevo.domain.service import Service
from relevo.flow.handoff import count_handoff, takeover

SILENT_FOR = timedelta(hours=24)
"""How long the bot leaves a conversation alone after the last words that were written elsewhere."""
_log = structlog.get_logger()


class AppWords(msgspec.Struct, frozen=True, kw_only=True):
    """The verb."""

    store: Store
    live: Live
    service: Service
    clock: Clock = msgspec.field(default=system_clock)

    async def written(self, channel: str, echo: Echo) -> None:
        """Put it on the timeline, once, and have the bot be silent."""
        conversation = await self._conversation(channel, echo.address)
        handoff = await self._handoff(conversation)
        if not await self.store.elsewhere.written(channel, echo, handoff):
            return
        if handoff is not None:
            count_handoff(handoff, conversation)
        self.live.changed(conversation.id)
        self.live.wake_routers()
        _log.info("elsewhere.written", channel=channel, conversation=str(conversation.id))

    async def _conversation(self, channel: str, address: str) -> Conversation:
        found = await self.store.conversations.find(channel, address)
        if found is not None:
            return found
        await self.store.elsewhere.meet(channel, address)
        return await self._conversation(channel, address)

    async def _handoff(self, conversation: Conversation) -> Handoff | None:
        if conversation.control in {Control.AGENT, Control.WRAP_UP}:
            return None
        cases = await self.store.desk.cases_of(conversation.id)
        case = cases[0] if cases and cases[0].is_open else None
        now = self.clock()
        handoff = await takeover(conversation, case, self.store.handoffs, self.store.inbox, now, self.service)
        return replace(handoff, expires_at=now + SILENT_FOR)
