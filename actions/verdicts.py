"""What the rules say of charges that are asked back, and how a refusal is said: by its rule, with what is on file."""

from __future__ import annotations

from collections.abc import Sequence

from actions.charges import Facts, asked
from actions.conversation import Talk
from relevo.contracts.records import DELIVERY, UNDELIVERED
from relevo.domain.effects import Decision, Verdict

KIND = "refund"

Judged = tuple[Facts, Verdict]


async def judge(talk: Talk, charges: Sequence[Facts]) -> list[Judged]:
    """Ask the rules about each charge, as of today."""
    today = talk.turn.today
    return [(facts, await talk.turn.judge(KIND, facts)) for facts in (asked(facts, today) for facts in charges)]


def allowed_of(judged: Sequence[Judged]) -> list[Facts]:
    """Give what is not refused; a whole order that goes back has its delivery in it."""
    allowed = [facts for facts, verdict in judged if verdict.decision is not Decision.REFUSED]
    whole = {facts["order"] for facts in allowed if facts["charge"] == UNDELIVERED}
    return [facts for facts in allowed if facts["charge"] != DELIVERY or facts["order"] not in whole]


def refuse(talk: Talk, judged: Sequence[Judged]) -> None:
    """Say what the rules say of the charge that stands out, with the numbers on file; a person is offered."""
    facts, verdict = next(filter(_is_telling, judged), judged[-1])
    named = {name: facts[name] for name in ("order", "ticket") if facts[name]}
    talk.memory["stage"] = "person"
    talk.memory["refused"] = [{**named, "rule": verdict.rule}]
    talk.say(response_of(verdict), **said_of(talk, facts, verdict))


def _is_telling(judged: Judged) -> bool:
    """Tell whether a contact can have meant a refused charge; a delivery that costs less than the goods is none."""
    return bool(judged[1].facts.get("is_above_ratio", True))


def response_of(verdict: Verdict) -> str:
    """Give the reply that says a verdict."""
    return f"utter_rule_{verdict.rule.replace('.', '_')}"


def said_of(talk: Talk, facts: Facts, verdict: Verdict) -> dict[str, str]:
    """Give the values that a refusal may name."""
    write = talk.wording
    values = {"amount": write.money(facts["amount"], facts["currency"]), **write.named(facts)}
    if facts["refunded_on"]:
        values |= {
            "date": write.date(facts["refunded_on"]),
            "means": write.means_of(facts["methods"]),
            "reference": facts["refund_reference"],
        }
    for name in ("date", "until"):
        if name in verdict.facts:
            values[name] = write.date(verdict.facts[name])
    if "floor" in verdict.facts:
        values |= {
            "times": write.number(verdict.facts["times"]),
            "floor": write.money(verdict.facts["floor"], facts["currency"]),
        }
    return values | {"days": str(verdict.facts.get("days", ""))}
