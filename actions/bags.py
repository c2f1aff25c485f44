"""Bags and the flights that they were on: which one is meant, how it stands, what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from actions.conversation import Talk
from actions.trips import Named, meant
from relevo.contracts.records import DELIVERED, Bag, Trip

CASE_TYPE = "lost_baggage"
RECENT_DAYS = 30
"""How long ago a flight may be for a bag on it to be meant without a word of which."""

_IDENTIFYING = frozenset({"booking_code", "ticket"})

Facts = dict[str, Any]


def is_elsewhere(talk: Talk, mine: Sequence[Bag]) -> bool:
    """Tell whether a report is named that is not among these; whether it exists is nobody else's to know."""
    return not {bag.report for bag in mine}.issuperset(talk.heard.entities.get("baggage_report", ()))


def bags_meant(talk: Talk, mine: Sequence[Bag]) -> list[Bag]:
    """Give the bags that a message names by report, tag, flight or place; else those still missing, else all."""
    entities = talk.heard.entities
    named = [
        bag
        for bag in mine
        if bag.report in entities.get("baggage_report", ())
        or bag.tag in entities.get("baggage_tag", ())
        or bag.flight in entities.get("flight", ())
    ]
    shown: Sequence[str] = talk.memory["shown"] or ()
    chosen = [bag for bag in mine if bag.report in _chosen(talk, shown)]
    missing = [bag for bag in mine if bag.status != DELIVERED]
    return named or chosen or missing or list(mine)


def with_flight(talk: Talk, draft: Facts) -> Facts:
    """Give the draft with what a message tells of the flight, until one is settled on: then a place is an address."""
    named = Named.of(talk.heard.entities).values
    if draft.get("ticket") or not named.keys() - _IDENTIFYING:
        return draft
    return {**draft, "named": {kind: list(values) for kind, values in named.items()}}


async def flights_meant(talk: Talk, draft: Facts) -> list[Trip]:
    """Give the flights that are meant, newest first: chosen from a list, named, settled on before, or recent.

    A booking may have been named only to identify: it tells a flight where that is recent, or nothing else is.
    """
    today, entities, ticket = talk.turn.today, talk.heard.entities, draft.get("ticket")
    past = [trip for trip in await talk.turn.own(Trip) if trip.flown_on <= today]
    past = [trip for trip in past if trip.was_flown] or past
    if chosen := [trip for trip in past if trip.ticket in _chosen(talk, talk.memory["shown"] or ())]:
        return chosen
    if (settled := [trip for trip in past if trip.ticket == ticket]) and "flight" not in entities:
        return settled
    flight = {"flight": entities["flight"]} if ticket and "flight" in entities else draft.get("named")
    named = Named.of(flight or {kind: talk.memory[kind] for kind in _IDENTIFYING})
    found = list(reversed(meant(past, named, today).trips)) if named else []
    if named.values.keys() - _IDENTIFYING:
        return found
    recent = [trip for trip in past if (today - trip.flown_on).days <= RECENT_DAYS]
    return [trip for trip in found if trip in recent] or recent or found or past[:1]


def ask_which_flight(talk: Talk, flights: Sequence[Trip]) -> None:
    """Ask which of several flights the bag was on, and remember their order."""
    talk.memory["stage"], talk.memory["shown"] = "choose", [trip.ticket for trip in flights]
    talk.say("utter_baggage_which_flight", flights="\n".join(flight_line(talk, trip) for trip in flights))


def flight_line(talk: Talk, trip: Trip) -> str:
    """Write one line about a flight, to choose among several."""
    return "• " + flight_words(talk, trip)


def flight_words(talk: Talk, trip: Trip) -> str:
    """Write a flight with its places and date."""
    write = talk.wording
    return write.phrase(
        "flight",
        flight=trip.flight,
        origin=write.place(trip.origin),
        destination=write.place(trip.destination),
        date=write.date(trip.flown_on),
    )


def history(talk: Talk, bag: Bag) -> str:
    """Write what became of a bag, a line for each thing that happened."""
    write = talk.wording
    lines = []
    for event in bag.events:
        known = f"bag_{event.event}" + ("_at" if event.place else "")
        place = f"{write.place(event.place)} ({event.place})" if event.place else ""
        lines.append(f"• {write.date(event.happened_on)}: {write.phrase(known, place=place)}")
    return "\n".join(lines)


def days_missing(bag: Bag, today: date) -> int:
    """Count the days on which a bag was missing, the first and the last included."""
    until = bag.delivered_on if bag.delivered_on is not None and bag.delivered_on < today else today
    return max(1, (until - bag.flown_on).days + 1)


def address_in(talk: Talk) -> str | None:
    """Give the address in a message, where there is one."""
    return talk.wording.address(talk.heard.story)


def _chosen(talk: Talk, shown: Sequence[str]) -> list[str]:
    """Give what is chosen by its place in a list that was shown."""
    choices = talk.heard.entities.get("choice", ()) if talk.memory["stage"] == "choose" else ()
    places = {len(shown) if choice == "last" else int(choice) for choice in choices if choice != "all"}
    return [one for place, one in enumerate(shown, 1) if place in places]
