"""How a flight goes: anybody may know it by its number; whose flight it is, only whoever it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from actions.conversation import Talk
from actions.periods import ranges_of
from actions.question import Question, named
from relevo.contracts.records import FlightTimes, Trip
from relevo.domain.contacts import Level

CASE_TYPE = "flight_status"
MOST_FLIGHTS = 3


async def go_on(talk: Talk) -> None:
    """Tell of a flight that is named; else find out whose flight it is."""
    FLIGHTS.note(talk)
    if talk.heard.entities.get("flight") and talk.turn.level < Level.TWO_FACTS and await _is_told(talk):
        talk.memory["last_question"] = CASE_TYPE
        talk.end()
    else:
        await FLIGHTS.go_on(talk)


def may_tell(talk: Talk) -> bool:
    """Tell whether it can be answered at once."""
    return bool(talk.heard.entities.get("flight")) or talk.turn.level >= Level.TWO_FACTS


async def answer(talk: Talk) -> bool:
    """Tell of the named flights, else of the contact's own that comes next, else of the one before."""
    if named(talk, "flight"):
        return await _is_told(talk)
    trip = _nearest(talk, await talk.turn.own(Trip))
    if trip is None:
        talk.say("utter_flight_none")
        return False
    found = [times for times in await talk.turn.public(FlightTimes, trip.flight) if times.flown_on == trip.flown_on]
    return _tell(talk, found)


def _nearest(talk: Talk, trips: Sequence[Trip]) -> Trip | None:
    """Give the trip of a named booking or ticket, else the next to come, else the newest."""
    draft = talk.memory["draft"] or {}
    codes = {*draft.get("booking_code", ()), *draft.get("ticket", ())}
    meant = [trip for trip in trips if {trip.booking_code, trip.ticket} & codes] or list(trips)
    coming = [trip for trip in meant if trip.flown_on >= _today(talk)]
    return min(coming, key=lambda trip: trip.flown_on, default=meant[0] if meant else None)


async def _is_told(talk: Talk) -> bool:
    found = [_on(talk, await talk.turn.public(FlightTimes, number)) for number in named(talk, "flight")]
    return _tell(talk, [times for times in found if times is not None])


def _on(talk: Talk, flights: Sequence[FlightTimes]) -> FlightTimes | None:
    """Give the flight nearest to the named day, else to today; of two, the one to come."""
    ranges = ranges_of((talk.memory["draft"] or {}).get("period", ()), _today(talk))
    meant = [one for one in flights if any(first <= one.flown_on <= last for first, last in ranges) or not ranges]
    days = [first + (last - first) / 2 for first, last in ranges] or [_today(talk)]

    def distance(one: FlightTimes) -> tuple[int, bool]:
        return min(abs((one.flown_on - day).days) for day in days), one.flown_on < _today(talk)

    return min(meant, key=distance, default=None)


def _tell(talk: Talk, found: Sequence[FlightTimes]) -> bool:
    talk.memory.forget("flight", "place", "period")  # what was asked about is no trip that a later request is about
    if not found:
        talk.say("utter_flight_status_not_found")
        return False
    talk.say("utter_flight_status", flights="\n".join(_line(talk, times) for times in found[:MOST_FLIGHTS]))
    if any(times.status == "cancelled" or times.arrival_delay_minutes for times in found):
        talk.say("utter_flight_trouble")
    return True


def _line(talk: Talk, times: FlightTimes) -> str:
    write, late = talk.wording, times.arrival_delay_minutes
    if times.status == "scheduled":
        late = max(late, times.departure_delay_minutes)
        name = "flight_expected_late" if late else "flight_scheduled"
    elif times.status == "flown":
        name = "flight_flown_late" if late else "flight_flown"
    else:
        name = "flight_cancelled"
    return write.line(
        name,
        flight=times.flight,
        origin=write.place(times.origin),
        destination=write.place(times.destination),
        date=write.date(times.flown_on),
        late=write.duration(late),
    )


def _today(talk: Talk) -> date:
    return talk.turn.today


FLIGHTS = Question(
    case_type=CASE_TYPE,
    asking="utter_ask_identity_flight",
    references=frozenset({"flight", "period", "booking_code", "ticket"}),
    answer=answer,
)
