"""Correcting loyalty points: which trips, what the rules say of each, an explicit yes, then one effect for each ticket.

    identify ──► find the trips ──► judge each by policy ──► show what will be credited ──► yes ──► credit ──► balance
                     │                    ├─ refused: the rule, its date or limit; a person is offered
                     │                    └─ no name rule explains it: a photo is asked for (points_photo.py)
                     └─ none: never "there is none", for it may exist under other data

What is shown is kept in the slot ``offer`` and exactly that is credited: a retried turn finds the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions import points_elsewhere, points_photo
from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import answered_offer_of_person
from actions.identity import is_identified, is_somebody_else
from actions.points_photo import CASE_TYPE, KIND, NAME_RULE
from actions.trips import NAMING, Named, meant
from relevo.contracts.business import Person
from relevo.contracts.records import Trip
from relevo.domain.cases import Trigger
from relevo.domain.effects import POINTS, Decision, EffectResult, EffectState, Verdict

UNREMARKABLE_RULES = frozenset({"points.already_credited", "points.not_flown"})
MOST_REFUSALS = 3
"""How many refusals are said at once; more would bury the answer."""


Facts = dict[str, Any]
"""What the policy is asked about one ticket; also the effect's arguments, and so plain data."""
Judged = tuple[Facts, Verdict]


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    if talk.heard.intent == "change_mind":
        talk.stop(*NAMING)
    elif talk.heard.intent == points_elsewhere.OF_COMPANION:
        await _refuse_companion(talk)
    elif points_elsewhere.is_meant(talk):
        await _go_elsewhere(talk)
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, CASE_TYPE):
        _end(talk)
    elif await is_identified(talk, CASE_TYPE):
        await _go_on_identified(talk)


async def _refuse_companion(talk: Talk) -> None:
    """Refuse somebody else's points, whether or not there are any; what was open for oneself goes on."""
    await points_elsewhere.refuse_companion(talk)
    if talk.memory["stage"] == "confirm" and talk.memory["offer"]:
        await _offer(talk, talk.memory["offer"])
    else:
        talk.memory["stage"] = "person"


async def _go_elsewhere(talk: Talk) -> None:
    """Hand on another carrier's flight; what was shown of ours is shown again."""
    if talk.memory["stage"] == "confirm" and talk.memory["offer"]:
        await points_elsewhere.note_partner(talk)
        await _offer(talk, talk.memory["offer"])
    else:
        await points_elsewhere.go_on(talk)


async def _go_on_identified(talk: Talk) -> None:
    person = await talk.turn.person()
    stage, named = talk.memory["stage"], Named.of(talk.heard.entities)
    if person.loyalty_number is None:
        _end(talk)
        talk.say("utter_balance_no_member")
        return
    if is_somebody_else(talk, person):
        talk.say("utter_facts_not_yours")
        if not named and stage != "confirm":
            talk.memory["stage"] = "choose"
            return
    if stage == "confirm":
        await _go_on_confirming(talk, person, named)
    elif stage == points_photo.STAGE and (talk.turn.attachments or not named):
        await points_photo.go_on(talk)
    elif stage in ("choose", "person") and not named and not _chosen(talk):
        await _ask_which(talk)
    elif stage in ("choose", "person"):
        await _name_anew(talk, person, named)
    else:
        await _show(talk, person, Named.of({kind: talk.memory[kind] for kind in NAMING}))


async def _go_on_confirming(talk: Talk, person: Person, named: Named) -> None:
    offer: list[Facts] = talk.memory["offer"]
    chosen = _chosen(talk)
    if await _is_plain_yes(talk, named, offer) and not chosen:
        await _credit(talk, offer)
    elif named or chosen:
        await _name_anew(talk, person, named)
    elif talk.heard.intent == "deny":
        talk.memory["stage"] = "choose"
        talk.say("utter_points_which_instead")
    else:
        await _offer(talk, offer)


async def _is_plain_yes(talk: Talk, named: Named, offer: Sequence[Facts]) -> bool:
    """Tell a yes to exactly what was shown from "yes, but …" and from a yes that names other trips."""
    if not talk.heard.is_plain_yes or talk.replies:
        return False
    found = meant(await talk.turn.own(Trip), named, talk.turn.today) if named else None
    return found is None or {trip.ticket for trip in found.trips} == _tickets(offer)


async def _name_anew(talk: Talk, person: Person, named: Named) -> None:
    """Look again by what this message names, or by its place in the list ("the first one")."""
    before: list[Facts] = talk.memory["offer"] or []
    if not named:
        await _offer(talk, _chosen(talk) or before)
        return
    for kind in NAMING:
        talk.memory[kind] = list(named.values.get(kind, ())) or None
    added = before if "addition" in talk.heard.entities else []
    await _show(talk, person, named, added)


async def _ask_which(talk: Talk) -> None:
    if talk.heard.intent in ("deny", "thanks", "bye"):
        talk.stop(*NAMING)
    elif talk.memory["stage"] == "person":
        talk.say("utter_offer_person")
    else:
        talk.say("utter_points_which")


async def _show(talk: Talk, person: Person, named: Named, added: Sequence[Facts] = ()) -> None:
    """Find the trips that are meant, say what the rules refuse, and offer to credit the rest."""
    trips = await talk.turn.own(Trip)
    found = meant(trips, named, talk.turn.today)
    judged = [(facts, await talk.turn.judge(KIND, facts)) for facts in (_facts(trip, person) for trip in found.trips)]
    unexplained = [facts for facts, verdict in judged if verdict.rule == NAME_RULE]
    allowed = [facts for facts, verdict in judged if verdict.decision is not Decision.REFUSED]
    refused = [(facts, verdict) for facts, verdict in judged if verdict.decision is Decision.REFUSED]
    offer = [*added, *(facts for facts in allowed if facts not in unexplained and facts not in added)]
    if missing := sorted(set(named.values.get("ticket", ())) - {trip.ticket for trip in trips}) if found.trips else []:
        talk.say("utter_points_ticket_not_found", ticket=talk.wording.join(missing))
    if not found.trips:
        talk.memory["stage"] = "choose"
        talk.say("utter_points_trip_not_found" if named or not trips else "utter_points_none_missing")
    elif refused:
        is_all = not offer and not unexplained
        _refuse(talk, _worth_saying(refused, named, is_all=is_all), is_all=is_all)
    talk.memory["photo_trips"] = unexplained or None
    if offer:
        talk.memory["shown"] = offer
        await _offer(talk, offer, is_elsewhere=found.is_elsewhere)
    elif unexplained:
        await points_photo.ask(talk, unexplained)


def _worth_saying(refused: list[Judged], named: Named, *, is_all: bool) -> list[Judged]:
    """Leave out trips that were not named one by one and only have their points already, or are still to come."""
    telling = [pair for pair in refused if pair[1].rule not in UNREMARKABLE_RULES]
    if named.is_exact or (is_all and not telling):
        return refused[-MOST_REFUSALS:]
    return telling[-MOST_REFUSALS:]


async def _offer(talk: Talk, offer: list[Facts], *, is_elsewhere: bool = False) -> None:
    total = sum(facts["points"] for facts in offer)
    offer = [{**facts, "request_points": total} for facts in offer]
    verdicts = [await talk.turn.judge(KIND, facts) for facts in offer]
    verdict = next((verdict for verdict in verdicts if verdict.decision is Decision.REFUSED), None)
    talk.memory["offer"] = offer
    if verdict is None:
        talk.memory["stage"] = "confirm"
        trips = "\n".join(map(talk.wording.trip, offer))
        response = "utter_points_offer_instead" if is_elsewhere else "utter_points_offer"
        talk.say(response, trips=trips, points=talk.wording.number(total))
    else:
        talk.memory["stage"] = "choose"
        talk.say(_response(verdict), **_refusal_values(talk, offer, verdict))


def _refuse(talk: Talk, refused: Sequence[Judged], *, is_all: bool) -> None:
    """Say each refusal with its rule; where nothing else can be done, a person is offered."""
    for facts, verdict in refused:
        talk.say(_response(verdict), **_refusal_values(talk, [facts], verdict))
    if is_all:
        talk.memory["stage"] = "person"
        talk.memory["refused"] = [{"flight": facts["flight"], "rule": verdict.rule} for facts, verdict in refused]


def _response(verdict: Verdict) -> str:
    return f"utter_rule_{verdict.rule.replace('.', '_')}"


def _refusal_values(talk: Talk, refused: Sequence[Facts], verdict: Verdict) -> dict[str, str]:
    write, facts = talk.wording, refused[0]
    dates = {"date": facts["flown_on"], "until": verdict.facts.get("until"), "credited": facts["credited_on"]}
    limit = verdict.facts.get("limit", verdict.facts.get("days"))
    return {
        "flight": write.join(facts["flight"] for facts in refused),
        "points": write.number(sum(facts["points"] for facts in refused)),
        **{name: write.date(day) for name, day in dates.items() if day},
        **({"limit": write.number(limit)} if limit is not None else {}),
    }


async def _credit(talk: Talk, offer: Sequence[Facts]) -> None:
    results = [
        await talk.turn.perform(KIND, facts["ticket"], facts, amount=facts["points"], unit=POINTS) for facts in offer
    ]
    done = [result for result in results if result.state is EffectState.DONE]
    waiting = [result for result in results if result.state is EffectState.PREPARED]
    if done:
        points = sum(int(result.result["points"]) for result in done)
        balance = max(int(result.result["balance"]) for result in done)
        talk.say("utter_points_credited", points=talk.wording.number(points), balance=talk.wording.number(balance))
    if waiting:
        number = await open_case(talk, CASE_TYPE, Trigger.APPROVAL, named=offer[0], effects=waiting, trips=list(offer))
        talk.say("utter_points_prepared", case=number)
    if len(done) + len(waiting) < len(results):
        await _hand_on_failed(talk, offer, results)
    unexplained: list[Facts] = talk.memory["photo_trips"] or []
    if unexplained:
        talk.memory.forget("offer")
        await points_photo.ask(talk, unexplained)
    else:
        _end(talk)


async def _hand_on_failed(talk: Talk, offer: Sequence[Facts], results: Sequence[EffectResult]) -> None:
    failed = [
        {"ticket": facts["ticket"], "state": result.state.value, "rule": result.rule}
        for facts, result in zip(offer, results, strict=True)
        if result.state not in (EffectState.DONE, EffectState.PREPARED)
    ]
    number = await open_case(talk, CASE_TYPE, Trigger.ACTION_ERROR, named=failed[0], attempts=failed)
    talk.say("utter_points_not_confirmed", case=number)


def _end(talk: Talk) -> None:
    """Close the request; what was named does not stay known."""
    talk.end(*NAMING)


def _chosen(talk: Talk) -> list[Facts]:
    """Give the trips chosen by their place in the list that was shown first; none where they are what is offered."""
    offer: list[Facts] = talk.memory["offer"] or []
    shown: list[Facts] = talk.memory["shown"] or offer
    choices = talk.heard.entities.get("choice", ())
    positions = {len(shown) - 1 if place == "last" else int(place) - 1 for place in choices if place != "all"}
    chosen = [facts for position, facts in enumerate(shown) if "all" in choices or position in positions]
    return [] if _tickets(chosen) == _tickets(offer) else chosen


def _tickets(trips: Sequence[Facts]) -> set[str]:
    return {facts["ticket"] for facts in trips}


def _facts(trip: Trip, person: Person) -> Facts:
    return {
        "is_own": True,
        "ticket": trip.ticket,
        "flight": trip.flight,
        "flown_on": trip.flown_on.isoformat(),
        "origin": trip.origin,
        "destination": trip.destination,
        "was_flown": trip.was_flown,
        "credited_on": trip.credited_at.date().isoformat() if trip.credited_at else None,
        "points": trip.points_due,
        "request_points": trip.points_due,
        "ticket_name": trip.name,
        "given_names": person.given_names,
        "surnames": person.surnames,
        "loyalty_number": person.loyalty_number,
    }
