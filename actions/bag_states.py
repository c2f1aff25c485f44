"""How a bag stands, told from its history; where it is still missing on another contact, a person comes at once.

which bag ──► delivered, located ──► said, with where and when
              not located ──► just reported: said, and a person is offered
                              ├─ else: its case becomes more urgent, a missed promise is owned up to, a person comes
                              └─ 21 days over: it counts as lost; the convention's limit is named, a person comes
"""

from __future__ import annotations

from actions.bags import CASE_TYPE, bags_meant, history
from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import to_person
from relevo.contracts.records import NOT_LOCATED, Bag
from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import Decision

DELIVERED = "delivered"
"""Stage in which a bag was said to be delivered: next may come that it is not there."""
_HAVE_IT = {"affirm": "utter_ok", "thanks": "utter_thanks", "bye": "utter_bye"}
_MISS_IT = frozenset({"disagree", "report_lost_baggage", "ask_baggage_status"})
_MORE_THAN_ANY = 10**9


async def tell(talk: Talk) -> None:
    """Say how the bag that is meant stands; of several, all of them."""
    bags = bags_meant(talk, await talk.turn.own(Bag))
    if len(bags) == 1:
        await _tell_one(talk, bags[0])
        return
    write = talk.wording
    lines = [
        write.phrase("bag_status", report=bag.report, flight=bag.flight, status=write.phrase(bag.status))
        for bag in bags
    ]
    talk.say("utter_baggage_several", reports="\n".join(lines))
    if missing := [bag for bag in bags if bag.status == NOT_LOCATED]:
        await _to_person(talk, missing[0], await talk.turn.find_case(CASE_TYPE, missing[0].report))
    else:
        talk.end()


async def _tell_one(talk: Talk, bag: Bag) -> None:
    values = {"report": bag.report, "flight": bag.flight, "history": history(talk, bag)}
    if bag.status == NOT_LOCATED:
        await _tell_missing(talk, bag, values)
        return
    if bag.delivered_on is not None:
        talk.memory["stage"], talk.memory["shown"] = DELIVERED, [bag.report]
        talk.say("utter_baggage_delivered", **values, date=talk.wording.date(bag.delivered_on))
        return
    talk.end()
    if bag.delivery_address:
        talk.say("utter_baggage_located", **values, address=bag.delivery_address)
    else:
        talk.say("utter_baggage_located_without_address", **values)


def names_another(talk: Talk) -> bool:
    """Tell whether a message names a bag or flight, after one was said to be delivered: then that one is looked up."""
    named = {*talk.heard.entities.get("baggage_report", ()), *talk.heard.entities.get("flight", ())}
    return bool(named - {*(talk.memory["shown"] or ())}) or "baggage_tag" in talk.heard.entities


async def go_on_delivered(talk: Talk) -> None:
    """Have a person come where a bag that was delivered is not there; whoever only answers has it."""
    if talk.heard.intent in _HAVE_IT:
        talk.end()
        talk.say(_HAVE_IT[talk.heard.intent])
    elif talk.heard.is_telling or talk.heard.intent in _MISS_IT:
        await _miss_it(talk, talk.memory["shown"][0])
    else:
        talk.say("utter_baggage_delivered_again", report=talk.memory["shown"][0])


async def _miss_it(talk: Talk, report: str) -> None:
    case = await talk.turn.find_case(CASE_TYPE, report)
    if case is None:
        named = {"baggage_report": report}
        number = await open_case(talk, CASE_TYPE, Trigger.USER_REQUEST, named=named, report=report)
    else:
        number = came_again(talk, case)
    response = "utter_case_opened" if case is None else "utter_baggage_to_person"
    await to_person(talk, number, CASE_TYPE, Trigger.USER_REQUEST, response)


async def _tell_missing(talk: Talk, bag: Bag, values: dict[str, str]) -> None:
    case = await talk.turn.find_case(CASE_TYPE, bag.report)
    search = await talk.turn.judge("search_baggage", {"report": bag.report, "flown_on": bag.flown_on.isoformat()})
    is_lost = search.decision is not Decision.AUTO
    is_fresh = talk.memory["reported_bag"] == bag.report and bag.reported_on == talk.turn.today
    if is_fresh and case is not None and not is_lost:
        talk.memory["stage"], talk.memory["case_id"], talk.memory["has_case"] = "person", case.id, True
        talk.say("utter_baggage_searching", **values, case=case.id)
        talk.say("utter_offer_person")
        return
    if is_lost:
        talk.say("utter_baggage_counts_as_lost", **values, **await _worth(talk, bag), days=str(search.facts["days"]))
    else:
        talk.say("utter_baggage_still_missing", **values, date=talk.wording.date(bag.reported_on))
    await _to_person(talk, bag, case)


async def _worth(talk: Talk, bag: Bag) -> dict[str, str]:
    """Give the most that a bag is worth by the convention of its flight's day: the limit that no amount keeps."""
    facts = {"report": bag.report, "flown_on": bag.flown_on.isoformat(), "amount": _MORE_THAN_ANY}
    verdict = await talk.turn.judge("settle_lost_baggage", {**facts, "cap": "convention", "paid_for_flight": 0})
    limit, rights = verdict.facts["limit"], verdict.facts["drawing_rights"]
    return {"limit": talk.wording.money(limit, "EUR"), "drawing_rights": talk.wording.number(rights)}


async def _to_person(talk: Talk, bag: Bag, case: Case | None) -> None:
    """Make the bag's case more urgent, and have a person come."""
    if case is None:
        named = {"baggage_report": bag.report}
        number = await open_case(talk, CASE_TYPE, Trigger.USER_REQUEST, named=named, report=bag.report)
    else:
        number = came_again(talk, case)
        _own_up(talk, case)
    response = "utter_case_opened" if case is None else "utter_baggage_to_person"
    await to_person(talk, number, CASE_TYPE, Trigger.USER_REQUEST, response)


def came_again(talk: Talk, case: Case) -> str:
    """Link the conversation to a case that is open, which becomes more urgent once in a conversation."""
    is_counted = talk.memory["case_id"] != case.id
    talk.turn.came_again(case, goal=talk.memory["goal"] or talk.heard.text, is_counted=is_counted)
    talk.memory["case_id"], talk.memory["has_case"] = case.id, True
    return case.id


def _own_up(talk: Talk, case: Case) -> None:
    """Say that a promised time passed, before anybody has to ask."""
    if case.promised_at is not None and case.promised_at < talk.turn.now:
        talk.say("utter_baggage_promise_missed", case=case.id, date=talk.day(case.promised_at))
