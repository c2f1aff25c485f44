"""Where a bag is brought: changed for whoever proves by a code that they read the mail on file.

identify ──► the report that is meant ──► the address ──► a code by mail ──► show it ──► yes ──► changed
                                                            └─ none can be sent, or three were: a person
"""

from __future__ import annotations

from collections.abc import Sequence

from actions.bags import Facts, address_in, ask_which_report, bags_meant, goes_on, known_bags, with_report
from actions.cases import open_case
from actions.code import has_proved
from actions.conversation import Talk
from actions.handoff import LEAVING
from relevo.contracts.records import Bag
from relevo.domain.cases import Trigger
from relevo.domain.effects import Decision, EffectState

KIND = "change_delivery_address"
CASE_TYPE = "delivery_address"

_LONGEST, _SHORTEST = 300, 8


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    _gather(talk)
    if await goes_on(talk, CASE_TYPE):
        await _go_on_identified(talk)


async def _go_on_identified(talk: Talk) -> None:
    if mine := await known_bags(talk, none="utter_baggage_none"):
        await _go_on_with(talk, bags_meant(talk, mine))


async def _go_on_with(talk: Talk, bags: Sequence[Bag]) -> None:
    draft = talk.memory["draft"]
    if len(bags) > 1:
        ask_which_report(talk, bags)
        return
    bag = bags[0]
    talk.memory["draft"] = {**draft, "report": bag.report}
    verdict = await talk.turn.judge(KIND, _facts(bag, draft["address"]))
    if verdict.decision is Decision.REFUSED:
        talk.memory["stage"], talk.memory["refused"] = "person", [{"report": bag.report, "rule": verdict.rule}]
        date = talk.wording.date(bag.delivered_on) if bag.delivered_on else ""
        talk.say(f"utter_rule_{verdict.rule.replace('.', '_')}", report=bag.report, date=date)
    elif not draft["address"]:
        _ask_for_address(talk, bag)
    elif await has_proved(talk, CASE_TYPE):
        await _offer_or_change(talk, bag, draft["address"])


def _ask_for_address(talk: Talk, bag: Bag) -> None:
    if talk.memory["stage"] == "tell_address" and talk.heard.intent in LEAVING:
        talk.end()
        talk.say(LEAVING[talk.heard.intent])
        return
    talk.memory["stage"] = "tell_address"
    talk.say("utter_delivery_tell_address", report=bag.report)


async def _offer_or_change(talk: Talk, bag: Bag, address: str) -> None:
    before: Facts | None = talk.memory["offer"] if talk.memory["stage"] == "confirm" else None
    is_the_same = before is not None and (before["report"], before["address"]) == (bag.report, address)
    if before is not None and is_the_same and talk.agrees(bag.report, bag.flight):
        await _change(talk, before)
    elif is_the_same and talk.heard.intent == "deny":
        talk.memory["draft"], talk.memory["stage"] = {**talk.memory["draft"], "address": None}, "tell_address"
        talk.say("utter_delivery_tell_address", report=bag.report)
    elif is_the_same and talk.heard.intent in LEAVING:
        talk.end()
        talk.say(LEAVING[talk.heard.intent])
    else:
        talk.memory["offer"], talk.memory["stage"] = _facts(bag, address), "confirm"
        talk.say("utter_delivery_offer", report=bag.report, address=address)


async def _change(talk: Talk, offer: Facts) -> None:
    result = await talk.turn.perform(KIND, f"{offer['report']}:{offer['address_changes'] + 1}", offer)
    if result.state is EffectState.DONE and result.result.get("address") == offer["address"]:
        talk.say("utter_delivery_changed", report=offer["report"], address=offer["address"])
    else:
        attempts = [{"key": result.key, "state": result.state.value, "rule": result.rule}]
        named = {"baggage_report": offer["report"]}
        number = await open_case(talk, CASE_TYPE, Trigger.ACTION_ERROR, named=named, attempts=attempts, told=offer)
        talk.say("utter_delivery_not_confirmed", case=number)
    talk.end()


def _gather(talk: Talk) -> None:
    """Remember the address that a message tells or puts right."""
    draft = with_report(talk, {"address": None} | (talk.memory["draft"] or {}))
    is_asked = talk.memory["stage"] == "tell_address" and talk.heard.is_telling and talk.heard.intent != "deny"
    told = address_in(talk) or (talk.heard.story if is_asked else "")
    if len(told) >= _SHORTEST and any(map(str.isdigit, told)):
        draft["address"] = told[:_LONGEST]
    talk.memory["draft"] = draft


def _facts(bag: Bag, address: str | None) -> Facts:
    return {
        "report": bag.report,
        "address": address,
        "address_changes": bag.address_changes,
        "delivered_on": bag.delivered_on.isoformat() if bag.delivered_on else None,
    }
