"""Channels by the API: how each does, and the log of what it exchanged, in which nobody is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from relevo.contracts.admin import ChannelHealth
from relevo.contracts.handoff import Moment
from relevo.contracts.mail import EMAIL
from relevo.domain.covering import masked_text
from relevo.domain.roles import ADMINS
from relevo.errors import NotFound, Unreadable
from relevo.web.desk_admin import CURSOR, cursor_of
from relevo.web.desk_doors import Call
from relevo.web.openapi import Operation, Query, reading
from relevo.web.services import WebServices

_PAGE = 50
_STUCK = timedelta(minutes=10)
_RECENT = timedelta(hours=1)


class ChannelReading(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel does, judged."""

    health: ChannelHealth
    condition: str
    """``fine``; ``failing``: what was sent last did not get through; ``stuck``: something waits for ten minutes and
    more; ``delayed``: what waits is sent when its platform takes it again; ``off``: it is not configured any more."""


class ChannelLine(msgspec.Struct, kw_only=True):
    """How one channel does."""

    channel: str
    condition: str
    """``fine``, ``failing``, ``stuck``, ``delayed`` or ``off``."""
    is_configured: bool
    received_in_hour: int
    sent_in_hour: int
    failed_in_hour: int
    """Refused or unconfirmed."""
    turned_away_in_hour: int
    """What its door refused."""
    queued: int
    oldest_queued_at: Moment | None
    last_in_at: Moment | None
    last_out_at: Moment | None
    last_problem: str | None
    """Without what may identify anybody."""
    last_problem_at: Moment | None
    delayed_until: Moment | None
    """When its platform takes again what waits for that."""
    delayed_why: str | None


class ChannelList(msgspec.Struct, kw_only=True):
    """How the channels do."""

    channels: Sequence[ChannelLine]


class ExchangeLine(msgspec.Struct, kw_only=True):
    """One exchange, or the like of it within a minute: no words, no secrets, the address covered."""

    id: int
    at: Moment
    direction: str
    kind: str
    result: str
    times: int
    duration_ms: int | None
    external_id: str | None
    address: str | None


class ExchangeList(msgspec.Struct, kw_only=True):
    """What a channel exchanged, newest first."""

    exchanges: Sequence[ExchangeLine]
    next_cursor: str | None
    """Where the next page begins; null at the end."""


async def channels(call: Call) -> ChannelList:
    """Tell how the channels do."""
    return ChannelList(channels=[_line(one) for one in await read_channels(call.services)])


async def channel_log(call: Call, channel_name: str) -> ExchangeList:
    """Give what a channel exchanged."""
    await demand_channel(call.services, channel_name)
    show = call.request.args.get("show", "all")
    if show not in ("all", "problems"):
        raise Unreadable("“show” must be all or problems.", code="bad_filter")
    exchanges = call.services.store.exchanges
    found = await exchanges.read(channel_name, cursor_of(call), _PAGE, only_problems=show == "problems")
    lines = [msgspec.convert(each, ExchangeLine, from_attributes=True) for each in found]
    return ExchangeList(exchanges=lines, next_cursor=str(lines[-1].id) if len(lines) == _PAGE else None)


async def read_channels(services: WebServices) -> list[ChannelReading]:
    """Read how the configured channels do, and those that something came or went on before."""
    configured = [*services.reaches, *([EMAIL] if services.mail_company else [])]
    found = await services.store.admin.channels(configured)
    return [ChannelReading(health=one, condition=_condition(services, one, services.clock())) for one in found]


async def demand_channel(services: WebServices, name: str) -> ChannelReading:
    """Give one channel; raises NotFound."""
    found = next((one for one in await read_channels(services) if one.health.channel == name), None)
    if found is None:
        raise NotFound("There is no such channel.")
    return found


def _condition(services: WebServices, one: ChannelHealth, now: datetime) -> str:
    if not one.is_configured:
        return "off"
    if one.delayed_until is not None:
        return "delayed"
    reach = services.reaches.get(one.channel)
    pushes = reach is None or not (reach.is_asked or reach.has_session)  # elsewhere words wait until somebody comes
    if pushes and one.oldest_queued_at and now - one.oldest_queued_at > _STUCK:
        return "stuck"
    failed_at, out_at = one.last_problem_at, one.last_out_at
    is_failing = failed_at and now - failed_at < _RECENT and (out_at is None or out_at < failed_at)
    return "failing" if is_failing else "fine"


def _line(one: ChannelReading) -> ChannelLine:
    told = {name: getattr(one.health, name) for name in ChannelHealth.__struct_fields__}
    told["last_problem"] = shown_problem(one.health)
    return ChannelLine(**told, condition=one.condition)


def shown_problem(one: ChannelHealth) -> str | None:
    """Give the last problem without what may identify anybody."""
    return masked_text(one.last_problem)[:200] if one.last_problem else None


_SHOW = Query(name="show", about="all, or only problems.", schema={"type": "string", "enum": ["all", "problems"]})
OPERATIONS: tuple[Operation, ...] = (
    reading("/admin/channels", "admin_channels", "How the channels do.", channels, ChannelList, who=ADMINS),
    reading(
        "/admin/channels/{channel_name}/log",
        "admin_channel_log",
        "What a channel exchanged.",
        channel_log,
        ExchangeList,
        query=(CURSOR, _SHOW),
        who=ADMINS,
    ),
)
