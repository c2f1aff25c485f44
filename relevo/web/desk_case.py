"""One case as an agent sees it: what is wanted, what is known and by whom, what was tried, what is still missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.handoff import Attempt, HandoffRecord, Slot
from relevo.domain.cases import BY_HAND, Case, PriorityReason
from relevo.domain.effects import POINTS
from relevo.flow.amounts import amount_in
from relevo.flow.summary import INNER_SLOTS, summary_of
from relevo.web.desk_assistant_parts import summary_tool
from relevo.web.desk_effects import effect_cards, evidence, rule_sentence
from relevo.web.desk_forms import case_forms
from relevo.web.desk_list import case_badges
from relevo.web.desk_list_forms import mark_chips, mark_forms
from relevo.web.desk_post_words import public_reason
from relevo.web.desk_reading import CaseReading
from relevo.web.desk_record import rest_of_record
from relevo.web.desk_sla import clocks_box, due
from relevo.web.languages import Words
from relevo.web.markup import facts, known, moment, text, told

_DETAIL_ELSEWHERE = frozenset({"known", "language", "is_verified", "intent", "stage", "rule", "promised_at"})


def case_panel(
    language: str, words: Words, reading: CaseReading, agent: AgentAccount, now: datetime, files: str = ""
) -> str:
    """Give everything about a case; ``files`` leads to what was sent in its conversation, as HTML."""
    case, record = reading.case, reading.record
    return f"""<aside class="about" id="case" data-live aria-labelledby="case-title">
<header><h2 id="case-title">{known(words, "case_type", case.type)} <span class="number">{text(case.id)}</span></h2>
{due(words, case, now)}</header>
<p class="badges">{case_badges(words, case)}</p>
{mark_chips(words, case, reading.marks)}
{_goal(case)}
{_summary(language, record)}{summary_tool(words, reading.offer, case.conversation_id)}
{effect_cards(language, words, reading, agent, now)}
{clocks_box(words, case, now)}
{_facts(words, case, record)}
{_evidence(words, case, files)}
{_attempts(language, words, record)}
{rest_of_record(language, words, record)}
{_why(language, words, case)}
{mark_forms(words, case, reading.marks, reading.agents)}
{case_forms(words, case, agent)}
</aside>"""


def _goal(case: Case) -> str:
    return f'<blockquote dir="auto">{text(case.goal)}</blockquote>' if case.goal else ""


def _summary(language: str, record: HandoffRecord | None) -> str:
    """Give the summary without the goal, which stands above it in the contact's own words."""
    said = summary_of(record, language, with_goal=False) if record else ""
    return f'<p class="summary">{text(said)}</p>' if said else ""


def _facts(words: Words, case: Case, record: HandoffRecord | None) -> str:
    if record is not None:
        rows = "".join(_slot(words, slot) for slot in record.slots if slot.name not in INNER_SLOTS and _is_plain(slot))
        shown = f'<dl class="facts">{rows}</dl>' if rows else ""
        missing = [words.get(f"fact.{name}", name) for name in record.missing_slots]
    else:
        shown, missing = told(words, case.detail.get("known") or {}), []
    lacking = (
        f'<p class="missing"><b>{text(words["desk.missing"])}:</b> {text(", ".join(missing))}</p>' if missing else ""
    )
    return _section(words["desk.facts"], shown + lacking, "facts-box")


def _slot(words: Words, slot: Slot) -> str:
    value = ", ".join(map(str, slot.value)) if isinstance(slot.value, list) else str(slot.value)
    if slot.is_verified:
        source = f'<span class="badge level-1">{text(words["desk.is_verified"])}</span>'
    elif slot.said:
        source = f'<span class="source" dir="auto">“{text(slot.said)}”</span>'
    else:
        source = f'<span class="source">{text(words["desk.found_by_bot"])}</span>'
    name = text(words.get(f"fact.{slot.name}", slot.name))
    return f"<div><dt>{name}</dt><dd><b>{text(value)}</b> {source}</dd></div>"


def _evidence(words: Words, case: Case, files: str) -> str:
    shown = evidence(words, {name: value for name, value in case.detail.items() if name not in _DETAIL_ELSEWHERE})
    return _section(words["desk.evidence"], shown + files, "evidence-box")


def _attempts(language: str, words: Words, record: HandoffRecord | None) -> str:
    tried = [*record.attempts, *record.pending_effects] if record else []
    lines = "".join(_attempt(language, words, attempt) for attempt in tried)
    return _section(words["desk.tried"], f'<ul class="decided">{lines}</ul>' if lines else "", "tried-box")


def _attempt(language: str, words: Words, attempt: Attempt) -> str:
    _, _, reference = attempt.key.partition(":")
    amount, unit = attempt.result.get("amount"), str(attempt.result.get("unit") or POINTS)
    moved = f" {text(amount_in(language, amount, unit))}" if isinstance(amount, int) else ""
    badge = f'<span class="badge state-{text(attempt.state)}">{known(words, "state", attempt.state)}</span>'
    rule = (
        f'<p class="quiet">{rule_sentence(words, attempt.rule)}</p>' if attempt.rule and attempt.state != "done" else ""
    )
    return f"<li>{known(words, 'effect', attempt.kind)}{moved} <code>{text(reference)}</code> {badge}{rule}</li>"


def _why(language: str, words: Words, case: Case) -> str:
    reasons = "".join(f"<li>{_reason(language, words, reason)}</li>" for reason in case.priority.reasons)
    pairs = [(words["desk.why"], known(words, "trigger", case.trigger))]
    if case.detail.get("rule"):
        pairs.append((words["fact.rule"], rule_sentence(words, str(case.detail["rule"]))))
    if reasons:
        pairs.append((words["desk.priority"], f"<ul>{reasons}</ul>"))
    if case.reference:
        pairs.append((words["desk.reference"], f"<code>{text(case.reference)}</code>"))
    pairs.append((words["desk.opened"], moment(case.opened_at)))
    for name, at in (("desk.promised", case.promised_at), ("desk.closed", case.closed_at)):
        pairs += [(words[name], moment(at))] if at else []
    return _section(words["desk.about_case"], facts(pairs), "why-box")


def _reason(language: str, words: Words, reason: PriorityReason) -> str:
    detail: Any = reason.detail
    if (said := public_reason(words, reason)) is not None:
        return f"{text(said)} {reason.points:+d}"
    if reason.code == "large_amount" and detail and detail.isdigit():
        detail = amount_in(language, int(detail), "EUR")
    if reason.code == BY_HAND:
        detail = words.get(f"priority.{detail}", detail)
    if reason.code == "sla_missed":
        detail = words.get(f"sla.{detail}", detail)
    shown = words.get(f"reason.{reason.code}", reason.code)
    return f"{text(shown)}{f' ({text(detail)})' if detail else ''} {reason.points:+d}"


def _section(title: str, body: str, identifier: str) -> str:
    if not body:
        return ""
    return f'<details class="section" id="{identifier}" open><summary>{text(title)}</summary>{body}</details>'


def _is_plain(slot: Slot) -> bool:
    value = slot.value
    return isinstance(value, (str, int)) or (
        isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value)
    )
