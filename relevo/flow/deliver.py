"""Sends what waits in the outbox, in order within a conversation, to one of three endings.

*Deferred* is certainly not sent and tried again, *refused* never will be, *unconfirmed* left us without an answer: it
is sent again only where the platform drops duplicates, else a person decides. A delivery whose worker died while
sending comes back as possibly sent, and is treated like an unconfirmed one.

A platform that cannot be reached has refused nothing: its deliveries wait, for days if need be, and nobody asks it more
often than every ten minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from relevo.contracts.channel import Channel, Delivery, Receipt
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.store import Outbox
from relevo.errors import (
    LeaseLost,
    PlatformAway,
    SendDeferred,
    SendError,
    SendRefused,
    SendUnconfirmed,
    Unavailable,
)
from relevo.flow.pauses import Pauses

MAX_ATTEMPTS = 8
_BACKOFF_SECONDS = 2.0
_IDLE_SECONDS = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Deliverer:
    """Delivers for the channels that push; the others fetch for themselves."""

    outbox: Outbox
    channels: Mapping[str, Channel]
    live: Live
    clock: Clock = system_clock
    patience_seconds: float = 3 * 86_400.0
    """How old a delivery may get while its platform cannot be reached, before it is refused."""
    pauses: Pauses = field(default_factory=Pauses)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop."""
        with self.live.senders() as wake:
            while not stop.is_set():
                if not await self._tried():
                    await wake.wait(_IDLE_SECONDS)

    async def _tried(self) -> int:
        try:
            return await self.step()
        except Unavailable:
            _log.warning("deliver.database_unreachable")
            return 0

    async def step(self, limit: int = 16) -> int:
        """Send the heads of free lanes once and give their number."""
        claimed = await self.outbox.claim(self.pauses.open(self.channels, self.clock()), limit)
        await asyncio.gather(*(self._deliver(delivery, token) for delivery, token in claimed))
        return len(claimed)

    async def _deliver(self, delivery: Delivery, token: UUID) -> None:
        try:
            outcome = await self._send(delivery, token)
        except LeaseLost:
            outcome = "lease_lost"
        _log.info(
            "delivery", delivery=delivery.id, channel=delivery.channel, attempt=delivery.attempts, outcome=outcome
        )

    async def _send(self, delivery: Delivery, token: UUID) -> str:
        channel = self.channels[delivery.channel]
        if delivery.may_be_sent and (not channel.is_duplicate_safe or delivery.attempts > MAX_ATTEMPTS):
            return await self._end(delivery, token, "unconfirmed", "The sender ended while sending.")
        if delivery.expires_at is not None and delivery.expires_at <= self.clock():
            return await self._end(delivery, token, "refused", "Its time was over before it could be sent.")
        return await self._try(channel, delivery, token)

    async def _try(self, channel: Channel, delivery: Delivery, token: UUID) -> str:
        try:
            receipt = await _hand_over(channel, delivery)
        except PlatformAway as error:
            return await self._wait(delivery, token, error)
        except SendDeferred as error:
            return await self._again(delivery, token, error, at_last="refused")
        except SendRefused as error:
            return await self._end(delivery, token, "refused", str(error))
        except SendUnconfirmed as error:
            if channel.is_duplicate_safe:
                return await self._again(delivery, token, SendDeferred(str(error)), at_last="unconfirmed")
            return await self._end(delivery, token, "unconfirmed", str(error))
        self.pauses.worked(delivery.channel)
        await self.outbox.conclude(delivery, token, "sent", external_id=receipt.external_id)
        return "sent"

    async def _again(self, delivery: Delivery, token: UUID, error: SendDeferred, *, at_last: str) -> str:
        if delivery.attempts >= MAX_ATTEMPTS:
            return await self._end(delivery, token, at_last, f"Tried {delivery.attempts} times: {error}")
        wait = timedelta(seconds=_BACKOFF_SECONDS * 2 ** (delivery.attempts - 1))
        await self.outbox.defer(delivery, token, error.until or self.clock() + wait)
        return "deferred"

    async def _wait(self, delivery: Delivery, token: UUID, error: PlatformAway) -> str:
        now = self.clock()
        again_at = self.pauses.failed(delivery.channel, now)
        _log.warning("deliver.platform_away", channel=delivery.channel, why=str(error), again_at=again_at.isoformat())
        if (now - delivery.queued_at).total_seconds() >= self.patience_seconds:
            return await self._end(
                delivery, token, "refused", f"Waited since {delivery.queued_at:%Y-%m-%d %H:%M}: {error}"
            )
        await self.outbox.defer(delivery, token, again_at, counts=False)
        return "platform_away"

    async def _end(self, delivery: Delivery, token: UUID, state: str, reason: str) -> str:
        await self.outbox.conclude(delivery, token, state, reason=reason)
        return state


async def _hand_over(channel: Channel, delivery: Delivery) -> Receipt:
    try:
        return await channel.send(delivery)
    except SendError:
        raise
    except Exception as error:  # the channel's own mistake must not stop the others; how far it came, nobody knows
        _log.error("delivery.channel_failed", delivery=delivery.id, channel=delivery.channel, exc_info=error)
        raise SendUnconfirmed(f"The channel raised {type(error).__name__}.") from error
