"""How messages fare, by the API: their delivery states, and having one tried again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from relevo.contracts.handoff import Moment
from relevo.errors import Unreadable
from relevo.web.desk_doors import Call
from relevo.web.desk_verbs import retrying_of
from relevo.web.desk_wire import Version
from relevo.web.openapi import Query, changing, reading


class MessageDelivery(msgspec.Struct, kw_only=True):
    """How one message fares."""

    conversation_id: UUID
    position: int
    channel: str
    state: str
    """queued, sending, sent, delivered, read, unconfirmed or refused."""
    reason: str | None
    """Why it was refused, or nobody knows whether it arrived; while it is queued, why it has to wait."""
    may_retry: bool
    retries: int
    """How often people had it tried again."""
    queued_at: Moment
    due_at: Moment | None
    """When it is tried next, while it waits."""
    ended_at: Moment | None


class MessageDeliveries(msgspec.Struct, kw_only=True):
    """How a conversation's messages fare, oldest first."""

    deliveries: Sequence[MessageDelivery]


class RetryDelivery(msgspec.Struct, kw_only=True):
    """Has a message that was refused or never confirmed tried again, once."""

    position: Version
    retries: Annotated[int, msgspec.Meta(ge=0, le=32_767)]
    """How often it had been tried again when the caller looked: so one click is one try."""


async def deliveries(call: Call, conversation_id: UUID) -> MessageDeliveries:
    """Give how messages fare."""
    store = call.services.store
    await store.conversations.get(conversation_id)
    found = await store.deliveries.after(conversation_id, _after(call))
    return MessageDeliveries(deliveries=[_line(state) for state in found])


async def retry_delivery(call: Call, body: RetryDelivery, conversation_id: UUID) -> MessageDelivery:
    """Queue a message again."""
    return _line(
        await retrying_of(call.services, call.agent).retry(conversation_id, body.position, body.retries, call.agent)
    )


def _line(state: object) -> MessageDelivery:
    return msgspec.convert(state, MessageDelivery, from_attributes=True)


def _after(call: Call) -> int:
    given = call.request.args.get("after", "0")
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise Unreadable("“after” must be the position of an entry, a whole number.", code="bad_cursor")
    return int(given)


_ONE = "/conversations/{conversation_id}/deliveries"
_AFTER = Query(
    name="after", about="Position of the last message that is known.", schema={"type": "integer", "default": 0}
)
OPERATIONS = (
    reading(_ONE, "deliveries", "How messages fare after a position.", deliveries, MessageDeliveries, query=(_AFTER,)),
    changing(
        f"{_ONE}/retry",
        "retry_delivery",
        "Have a message tried again.",
        retry_delivery,
        RetryDelivery,
        MessageDelivery,
    ),
)
