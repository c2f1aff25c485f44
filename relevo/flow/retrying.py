"""Has a message that did not get through tried again, once for each click, by whoever sees it at the desk."""

from __future__ import annotations

from uuid import UUID

import msgspec
import structlog

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.deliveries import Deliveries, DeliveryState
from relevo.contracts.live import Live
from relevo.contracts.mail import EMAIL
from relevo.domain.messages import Author
from relevo.flow.ways import Ways

_log = structlog.get_logger()


class Retrying(msgspec.Struct, frozen=True, kw_only=True):
    """The verb; refusals are sentences."""

    deliveries: Deliveries
    ways: Ways
    live: Live

    async def retry(self, conversation_id: UUID, position: int, retries: int, agent: AgentAccount) -> DeliveryState:
        """Queue a message again that was refused or never confirmed; see contracts.deliveries.Deliveries.retry.

        What an agent wrote by mail goes only to an address that is still on file: else Conflict ``way_goes_to_file``.
        """
        place = (conversation_id, position)
        entry = (await self.deliveries.entries([place])).get(place)
        state = (await self.deliveries.at([place])).get(place)
        if entry and state and state.channel == EMAIL and entry.author is Author.AGENT and state.may_retry:
            await self.ways.demand_address(conversation_id)
        state = await self.deliveries.retry(conversation_id, position, retries)
        self.live.wake_senders()
        self.live.changed(conversation_id)
        _log.info("desk", verb="retry", agent=agent.id, conversation=str(conversation_id), position=position)
        return state
