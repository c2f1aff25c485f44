"""What a person has at the business, read when somebody looks, within a time, and kept nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from relevo.contracts.business import Business, Person
from relevo.contracts.records import Bag, Fare, Membership, Order, Subscription, Trip, Voucher
from relevo.errors import BusinessUnavailable, NotFound

SECONDS = 4.0
"""How long the business has to answer; an agent reads on meanwhile."""
READ, UNKNOWN, UNREACHABLE, GONE = "read", "unknown", "unreachable", "gone"
_log = structlog.get_logger()


class Belongings(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has, or why it is not shown."""

    state: str
    """``read``; ``unknown``: nobody knows who they are; ``gone``: not on file any more; ``unreachable``."""
    read_at: datetime
    person: Person | None = None
    memberships: Sequence[Membership] = ()
    trips: Sequence[Trip] = ()
    fares: Sequence[Fare] = ()
    orders: Sequence[Order] = ()
    bags: Sequence[Bag] = ()
    subscriptions: Sequence[Subscription] = ()
    vouchers: Sequence[Voucher] = ()


async def read_belongings(
    business: Business | None, ref: str | None, now: datetime, seconds: float = SECONDS
) -> Belongings:
    """Ask the business what a person has."""
    if ref is None:
        return Belongings(state=UNKNOWN, read_at=now)
    if business is None:
        return Belongings(state=UNREACHABLE, read_at=now)
    try:
        return await asyncio.wait_for(_read(business, ref, now), seconds)
    except NotFound:
        return Belongings(state=GONE, read_at=now)
    except (BusinessUnavailable, asyncio.TimeoutError) as error:
        _log.warning("belongings.unreachable", error=type(error).__name__)
        return Belongings(state=UNREACHABLE, read_at=now)


def masked_mail(address: str) -> str:
    """Give a mail address so that its owner knows it again and nobody else learns it."""
    name, at, place = address.partition("@")
    return f"{name[:1]}…{at}{place}" if at else "…"


async def _read(business: Business, ref: str, now: datetime) -> Belongings:
    return Belongings(
        state=READ,
        read_at=now,
        person=await business.person(ref),
        memberships=await business.records(Membership, ref),
        trips=await business.records(Trip, ref),
        fares=await business.records(Fare, ref),
        orders=await business.records(Order, ref),
        bags=await business.records(Bag, ref),
        subscriptions=await business.records(Subscription, ref),
        vouchers=await business.records(Voucher, ref),
    )
