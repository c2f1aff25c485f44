"""How the demo company's flights went, as rows of its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

DayOf = Callable[[Mapping[str, int]], date]


def demo_flights(data: Mapping[str, Any], day_of: DayOf) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each table ``aurora_…`` about flights, of the demo's file and a way to tell its days."""
    return {
        "flights": [_flight(flight, data, day_of) for flight in data["flights"]],
        "disruptions": _disruptions(data["tickets"]),
    }


def _flight(flight: Mapping[str, Any], data: Mapping[str, Any], day_of: DayOf) -> dict[str, Any]:
    countries, late = data["airports"], flight["delay_minutes"]
    return {
        **{name: flight[name] for name in ("number", "origin", "destination", "distance_km", "status")},
        **{name: flight.get(name) for name in ("cause", "cancelled_by", "notice_days")},
        "flown_on": day_of(flight["date"]),
        "origin_country": countries[flight["origin"]],
        "destination_country": countries[flight["destination"]],
        "carrier_country": flight.get("carrier_country", data["company"]["licensed_in"]),
        "departure_delay_minutes": flight.get("departure_delay_minutes", late),
        "arrival_delay_minutes": late,
        "was_unavoidable": flight.get("unavoidable", False),
    }


def _disruptions(tickets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "ticket": ticket["number"],
            "denied_boarding": ticket.get("denied_boarding"),
            "rerouting": ticket.get("rerouting"),
            "earlier_minutes": ticket.get("earlier_minutes", 0),
            "later_minutes": ticket.get("later_minutes", 0),
            "is_overnight": ticket.get("overnight", False),
        }
        for ticket in tickets
        if ticket.keys() & {"denied_boarding", "rerouting"}
    ]
