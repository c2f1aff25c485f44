"""Effects at the desk: what exactly a person decides about, why it needs one, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relevo.contracts.accounts import AgentAccount
from relevo.domain.effects import POINTS, EffectState, PreparedEffect
from relevo.flow.amounts import amount_in
from relevo.flow.approvals import MAX_REASON_CHARACTERS, may_approve
from relevo.web.desk_proof import proof
from relevo.web.desk_reading import CaseReading
from relevo.web.languages import Words
from relevo.web.markup import facts, known, moment, text, told

_ON_FILE = ("passport_name", "given_names", "surnames")
_SAID_ELSEWHERE = frozenset(
    {"points", "amount", "most_amount", "request_points", "spent", "photos", "method", "methods", "reference", "charge"}
)
_OF_THE_RULES = frozenset(
    {
        "id",
        "is_active",
        "is_own",
        "is_paid",
        "is_third_party",
        "placed_on",
        "was_refunded",
        "currency",
        "unit",
        "approver",
    }
    | {"origin_country", "destination_country", "carrier_country", "compensated_on"}
    | {"is_promise_missed", "granted_by"}
    | {
        "is_divisible",
        "is_with_delivery",
        "is_refundable",
        "within_days",
        "item",
        "first",
        "names",
        "parts",
        "asked_on",
    }
    | {"is_another", "was_compared", "is_address"}
    | {"place", "cap", "item_kind", "paid_for_flight", "address_changes", "bills", "was_flown", "declined_at"}
)
"""What the policy asked and a person need not read."""


def effect_cards(language: str, words: Words, reading: CaseReading, agent: AgentAccount, now: datetime) -> str:
    """Give each effect of a case, those that wait for a decision first."""
    waiting = [effect for effect in reading.effects if effect.state is EffectState.PREPARED]
    decided = [effect for effect in reading.effects if effect.state is not EffectState.PREPARED]
    cards = [_Card(language, words, reading, agent, now).of(effect, n) for n, effect in enumerate(waiting)]
    lines = [_line(language, words, reading, effect) for effect in decided]
    return "".join(cards) + (f'<ul class="decided">{"".join(lines)}</ul>' if lines else "")


def compared_names(words: Words, values: Mapping[str, Any]) -> str:
    """Give the name on a ticket beside the name on file, word under word."""
    rows = _names(words, values)
    if not rows:
        return ""
    cells = "".join(f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>' for name, value in rows)
    return f'<table class="compare"><caption>{text(words["desk.names_compared"])}</caption>{cells}</table>'


def _names(words: Words, values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    printed, on_file = values.get("ticket_name"), [value for _, value in _on_file(values)]
    if not printed or not on_file:
        return ()
    return (words["fact.ticket_name"], str(printed)), (words["desk.name_on_file"], " ".join(on_file))


def _on_file(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(values[name])) for name in _ON_FILE if values.get(name)]


def evidence(words: Words, values: Mapping[str, Any]) -> str:
    """Give what belongs to a request, names that must be compared first."""
    compared = compared_names(words, values)
    hidden = {*_SAID_ELSEWHERE, *_OF_THE_RULES, *(("ticket_name", *_ON_FILE) if compared else ())}
    shown = {name: value for name, value in values.items() if name not in hidden}
    inner = {name: value for name, value in shown.items() if isinstance(value, list) and any(map(_is_object, value))}
    items = [item for value in inner.values() for item in value if _is_object(item)]
    plain = {name: value for name, value in shown.items() if name not in inner}
    # The currency stays beside the amounts until they are written.
    money = {"currency": unit} if (unit := values.get("currency") or values.get("unit")) else {}
    return compared + "".join(evidence(words, money | item) for item in items) + told(words, plain, money)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def rule_sentence(words: Words, rule: str | None) -> str:
    """Give a rule in words where there are some, else its name."""
    return text(words.get(f"rule.{rule}", rule or words["desk.none"]))


class _Card:
    """What is the same in every card of a page."""

    def __init__(self, language: str, words: Words, reading: CaseReading, agent: AgentAccount, now: datetime) -> None:
        self.language, self.words, self.reading, self.agent, self.now = language, words, reading, agent, now

    def of(self, effect: PreparedEffect, number: int) -> str:
        words, order = self.words, effect.order
        amount = _amount(self.language, effect)
        whom = text(self.reading.case.contact_name or words["desk.unknown_contact"])
        pairs = [
            (words["desk.to_whom"], f"{whom} <code>{text(order.business_ref)}</code>"),
            (words["desk.why"], rule_sentence(words, effect.rule)),
        ]
        if charge := order.arguments.get("charge"):
            pairs.insert(1, (words["fact.charge"], known(words, "charge", str(charge))))
        if effect.changed_by is not None:
            pairs.append((words["desk.changed_by"], text(self.reading.names.get(effect.changed_by, "…"))))
        if effect.expires_at is not None:
            pairs.append((words["desk.expires"], moment(effect.expires_at)))
        return f"""<article class="effect" id="effect-{number}" data-hash="{text(effect.hash)}">
<header><h3>{known(words, "effect", order.kind)}</h3>
<span class="badge state-prepared">{text(words["desk.waits_for_approval"])}</span></header>
{f'<p class="amount">{text(amount)}</p>' if amount else ""}
{facts(pairs)}<div class="exactly">{self._proof(effect)}{evidence(words, order.arguments)}</div>
{self._approve(effect, number, amount)}
<div class="case-forms">{self._change(effect, number)}{self._decline(effect, number)}</div>
</article>"""

    def _proof(self, effect: PreparedEffect) -> str:
        compared = [f"{name}: {value}" for name, value in _names(self.words, effect.order.arguments)]
        compared = compared or [
            f"{self.words.get(f'fact.{name}', name)}: {told}" for name, told in _on_file(effect.order.arguments)
        ]
        decides = may_approve(effect, self.agent, self.now) is None
        return proof(self.words, self.reading.case, effect, self.reading.files, compared=compared, decides=decides)

    def _approve(self, effect: PreparedEffect, number: int, amount: str) -> str:
        why_not, words = may_approve(effect, self.agent, self.now), self.words
        label = words["desk.approve_amount"].format(amount=amount) if amount else words["desk.approve"]
        if why_not is None:
            return self._form("approve", f"approve-{number}", effect, f"<button>{text(label)}</button>")
        reason = words[f"desk.may_not_{why_not}"].format(who=self._who_may(effect))
        return f"""<p><button id="approve-{number}" disabled aria-describedby="why-{number}">{text(label)}</button></p>
<p class="why-not" id="why-{number}">{text(reason)}</p>"""

    def _who_may(self, effect: PreparedEffect) -> str:
        names = [each.name for each in self.reading.agents if may_approve(effect, each, self.now) is None]
        return ", ".join(names) or self.words["desk.nobody_yet"]

    def _change(self, effect: PreparedEffect, number: int) -> str:
        words, amount, unit = self.words, effect.order.amount, effect.order.unit
        is_over = may_approve(effect, self.agent, self.now) not in (None, "four_eyes", "limit")
        if amount is None or is_over or effect.measure not in self.agent.limits:
            return ""
        most = int(effect.order.arguments.get("most_amount", amount))
        is_points = unit == POINTS
        shown, highest, step = (amount, most, 1) if is_points else (f"{amount / 100:.2f}", f"{most / 100:.2f}", 0.01)
        field = (
            f"<label>{text(words['desk.new_amount'])} ({text(words['desk.points'] if is_points else unit)})"
            f'<input type="number" id="amount-{number}" name="amount" value="{shown}" min="{step}" max="{highest}"'
            f' step="{step}" required data-type="{"number" if is_points else "minor"}"></label>'
            f'<p class="quiet">{text(words["desk.change_hint"])}</p>'
            f'<button class="plain">{text(words["desk.change_now"])}</button>'
        )
        form = self._form("change", f"change-{number}", effect, field)
        return f'<details id="change-box-{number}"><summary>{text(words["desk.change"])}</summary>{form}</details>'

    def _decline(self, effect: PreparedEffect, number: int) -> str:
        words = self.words
        field = (
            f'<label>{text(words["desk.decline_reason"])}<textarea id="reason-{number}" name="reason" rows="2" required'
            f' maxlength="{MAX_REASON_CHARACTERS}" dir="auto"></textarea></label>'
            f'<button class="plain danger">{text(words["desk.decline_now"])}</button>'
        )
        form = self._form("decline", f"decline-{number}", effect, field)
        return f'<details id="decline-box-{number}"><summary>{text(words["desk.decline"])}</summary>{form}</details>'

    def _form(self, verb: str, identifier: str, effect: PreparedEffect, fields: str) -> str:
        return f"""<form id="{identifier}" data-api="/desk/api/effects/{verb}">
<input type="hidden" name="key" value="{text(effect.order.key)}">
<input type="hidden" name="hash" value="{text(effect.hash)}">{fields}</form>"""


def _line(language: str, words: Words, reading: CaseReading, effect: PreparedEffect) -> str:
    state = effect.state.value
    who = reading.names.get(effect.decided_by) if effect.decided_by is not None else None
    parts = [known(words, "effect", effect.order.kind), text(_amount(language, effect))]
    by = f" · {text(who)}" if who else ""
    if code := effect.result.get("code"):
        parts.append(f"<code>{text(code)}</code>")
    said = effect.reason or effect.order.arguments.get("reason")
    reason = f'<p dir="auto">{text(said)}</p>' if said else ""
    rule = "" if state == "done" or reason else f'<p class="quiet">{rule_sentence(words, effect.rule)}</p>'
    return (
        f'<li>{" ".join(filter(None, parts))} <span class="badge state-{state}">{known(words, "state", state)}</span>'
        f"{by}{reason}{rule}</li>"
    )


def _amount(language: str, effect: PreparedEffect) -> str:
    order = effect.order
    return amount_in(language, order.amount, order.unit or POINTS) if order.amount is not None else ""
