"""What the rules are asked about one ticket's flight, rebuilt from the business's records each time."""

from __future__ import annotations

from typing import Any

from relevo.contracts.records import Flight
from relevo.domain.rights import Event

Facts = dict[str, Any]
"""Plain data: what the policy is asked, and the arguments of the effect."""

_TOLD_OTHERWISE = frozenset({"status", "compensated"})


def facts(flight: Flight) -> Facts:
    """Give everything about a flight that decides what it owes, and what was paid for it already."""
    paid = flight.compensated
    return {
        **{each: getattr(flight, each) for each in flight.__struct_fields__ if each not in _TOLD_OTHERWISE},
        "flown_on": flight.flown_on.isoformat(),
        "event": event(flight).value,
        "compensated_on": paid.paid_at.date().isoformat() if paid else None,
        "compensation_reference": paid.reference if paid else None,
    }


def event(flight: Flight) -> Event:
    """Give what happened: being left behind comes before what became of the flight."""
    if flight.denied_boarding is not None:
        return Event.DENIED
    by_status = {"cancelled": Event.CANCELLED, "flown": Event.DELAYED}
    return by_status.get(flight.status, Event.TO_COME)


def happened(flight: Flight, what: Event | None) -> bool:
    """Tell whether that happened to it; a delay of a minute is one. Without a what: whether anything did."""
    was = event(flight)
    is_so = was is not Event.DELAYED or flight.arrival_delay_minutes > 0
    return is_so and was is not Event.TO_COME and what in (None, was)
