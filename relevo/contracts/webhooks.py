"""News for other systems: what happened, to whom it is told, and what became of telling it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

HANDOFF_EVENTS = (
    "handoff.requested",
    "handoff.queued",
    "handoff.offered",
    "handoff.taken",
    "handoff.returned",
    "handoff.expired",
)
CASE_EVENTS = ("case.opened", "case.closed")
EFFECT_EVENTS = (
    "effect.prepared",
    "effect.changed",
    "effect.decided",
    "effect.done",
    "effect.refused",
    "effect.failed",
)
MESSAGE_EVENTS = ("message.created",)
EVENTS = (*HANDOFF_EVENTS, *CASE_EVENTS, *EFFECT_EVENTS, *MESSAGE_EVENTS)
TEST_EVENT = "webhook.test"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who wants to be told; the secret is known to them and the database alone."""

    id: int
    url: str
    events: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_because: str | None = None
    old_secret_until: datetime | None = None
    """Until when what is sent is signed with the secret before this one, too; None: with this one alone."""
    waiting: int = 0
    """Deliveries that are still to be made."""
    dead: int = 0
    """Deliveries that were given up in the last day."""


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One telling of one event, as its log shows it."""

    id: int
    delivery_id: UUID
    event: str
    conversation_id: UUID | None
    state: str
    """``queued``, ``sending``, ``done`` or ``dead``."""
    attempts: int
    status: int | None
    answer: str | None
    """The beginning of what was answered, without what may identify anybody."""
    problem: str | None
    created_at: datetime
    tried_at: datetime | None
    due_at: datetime | None
    """When it is tried next."""


class DueDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery that a worker holds."""

    id: int
    delivery_id: UUID
    token: UUID
    webhook_id: int
    url: str
    secret: str
    event_id: int
    event: str
    conversation_id: UUID | None
    happened_at: datetime
    data: Mapping[str, Any]
    attempts: int
    old_secret: str | None = None
    """The secret before this one, while it still holds."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one try."""

    status: int | None = None
    answer: str | None = None
    problem: str | None = None
    """Why it does not count as told; None where it does."""


class Poster(Protocol):
    """Sends a signed body to an address."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Send it and give what came of it; never raises for what the other side does."""
        ...


class Webhooks(Protocol):
    """Who is told, and what waits to be told."""

    async def add(self, url: str, events: Sequence[str], secret: str) -> Webhook:
        """Keep somebody who is told from now on."""
        ...

    async def webhooks(self) -> list[Webhook]:
        """Give everybody who is told."""
        ...

    async def get(self, webhook_id: int) -> Webhook:
        """Give one; raises NotFound."""
        ...

    async def change(self, webhook_id: int, events: Sequence[str], *, is_enabled: bool) -> Webhook:
        """Say what they are told, and whether; raises NotFound."""
        ...

    async def rotate(self, webhook_id: int, secret: str) -> Webhook:
        """Sign with another secret from now on, and for a day with the one before, too; raises NotFound."""
        ...

    async def remove(self, webhook_id: int) -> None:
        """Tell them nothing any more; raises NotFound."""
        ...

    async def test(self, webhook_id: int) -> None:
        """Have a test told; raises NotFound."""
        ...

    async def log(self, webhook_id: int, before_id: int | None, limit: int) -> list[WebhookDelivery]:
        """Give deliveries, newest first."""
        ...

    async def redeliver(self, delivery_id: int) -> int:
        """Have something told again, and give whose it is; raises NotFound, Conflict while it is being told."""
        ...

    async def read_news(self) -> int:
        """Read what has happened since the last look into what waits to be told, and give its number.

        Whatever commits late is read late, nothing is read twice; one process at a time.
        """
        ...

    async def claim(self, limit: int) -> list[DueDelivery]:
        """Take what is due; what came before in the same conversation goes first, while it is young."""
        ...

    async def conclude(self, due: DueDelivery, told: Told, *, again_in_seconds: float | None, most_dead: int) -> None:
        """Record a try: told, to be tried again, or given up; so many given up in a row end the telling."""
        ...

    async def forget_old(self, seconds: float) -> int:
        """Forget what happened so long ago, and secrets that hold no more; give the number of what happened."""
        ...
