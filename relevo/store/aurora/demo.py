"""The demo company's data, which comes with the package, with its dates counted from a given moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from relevo.configuration.documents import plain_yaml
from relevo.store.aurora.demo_baggage import demo_baggage
from relevo.store.aurora.demo_flights import demo_flights
from relevo.store.rows import json_text

ZONE = ZoneInfo("Europe/Madrid")


class DemoAgent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works at the desk; ``limits`` by what is approved, money in cents."""

    email: str
    name: str
    role: str
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    limits: Mapping[str, int] = msgspec.field(default_factory=dict)


class DemoCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was open before the bot came."""

    id: str
    type: str
    status: str
    reference: str
    business_ref: str
    contact_name: str
    opened_at: datetime
    promised_at: datetime | None


class DemoEncounter(msgspec.Struct, frozen=True, kw_only=True):
    """A call or a mail from before the bot came."""

    external_id: str
    business_ref: str
    kind: str
    summary: str
    is_answered: bool
    at: datetime


@lru_cache(maxsize=1)
def demo_data() -> Mapping[str, Any]:
    """Give the file as it is written, dates still relative."""
    text = resources.files("relevo.store.aurora").joinpath("data/aurora.yml").read_text(encoding="utf-8")
    data: Mapping[str, Any] = plain_yaml(text)
    return data


def demo_agents() -> list[DemoAgent]:
    """Give the demo's agents."""
    return [
        DemoAgent(
            email=agent["email"],
            name=agent["name"],
            role=agent["role"],
            languages=tuple(agent["languages"]),
            skills=tuple(agent["skills"]),
            limits=agent.get("approval", {}),
        )
        for agent in demo_data()["agents"]
    ]


def demo_replies() -> list[dict[str, str]]:
    """Give the ready replies of the demo's desk."""
    return [dict(reply) for reply in _ready_words()["replies"]]


def demo_macros() -> list[dict[str, str]]:
    """Give the macros of the demo's desk, their steps as JSON."""
    return [{"name": macro["name"], "steps": json_text(macro["steps"])} for macro in _ready_words()["macros"]]


def _ready_words() -> Mapping[str, Any]:
    text = resources.files("relevo.store.aurora").joinpath("data/replies.yml").read_text(encoding="utf-8")
    data: Mapping[str, Any] = plain_yaml(text)
    return data


def demo_cases(anchor: datetime) -> list[DemoCase]:
    """Give the cases that were open, as of a moment."""
    names = {person["id"]: f"{person['given_names']} {person['surnames']}" for person in demo_data()["contacts"]}
    return [
        DemoCase(
            id=case["id"],
            type=case["type"],
            status=case["status"],
            reference=case["reference"],
            business_ref=case["contact"],
            contact_name=names[case["contact"]],
            opened_at=moment_of(case["opened"], anchor),
            promised_at=moment_of(case["promised"], anchor) if case["promised"] else None,
        )
        for case in demo_data()["cases"]
    ]


def demo_encounters(anchor: datetime) -> list[DemoEncounter]:
    """Give the calls and mails that were, as of a moment."""
    kinds = {"phone": "call", "email": "email"}
    return [
        DemoEncounter(
            external_id=str(number),
            business_ref=past["contact"],
            kind=kinds[past["channel"]],
            summary=past["summary"],
            is_answered=past.get("answered", False),
            at=moment_of(past["at"], anchor),
        )
        for number, past in enumerate(demo_data()["past_contacts"], 1)
    ]


def demo_tables(anchor: datetime) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each table ``aurora_…``, in an order in which they can be written."""
    return {
        "people": _people(),
        "tickets": _flown(anchor),
        "orders": _orders(anchor),
        "items": _items(),
        "payments": _of_orders("payments"),
        "subscriptions": _subscriptions(anchor),
        **demo_flights(demo_data(), lambda written: day_of(written, anchor)),
        **demo_baggage(demo_data(), lambda written: day_of(written, anchor)),
    }


def _people() -> list[dict[str, Any]]:
    return [
        {
            "ref": person["id"],
            **{name: person[name] for name in ("given_names", "surnames", "email", "phone", "language")},
            "loyalty_number": (person["loyalty"] or {}).get("number"),
            "points": (person["loyalty"] or {}).get("points"),
        }
        for person in demo_data()["contacts"]
    ]


def _flown(anchor: datetime) -> list[dict[str, Any]]:
    flights: Sequence[Mapping[str, Any]] = demo_data()["flights"]
    routes = {(flight["number"], str(flight["date"])): flight for flight in flights}
    return [_ticket(ticket, routes[ticket["flight"], str(ticket["flight_date"])], anchor) for ticket in _tickets()]


def _orders(anchor: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": order["id"],
            "person_ref": order["contact"],
            "placed_on": day_of(order["placed"], anchor),
            "promised_on": day_of(order["placed"], anchor) + timedelta(days=order["promised_days"]),
            "delivered_on": day_of(order["delivered"], anchor) if order["delivered"] else None,
            "seller": order["seller"]["name"],
            "is_third_party": order["seller"]["third_party"],
            "delivery": order["shipping_charge"],
            "currency": order["currency"],
            "status": order["status"],
        }
        for order in demo_data()["orders"]
    ]


def _subscriptions(anchor: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": subscription["id"],
            "person_ref": subscription["contact"],
            **{name: subscription[name] for name in ("plan", "price", "currency", "period")},
            "paid_until": day_of(subscription.get("renews") or subscription["ends"], anchor),
            "is_active": subscription["status"] == "active",
        }
        for subscription in demo_data()["subscriptions"]
    ]


def moment_of(written: Mapping[str, int], anchor: datetime) -> datetime:
    """Give the moment that "days_ago", "hours_ago" or "in_days" mean."""
    return anchor + timedelta(
        days=written.get("in_days", 0) - written.get("days_ago", 0), hours=-written.get("hours_ago", 0)
    )


def day_of(written: Mapping[str, int], anchor: datetime) -> date:
    """Give the day that "days_ago" or "in_days" mean where the company is."""
    return anchor.astimezone(ZONE).date() + timedelta(days=written.get("in_days", 0) - written.get("days_ago", 0))


def _of_orders(part: str) -> list[dict[str, Any]]:
    return [
        {"order_id": order["id"], "position": position, **row}
        for order in demo_data()["orders"]
        for position, row in enumerate(order[part], 1)
    ]


def _items() -> list[dict[str, Any]]:
    return [row | {"names": json_text(row["names"])} for row in _of_orders("items")]


def _tickets() -> Sequence[Mapping[str, Any]]:
    tickets: Sequence[Mapping[str, Any]] = demo_data()["tickets"]
    return tickets


def _ticket(ticket: Mapping[str, Any], flight: Mapping[str, Any], anchor: datetime) -> dict[str, Any]:
    return {
        "number": ticket["number"],
        "booking_code": ticket["pnr"],
        "person_ref": ticket["contact"],
        "name": ticket["name"],
        "flight": ticket["flight"],
        "flown_on": day_of(ticket["flight_date"], anchor),
        "origin": flight["origin"],
        "destination": flight["destination"],
        "was_flown": ticket["flown"],
        "points_due": ticket["points_due"],
        "credited_at": moment_of(ticket["credited"], anchor) if "credited" in ticket else None,
        "fare": ticket["fare"],
        "fare_currency": ticket["currency"],
        "paid_with": ticket["paid_with"],
        "is_refundable": ticket.get("refundable", False),
    }
