"""Bags and the flights that they were on: which one is meant, how it stands, what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from actions.conversation import Talk
from actions.handoff import LEAVING, answered_offer_of_person
from actions.identity import is_identified, is_somebody_else
from actions.trips import Named, meant
from relevo.contracts.records import DELIVERED, Bag, Trip

CASE_TYPE = "lost_baggage"
RECENT_DAYS = 30
"""How long ago a flight may be for a bag on it to be meant without a word of which."""

_IDENTIFYING = frozenset({"booking_code", "ticket"})

Facts = dict[str, Any]


async def goes_on(talk: Talk, case_type: str) -> bool:
    """Tell whether a request goes on: it was not left, no person was taken instead, and it is known who writes."""
    if talk.heard.intent == "change_mind":
        talk.stop()
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, case_type):
        talk.end()
    else:
        return await is_identified(talk, case_type, "utter_ask_identity_baggage")
    return False


async def known_bags(talk: Talk, *, none: str | None = None) -> Sequence[Bag] | None:
    """Give the contact's own bags; None, with a person offered, where a report is named that is not among them.

    Whether it exists is nobody else's to know. Where there are none, a reply for that ends the request.
    """
    mine = await talk.turn.own(Bag)
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_baggage")
    if not {bag.report for bag in mine}.issuperset(talk.heard.entities.get("baggage_report", ())):
        offer_person(talk, "utter_baggage_report_not_found")
        return None
    if none and not mine:
        talk.end()
        talk.say(none)
    return mine


def offer_person(talk: Talk, response: str) -> None:
    """Say why it does not go on here, and offer a person."""
    talk.memory["stage"] = "person"
    talk.say(response)
    talk.say("utter_offer_person")


def with_report(talk: Talk, draft: Facts) -> Facts:
    """Give the draft with the report that a message names, for when it is known who writes."""
    named = talk.heard.entities.get("baggage_report", ())
    return {**draft, "report": named[-1]} if named else {"report": None} | draft


def bags_meant(talk: Talk, mine: Sequence[Bag]) -> list[Bag]:
    """Give the bags that a message names by report, tag, flight or place, or named before; else the missing, or all."""
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
    before = [bag for bag in mine if bag.report == (talk.memory["draft"] or {}).get("report")]
    missing = [bag for bag in mine if bag.status != DELIVERED]
    return named or chosen or before or missing or list(mine)


def with_flight(talk: Talk, draft: Facts) -> Facts:
    """Give the draft with what a message tells of the flight, until one is settled on: then a place is an address."""
    named = Named.of(talk.heard.entities).values
    if draft.get("ticket") or not named.keys() - _IDENTIFYING:
        return draft
    return {**draft, "named": {kind: list(values) for kind, values in named.items()}}


async def flights_meant(talk: Talk, draft: Facts) -> list[Trip]:
    """Give the flights that are meant, newest first: chosen from a list, named, settled on before, or recent.

    A booking may have been named only to identify: it tells a flight where that is recent, or nothing else is. A ticket
    of somebody else's means none.
    """
    today, entities, ticket = talk.turn.today, talk.heard.entities, draft.get("ticket")
    mine = await talk.turn.own(Trip)
    if not {trip.ticket for trip in mine}.issuperset(entities.get("ticket", ())):
        return []
    past = [trip for trip in mine if trip.flown_on <= today]
    past = [trip for trip in past if trip.was_flown] or past
    if chosen := [trip for trip in past if trip.ticket in _chosen(talk, talk.memory["shown"] or ())]:
        return chosen
    again = {kind: entities[kind] for kind in ("flight", "ticket") if kind in entities}
    if (settled := [trip for trip in past if trip.ticket == ticket]) and not again:
        return settled
    named = Named.of((ticket and again) or draft.get("named") or {kind: talk.memory[kind] for kind in _IDENTIFYING})
    found = list(reversed(meant(past, named, today).trips)) if named else []
    if named.values.keys() - _IDENTIFYING:
        return found
    recent = [trip for trip in past if (today - trip.flown_on).days <= RECENT_DAYS]
    return [trip for trip in found if trip in recent] or recent or found or past[:1]


def ask_which_flight(talk: Talk, flights: Sequence[Trip]) -> None:
    """Ask which of several flights the bag was on."""
    lines = "\n".join(flight_line(talk, trip) for trip in flights)
    _ask_which(talk, [trip.ticket for trip in flights], "utter_baggage_which_flight", flights=lines)


def ask_which_report(talk: Talk, bags: Sequence[Bag]) -> None:
    """Ask which of several reports it is about."""
    lines = "\n".join(f"• {bag.report}, {bag.flight}" for bag in bags)
    _ask_which(talk, [bag.report for bag in bags], "utter_baggage_which_report", reports=lines)


def _ask_which(talk: Talk, numbers: list[str], response: str, **lines: str) -> None:
    """Remember the order of a list that is shown; whoever was shown it and names nothing of it may leave."""
    if talk.memory["stage"] == "choose" and talk.heard.intent in LEAVING:
        talk.end()
        talk.say(LEAVING[talk.heard.intent])
        return
    talk.memory["stage"], talk.memory["shown"] = "choose", numbers
    talk.say(response, **lines)


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
