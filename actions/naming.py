"""Which orders and tickets a contact means: by number, by what is in them, or by their place in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from actions.charges import Facts, fare, whole
from actions.conversation import Talk
from actions.flights import event
from actions.flights import facts as facts_of_flight
from actions.periods import ranges_of
from actions.pieces import names_thing
from relevo.contracts.records import Fare, Flight, Order
from relevo.domain.rights import Event

Thing = Order | Fare
"""What money may be asked back for."""

NUMBERS = ("order", "ticket", "booking_code", "flight")
NAMING = (*NUMBERS, "place", "period")

Kinds = tuple[type, ...]
"""Of ``Order`` and ``Fare`` those that a request is about."""

Given = Mapping[str, Sequence[str]]


def number_of(thing: Thing) -> str:
    """Give the number of an order or a ticket."""
    return thing.id if isinstance(thing, Order) else thing.ticket


async def owned(talk: Talk, kinds: Kinds) -> list[Thing]:
    """Give what the verified contact has of these kinds; fares with what the rules owe for their flights."""
    orders: Sequence[Thing] = await talk.turn.own(Order) if Order in kinds else ()
    if Fare not in kinds:
        return [*orders]
    flights = {flight.ticket: flight for flight in await talk.turn.own(Flight)}
    return [*orders, *(_as_owed(talk, paid, flights.get(paid.ticket)) for paid in await talk.turn.own(Fare))]


def _as_owed(talk: Talk, paid: Fare, flight: Flight | None) -> Fare:
    """Say why a fare is owed: because the law has it so, or because the company cancelled where no law is written."""
    if flight is None:
        return paid
    owed, what = talk.turn.entitlement(facts_of_flight(flight)), event(flight)
    is_left = not flight.was_flown and flight.rerouting != "taken"
    is_cancelled = what is Event.CANCELLED and flight.cancelled_by == "carrier" and is_left
    if not owed.may_be_refunded and not is_cancelled:
        return paid
    return replace(paid, owed_for=what.value, law=owed.law if owed.may_be_refunded else None)


def as_whole(thing: Thing) -> Facts:
    """Give the facts by which a thing is told from others in a list."""
    return whole(thing) if isinstance(thing, Order) else fare(thing)


def remember(talk: Talk) -> None:
    """Keep what this message names for as long as the request is open: it may take more messages to know who asks."""
    named = {kind: list(talk.heard.entities[kind]) for kind in NAMING if kind in talk.heard.entities}
    draft: dict[str, Any] = talk.memory["draft"] or {}
    if named:
        talk.memory["draft"] = {**draft, "named": {**draft.get("named", {}), **named}}


def named_now(talk: Talk, things: Sequence[Thing], kinds: Kinds) -> list[Thing] | None:
    """Give what this message names among a contact's own; None where it names nothing of these kinds."""
    found = _found(talk, things, talk.heard.entities, kinds)
    return _chosen(talk, things) if found is None else found


def named_before(talk: Talk, things: Sequence[Thing], kinds: Kinds) -> list[Thing] | None:
    """Give what the request has named so far."""
    return _found(talk, things, (talk.memory["draft"] or {}).get("named", {}), kinds)


def recalled(talk: Talk, things: Sequence[Thing]) -> list[Thing] | None:
    """Give the order that the conversation is about, unless the contact has a word for another one."""
    number = talk.memory["order"]
    if not number or in_words(talk, things):
        return None
    return [thing for thing in things if number_of(thing) == number]


def in_words(talk: Talk, things: Sequence[Thing]) -> list[Thing]:
    """Give the orders that hold something which the contact has a word for."""
    text = text_of(talk)
    return [thing for thing in things if isinstance(thing, Order) and names_thing(thing, text, talk.wording)]


def text_of(talk: Talk) -> str:
    """Give what is to be read: this message, and what opened the request until something was shown."""
    goal, text = talk.memory["goal"] or "", talk.heard.text
    return f"{goal}\n{text}" if talk.memory["stage"] in (None, "identity") and goal != text else text


def _found(talk: Talk, things: Sequence[Thing], given: Given, kinds: Kinds) -> list[Thing] | None:
    found: list[list[Thing]] = []
    if Order in kinds and given.get("order"):
        found.append([thing for thing in things if number_of(thing) in given["order"]])
    fares = [thing for thing in things if isinstance(thing, Fare)]
    if Fare in kinds and (named := _fares(talk, fares, given)) is not None:
        found.append([*named])
    return [thing for things_found in found for thing in things_found] if found else None


def _fares(talk: Talk, fares: Sequence[Fare], given: Given) -> list[Fare] | None:
    """Give the fares with one of the numbers named, else those that fit place and time; None where nothing is named."""
    if any(given.get(kind) for kind in ("ticket", "booking_code", "flight")):
        return [fare for fare in fares if _has_number(fare, given)]
    if not given.get("place") and not given.get("period"):
        return None
    return [fare for fare in fares if _is_there_and_then(talk, fare, given)] or None


def _has_number(fare: Fare, given: Given) -> bool:
    kinds = ("ticket", "booking_code", "flight")
    return any(getattr(fare, kind) in given.get(kind, ()) for kind in kinds)


def _is_there_and_then(talk: Talk, fare: Fare, given: Given) -> bool:
    today = talk.turn.today
    ranges = ranges_of(given.get("period", ()), today)
    is_then = not ranges or any(first <= fare.flown_on <= last for first, last in ranges)
    places = set(given.get("place", ()))
    return is_then and (not places or bool(places & {fare.origin, fare.destination}))


def _chosen(talk: Talk, things: Sequence[Thing]) -> list[Thing] | None:
    """Give what is chosen by its place in the list that was shown."""
    shown: list[str] = talk.memory["shown"] or [] if talk.memory["stage"] == "choose" else []
    places = {len(shown) if place == "last" else int(place) for place in _places(talk)}
    numbers = {number for place, number in enumerate(shown, 1) if place in places}
    return [thing for thing in things if number_of(thing) in numbers] or None


def _places(talk: Talk) -> list[str]:
    return [place for place in talk.heard.entities.get("choice", ()) if place != "all"]
