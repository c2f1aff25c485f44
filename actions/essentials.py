"""What had to be bought while a bag was missing: so much a day, with receipts, paid to where the ticket was paid from.

identify ──► the report that is meant ──► gather amount and receipts ──► bag_money
                └─ no report: one is offered, for without it nobody looks for the bag
"""

from __future__ import annotations

from actions import bag_money
from actions.bags import (
    Facts,
    ask_which_report,
    bags_meant,
    days_missing,
    goes_on,
    known_bags,
    offer_person,
    with_report,
)
from actions.conversation import Talk
from actions.telling import Draft, gathered, is_foreign, settled
from relevo.contracts.records import ESSENTIALS, Bag, Trip
from relevo.domain.effects import Decision

CASE_TYPE = "essentials"
SORT = bag_money.Sort("pay_essentials", CASE_TYPE, "utter_essentials_offer", "tell_bill", "report")
_MUCH = 100_000
"""An amount that no rule pays at once, to learn what one pays."""


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    draft = await gathered(talk, with_report(talk, talk.memory["draft"] or {}), is_spending=True)
    if await goes_on(talk, CASE_TYPE):
        await _go_on_identified(talk, draft)


async def _go_on_identified(talk: Talk, draft: Draft) -> None:
    mine = await known_bags(talk, none="utter_essentials_no_report")
    if not mine or await is_foreign(talk, draft, CASE_TYPE):
        return
    bags = bags_meant(talk, mine)
    flown = {trip.ticket: trip for trip in await talk.turn.own(Trip)}
    if len(bags) > 1:
        ask_which_report(talk, bags)
    elif bags[0].ticket not in flown:
        offer_person(talk, "utter_baggage_no_flight")
    else:
        await _go_on_about(talk, settled(talk, draft, "report", bags[0].report), bags[0], flown[bags[0].ticket])


async def _go_on_about(talk: Talk, draft: Draft, bag: Bag, trip: Trip) -> None:
    if await bag_money.answered(talk, SORT, draft):
        return
    facts = await _facts(talk, draft, bag, trip)
    verdict = await talk.turn.judge(SORT.kind, {**facts, "amount": facts["amount"] or 1})
    has_asked_for_bills = draft.get("asked") or draft["bills"] or "bill" in draft["lacks"]
    if verdict.decision is Decision.REFUSED and not verdict.rule.endswith(".plausible"):
        bag_money.refuse(talk, facts, verdict)
    elif draft["amount"] is None or not has_asked_for_bills:
        await _ask(talk, draft, bag, facts)
    else:
        await bag_money.offer(talk, SORT, facts, _lines(talk, facts))


async def _ask(talk: Talk, draft: Draft, bag: Bag, facts: Facts) -> None:
    """Ask for what is missing, all at once, and say how much is paid without a person."""
    write = talk.wording
    missing = [] if draft["amount"] is not None else [write.phrase("missing_spent")]
    missing += [] if draft["bills"] or "bill" in draft["lacks"] else [write.phrase("missing_bill")]
    talk.memory["draft"] = {**draft, "asked": True}
    talk.memory["stage"] = "tell_bill"
    verdict = await talk.turn.judge(SORT.kind, {**facts, "amount": _MUCH, "has_bill": True})
    values = {"report": bag.report, "flight": bag.flight, "missing": write.join(missing)}
    if verdict.rule == "essentials.daily_limit":
        left, a_day = (write.money(int(verdict.facts[name]), facts["currency"]) for name in ("left", "a_day"))
        talk.say("utter_essentials_tell", **values, left=left, a_day=a_day, days=str(verdict.facts["most_days"]))
    else:
        talk.say("utter_essentials_tell_shortly", **values)


async def _facts(talk: Talk, draft: Draft, bag: Bag, trip: Trip) -> Facts:
    before = await bag_money.Before.of(talk, bag.ticket)
    days = days_missing(bag, talk.turn.today)
    return {**bag_money.facts_of(trip, bag, draft), **before.facts(ESSENTIALS, SORT.kind), "days": days}


def _lines(talk: Talk, facts: Facts) -> str:
    write = talk.wording
    report = write.phrase("shown_report", report=facts["report"], flight=facts["flight"])
    return "\n".join([report, write.phrase("shown_days", days=str(facts["days"])), bag_money.shown(talk, facts)])
