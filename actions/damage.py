"""A bag, or what was in it, came back damaged: what, how, for how much, with a photo.

identify ──► the flight that is meant ──► gather item, story, amount, photo ──► bag_money
                                               └─ a mobility aid: help with it first, and a case at once

Nobody is told whose fault it was, and nobody is sent to anybody else.
"""

from __future__ import annotations

from actions import bag_money
from actions.bags import Facts, ask_which_flight, flight_words, flights_meant, goes_on, offer_person, with_flight
from actions.cases import open_case
from actions.conversation import Talk
from actions.identity import is_somebody_else
from actions.telling import Draft, gathered, is_foreign, settled
from relevo.contracts.records import DAMAGE, DELIVERED, Bag, Trip
from relevo.domain.cases import Trigger
from relevo.domain.effects import Decision

CASE_TYPE = "damage"
TOLD = ("amount", "currency", "photos", "bills", "item", "story")
SORT = bag_money.Sort("pay_damage", CASE_TYPE, "utter_damage_offer", "tell_damage", "ticket", TOLD)
MOBILITY_AID = "mobility_aid"

_KINDS = (MOBILITY_AID, "instrument", "ordinary")
_LONGEST_ITEM, _LONGEST_STORY = 60, 300


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    draft = await _gathered(talk)
    if await goes_on(talk, CASE_TYPE):
        await _go_on_identified(talk, draft)


async def _go_on_identified(talk: Talk, draft: Draft) -> None:
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_baggage")
    flights = await flights_meant(talk, draft)
    if await is_foreign(talk, draft, CASE_TYPE):
        return
    if not flights:
        offer_person(talk, "utter_baggage_no_flight")
    elif len(flights) > 1:
        ask_which_flight(talk, flights)
    else:
        await _go_on_about(talk, settled(talk, draft, "ticket", flights[0].ticket), flights[0])


async def _go_on_about(talk: Talk, draft: Draft, trip: Trip) -> None:
    if await bag_money.answered(talk, SORT, draft):
        return
    facts = await _facts(talk, draft, trip)
    if draft["item_kind"] == MOBILITY_AID and not draft.get("is_helped"):
        draft = await _help_first(talk, draft, trip)
    verdict = await talk.turn.judge(SORT.kind, {**facts, "amount": facts["amount"] or 1}) if draft["item"] else None
    has_asked_for_photo = draft.get("asked") or draft["photos"] or "photo" in draft["lacks"]
    if verdict and verdict.decision is Decision.REFUSED and not verdict.rule.endswith(".plausible"):
        bag_money.refuse(talk, facts, verdict)
    elif draft["item"] and draft["amount"] is not None and has_asked_for_photo:
        await bag_money.offer(talk, SORT, facts, _lines(talk, facts, trip))
    else:
        _ask(talk, draft)


async def _help_first(talk: Talk, draft: Draft, trip: Trip) -> Draft:
    """Have a person look at once: somebody may not be able to move until it is repaired."""
    case = await talk.turn.find_case(CASE_TYPE, trip.ticket)
    number = case.id if case is not None else None
    if case is not None:
        talk.turn.came_again(case, goal=talk.memory["goal"])
        talk.memory["case_id"], talk.memory["has_case"] = case.id, True
    else:
        number = await open_case(talk, CASE_TYPE, Trigger.MOBILITY_AID, named={"ticket": trip.ticket})
    talk.memory["draft"] = helped = {**draft, "is_helped": True}
    talk.say("utter_damage_mobility_help", item=draft["item"], case=str(number))
    return helped


def _ask(talk: Talk, draft: Draft) -> None:
    """Ask for what is missing, all at once."""
    write = talk.wording
    is_first = not draft.get("asked")
    missing = [] if draft["item"] else [write.phrase("missing_item")]
    missing += [write.phrase("missing_happened")] if is_first else []
    missing += [] if draft["amount"] is not None else [write.phrase("missing_amount")]
    missing += [] if draft["photos"] or "photo" in draft["lacks"] else [write.phrase("missing_photo")]
    talk.memory["draft"] = {**draft, "asked": bool(draft["item"]) or draft.get("asked", False)}
    talk.memory["stage"] = "tell_damage"
    talk.say("utter_damage_tell" if is_first else "utter_damage_tell_more", missing=write.join(missing))


async def _gathered(talk: Talk) -> Draft:
    """Give the draft with what was damaged, and how, in the contact's own words."""
    nothing: Draft = {"item": None, "item_kind": None, "story": []}
    before = nothing | (talk.memory["draft"] or {})
    draft = with_flight(talk, await gathered(talk, before))
    story, is_asked = talk.heard.story[:_LONGEST_STORY], talk.memory["stage"] == "tell_damage"
    kind, item = _damaged(talk)
    is_telling = talk.heard.is_telling and (is_asked or talk.heard.intent in ("report_damage", "report_lost_baggage"))
    if item and (is_telling or talk.memory["stage"] == "confirm") and _is_put_right(talk, draft, kind, item):
        draft |= {"item": item, "item_kind": kind}
    elif is_asked and is_telling and not draft["item"] and _has_words(story):
        draft |= {"item": story[:_LONGEST_ITEM], "item_kind": "ordinary"}
    if is_telling and _has_words(story) and talk.heard.intent not in ("deny", "affirm"):
        draft["story"] = [*draft["story"], story][-3:]
    draft["is_new"] = draft["is_new"] or any(draft[name] != before[name] for name in nothing)
    talk.memory["draft"] = draft
    return draft


def _damaged(talk: Talk) -> tuple[str | None, str | None]:
    """Give the most delicate thing that a message names, whatever else stands in the clause."""
    named = ((kind, talk.wording.one_of(kind, talk.heard.text)) for kind in _KINDS)
    return next(((kind, item) for kind, item in named if item), (None, None))


def _is_put_right(talk: Talk, draft: Draft, kind: str | None, item: str) -> bool:
    """Tell another item from a part of the one that is known: a wheel of the suitcase is still the suitcase.

    What people in charge decide about becomes something else only where the contact says that it was not that.
    """
    if not draft["item"] or kind != "ordinary":
        return (kind, item) != (draft["item_kind"], draft["item"])
    is_denied = talk.wording.one_of("lacking", talk.heard.text) is not None
    return talk.wording.one_of("parts", item) is None and (is_denied or draft["item_kind"] == "ordinary")


def _has_words(story: str) -> bool:
    """Tell words from what is only a number, a "no" or a reference."""
    return sum(len(word) > 2 and word.isalpha() for word in story.replace(",", " ").split()) >= 2


async def _facts(talk: Talk, draft: Draft, trip: Trip) -> Facts:
    bags = [bag for bag in await talk.turn.own(Bag) if bag.ticket == trip.ticket and bag.status == DELIVERED]
    paid = (await bag_money.Before.of(talk, trip.ticket)).facts(DAMAGE, SORT.kind)
    told = {name: draft[name] for name in ("item", "item_kind", "story")}
    cap = "none" if draft["item_kind"] == MOBILITY_AID else "convention"
    return {**bag_money.facts_of(trip, bags[-1] if bags else None, draft), **paid, **told, "cap": cap}


def _lines(talk: Talk, facts: Facts, trip: Trip) -> str:
    write = talk.wording
    story = " / ".join(facts["story"])
    lines = [
        write.phrase("shown_flight", flight=flight_words(talk, trip)),
        write.phrase("shown_item", text=facts["item"] or ""),
        *([write.phrase("shown_happened", text=story)] if story else []),
        bag_money.shown(talk, facts),
    ]
    return "\n".join(lines)
