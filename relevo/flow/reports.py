"""Who may ask for which numbers, and for which days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.domain.reports import MAX_DAYS, Asked, Period
from relevo.domain.roles import READONLY
from relevo.domain.routing import LEADING_ROLES
from relevo.errors import AccessDenied, Unreadable

USUAL_DAYS = 28
"""What is shown where nobody says which days: four weeks, so that each weekday counts as often."""
_FIRST_YEAR, _LAST_YEAR = 2000, 9000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for, as they wrote it."""

    first: str | None = None
    last: str | None = None
    channel: str | None = None
    language: str | None = None
    agent_id: int | None = None
    queue: str | None = None


def asked_by(agent: AgentAccount, wish: Wish, zone: str, now: datetime) -> Asked:
    """Give which episodes somebody may hear about; an agent hears of their own alone.

    Raises Unreadable for days that are none, or too many, and AccessDenied for a colleague's numbers.
    """
    asked = Asked(
        period=_period(wish, zone, now),
        channel=wish.channel,
        language=wish.language,
        agent_id=wish.agent_id,
        queue=wish.queue,
    )
    if sees_everybody(agent):
        return asked
    if asked.agent_id not in (None, agent.id):
        raise AccessDenied("You may see your own numbers; a supervisor may see everybody's.", code="others_numbers")
    return replace(asked, agent_id=agent.id)


def sees_everybody(agent: AgentAccount) -> bool:
    """Tell whether somebody may see everybody's numbers: who leads, and who may look at everything."""
    return leads(agent) or agent.role == READONLY


def leads(agent: AgentAccount) -> bool:
    """Tell whether somebody may decide what the bot learns."""
    return agent.role in LEADING_ROLES


def _period(wish: Wish, zone: str, now: datetime) -> Period:
    today = now.astimezone(ZoneInfo(zone)).date()
    last = _day(wish.last, "to") if wish.last else today
    first = _day(wish.first, "from") if wish.first else last - timedelta(days=USUAL_DAYS - 1)
    period = Period(first=first, last=last, zone=zone)
    if period.days < 1:
        raise Unreadable("“from” must not be after “to”.", code="bad_period")
    if period.days > MAX_DAYS:
        raise Unreadable(f"Ask for at most {MAX_DAYS} days at once.", code="period_too_long")
    return period


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _no_day(name) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise _no_day(name)
    return day


def _no_day(name: str) -> Unreadable:
    return Unreadable(f"“{name}” must be a day, written like 2026-05-04.", code="bad_period")
