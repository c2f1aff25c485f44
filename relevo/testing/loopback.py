"""A channel that goes nowhere: it remembers what it accepted, and fails on demand in every way that a platform can."""

from __future__ import annotations

from collections import deque
from enum import Enum

from relevo.contracts.channel import Delivery, Receipt
from relevo.errors import SendDeferred, SendRefused, SendUnconfirmed
from relevo.testing import Died


class Fault(str, Enum):
    """What goes wrong with one send."""

    DEFERRED = "deferred"
    REFUSED = "refused"
    ANSWER_LOST = "answer_lost"
    """Accepted and shown, but nobody told us: unconfirmed."""
    SEND_LOST = "send_lost"
    """Never arrived, and nobody told us: unconfirmed too."""
    DIES_BEFORE = "dies_before"
    DIES_AFTER = "dies_after"
    BROKEN = "broken"
    """The channel's own code raises what a channel may not."""


class Loopback:
    """A platform with one contact at each address; see contracts.channel.Channel."""

    def __init__(self, name: str = "loopback", *, is_duplicate_safe: bool = False) -> None:
        self.name = name
        self.is_duplicate_safe = is_duplicate_safe
        self.attempted: list[int] = []
        """The delivery id of every send, in order."""
        self.shown: list[Delivery] = []
        """What contacts see, in order; twice where it was sent twice and the platform drops no duplicates."""
        self._faults: deque[Fault] = deque()

    def fail(self, *faults: Fault) -> None:
        """Let the next sends go wrong, one by one."""
        self._faults.extend(faults)

    def shown_to(self, address: str) -> list[str]:
        """Give the texts that the contact at an address sees."""
        return [delivery.content.text or "" for delivery in self.shown if delivery.address == address]

    async def send(self, delivery: Delivery) -> Receipt:
        """Accept a message, unless a fault waits."""
        self.attempted.append(delivery.id)
        fault = self._faults.popleft() if self._faults else None
        self._before(fault)
        self._show(delivery)
        if fault is Fault.ANSWER_LOST:
            raise SendUnconfirmed("The platform took it and did not answer.")
        if fault is Fault.DIES_AFTER:
            raise Died
        return Receipt(external_id=f"{self.name}-{delivery.id}")

    def _before(self, fault: Fault | None) -> None:
        if fault is Fault.DEFERRED:
            raise SendDeferred("The platform is busy.")
        if fault is Fault.REFUSED:
            raise SendRefused("The platform refuses this address.")
        if fault is Fault.SEND_LOST:
            raise SendUnconfirmed("The connection broke.")
        if fault is Fault.DIES_BEFORE:
            raise Died
        if fault is Fault.BROKEN:
            raise KeyError("the channel's own mistake")

    def _show(self, delivery: Delivery) -> None:
        if not (self.is_duplicate_safe and any(known.id == delivery.id for known in self.shown)):
            self.shown.append(delivery)


class Remembering(Loopback):
    """A platform that can be asked what it has shown; see contracts.channel.LooksUp."""

    def __init__(self, name: str = "loopback") -> None:
        super().__init__(name)
        self.looked_up: list[int] = []
        """The delivery id of every look, in order."""
        self.blind: Exception | None = None
        """What each look raises; None: it is answered."""

    async def look_up(self, delivery: Delivery) -> Receipt | None:
        """Tell whether a message was shown."""
        self.looked_up.append(delivery.id)
        if self.blind is not None:
            raise self.blind
        is_shown = any(known.id == delivery.id for known in self.shown)
        return Receipt(external_id=f"{self.name}-{delivery.id}") if is_shown else None
