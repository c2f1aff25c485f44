"""Sends what waits in the outbox, in order within a conversation, to one of three endings.

*Deferred* is certainly not sent and tried again, *refused* never will be, *unconfirmed* left us without an answer:
where the channel can look up what became of it, it waits until that is known; else it is sent again only where the
platform drops duplicates, and elsewhere a person decides. A delivery whose worker died while sending comes back as
possibly sent, and is treated like an unconfirmed one.

A platform that takes no more for now has it said beside the message until when (*delayed*); that counts as no attempt.

A platform that cannot be reached has refused nothing: its deliveries wait, for days if need be, and nobody asks it more
often than every ten minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from time import monotonic
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog

from relevo.contracts.channel import Channel, Delivery, LooksUp, Receipt
from relevo.contracts.channel_log import OUT, ChannelLog, Exchange, Unlogged
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.store import Outbox
from relevo.domain.addresses import covered
from relevo.errors import (
    LeaseLost,
    PlatformAway,
    SendDeferred,
    SendDelayed,
    SendError,
    SendRefused,
    SendUnconfirmed,
    SendUnwanted,
    Unavailable,
)
from relevo.flow.pauses import Pauses
from relevo.flow.waiting import Naps
from relevo.metrics.numbers import deliveries, delivery_seconds, few

MAX_ATTEMPTS = 8
_BACKOFF_SECONDS = 2.0
LOOK_UP_SECONDS = 5.0
"""How soon what nobody answered for is looked up first; twice as long after each try."""
_IDLE_SECONDS = 1.0
_log = structlog.get_logger()


class Ending(NamedTuple):
    """What became of one attempt."""

    outcome: str
    external_id: str | None = None


class Deliverer(msgspec.Struct, frozen=True, kw_only=True):
    """Delivers for the channels that push; the others fetch for themselves."""

    outbox: Outbox
    channels: Mapping[str, Channel]
    live: Live
    clock: Clock = system_clock
    patience_seconds: float = 3 * 86_400.0
    """How old a delivery may get while its platform cannot be reached, before it is refused."""
    pauses: Pauses = msgspec.field(default_factory=Pauses)
    log: ChannelLog = msgspec.field(default_factory=Unlogged)
    ended_badly: Callable[[Delivery, str], Awaitable[None]] | None = None
    """Who is told that something will never arrive or that nobody knows, before it ends so."""

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop."""
        naps = Naps(self.live, _IDLE_SECONDS)
        with self.live.senders() as wake:
            while not stop.is_set():
                stirs = self.live.stirs
                if await self._tried() or await wake.wait(_IDLE_SECONDS):
                    naps.end()
                else:
                    await naps.nap(stop, stirs)

    async def _tried(self) -> int:
        try:
            return await self.step()
        except Unavailable:
            _log.warning("deliver.database_unreachable")
            self.live.stir()
            return 0

    async def step(self, limit: int = 16) -> int:
        """Send the heads of free lanes once and give their number."""
        claimed = await self.outbox.claim(self.pauses.open(self.channels, self.clock()), limit)
        await asyncio.gather(*(self._deliver(delivery, token) for delivery, token in claimed))
        return len(claimed)

    async def _deliver(self, delivery: Delivery, token: UUID) -> None:
        began = monotonic()
        try:
            ending = await self._send(delivery, token)
        except LeaseLost:
            ending = Ending("lease_lost")
        seconds = monotonic() - began
        self._note(delivery, ending, seconds)
        if ending.outcome != "platform_away":  # nothing about it has changed
            self.live.changed(delivery.conversation_id)
        _log.info(
            "delivery",
            delivery=delivery.id,
            channel=delivery.channel,
            conversation=str(delivery.conversation_id),
            attempt=delivery.attempts,
            outcome=ending.outcome,
            seconds=round(seconds, 4),
        )

    def _note(self, delivery: Delivery, ending: Ending, seconds: float) -> None:
        channel = few("channel", delivery.channel)
        deliveries.labels(channel, ending.outcome).inc()
        delivery_seconds.labels(channel).observe(seconds)
        self.log.note(
            Exchange(
                channel=delivery.channel,
                direction=OUT,
                kind="message",
                result=ending.outcome,
                at=self.clock(),
                duration_ms=round(seconds * 1000),
                external_id=ending.external_id,
                address=covered(delivery.address),
                conversation_id=delivery.conversation_id,
            )
        )

    async def _send(self, delivery: Delivery, token: UUID) -> Ending:
        channel = self.channels[delivery.channel]
        if delivery.may_be_sent:
            if isinstance(channel, LooksUp):
                return await self._look_up(channel, delivery, token)
            if not channel.is_duplicate_safe or delivery.attempts > MAX_ATTEMPTS:
                return await self._end(delivery, token, "unconfirmed", "The sender ended while sending.")
        return await self._in_time(channel, delivery, token)

    async def _in_time(self, channel: Channel, delivery: Delivery, token: UUID) -> Ending:
        if delivery.expires_at is not None and delivery.expires_at <= self.clock():
            return await self._end(delivery, token, "refused", "Its time was over before it could be sent.")
        return await self._try(channel, delivery, token)

    async def _look_up(self, channel: LooksUp, delivery: Delivery, token: UUID) -> Ending:
        """Find out what became of it: arrived, or sent again since it did not; until then it waits."""
        try:
            receipt = await _looked_up(channel, delivery)
        except SendDeferred as error:
            return await self._doubt(delivery, token, error)
        if receipt is not None:
            return await self._arrived(delivery, token, receipt)
        if delivery.attempts > MAX_ATTEMPTS:
            tried = f"Tried {delivery.attempts - 1} times, and the platform never took it."
            return await self._end(delivery, token, "refused", tried)
        return await self._in_time(self.channels[delivery.channel], delivery, token)

    async def _try(self, channel: Channel, delivery: Delivery, token: UUID) -> Ending:
        try:
            receipt = await _hand_over(channel, delivery)
        except PlatformAway as error:
            return await self._wait(delivery, token, error)
        except SendDelayed as error:
            return await self._delay(delivery, token, error)
        except SendDeferred as error:
            return await self._again(delivery, token, error, at_last="refused")
        except SendRefused as error:
            is_missed = not isinstance(error, SendUnwanted)
            return await self._end(delivery, token, "refused", str(error), is_missed=is_missed)
        except SendUnconfirmed as error:
            return await self._unconfirmed(channel, delivery, token, error)
        return await self._arrived(delivery, token, receipt)

    async def _arrived(self, delivery: Delivery, token: UUID, receipt: Receipt) -> Ending:
        self.pauses.worked(delivery.channel)
        await self.outbox.conclude(delivery, token, "sent", external_id=receipt.external_id)
        return Ending("sent", receipt.external_id)

    async def _unconfirmed(self, channel: Channel, delivery: Delivery, token: UUID, error: SendUnconfirmed) -> Ending:
        if isinstance(channel, LooksUp):
            soon = self.clock() + timedelta(seconds=LOOK_UP_SECONDS * 2 ** (delivery.attempts - 1))
            await self.outbox.defer(delivery, token, soon, reason=str(error), is_doubted=True)
            return Ending("unconfirmed")
        if channel.is_duplicate_safe:
            return await self._again(delivery, token, SendDeferred(str(error)), at_last="unconfirmed")
        return await self._end(delivery, token, "unconfirmed", str(error))

    async def _doubt(self, delivery: Delivery, token: UUID, error: SendDeferred) -> Ending:
        """Look again later, for as long as a platform may be away; after that a person decides."""
        now = self.clock()
        if (now - delivery.queued_at).total_seconds() >= self.patience_seconds:
            return await self._end(delivery, token, "unconfirmed", f"It could not be looked up: {error}")
        away = isinstance(error, PlatformAway)
        until = self.pauses.failed(delivery.channel, now) if away else error.until
        until = until or now + timedelta(seconds=LOOK_UP_SECONDS)
        await self.outbox.defer(delivery, token, until, counts=False, reason=str(error), is_doubted=True)
        return Ending("platform_away" if away else "unconfirmed")

    async def _delay(self, delivery: Delivery, token: UUID, error: SendDelayed) -> Ending:
        until = error.until or self.clock() + timedelta(seconds=_BACKOFF_SECONDS)
        await self.outbox.defer(delivery, token, until, counts=False, reason=str(error))
        return Ending("delayed")

    async def _again(self, delivery: Delivery, token: UUID, error: SendDeferred, *, at_last: str) -> Ending:
        if delivery.attempts >= MAX_ATTEMPTS:
            return await self._end(delivery, token, at_last, f"Tried {delivery.attempts} times: {error}")
        wait = timedelta(seconds=_BACKOFF_SECONDS * 2 ** (delivery.attempts - 1))
        await self.outbox.defer(delivery, token, error.until or self.clock() + wait)
        return Ending("deferred")

    async def _wait(self, delivery: Delivery, token: UUID, error: PlatformAway) -> Ending:
        now = self.clock()
        again_at = self.pauses.failed(delivery.channel, now)
        _log.warning("deliver.platform_away", channel=delivery.channel, why=str(error), again_at=again_at.isoformat())
        if (now - delivery.queued_at).total_seconds() >= self.patience_seconds:
            return await self._end(
                delivery, token, "refused", f"Waited since {delivery.queued_at:%Y-%m-%d %H:%M}: {error}"
            )
        await self.outbox.defer(delivery, token, again_at, counts=False)
        return Ending("platform_away")

    async def _end(self, delivery: Delivery, token: UUID, state: str, reason: str, *, is_missed: bool = True) -> Ending:
        if self.ended_badly is not None and is_missed:
            try:
                await self.ended_badly(delivery, reason)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - what is refused ends all the same
                _log.error("delivery.nobody_told", delivery=delivery.id, exc_info=error)
        await self.outbox.conclude(delivery, token, state, reason=reason)
        return Ending(state)


async def _hand_over(channel: Channel, delivery: Delivery) -> Receipt:
    try:
        return await channel.send(delivery)
    except (LeaseLost, SendError, Unavailable):
        raise
    except Exception as error:  # the channel's own mistake must not stop the others; how far it came, nobody knows
        _log.error("delivery.channel_failed", delivery=delivery.id, channel=delivery.channel, exc_info=error)
        raise SendUnconfirmed(f"The channel raised {type(error).__name__}.") from error


async def _looked_up(channel: LooksUp, delivery: Delivery) -> Receipt | None:
    try:
        return await channel.look_up(delivery)
    except (LeaseLost, SendError, Unavailable):
        raise
    except Exception as error:  # as above; it stays in doubt
        _log.error("delivery.look_up_failed", delivery=delivery.id, channel=delivery.channel, exc_info=error)
        raise SendDeferred(f"The channel raised {type(error).__name__}.") from error
