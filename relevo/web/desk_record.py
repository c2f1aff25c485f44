"""What a handoff's record tells beyond facts and attempts: what was talked about and named, where the bot failed."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.contracts.handoff import Amount, Failures, HandoffRecord, Reference, Topic
from relevo.flow.amounts import amount_in
from relevo.web.desk_list import case_address
from relevo.web.languages import Words
from relevo.web.markup import facts, known, text


def rest_of_record(language: str, words: Words, record: HandoffRecord | None) -> str:
    """Give what stands nowhere else in the panel, as a box that is closed until it is wanted."""
    if record is None:
        return ""
    pairs = [
        (words["person.agent_message"], text(record.agent_message) if record.agent_message else ""),
        (words["person.topics"], _topics(words, record.topics)),
        (words["person.understood"], _intent(words, record)),
        (words["person.failures"], _failures(words, record.failures)),
        (words["person.references"], _references(words, record.business_refs)),
        (words["person.amounts"], _amounts(language, words, record.amounts)),
        (words["person.history"], _history(words, record)),
        (words["fact.language"], text(record.language)),
    ]
    shown = facts([(name, value) for name, value in pairs if value])
    title = text(words["person.from_handoff"])
    return f'<details class="section" id="record-box"><summary>{title}</summary>{shown}</details>'


def _topics(words: Words, topics: Sequence[Topic]) -> str:
    lines = "".join(
        f"<li>{known(words, 'intent', topic.intent)}"
        + (f' <span class="source" dir="auto">“{text(topic.said)}”</span>' if topic.said else "")
        + "</li>"
        for topic in topics
    )
    return f"<ul>{lines}</ul>" if lines else ""


def _intent(words: Words, record: HandoffRecord) -> str:
    intent = record.intent
    return f"{known(words, 'intent', intent.name)} ({round(intent.confidence * 100)} %)" if intent else ""


def _failures(words: Words, failures: Failures) -> str:
    told = [
        words[f"person.{name}"].format(count=count)
        for name in ("not_understood", "failed_identifications")
        if (count := getattr(failures, name))
    ]
    told += [failures.error] if failures.error else []
    return text("; ".join(told))


def _references(words: Words, references: Sequence[Reference]) -> str:
    verified = f' <span class="badge level-1">{text(words["desk.is_verified"])}</span>'
    return ", ".join(
        f"{text(words.get(f'fact.{each.kind}', each.kind))} <code>{text(each.id)}</code>"
        f"{verified if each.is_verified else ''}"
        for each in references
    )


def _amounts(language: str, words: Words, amounts: Sequence[Amount]) -> str:
    return ", ".join(
        f"{text(amount_in(language, each.amount, each.unit))} ({known(words, 'effect', each.meaning)})"
        for each in amounts
    )


def _history(words: Words, record: HandoffRecord) -> str:
    history = record.history
    counted = words["person.history_told"].format(cases=history.cases_in_90_days, handoffs=history.earlier_handoffs)
    links = " ".join(f'<a href="{case_address(case)}">{text(case)}</a>' for case in history.open_cases)
    return f"{text(counted)} {links}".strip()
