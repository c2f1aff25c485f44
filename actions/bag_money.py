"""Money for bags: what was damaged, and what had to be bought while a bag was missing.

gathered ──► judge it by policy ──► show exactly what would be paid, and to where ──► yes ──► paid at once
                 │                                └─ a rule leaves it to a person: prepared in a case, with photos
                 ├─ waits for a person already: said, and nothing else is prepared
                 └─ refused: the rule with its date; a person is offered
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import LEAVING
from actions.telling import Draft, keep
from relevo.contracts.records import Bag, BagPayment, Trip
from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import DECLINED, Decision, EffectResult, EffectState, PreparedEffect, Verdict

Facts = dict[str, Any]


class Sort(msgspec.Struct, frozen=True):
    """What is paid for, with the replies of its own."""

    kind: str
    case_type: str
    offer: str
    stage: str
    """Where something is asked for again."""
    refers_to: str
    """Fact that names its case: ``report`` or ``ticket``."""
    told: tuple[str, ...] = ("amount", "currency", "photos", "bills")
    """What the contact told and may put right, in the facts as in the draft."""


class Before(msgspec.Struct, frozen=True):
    """What was paid and asked for a flight before."""

    payments: Sequence[BagPayment]
    asked: Sequence[PreparedEffect]

    @classmethod
    async def of(cls, talk: Talk, ticket: str) -> Before:
        """Read what was paid for a ticket, as the company has it, and what was asked."""
        return cls(
            [payment for payment in await talk.turn.own(BagPayment) if payment.ticket == ticket],
            [asked for asked in await talk.turn.own_effects() if asked.order.arguments.get("ticket") == ticket],
        )

    def facts(self, what: str, kind: str) -> Facts:
        """Give the facts that the policy asks about; ``place`` is that of the next payment of this sort.

        What waits for a person counts as paid for the flight: two who approve at once do not see each other.
        """
        same = [payment for payment in self.payments if payment.kind == what]
        waits = [one.order.amount or 0 for one in self.asked if one.state is EffectState.PREPARED]
        declined = [one.decided_at for one in self.asked if one.order.kind == kind and one.rule == DECLINED]
        return {
            "place": len(same) + 1,
            "paid_before": sum(payment.amount for payment in same),
            "paid_on": same[-1].paid_on.isoformat() if same else None,
            "paid_for_flight": sum(payment.amount for payment in self.payments) + sum(waits),
            "declined_at": declined[0].isoformat() if declined and declined[0] else None,
        }


def facts_of(trip: Trip, bag: Bag | None, draft: Draft) -> Facts:
    """Give what is known of a flight and its bag, and what was told of it."""
    received_on = bag.delivered_on if bag is not None else trip.flown_on
    return {
        "ticket": trip.ticket,
        "flight": trip.flight,
        "flown_on": trip.flown_on.isoformat(),
        "was_flown": trip.was_flown,
        "received_on": received_on.isoformat() if received_on else None,
        "report": bag.report if bag is not None else None,
        "told_on": draft["told_on"],
        "amount": draft["amount"],
        "currency": draft["currency"],
        "cap": "convention",
        "has_photo": bool(draft["photos"]),
        "has_bill": bool(draft["bills"]),
        "photos": draft["photos"],
        "bills": draft["bills"],
        "method": trip.paid_with,
    }


def shown(talk: Talk, facts: Facts) -> str:
    """Write what exactly would be paid, and to where; the lines that every sort ends with."""
    write = talk.wording
    files = write.phrase("shown_files", photos=str(len(facts["photos"])), bills=str(len(facts["bills"])))
    amount = write.money(facts["amount"], facts["currency"])
    return files + "\n" + write.phrase("shown_amount", amount=amount, means=write.means(facts["method"]))


async def offer(talk: Talk, sort: Sort, facts: Facts, lines: str) -> None:
    """Show what would be paid and ask for the yes, else say which rule refuses."""
    verdict = await talk.turn.judge(sort.kind, facts)
    response = f"utter_rule_{verdict.rule.replace('.', '_')}"
    waiting = await waits(talk, sort, facts)
    if verdict.rule.endswith(".plausible"):
        talk.memory["draft"] = {**talk.memory["draft"], "amount": None}
        talk.memory["stage"] = sort.stage
        talk.say(response, least=_money(talk, verdict, "least"), most=_money(talk, verdict, "most"))
    elif verdict.decision is Decision.REFUSED:
        refuse(talk, facts, verdict)
    elif waiting is not None:
        talk.end()
        talk.say("utter_bag_money_waiting", case=waiting.id, date=talk.day(waiting.opened_at))
    else:
        talk.memory["offer"], talk.memory["stage"] = facts, "confirm"
        is_at_once = verdict.decision is Decision.AUTO
        said = _limits(talk, verdict) | ({"flight": facts["flight"]} if verdict.rule.endswith(".not_flown") else {})
        talk.say(sort.offer if is_at_once else response, shown=lines, **said)


def refuse(talk: Talk, facts: Facts, verdict: Verdict) -> None:
    """Say which rule refuses, with its dates; a person is offered."""
    talk.memory["stage"], talk.memory["refused"] = "person", [{"flight": facts["flight"], "rule": verdict.rule}]
    dates = {name: verdict.facts.get(name) for name in ("date", "until")}
    values = {name: talk.wording.date(str(day)) for name, day in dates.items() if day}
    response = f"utter_rule_{verdict.rule.replace('.', '_')}"
    talk.say(response, flight=facts["flight"], days=str(verdict.facts.get("days", "")), **values)


async def answered(talk: Talk, sort: Sort, draft: Draft) -> bool:
    """Settle a yes or no to what was shown, and tell whether that is all there was to do.

    What was shown is paid, not what is true by now: a turn that is run again finds the same. A "no" that tells
    something, such as that there is no photo, is no no.
    """
    before: Facts | None = talk.memory["offer"] if talk.memory["stage"] == "confirm" else None
    is_put_right = draft["is_new"] or (before is not None and any(before[name] != draft[name] for name in sort.told))
    if before is None:
        return talk.heard.intent in LEAVING and not is_put_right and _is_left(talk)
    if not is_put_right and talk.agrees(before["flight"], before["ticket"], before["report"] or ""):
        return await _is_paid(talk, sort, before)
    if talk.heard.intent not in ("deny", "bye") or is_put_right:
        return False
    if talk.heard.intent == "bye":
        return _is_left(talk)
    talk.memory["stage"] = sort.stage
    talk.say("utter_what_to_change")
    return True


def _is_left(talk: Talk) -> bool:
    talk.end()
    talk.say(LEAVING[talk.heard.intent])
    return True


async def _is_paid(talk: Talk, sort: Sort, facts: Facts) -> bool:
    """Pay what was shown, or prepare it for a person; tell whether it may not be shown anew.

    Where another conversation was paid for the same in between, or has it prepared, it is to be judged again.
    """
    if await waits(talk, sort, facts) is not None:
        return False
    means = talk.wording.means(facts["method"])
    reference, amount = f"{facts[sort.refers_to]}:{facts['place']}", facts["amount"]
    arguments = {**facts, "means": means}
    result = await talk.turn.perform(sort.kind, reference, arguments, amount=amount, unit=facts["currency"])
    paid = result.result.get("amount", amount)
    if result.rule == "baggage.paid_meanwhile" or (result.state is EffectState.DONE and paid != amount):
        return False
    if result.state is EffectState.DONE:
        keep(talk, talk.memory["draft"], talk.memory["case_id"])
        values = {"amount": talk.wording.money(amount, facts["currency"]), "means": means}
        talk.say("utter_bag_money_paid", **values, reference=str(result.result.get("reference", "")))
    else:
        await _hand_on(talk, sort, facts, result)
    talk.end()
    return True


async def waits(talk: Talk, sort: Sort, facts: Facts) -> Case | None:
    """Give the case in which money for the same waits for a person."""
    case = await talk.turn.find_case(sort.case_type, facts[sort.refers_to])
    return case if case is not None and case.is_being_settled else None


async def _hand_on(talk: Talk, sort: Sort, facts: Facts, result: EffectResult) -> None:
    write, is_prepared = talk.wording, result.state is EffectState.PREPARED
    detail: Facts = {"goal": talk.memory["goal"], "photos": facts["photos"] + facts["bills"], "rule": result.rule}
    if not is_prepared:
        detail["attempts"] = [{"key": result.key, "state": result.state.value, "rule": result.rule}]
    trigger = Trigger.APPROVAL if is_prepared else Trigger.ACTION_ERROR
    number = await _case(talk, sort, trigger, facts, [result] if is_prepared else [], detail)
    keep(talk, talk.memory["draft"], number)
    if is_prepared:
        means, amount = write.means(facts["method"]), write.money(facts["amount"], facts["currency"])
        talk.say("utter_bag_money_prepared", amount=amount, means=means, case=number)
    else:
        talk.say("utter_bag_money_not_confirmed", case=number)


async def _case(
    talk: Talk, sort: Sort, trigger: Trigger, facts: Facts, effects: list[EffectResult], detail: Facts
) -> str:
    """Put it into the case that is open about this flight, else open one."""
    reference = facts[sort.refers_to]
    case = await talk.turn.find_case(sort.case_type, reference)
    if case is None:
        return await open_case(talk, sort.case_type, trigger, named={"ticket": reference}, effects=effects, **detail)
    is_new = talk.memory["case_id"] != case.id
    goal = detail.pop("goal")
    detail = {"language": talk.memory["language"], **{name: value for name, value in detail.items() if value}}
    talk.turn.came_again(case, effects=effects, goal=goal, detail=detail, is_counted=is_new)
    talk.memory["case_id"], talk.memory["has_case"] = case.id, True
    return case.id


def _limits(talk: Talk, verdict: Verdict) -> dict[str, str]:
    facts = verdict.facts
    money = {name: _money(talk, verdict, name) for name in ("limit", "a_day", "left") if name in facts}
    counts = {
        name: talk.wording.number(facts[name]) for name in ("days", "most_days", "drawing_rights") if name in facts
    }
    return {**money, **counts}


def _money(talk: Talk, verdict: Verdict, name: str) -> str:
    return talk.wording.money(int(verdict.facts[name]), "EUR")
