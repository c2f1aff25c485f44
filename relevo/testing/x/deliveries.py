"""What X posts to webhooks: signed, in order unless a fault says otherwise, and kept for replay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import aiohttp
import msgspec

from relevo.testing.x.faults import DELIVERY, Fault
from relevo.testing.x.messages import Event
from relevo.testing.x.signing import signature

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

HEADER = "x-twitter-webhooks-signature"
ANSWER_SECONDS = 10.0
"""X waits no longer for a webhook."""


@dataclass(kw_only=True, eq=False)
class Delivery:
    """One event on its way to one webhook."""

    event: Event
    url: str
    body: bytes
    signature: str
    status: int | None = None
    """What the webhook answered last; None while nothing was answered."""
    attempts: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_taken(self) -> bool:
        """Whether the webhook said 200."""
        return self.status == 200


class Deliveries:
    """Posts events to webhooks."""

    def __init__(self, x: FakeX) -> None:
        self._x = x
        self.events: list[Event] = []
        """Everything that happened, whoever was told."""
        self.made: list[Delivery] = []
        """Everything that was to be told, in order."""
        self.statuses: list[int | None] = []
        """What webhooks answered, one for each attempt."""
        self._queue: asyncio.Queue[tuple[Delivery, Fault | None]] = asyncio.Queue()
        self._after_next: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def begin(self, workers: int) -> None:
        """Start posting; with more than one worker, order is not kept."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        for _ in range(workers):
            self._tasks.add(asyncio.create_task(self._work()))

    async def end(self) -> None:
        """Stop posting; what waits is not told."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The client that X asks webhooks with."""
        assert self._session is not None, "the fake X does not run"
        return self._session

    @property
    def not_taken(self) -> list[Delivery]:
        """What was posted to webhooks and not answered with 200 so far."""
        return [each for each in self.made if each.attempts and each.ended.is_set() and not each.is_taken]

    def tell(self, event: Event) -> list[Delivery]:
        """Tell everybody who subscribed, soon; the polls know it at once."""
        self.events.append(event)
        return self._queue_for(event, self._x.webhooks.subscribed(event))

    def tell_again(self, url: str, begin: datetime, end: datetime) -> list[Delivery]:
        """Post again what happened between two times to one webhook."""
        found = [event for event in self.events if begin <= event.at <= end]
        return [
            each
            for event in found
            for each in self._queue_for(event, [pair for pair in self._x.webhooks.subscribed(event) if pair[0] == url])
        ]

    async def retry(self) -> None:
        """Post again what was not taken, as X does for some minutes, and wait for the answers."""
        waiting = self.not_taken
        for each in waiting:
            each.ended.clear()
            self._queue.put_nowait((each, None))
        await ended(waiting)

    async def settled(self) -> None:
        """Wait until everything that can be told now has been."""
        await self._queue.join()

    def _queue_for(self, event: Event, subscribed: Sequence[tuple[str, str | None]]) -> list[Delivery]:
        made = []
        for url, tag in subscribed:
            fault = self._x.faults.take(DELIVERY)
            made.append(self._made(event, url, tag, fault))
            self._queue.put_nowait((made[-1], fault))
        self.made.extend(made)
        return made

    def _made(self, event: Event, url: str, tag: str | None, fault: Fault | None) -> Delivery:
        is_old = event.old is not None and (fault is Fault.ACCOUNT_ACTIVITY or self._x.is_account_activity)
        body = msgspec.json.encode(event.old if is_old else event.envelope(tag))
        secret = "somebody else" if fault is Fault.BAD_SIGNATURE else self._x.app.consumer_secret
        return Delivery(event=event, url=url, body=body, signature=signature(secret, body))

    async def _work(self) -> None:
        while True:
            delivery, fault = await self._queue.get()
            try:
                await self._go(delivery, fault)
            finally:
                self._queue.task_done()

    async def _go(self, delivery: Delivery, fault: Fault | None) -> None:
        if fault is Fault.REORDERED:
            self._after_next.append(delivery)
            delivery.ended.set()
            return
        if fault is Fault.DELAYED:
            self._tasks.add(asyncio.create_task(self._go_later(delivery)))
        elif fault is not Fault.LOST:
            await self._post(delivery)
        if fault is Fault.DUPLICATE:
            await self._post(delivery)
        delivery.ended.set()
        held, self._after_next = self._after_next, []
        for each in held:
            await self._post(each)

    async def _go_later(self, delivery: Delivery) -> None:
        await self._x.faults.released()
        await self._post(delivery)

    async def _post(self, delivery: Delivery) -> None:
        delivery.attempts += 1
        headers = {HEADER: delivery.signature, "Content-Type": "application/json"}
        try:
            async with self.session.post(delivery.url, data=delivery.body, headers=headers) as answer:
                delivery.status = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError):
            delivery.status = None
        self.statuses.append(delivery.status)


async def ended(deliveries: Sequence[Delivery]) -> None:
    """Wait until each was answered, lost or held back by a fault."""
    for each in deliveries:
        await each.ended.wait()
