"""What is told about a flight and what it owes, as the conversation's language writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actions.conversation import Talk
from actions.flights import Facts
from actions.wording import Wording
from relevo.contracts.records import Flight
from relevo.domain.rights import Answer, Care, Entitlement

_EVIDENCE = (
    "flight",
    "ticket",
    "flown_on",
    "origin",
    "destination",
    "event",
    "distance_km",
    "arrival_delay_minutes",
    "cause",
    "notice_days",
    "denied_boarding",
    "rerouting",
)


def told(talk: Talk, flight: Facts, owed: Entitlement) -> dict[str, str]:
    """Give the values that sentences about a flight are filled with."""
    write = talk.wording
    return {
        "flight": told_flight(talk, flight),
        "date": write.date(flight["flown_on"]),
        "late": write.duration(owed.minutes if owed.minutes is not None else flight["arrival_delay_minutes"]),
        "limit": write.duration(owed.limit_minutes or 0),
        "notice": _notice(write, owed.days),
        "days": str(owed.limit_days or ""),
        "cause": write.cause(flight["cause"]),
        "amount": write.money(owed.amount, owed.currency),
        "law": owed.law,
        "articles": write.join(owed.articles or ("",)),
        "ruling": (owed.rulings or ("",))[0],
        "more": "".join(f"\n• {line}" for line in _lines(write, flight, owed)),
    }


def told_flight(talk: Talk, flight: Facts) -> str:
    """Write a flight with its places and date, such as "AU2210 (Barcelona → Paris, 5 Oct 2025)"."""
    return talk.wording.phrase(
        "flight",
        flight=flight["flight"],
        origin=talk.wording.place(flight["origin"]),
        destination=talk.wording.place(flight["destination"]),
        date=talk.wording.date(flight["flown_on"]),
    )


def told_paid(talk: Talk, flight: Flight) -> dict[str, str]:
    """Give what was paid for it already, under names of its own."""
    paid, write = flight.compensated, talk.wording
    if paid is None:
        return {}
    return {
        "paid": write.money(paid.amount, paid.currency),
        "paid_on": write.date(paid.paid_at.date()),
        "reference": paid.reference,
    }


def evidence(flight: Facts, owed: Entitlement) -> dict[str, Any]:
    """Give what a person decides by: how the flight went, and what it owes by which law."""
    law = {"law": owed.law, "articles": list(owed.articles), "rulings": list(owed.rulings)}
    return {name: flight[name] for name in _EVIDENCE} | law | {"amount": owed.amount, "unit": owed.currency}


def _lines(write: Wording, flight: Facts, owed: Entitlement) -> Iterator[str]:
    """Give what explains the sum, and what is owed besides it."""
    if owed.is_halved:
        yield write.phrase(
            "flight_halved", full=write.money(owed.full_amount, owed.currency), article=owed.articles[-1]
        )
    if owed.answer is Answer.OWED and not owed.is_cause_known:
        yield write.phrase("flight_unclear_cause")
    elif len(owed.rulings) > (flight["event"] == "delayed") and owed.answer is Answer.OWED:
        yield write.phrase("flight_ordinary_cause", cause=write.cause(flight["cause"]), ruling=owed.rulings[-1])
    if owed.care and owed.answer is not Answer.TOLD_IN_TIME:
        yield write.phrase("flight_hotel" if Care.HOTEL in owed.care else "flight_care")
    if owed.may_be_refunded:
        yield write.phrase("flight_choice" if owed.may_be_rerouted else "flight_fare")


def _notice(write: Wording, days: int | None) -> str:
    if days is None:
        return write.phrase("notice_unknown")
    return write.phrase({1: "notice_one", 0: "notice_none"}.get(max(0, days), "notice_days"), days=days)
