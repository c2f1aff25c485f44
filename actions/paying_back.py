"""Paying back what was agreed to: one effect for each charge; what is not done goes to a person, in the open case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from actions.cases import open_case, same_case
from actions.charges import GIVEN_BACK, NOT_FLOWN, WITHDRAWAL, Facts, thing_of
from actions.conversation import Talk
from actions.verdicts import KIND
from relevo.contracts.records import UNDELIVERED
from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import EffectResult, EffectState

CASE_TYPES = ("overcharge", "undelivered", "goods_return", "fare_refund", "refund")
"""Cases that money is asked back in: whatever the request is called, one about the same thing is the same matter."""

_DONE = {
    UNDELIVERED: "utter_refund_done_undelivered",
    WITHDRAWAL: "utter_refund_done_withdrawal",
    NOT_FLOWN: "utter_refund_done_not_flown",
    GIVEN_BACK: "utter_refund_done_given_back",
}
"""What is said of a charge that went back; of any other, that it was a mistake."""
_EVIDENCE = (
    "order", "ticket", "flight", "flown_on", "charge", "payment", "amount", "goods", "delivery", "times", "total",
    "paid", "payments", "promised_on", "delivered_on"
)  # fmt: skip

Pair = tuple[Facts, EffectResult]


async def pay_back(talk: Talk, case_type: str, offer: Sequence[Facts]) -> None:
    """Do exactly what was agreed to, say what became of it, and close the request."""
    results = [await _order(talk, facts) for facts in offer]
    pairs = list(zip(offer, results, strict=True))
    _say_done(talk, [pair for pair in pairs if pair[1].state is EffectState.DONE])
    waiting = [facts for facts, result in pairs if result.state is EffectState.PREPARED]
    if waiting:
        evidence = [_evidence(facts) for facts in waiting]
        number = await _put_into_case(talk, case_type, waiting, Trigger.APPROVAL, results, refunds=evidence)
        means = talk.wording.means_of(method for facts in waiting for method in facts["methods"])
        talk.say("utter_refund_prepared", amount=talk.wording.sum(waiting), means=means, case=number)
    failed = [pair for pair in pairs if pair[1].state not in (EffectState.DONE, EffectState.PREPARED)]
    if failed:
        await _hand_on(talk, case_type, failed)
    _say_what_is_sent_back(talk, [facts for facts in offer if facts not in [facts for facts, _ in failed]])
    talk.end()


async def _order(talk: Talk, facts: Facts) -> EffectResult:
    """Order one refund; the means go with it in the contact's words, for whoever tells them what was decided."""
    arguments = {**facts, "means": talk.wording.means_of(facts["methods"])}
    return await talk.turn.perform(KIND, facts["reference"], arguments, amount=facts["amount"], unit=facts["currency"])


def _say_done(talk: Talk, done: Sequence[Pair]) -> None:
    """Say what went back, one reply for what was paid back for the same reason."""
    for response, pairs in groupby(done, key=lambda pair: _DONE.get(pair[0]["charge"], "utter_refund_done")):
        paid = [facts | dict(result.result) for facts, result in pairs]
        talk.say(
            response,
            amount=talk.wording.sum(paid),
            means=talk.wording.parts([part for one in paid for part in one["payments"]], paid[0]["currency"]),
            reference=talk.wording.join(str(one["reference"]) for one in paid),
            days=str(paid[0].get("within_days") or ""),
        )


def _say_what_is_sent_back(talk: Talk, agreed: Sequence[Facts]) -> None:
    for facts in agreed:
        if facts["charge"] == WITHDRAWAL and facts["delivered_on"]:
            last = date.fromisoformat(facts["asked_on"]) + timedelta(days=facts["within_days"])
            talk.say("utter_return_send_back", what=talk.wording.what(facts["pieces"]), date=talk.wording.date(last))
        elif facts["charge"] == WITHDRAWAL:
            talk.say("utter_return_not_here_yet", what=talk.wording.what(facts["pieces"]))


def _evidence(facts: Facts) -> Facts:
    """Give what a person decides by, without what the rules alone need."""
    kept = {name: facts[name] for name in _EVIDENCE if facts.get(name) is not None}
    pieces = [{"name": piece["name"], "count": piece["count"]} for piece in facts.get("pieces", ())]
    return kept | {"unit": facts["currency"]} | ({"pieces": pieces} if pieces else {})


async def case_about(talk: Talk, case_type: str, about: Sequence[Facts]) -> Case | None:
    """Find the case that is open about an order or ticket, and greet with it whoever came about it before."""
    case = await _open_case_of(talk, case_type, about)
    if case is not None and talk.memory["case_id"] != case.id:
        talk.turn.came_again(case, goal=talk.memory["goal"])
        talk.memory["case_id"], talk.memory["has_case"] = case.id, True
        if not case.is_being_settled:
            talk.say("utter_refund_case_found", case=case.id, date=talk.day(case.opened_at))
    return case


async def _open_case_of(talk: Talk, case_type: str, about: Sequence[Facts]) -> Case | None:
    for number in dict.fromkeys(map(thing_of, about)):
        for kind in dict.fromkeys((case_type, *CASE_TYPES)):
            if case := await talk.turn.find_case(kind, number):
                return case
    return None


async def _put_into_case(
    talk: Talk,
    case_type: str,
    about: Sequence[Facts],
    trigger: Trigger,
    effects: Sequence[EffectResult] = (),
    **detail: Any,
) -> str:
    """Add to the case that is open about a thing, with what a person decides about in it; else open one."""
    case = await _open_case_of(talk, case_type, about)
    if case is None:
        begin = open_case if effects else same_case
        return await begin(talk, case_type, trigger, named=about[0], effects=effects, **detail)
    is_new, detail = talk.memory["case_id"] != case.id, {"language": talk.memory["language"], **detail}
    talk.turn.came_again(case, effects=effects, goal=talk.memory["goal"], detail=detail, is_counted=is_new)
    talk.memory["case_id"], talk.memory["has_case"] = case.id, True
    return case.id


async def _hand_on(talk: Talk, case_type: str, failed: Sequence[Pair]) -> None:
    attempts = [{"key": result.key, "state": result.state.value, "rule": result.rule} for _, result in failed]
    about = [facts for facts, _ in failed]
    number = await _put_into_case(talk, case_type, about, Trigger.ACTION_ERROR, attempts=attempts)
    talk.say("utter_refund_not_confirmed", case=number)
