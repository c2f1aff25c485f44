"""Paying back what was charged too much: which order, what the rules say of each charge, a yes, one effect each.

    identify ──► the order meant, else the one that stands out ──► its open case, if there is one ──► judge each charge
        allowed ──► show exactly what goes back and to where ──► yes ──► paid back, or prepared in a case for a person
        refused ──► the rule with the order's numbers; a person is offered

Who sold the goods makes no difference: Aurora pays back. What is shown is kept in the slot ``offer`` and exactly
that is paid back: a retried turn finds the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from actions.cases import open_case, same_case
from actions.charges import Facts, charges, whole
from actions.conversation import Talk
from actions.handoff import LEAVING, answered_offer_of_person
from actions.identity import is_identified, is_somebody_else
from relevo.contracts.records import Order
from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import Decision, EffectResult, EffectState, Verdict

KIND = "refund"
CASE_TYPE = "overcharge"

_EVIDENCE = ("order", "charge", "payment", "amount", "goods", "delivery", "times", "total", "paid", "payments")

Judged = tuple[Facts, Verdict]


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    if talk.heard.intent == "change_mind":
        talk.end()
        talk.say("utter_stopped")
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, CASE_TYPE):
        talk.end()
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_order"):
        await _go_on_identified(talk)
    elif talk.memory["in_request"]:
        talk.memory["stage"] = "identity"


async def _go_on_identified(talk: Talk) -> None:
    orders = await talk.turn.own(Order)
    stage, named = talk.memory["stage"], talk.heard.entities.get("order", ())
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_order")
        if not named and stage != "confirm":
            talk.memory["stage"] = "choose"
            return
    if stage == "confirm":
        await _go_on_confirming(talk, orders, named)
    elif named:
        await _show(talk, orders, named)
    elif stage == "person":
        talk.say("utter_offer_person")
    elif stage == "choose":
        _ask_which(talk, orders)
    else:
        await _show(talk, orders, [order] if (order := talk.memory["order"]) else [])


async def _go_on_confirming(talk: Talk, orders: Sequence[Order], named: Collection[str]) -> None:
    offer: list[Facts] = talk.memory["offer"]
    chosen = _chosen(talk, offer)
    is_the_same = not named or set(named) == {facts["order"] for facts in offer}
    if talk.heard.is_plain_yes and is_the_same and not chosen and not talk.replies:
        await _pay_back(talk, offer)
    elif not is_the_same:
        await _show(talk, orders, named)
    elif talk.heard.intent == "deny" and not chosen:
        talk.memory["stage"] = "choose"
        talk.say("utter_refund_which_instead")
    else:
        await _offer(talk, chosen or offer)


def _chosen(talk: Talk, offer: Sequence[Facts]) -> list[Facts]:
    """Give the charges chosen by their place in the list that was shown, where there was one to choose from."""
    places = [choice for choice in talk.heard.entities.get("choice", ()) if choice != "all"]
    positions = {len(offer) - 1 if place == "last" else int(place) - 1 for place in places}
    return [facts for position, facts in enumerate(offer) if position in positions and len(offer) > 1]


def _ask_which(talk: Talk, orders: Sequence[Order]) -> None:
    if talk.heard.intent in LEAVING:
        talk.end()
        talk.say("utter_stopped")
    else:
        talk.memory["stage"] = "choose"
        lines = [talk.wording.order(whole(order) | {"items": order.items}) for order in orders]
        talk.say("utter_refund_which", orders="\n".join(lines))


async def _show(talk: Talk, orders: Sequence[Order], named: Collection[str]) -> None:
    """Find the orders that are meant, and offer what the rules give back, else say why they do not."""
    meant = [order for order in orders if order.id in named or not named]
    if not meant:
        talk.memory["stage"] = "choose"
        talk.memory.forget("order")
        talk.say("utter_refund_order_not_found")
        return
    judged = [(facts, await talk.turn.judge(KIND, facts)) for order in meant for facts in charges(order)]
    allowed = [facts for facts, verdict in judged if verdict.decision is not Decision.REFUSED]
    if not allowed and len(meant) > 1:
        _ask_which(talk, meant)
        return
    case = await _case_about(talk, allowed or [whole(meant[0])])
    if case is not None and case.waits_for_approval:
        talk.end()
        talk.say("utter_refund_waiting", case=case.id, date=talk.wording.date(case.opened_at.date()))
    elif allowed:
        await _offer(talk, allowed)
    else:
        await _refuse(talk, judged, meant[0])


async def _case_about(talk: Talk, about: Sequence[Facts]) -> Case | None:
    """Find the case that is open about an order, and greet with it whoever came about it before."""
    case = await _open_case_of(talk, about)
    if case is not None and talk.memory["case_id"] != case.id:
        talk.turn.came_again(case, goal=talk.memory["goal"])
        talk.memory["case_id"], talk.memory["has_case"] = case.id, True
        if not case.waits_for_approval:
            talk.say("utter_refund_case_found", case=case.id, date=talk.wording.date(case.opened_at.date()))
    return case


async def _open_case_of(talk: Talk, about: Sequence[Facts]) -> Case | None:
    for order in dict.fromkeys(facts["order"] for facts in about):
        if case := await talk.turn.find_case(CASE_TYPE, order):
            return case
    return None


async def _offer(talk: Talk, offer: list[Facts]) -> None:
    """Show exactly what would go back, and where; say which rule leaves it to a person; ask for the yes."""
    write = talk.wording
    verdicts = [await talk.turn.judge(KIND, facts) for facts in offer]
    for_person = next((verdict for verdict in verdicts if verdict.decision is Decision.NEEDS_APPROVAL), None)
    talk.memory["offer"], talk.memory["stage"] = offer, "confirm"
    shown = {"charges": "\n".join(map(write.charge, offer)), "amount": _sum(talk, offer)}
    if for_person is None:
        talk.say("utter_refund_offer", **shown)
        return
    shown["limit"] = write.money(for_person.facts["limit"], offer[0]["currency"])
    talk.say(_response(for_person), **shown, days=str(for_person.facts.get("days", "")))


async def _refuse(talk: Talk, judged: Sequence[Judged], order: Order) -> None:
    """Say what the rules say of the charge that stands out, with the order's numbers; a person is offered."""
    facts, verdict = _standing_out(judged) or (whole(order), await talk.turn.judge(KIND, whole(order)))
    talk.memory["stage"] = "person"
    talk.memory["refused"] = [{"order": order.id, "rule": verdict.rule}]
    talk.say(_response(verdict), **_refusal_values(talk, facts, verdict))


def _standing_out(judged: Sequence[Judged]) -> Judged | None:
    """Give the refused charge that a contact can have meant; a delivery that costs less than the goods is none."""
    telling = (pair for pair in judged if pair[1].facts.get("is_above_ratio", True))
    return next(telling, None)


def _response(verdict: Verdict) -> str:
    return f"utter_rule_{verdict.rule.replace('.', '_')}"


def _refusal_values(talk: Talk, facts: Facts, verdict: Verdict) -> dict[str, str]:
    write = talk.wording
    values = {"bill": write.bill(facts), "amount": write.money(facts["amount"], facts["currency"])}
    if facts["refunded_on"]:
        values |= {
            "date": write.date(facts["refunded_on"]),
            "means": write.means_of(facts["methods"]),
            "reference": facts["refund_reference"],
        }
    if "floor" in verdict.facts:
        values |= {
            "times": write.number(verdict.facts["times"]),
            "floor": write.money(verdict.facts["floor"], facts["currency"]),
        }
    return values


async def _pay_back(talk: Talk, offer: Sequence[Facts]) -> None:
    results = [await _order(talk, facts) for facts in offer]
    pairs = list(zip(offer, results, strict=True))
    done = [{**facts, **result.result} for facts, result in pairs if result.state is EffectState.DONE]
    waiting = [facts for facts, result in pairs if result.state is EffectState.PREPARED]
    if done:
        references = talk.wording.join(str(paid["reference"]) for paid in done)
        talk.say("utter_refund_done", **_paid(talk, done), reference=references)
    if waiting:
        evidence = [{name: facts[name] for name in _EVIDENCE} | {"unit": facts["currency"]} for facts in waiting]
        number = await _put_into_case(talk, waiting, Trigger.APPROVAL, results, refunds=evidence)
        talk.say("utter_refund_prepared", **_paid(talk, waiting), case=number)
    if len(done) + len(waiting) < len(pairs):
        await _hand_on_failed(talk, pairs)
    talk.end()


async def _order(talk: Talk, facts: Facts) -> EffectResult:
    """Order one refund; the means go with it in the contact's words, for whoever tells them what was decided."""
    arguments = {**facts, "means": talk.wording.means_of(facts["methods"])}
    return await talk.turn.perform(KIND, facts["reference"], arguments, amount=facts["amount"], unit=facts["currency"])


def _paid(talk: Talk, paid: Sequence[Facts]) -> dict[str, str]:
    methods = [method for facts in paid for method in facts["methods"]]
    return {"amount": _sum(talk, paid), "means": talk.wording.means_of(methods)}


async def _put_into_case(
    talk: Talk, about: Sequence[Facts], trigger: Trigger, effects: Sequence[EffectResult] = (), **detail: Any
) -> str:
    """Add to the case that is open about an order, with what a person decides about in it; else open one."""
    case = await _open_case_of(talk, about)
    if case is None:
        begin = open_case if effects else same_case
        return await begin(talk, CASE_TYPE, trigger, named=about[0], effects=effects, **detail)
    is_new, detail = talk.memory["case_id"] != case.id, {"language": talk.memory["language"], **detail}
    talk.turn.came_again(case, effects=effects, goal=talk.memory["goal"], detail=detail, is_counted=is_new)
    talk.memory["case_id"], talk.memory["has_case"] = case.id, True
    return case.id


async def _hand_on_failed(talk: Talk, pairs: Sequence[tuple[Facts, EffectResult]]) -> None:
    failed = [pair for pair in pairs if pair[1].state not in (EffectState.DONE, EffectState.PREPARED)]
    attempts = [{"key": result.key, "state": result.state.value, "rule": result.rule} for _, result in failed]
    number = await _put_into_case(talk, [facts for facts, _ in failed], Trigger.ACTION_ERROR, attempts=attempts)
    talk.say("utter_refund_not_confirmed", case=number)


def _sum(talk: Talk, paid: Sequence[Facts]) -> str:
    totals: Counter[str] = Counter()
    for facts in paid:
        totals[facts["currency"]] += facts["amount"]
    return talk.wording.join(talk.wording.money(amount, currency) for currency, amount in totals.items())
