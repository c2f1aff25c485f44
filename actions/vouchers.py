"""A voucher out of goodwill: by the bot itself where a promise of ours was missed, else a kind word and a person.

identify ──► a missed promise in one of their own cases? ──► the most that the rules give ──► yes ──► the code
                 └─ none, or given before: the rule; a person is offered
"""

from __future__ import annotations

from typing import Any

from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import LEAVING, answered_offer_of_person
from actions.identity import is_identified, is_somebody_else
from relevo.contracts.records import Voucher
from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import VOUCHER, Decision, EffectState, Verdict

CASE_TYPE = "voucher"
CURRENCY = "EUR"
_BOUNDLESS = 10**9
"""An amount that no rule allows: the rule that refuses it says how much it would."""

Facts = dict[str, Any]


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    if talk.heard.intent == "change_mind":
        talk.stop()
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, CASE_TYPE):
        talk.end()
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_case"):
        await _go_on_identified(talk)


async def _go_on_identified(talk: Talk) -> None:
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_subscription")
    stage, offer = talk.memory["stage"], talk.memory["offer"]
    if stage == "confirm" and talk.agrees(str(offer["case"])):
        await _issue(talk, offer)
    elif stage == "confirm" and talk.heard.intent in LEAVING:
        talk.end()
        talk.say(LEAVING[talk.heard.intent])
    elif stage == "confirm":
        _show(talk, offer)
    elif stage == "person":
        talk.say("utter_offer_person")
    else:
        await _judge(talk)


async def _judge(talk: Talk) -> None:
    case = _missed(talk, list(await talk.turn.own_cases()))
    verdict = await talk.turn.judge(VOUCHER, _facts(case, _BOUNDLESS))
    facts = _facts(case, int(verdict.facts.get("limit", 0)))
    if "limit" in verdict.facts:
        verdict = await talk.turn.judge(VOUCHER, facts)
    if case is None or verdict.decision is not Decision.AUTO:
        await _refuse(talk, verdict)
        return
    _show(talk, facts | {"promised_at": talk.wording.moment(case.promised_at or talk.turn.now, talk.turn.zone)})


def _missed(talk: Talk, cases: list[Case]) -> Case | None:
    """Give the newest of their cases in which an answer was promised and did not come in time."""
    return next((case for case in cases if _was_missed(case, talk)), None)


def _was_missed(case: Case, talk: Talk) -> bool:
    is_over = case.promised_at is not None and case.promised_at < talk.turn.now
    return is_over and (case.promise_missed_at is not None or case.is_open)


def _facts(case: Case | None, amount: int) -> Facts:
    return {
        "granted_by": "bot",
        "is_promise_missed": case is not None,
        "amount": amount,
        "currency": CURRENCY,
        "case": case.id if case else None,
    }


def _show(talk: Talk, offer: Facts) -> None:
    talk.memory["stage"], talk.memory["offer"] = "confirm", offer
    amount = talk.wording.money(offer["amount"], CURRENCY)
    talk.say("utter_voucher_offer", amount=amount, case=offer["case"], date=offer["promised_at"])


async def _refuse(talk: Talk, verdict: Verdict) -> None:
    """Say which rule, kindly; the voucher that there was is named, for it may be what they look for."""
    talk.memory["stage"] = "person"
    talk.memory["refused"] = [{"rule": verdict.rule}]
    given = list(await talk.turn.own(Voucher))
    if given and "days" in verdict.facts:
        talk.say(
            "utter_rule_voucher_once",
            code=given[0].code,
            amount=talk.wording.money(given[0].amount, given[0].currency),
            date=talk.day(given[0].issued_at),
            until=talk.wording.date(given[0].valid_until),
            days=str(verdict.facts["days"]),
        )
    else:
        talk.say("utter_rule_voucher_reason")


async def _issue(talk: Talk, offer: Facts) -> None:
    arguments = {name: value for name, value in offer.items() if name != "promised_at"}
    result = await talk.turn.perform(VOUCHER, offer["case"], arguments, amount=offer["amount"], unit=CURRENCY)
    if result.state is EffectState.DONE:
        talk.end()
        talk.say(
            "utter_voucher_issued",
            amount=talk.wording.money(int(result.result["amount"]), str(result.result["unit"])),
            code=str(result.result["code"]),
            until=talk.wording.date(str(result.result["valid_until"])),
        )
    elif result.state is EffectState.REFUSED:
        await _refuse(talk, Verdict(decision=Decision.REFUSED, rule=result.rule or "", facts=result.result))
    else:
        await _hand_on(talk, offer, result.key, result.state.value)


async def _hand_on(talk: Talk, offer: Facts, key: str, state: str) -> None:
    attempts = [{"key": key, "state": state}]
    number = await open_case(talk, CASE_TYPE, Trigger.ACTION_ERROR, goal=talk.memory["goal"], attempts=attempts)
    talk.end()
    talk.say("utter_voucher_not_confirmed", case=number)
