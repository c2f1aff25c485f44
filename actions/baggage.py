"""A bag that did not arrive: reported once, for the flight that it was on, and looked for by people.

identify ──► the flight that is meant ──► reported already? its state, and a person where it is not located (bag_states)
                 ├─ not yet ──► what it looks like, its tag ──► show the report ──► yes ──► number, case
                 └─ too long ago ──► the rule with its date; a person is offered

Whoever says where it is to be brought proves by a code that they read the mail on file: they will get the bag.
"""

from __future__ import annotations

import re
from typing import Any

from actions import bag_states
from actions.bags import (
    CASE_TYPE,
    Facts,
    address_in,
    ask_which_flight,
    flight_words,
    flights_meant,
    goes_on,
    known_bags,
    offer_person,
    with_flight,
)
from actions.cases import open_case
from actions.code import has_proved
from actions.conversation import Talk
from relevo.contracts.records import DELIVERED, Bag, Trip
from relevo.domain.cases import Trigger
from relevo.domain.effects import Decision, EffectResult, EffectState, Verdict

KIND = "report_baggage"

_LONGEST, _BARE_WORDS = 200, 3
_TOLD = ("tag", "description", "address")

Draft = dict[str, Any]


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    draft = _gathered(talk)
    if not await goes_on(talk, CASE_TYPE):
        return
    if talk.memory["stage"] == bag_states.DELIVERED and not bag_states.names_another(talk):
        await bag_states.go_on_delivered(talk)
    else:
        await _go_on_identified(talk, draft)


async def _go_on_identified(talk: Talk, draft: Draft) -> None:
    mine = await known_bags(talk)
    if mine is None:
        return
    if talk.heard.entities.get("baggage_report"):
        await bag_states.tell(talk)
    elif talk.memory["stage"] == "confirm" and talk.memory["offer"]:
        await _go_on_confirming(talk, draft)
    else:
        await _go_on_for_flight(talk, draft, await flights_meant(talk, draft))


async def _go_on_for_flight(talk: Talk, draft: Draft, flights: list[Trip]) -> None:
    reported = [bag for bag in await talk.turn.own(Bag) if bag.ticket in {trip.ticket for trip in flights}]
    if len(flights) > 1:  # then one that came is not what is missed
        reported = [bag for bag in reported if bag.status != DELIVERED]
    if not flights:
        offer_person(talk, "utter_baggage_no_flight")
    elif reported and not _is_another(draft, reported):
        await bag_states.tell(talk)
    elif len(flights) > 1:
        ask_which_flight(talk, flights)
    else:
        await _go_on_about(talk, {**draft, "ticket": flights[0].ticket}, flights[0])


def _is_another(draft: Draft, reported: list[Bag]) -> bool:
    """Tell a second bag of a flight by its tag: else it may be the one that was reported."""
    return bool(draft["tag"]) and all(bag.tag not in (None, draft["tag"]) for bag in reported)


async def _go_on_about(talk: Talk, draft: Draft, trip: Trip) -> None:
    talk.memory["draft"] = draft
    facts = _facts(talk, draft, trip)
    verdict = await talk.turn.judge(KIND, facts)
    if verdict.decision is Decision.REFUSED:
        _refuse(talk, facts, verdict)
    elif talk.memory["stage"] == "tell_bag" and not draft["is_new"] and _leaves(talk):
        talk.stop()
    elif draft["description"] or draft["tag"]:
        if draft["address"] and not await has_proved(talk, CASE_TYPE):
            return
        talk.memory["offer"], talk.memory["stage"] = facts, "confirm"
        talk.say("utter_baggage_offer", shown=_lines(talk, facts))
    else:
        talk.memory["stage"] = "tell_bag"
        talk.say("utter_baggage_tell", flight=flight_words(talk, trip))


def _leaves(talk: Talk) -> bool:
    """Tell a goodbye or a bare no from "I don't have the receipt"."""
    is_bare = len(talk.heard.text.split()) <= _BARE_WORDS
    return talk.heard.intent == "bye" or (talk.heard.intent == "deny" and is_bare)


async def _go_on_confirming(talk: Talk, draft: Draft) -> None:
    offer: Facts = talk.memory["offer"]
    is_put_right = any(offer[name] != draft[name] for name in _TOLD)
    if not is_put_right and talk.agrees(offer["flight"], offer["ticket"]):
        await _report(talk, offer)
    elif talk.heard.intent == "deny" and not is_put_right:
        talk.memory["stage"] = "tell_bag"
        talk.say("utter_what_to_change")
    elif talk.heard.intent == "bye" and not is_put_right:
        talk.stop()
    else:
        await _go_on_for_flight(talk, draft, await flights_meant(talk, draft))


def _refuse(talk: Talk, facts: Facts, verdict: Verdict) -> None:
    talk.memory["stage"], talk.memory["refused"] = "person", [{"flight": facts["flight"], "rule": verdict.rule}]
    until = verdict.facts.get("until", facts["flown_on"])
    response = f"utter_rule_{verdict.rule.replace('.', '_')}"
    values = {"days": str(verdict.facts.get("days", "")), "until": talk.wording.date(until)}
    talk.say(response, flight=facts["flight"], date=talk.wording.date(facts["flown_on"]), **values)


async def _report(talk: Talk, offer: Facts) -> None:
    """Report it, and have people look for it."""
    result = await talk.turn.perform(KIND, f"{offer['ticket']}:{offer['tag'] or 'untagged'}", offer)
    if result.state is EffectState.DONE:
        report = str(result.result["report"])
        told = {name: offer[name] for name in ("flight", *_TOLD)}
        if case := await talk.turn.find_case(CASE_TYPE, report):  # reported in another conversation at the same time
            number = bag_states.came_again(talk, case)
        else:
            named = {"baggage_report": report}
            number = await open_case(talk, CASE_TYPE, Trigger.POLICY_RULE, named=named, report=report, **told)
        talk.memory["reported_bag"] = report
        talk.say("utter_baggage_reported", report=report, flight=offer["flight"], case=number)
    else:
        await _hand_on(talk, offer, result)
    talk.end()


async def _hand_on(talk: Talk, offer: Facts, result: EffectResult) -> None:
    attempts = [{"key": result.key, "state": result.state.value, "rule": result.rule}]
    number = await open_case(talk, CASE_TYPE, Trigger.ACTION_ERROR, named=offer, attempts=attempts)
    talk.say("utter_baggage_not_confirmed", case=number)


def _gathered(talk: Talk) -> Draft:
    """Give the draft with the tag, the looks and the address that this message tells or puts right."""
    draft: Draft = with_flight(talk, dict.fromkeys((*_TOLD, "ticket")) | (talk.memory["draft"] or {}))
    before, stage, story, address = dict(draft), talk.memory["stage"], talk.heard.story, address_in(talk)
    if address:
        draft["address"], story = address, story.partition(address)[0].strip(" ,;.")
    if tags := talk.heard.entities.get("baggage_tag"):
        draft["tag"] = tags[-1]
    is_asked, looks = stage == "tell_bag" and talk.heard.intent not in ("deny", "affirm"), _looks(story)
    if talk.heard.is_telling and looks and (is_asked or talk.wording.one_of("bag_words", looks)):
        draft["description"] = "; ".join(filter(None, [draft["description"], looks]))[-_LONGEST:]
    draft["is_new"] = any(draft[name] != before[name] for name in _TOLD)
    talk.memory["draft"] = draft
    return draft


def _looks(story: str) -> str:
    """Give what a message says beside numbers: the tag alone tells nothing of what a bag looks like."""
    has_words = any(len(word) > 2 and word.isalpha() for word in story.replace(",", " ").split())
    return re.sub(r"(?i)^no\b[\s,.;]*", "", story) if has_words else ""


def _facts(talk: Talk, draft: Draft, trip: Trip) -> Facts:
    told = {name: draft[name] for name in _TOLD}
    return {
        "ticket": trip.ticket,
        "flight": trip.flight,
        "flown_on": trip.flown_on.isoformat(),
        "origin": trip.origin,
        "destination": trip.destination,
        "reported_on": talk.turn.today.isoformat(),
        **told,
    }


def _lines(talk: Talk, facts: Facts) -> str:
    write = talk.wording
    flight = write.phrase(
        "flight",
        flight=facts["flight"],
        origin=write.place(facts["origin"]),
        destination=write.place(facts["destination"]),
        date=write.date(facts["flown_on"]),
    )
    tag = facts["tag"] and write.phrase("shown_tag", tag=f"{facts['tag'][:4]} {facts['tag'][4:]}")
    looks = facts["description"] and write.phrase("shown_description", text=facts["description"])
    address = facts["address"] and write.phrase("shown_address", text=facts["address"])
    return "\n".join(filter(None, [write.phrase("shown_flight", flight=flight), tag, looks, address]))
