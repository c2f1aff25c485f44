"""Flights that were late, cancelled or left without the passenger: what the law owes, a yes, one effect.

    identify ──► the flight that is meant ──► its open case, if there is one ──► what it owes
        owed ──► sum, law and article, care and choice ──► yes ──► prepared in a case with its evidence, or paid
           └─ left behind against their will: a case at once; with the next message a person, whatever it says
        not owed ──► the rule with its numbers, and what is owed besides; a person is offered

Which flight it is, and how it went, is read from the business each time. What is shown is kept in the slot ``offer``
and exactly that is ordered: a retried turn finds the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions import fares
from actions.cases import open_case, same_case
from actions.conversation import Also, Talk
from actions.flight_lines import evidence, told, told_flight, told_paid
from actions.flights import Facts, event, facts, happened
from actions.handoff import LEAVING, answered_offer_of_person, to_person
from actions.identity import is_identified, is_somebody_else
from actions.trips import NAMING, Named, meant
from relevo.contracts.records import Flight, Trip
from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import Decision, EffectResult, EffectState, Verdict
from relevo.domain.rights import Entitlement, Event

KIND = "compensate_flight"
CASE_TYPE = "flight"

REPORTED = {
    "report_delay": Event.DELAYED,
    "report_flight_cancelled": Event.CANCELLED,
    "report_denied_boarding": Event.DENIED,
}
"""What a contact says happened, by intent."""

_OWED = {
    Event.DELAYED: "utter_flight_owed_delayed",
    Event.CANCELLED: "utter_flight_owed_cancelled",
    Event.DENIED: "utter_flight_owed_denied",
}


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    _note_what_happened(talk)
    if talk.heard.intent == "change_mind" and not _is_left_behind(talk):
        talk.stop(*NAMING)
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, CASE_TYPE):
        talk.end(*NAMING)
    elif await is_identified(talk, CASE_TYPE):
        await _go_on_identified(talk)


def _note_what_happened(talk: Talk) -> None:
    """Remember what the contact says happened, and be sorry once where they were left behind."""
    reported, before = REPORTED.get(talk.heard.intent), talk.memory["draft"] or {}
    if reported is None:
        return
    if reported is Event.DENIED and not before.get("is_sorry"):
        talk.say("utter_flight_sorry")
        before = {"is_sorry": True}
    talk.memory["draft"] = {**before, "event": reported.value}


def _reported(talk: Talk) -> Event | None:
    said = (talk.memory["draft"] or {}).get("event")
    return Event(said) if said else None


def _is_left_behind(talk: Talk) -> bool:
    """Tell whether the offer is for somebody who was left behind: they go to a person whatever they answer."""
    offer: Facts | None = talk.memory["offer"]
    return talk.memory["stage"] == "confirm" and offer is not None and offer["event"] == Event.DENIED.value


async def _go_on_identified(talk: Talk) -> None:
    flights, stage = await talk.turn.own(Flight), talk.memory["stage"]
    named = Named.of(talk.heard.entities)
    is_anew = bool(named) or talk.heard.intent in REPORTED
    if is_anew and stage in ("confirm", "choose", "person"):  # what was named before is not what is meant now
        for kind in NAMING:
            talk.memory[kind] = list(named.values.get(kind, ())) or None
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_flight")
    if stage == "confirm":
        await _go_on_confirming(talk, flights)
    elif stage == "person" and not is_anew:
        talk.say("utter_offer_person")
    elif stage == "choose" and talk.heard.intent in LEAVING and not named:
        talk.stop(*NAMING)
    else:
        await _show(talk, flights)


async def _go_on_confirming(talk: Talk, flights: Sequence[Flight]) -> None:
    offer: Facts = talk.memory["offer"]
    on_file = next((facts(flight) for flight in flights if flight.ticket == offer["ticket"]), {})
    is_still_so = bool(on_file) and on_file.items() <= offer.items()
    named = Named.of(talk.heard.entities)
    is_another = bool(named) and offer["ticket"] not in {one.ticket for one in await _named(talk, flights, named)}
    if is_still_so and not is_another and talk.agrees(offer["ticket"], offer["booking_code"], offer["flight"]):
        await _order(talk, offer)
    elif is_another or not is_still_so or _tells_otherwise(talk, offer):
        await _show(talk, flights)
    elif _is_left_behind(talk):
        await _to_supervisor(talk, offer, "utter_flight_supervisor")
    elif talk.heard.intent in LEAVING:
        talk.end(*NAMING)
        talk.say("utter_flight_left")
    else:
        _ask(talk, offer, await talk.turn.judge(KIND, offer))


def _tells_otherwise(talk: Talk, offer: Facts) -> bool:
    """Tell whether the message says that something else happened than what the offer is for."""
    reported = REPORTED.get(talk.heard.intent)
    return reported is not None and reported.value != offer["event"] and not _is_left_behind(talk)


def unanswered(talk: Talk) -> Also:
    """Give the request anew, for the flight whose compensation was offered and neither taken nor left."""
    offer: Facts = talk.memory["offer"]
    intent = next(intent for intent, what in REPORTED.items() if what.value == offer["event"])
    return Also(intent, str(talk.memory["goal"] or offer["flight"]), {"ticket": (offer["ticket"],)})


async def _named(talk: Talk, flights: Sequence[Flight], named: Named) -> list[Flight]:
    """Give the flights that were named, newest first; none where nothing was."""
    if not named:
        return []
    trips = meant(await talk.turn.own(Trip), named, talk.turn.today).trips
    return [flight for flight in flights if flight.ticket in {trip.ticket for trip in trips}]


async def _show(talk: Talk, flights: Sequence[Flight]) -> None:
    """Find the flight that is meant and say what it owes; where it may be several, ask which."""
    shown = _chosen(talk, flights) or await _meant(talk, flights)
    if not shown:
        talk.memory["stage"] = "choose"
        talk.say("utter_flight_not_found")
    elif len(shown) > 1:
        talk.memory["stage"], talk.memory["shown"] = "choose", [flight.ticket for flight in shown]
        talk.say("utter_flight_which", flights="\n".join(f"• {told_flight(talk, facts(one))}" for one in shown))
    else:
        await _answer(talk, shown[0])


def _chosen(talk: Talk, flights: Sequence[Flight]) -> list[Flight]:
    """Give the flight chosen by its place in the list that was shown."""
    shown: list[str] = talk.memory["shown"] or []
    places = [place for place in talk.heard.entities.get("choice", ()) if place != "all"]
    chosen = {shown[len(shown) - 1 if place == "last" else int(place) - 1] for place in places if _is_in(place, shown)}
    return [flight for flight in flights if flight.ticket in chosen]


def _is_in(place: str, shown: Sequence[str]) -> bool:
    return bool(shown) and (place == "last" or 0 < int(place) <= len(shown))


async def _meant(talk: Talk, flights: Sequence[Flight]) -> list[Flight]:
    """Give the flights that were named, else those to which happened what the contact says; newest first.

    A booking code may have been given only to identify: then what happened counts for more.
    """
    named, reported = Named.of({kind: talk.memory[kind] for kind in NAMING}), _reported(talk)
    by_name = await _named(talk, flights, named)
    if named.values.keys() & {"flight", "ticket"}:
        return by_name
    so = [flight for flight in by_name if happened(flight, reported)] or by_name
    if so and (happened(so[0], reported) or not named.values.keys() <= {"booking_code"}):
        return so
    return [flight for flight in flights if happened(flight, reported)] or by_name


async def _answer(talk: Talk, flight: Flight) -> None:
    on_file, reported = facts(flight), _reported(talk)
    case = await _case_about(talk, on_file)
    owed = talk.turn.entitlement(on_file)
    offer = {**on_file, "amount": owed.amount, "currency": owed.currency}
    verdict = await talk.turn.judge(KIND, offer)
    if case is not None and case.is_being_settled:
        await _wait(talk, case, on_file)
    elif reported is Event.DENIED and event(flight) is not Event.DENIED:
        await _to_supervisor(talk, on_file, "utter_flight_denied_unrecorded")
    elif reported is Event.CANCELLED and event(flight) is Event.DELAYED:
        talk.memory["stage"] = "person"
        talk.say("utter_flight_not_cancelled", **told(talk, on_file, owed))
    elif verdict.decision is Decision.REFUSED:
        _refuse(talk, flight, owed, verdict)
    else:
        await _offer(talk, offer, owed, verdict)


async def _case_about(talk: Talk, on_file: Facts) -> Case | None:
    """Find the case that is open about a flight, and greet with it whoever came about it before."""
    case = await talk.turn.find_case(CASE_TYPE, on_file["ticket"])
    if case is not None and talk.memory["case_id"] != case.id:
        talk.turn.came_again(case, goal=talk.memory["goal"])
        talk.memory["case_id"], talk.memory["has_case"] = case.id, True
        if not case.is_being_settled:
            talk.say("utter_flight_case_found", case=case.id, date=talk.day(case.opened_at))
    return case


async def _wait(talk: Talk, case: Case, on_file: Facts) -> None:
    """Say that it is prepared already; whoever was left behind goes to a person again."""
    talk.say("utter_flight_waiting", case=case.id, date=talk.day(case.opened_at))
    if on_file["event"] == Event.DENIED.value:
        await to_person(talk, case.id, CASE_TYPE, Trigger.DENIED_BOARDING, "utter_case_is_open")
    talk.end(*NAMING)


def _refuse(talk: Talk, flight: Flight, owed: Entitlement, verdict: Verdict) -> None:
    """Say the rule with the flight's numbers, and what is owed besides; a person is offered."""
    talk.memory["stage"] = "person"
    talk.memory["refused"] = [{"flight": flight.flight, "ticket": flight.ticket, "rule": verdict.rule}]
    response = f"utter_rule_{verdict.rule.replace('.', '_')}"
    talk.say(response, **told(talk, facts(flight), owed), **told_paid(talk, flight))


async def _offer(talk: Talk, offer: Facts, owed: Entitlement, verdict: Verdict) -> None:
    """Say what is owed and by which law, then ask for the yes; who was left behind has a case before they answer."""
    talk.memory["offer"], talk.memory["stage"] = offer, "confirm"
    talk.say(_OWED[Event(offer["event"])], **told(talk, offer, owed))
    if _is_left_behind(talk):
        shown = evidence(offer, owed)
        await same_case(talk, CASE_TYPE, Trigger.DENIED_BOARDING, named=offer, flights=[shown])
    _ask(talk, offer, verdict)


def _ask(talk: Talk, offer: Facts, verdict: Verdict) -> None:
    amount = talk.wording.money(offer["amount"], offer["currency"])
    if _is_left_behind(talk):
        talk.say("utter_flight_ask_supervisor", amount=amount, case=talk.memory["case_id"])
    elif verdict.decision is Decision.AUTO:
        talk.say("utter_flight_ask_pay", amount=amount)
    else:
        talk.say("utter_flight_ask_prepare", amount=amount)


async def _order(talk: Talk, offer: Facts) -> None:
    amount, currency = offer["amount"], offer["currency"]
    result = await talk.turn.perform(KIND, offer["ticket"], offer, amount=amount, unit=currency)
    said = {"amount": talk.wording.money(amount, currency), "flight": offer["flight"]}
    if result.state is EffectState.DONE:
        talk.say("utter_flight_paid", **said, reference=str(result.result["reference"]))
    elif result.state is not EffectState.PREPARED:
        attempts = [{"key": result.key, "state": result.state.value, "rule": result.rule}]
        number = await _put_into_case(talk, offer, Trigger.ACTION_ERROR, attempts=attempts)
        talk.say("utter_flight_not_confirmed", case=number)
    elif _is_left_behind(talk):
        await _to_supervisor(talk, offer, "utter_flight_denied_prepared", [result])
    else:
        number = await _put_into_case(talk, offer, Trigger.APPROVAL, [result])
        talk.say("utter_flight_prepared", **said, case=number)
    talk.end(*NAMING)
    if offer["event"] == Event.CANCELLED.value:
        await fares.refund_owed(talk, [offer["ticket"]])


async def _to_supervisor(talk: Talk, offer: Facts, response: str, effects: Sequence[EffectResult] = ()) -> None:
    """Pass whoever was left behind to a person, with the most urgent of cases."""
    number = await _put_into_case(talk, offer, Trigger.DENIED_BOARDING, effects)
    await to_person(talk, number, CASE_TYPE, Trigger.DENIED_BOARDING, response)
    talk.end(*NAMING)


async def _put_into_case(
    talk: Talk, offer: Facts, trigger: Trigger, effects: Sequence[EffectResult] = (), **detail: Any
) -> str:
    """Add to the case that is open about a flight, with what a person decides about in it; else open one."""
    case = await talk.turn.find_case(CASE_TYPE, offer["ticket"])
    shown = [evidence(offer, talk.turn.entitlement(offer))]
    if case is None:
        return await open_case(talk, CASE_TYPE, trigger, named=offer, effects=effects, flights=shown, **detail)
    detail = {"language": talk.memory["language"], "flights": shown, **detail}
    talk.turn.came_again(case, effects=effects, detail=detail, is_counted=talk.memory["case_id"] != case.id)
    talk.memory["case_id"], talk.memory["has_case"] = case.id, True
    return case.id
