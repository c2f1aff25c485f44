"""The demo company's missing bags, with what became of them until the demo was loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Rows = dict[str, list[dict[str, Any]]]
Day = Callable[[Mapping[str, int]], date]
"""Gives the day that "days_ago" or "in_days" mean."""


def demo_baggage(data: Mapping[str, Any], day: Day) -> Rows:
    """Give the rows of the tables, in an order in which they can be written."""
    return {
        "bags": [_bag(bag, day) for bag in data["baggage"]],
        "bag_events": [
            _event(bag["report"], position, event, day)
            for bag in data["baggage"]
            for position, event in enumerate(bag["history"], 1)
        ],
    }


def _bag(bag: Mapping[str, Any], day: Day) -> dict[str, Any]:
    delivered = [day(event) for event in bag["history"] if event["event"] == "delivered"]
    return {
        "report": bag["report"],
        "person_ref": bag["contact"],
        "ticket": bag["ticket"],
        "tag": bag["tag"].replace(" ", ""),
        "description": bag["description"],
        "reported_on": day(bag["reported"]),
        "status": bag["status"],
        "delivered_on": delivered[-1] if delivered else None,
        "delivery_address": bag["delivery_address"],
    }


def _event(report: str, position: int, event: Mapping[str, Any], day: Day) -> dict[str, Any]:
    return {
        "report": report,
        "position": position,
        "happened_on": day(event),
        "event": event["event"],
        "place": event.get("at"),
    }
