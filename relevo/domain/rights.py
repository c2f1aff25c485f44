"""What a passenger is owed when a flight is late, is cancelled or leaves without them.

    in scope? ─► what happened, and what lifts compensation ─► the band of its distance ─► half of it, or all
                                                     └─► care, and the fare back: whatever lifts compensation

Which countries, distances, amounts, minutes, days and causes count is data (domain/passenger_rules.py); here is what
Regulation (EC) No 261/2004 means by them, to the minute: its "no more than", "less than" and "does not exceed" differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any

import msgspec
from msgspec.structs import replace

from relevo.domain.passenger_rules import Band, Notice, Rights, Rules


class Event(str, Enum):
    """What happened to a passenger's flight."""

    DELAYED = "delayed"
    """Also by no minute at all."""
    CANCELLED = "cancelled"
    DENIED = "denied"
    TO_COME = "to_come"


class Answer(str, Enum):
    """Whether compensation is owed, and if not, why not."""

    OWED = "owed"
    NO_RULE = "no_rule"
    """Nobody has written down what was in force on the flight's day."""
    OUT_OF_SCOPE = "out_of_scope"
    NOT_YET = "not_yet"
    SHORT_DELAY = "short_delay"
    NOT_TAKEN = "not_taken"
    """It was late, and the passenger not on it."""
    OWN_CANCELLATION = "own_cancellation"
    TOLD_IN_TIME = "told_in_time"
    REROUTED_IN_TIME = "rerouted_in_time"
    AGREED = "agreed"
    """The seat was given up for what the passenger agreed to."""
    REASONABLE_GROUNDS = "reasonable_grounds"
    """Not let on board for health, safety, security or missing papers."""
    EXTRAORDINARY = "extraordinary"


class Care(str, Enum):
    """What is free of charge while waiting."""

    MEALS = "meals"
    CALLS = "calls"
    HOTEL = "hotel"
    """With the way there and back."""


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """One passenger's flight and how it went; minutes are against the timetable that was booked."""

    flown_on: date
    """By the timetable; it chooses the rules."""
    origin_country: str
    """ISO 3166 code, as are all."""
    destination_country: str
    """Of the final destination."""
    carrier_country: str
    """Which licensed the carrier that operates the flight."""
    distance_km: int
    """Great circle, to the final destination."""
    was_flown: bool
    departure_delay_minutes: int
    arrival_delay_minutes: int
    cause: str | None
    was_unavoidable: bool
    """Whether it is on file that all reasonable measures could not have helped."""
    cancelled_by: str | None
    """``carrier`` or ``passenger``."""
    notice_days: int | None
    """Whole days from being told to the departure; None: nobody can prove that they were told before it."""
    denied_boarding: str | None
    """``involuntary``, ``voluntary`` or ``reasonable_grounds``."""
    rerouting: str | None
    """Another flight to the destination: ``offered`` or ``taken``."""
    earlier_minutes: int
    """How long before the booked departure it leaves; 0 for a later one."""
    later_minutes: int
    """How long after the booked arrival it arrives; 0 for an earlier one."""
    is_overnight: bool
    """Whether the passenger leaves on another day than booked, or would have."""


class Disruption(Journey, frozen=True, kw_only=True):
    """A journey, and what happened to it."""

    event: Event

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Disruption:
        """Read it from plain facts, such as an effect's arguments; raises ValueError where one is missing or wrong."""
        missing = [name for name in cls.__struct_fields__ if name not in facts]
        if missing:
            raise ValueError(f"What a flight owes needs the facts {', '.join(missing)}, and they were not given.")
        values = {name: facts[name] for name in cls.__struct_fields__}
        day = facts["flown_on"] if isinstance(facts["flown_on"], date) else date.fromisoformat(facts["flown_on"])
        return cls(**values | {"flown_on": day, "event": Event(facts["event"])})


class Entitlement(msgspec.Struct, frozen=True, kw_only=True):
    """What one passenger is owed for one flight, with the numbers and places that explain it."""

    answer: Answer
    amount: int = 0
    """Compensation in minor units; 0 unless it is owed."""
    full_amount: int = 0
    """Before it was halved."""
    currency: str = ""
    law: str = ""
    articles: tuple[str, ...] = ()
    rulings: tuple[str, ...] = ()
    minutes: int | None = None
    """How late the passenger arrived, where that decides."""
    limit_minutes: int | None = None
    """What it was compared with."""
    days: int | None = None
    """The notice that was given, where that decides."""
    limit_days: int | None = None
    care: tuple[Care, ...] = ()
    may_be_refunded: bool = False
    """Whether the passenger may have the fare back instead of travelling."""
    may_be_rerouted: bool = False
    is_cause_known: bool = True
    """False where it is not on file, or not written down whether it counts: a person must look."""

    @property
    def is_halved(self) -> bool:
        """Whether half of the amount is owed."""
        return self.amount < self.full_amount


def entitlement(flight: Disruption, rights: Rights) -> Entitlement:
    """Give what a passenger is owed by the rules in force on the flight's day."""
    rules = rights.on(flight.flown_on)
    if rules is None:
        return Entitlement(answer=Answer.NO_RULE)
    found = _found(flight, rules) if _is_in_scope(flight, rules) else _no(Answer.OUT_OF_SCOPE, rules, "scope")
    return replace(found, law=rules.law.number, currency=rules.compensation.currency)


def _is_in_scope(flight: Disruption, rules: Rules) -> bool:
    """From the territory with anybody; to it only with one of its carriers."""
    is_to = {flight.destination_country, flight.carrier_country} <= rules.territory
    return flight.origin_country in rules.territory or is_to


def _found(flight: Disruption, rules: Rules) -> Entitlement:
    if flight.event not in _BY_EVENT:
        return Entitlement(answer=Answer.NOT_YET)
    is_inside = {flight.origin_country, flight.destination_country} <= rules.territory
    band = rules.compensation.band(flight.distance_km, is_inside=is_inside)
    return _BY_EVENT[flight.event](flight, rules, band)


def _delayed(flight: Disruption, rules: Rules, band: Band) -> Entitlement:
    late, limit = flight.arrival_delay_minutes, rules.delay.compensated_from_minutes
    found = Entitlement(
        answer=Answer.SHORT_DELAY,
        rulings=(rules.delay.ruling,),
        minutes=late,
        limit_minutes=limit,
        care=_care(flight) if flight.departure_delay_minutes >= band.care_from_minutes else (),
        may_be_refunded=_may_stay(flight) and flight.departure_delay_minutes >= rules.delay.refunded_from_minutes,
    )
    if not flight.was_flown:
        return replace(found, answer=Answer.NOT_TAKEN)
    if late < limit:
        return found
    is_halved = band.halved_below_minutes is not None and late < band.halved_below_minutes
    return _unless_extraordinary(flight, rules, _owed(found, band, is_halved=is_halved))


def _cancelled(flight: Disruption, rules: Rules, band: Band) -> Entitlement:
    if flight.cancelled_by == "passenger":
        return _no(Answer.OWN_CANCELLATION, rules, "cancelled")
    days = max(0, flight.notice_days or 0)
    notice = next(notice for notice in rules.notices if days >= notice.from_days)
    found = Entitlement(
        answer=Answer.TOLD_IN_TIME,
        articles=(notice.article,),
        days=flight.notice_days,
        limit_days=rules.notices[0].from_days,
        care=_care(flight),
        may_be_refunded=_may_stay(flight),
        may_be_rerouted=_may_stay(flight),
    )
    if notice.earlier_minutes is None:
        return found
    if _is_in_time(flight, notice):
        later, below = flight.later_minutes, notice.below_minutes
        return replace(found, answer=Answer.REROUTED_IN_TIME, minutes=later, limit_minutes=below)
    owed = replace(found, articles=(rules.law.articles["cancelled"],))
    return _unless_extraordinary(flight, rules, _owed(owed, band, is_halved=_is_soon(flight, rules, band)))


def _denied(flight: Disruption, rules: Rules, band: Band) -> Entitlement:
    """Give what is owed whatever the cause: no circumstance lifts it, only consent or reasonable grounds."""
    may = _may_stay(flight)
    if flight.denied_boarding == "voluntary":
        return replace(_no(Answer.AGREED, rules, "volunteers"), may_be_refunded=may, may_be_rerouted=may)
    if flight.denied_boarding != "involuntary":
        return _no(Answer.REASONABLE_GROUNDS, rules, "grounds")
    denied = _no(Answer.OWED, rules, "denied")
    found = replace(denied, care=_care(flight), may_be_refunded=may, may_be_rerouted=may)
    return _owed(found, band, is_halved=_is_soon(flight, rules, band))


_BY_EVENT = {Event.DELAYED: _delayed, Event.CANCELLED: _cancelled, Event.DENIED: _denied}


def _is_in_time(flight: Disruption, notice: Notice) -> bool:
    """Tell whether the other flight leaves and arrives so close to the booked one that nothing is owed."""
    if flight.rerouting is None or notice.earlier_minutes is None or notice.below_minutes is None:
        return False
    return flight.earlier_minutes <= notice.earlier_minutes and flight.later_minutes < notice.below_minutes


def _is_soon(flight: Disruption, rules: Rules, band: Band) -> bool:
    """Tell whether the other flight halves what is owed."""
    is_early = flight.earlier_minutes > rules.compensation.halved_earlier_minutes
    return flight.rerouting is not None and not is_early and flight.later_minutes <= band.halved_up_to_minutes


def _owed(found: Entitlement, band: Band, *, is_halved: bool) -> Entitlement:
    article = (band.halved_article,) if is_halved else ()
    return replace(
        found,
        answer=Answer.OWED,
        articles=(*found.articles, band.article, *article),
        full_amount=band.amount,
        amount=band.amount // 2 if is_halved else band.amount,
    )


def _unless_extraordinary(flight: Disruption, rules: Rules, owed: Entitlement) -> Entitlement:
    """Lift compensation, and only that, where the cause is extraordinary and proven to have been unavoidable."""
    ordinary = rules.causes.ordinary.get(flight.cause or "")
    if flight.cause in rules.causes.extraordinary and flight.was_unavoidable:
        article = (rules.law.articles["extraordinary"],)
        return replace(owed, answer=Answer.EXTRAORDINARY, articles=article, rulings=(), amount=0, full_amount=0)
    return replace(
        owed,
        is_cause_known=ordinary is not None,
        rulings=(*owed.rulings, *((ordinary,) if ordinary else ())),
    )


def _care(flight: Disruption) -> tuple[Care, ...]:
    return (Care.MEALS, Care.CALLS, Care.HOTEL) if flight.is_overnight else (Care.MEALS, Care.CALLS)


def _may_stay(flight: Disruption) -> bool:
    """Tell whether the journey has not been made, and may still be given up or made otherwise."""
    return not flight.was_flown and flight.rerouting != "taken"


def _no(answer: Answer, rules: Rules, article: str) -> Entitlement:
    return Entitlement(answer=answer, articles=(rules.law.articles[article],))
