"""What stands between messages on a timeline: what was done, decided, opened and verified, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from relevo.contracts.posts import PUBLIC_REPLY, SEEN_POST
from relevo.domain.messages import Entry
from relevo.web.desk_effects import rule_sentence
from relevo.web.desk_post_words import post_line
from relevo.web.desk_reading import AGENT_KEYS
from relevo.web.desk_sla import breach_line
from relevo.web.languages import Words
from relevo.web.markup import MONEY, known, text, told

Rest = dict[str, Any]
"""What an entry tells and nobody has said yet."""


def event_body(words: Words, entry: Entry) -> str:
    """Give an event: its sentence, its words, and whatever else it tells."""
    rest: Rest = dict(entry.content.custom or {})
    lead = _LEADS[entry.kind](words, rest) if entry.kind in _LEADS else ""
    said = f'<p dir="auto">{text(entry.content.text)}</p>' if entry.content.text else ""
    return lead + said + told(words, {name: value for name, value in rest.items() if name not in AGENT_KEYS})


def _effect(words: Words, rest: Rest) -> str:
    name, _, reference = str(rest.pop("key", "")).partition(":")
    state, rule = str(rest.pop("state", "")), rest.pop("rule", None)
    decision = next((words[f"decided.{key}"] for key in rest if key in AGENT_KEYS and f"decided.{key}" in words), None)
    shown = text(decision) if decision else known(words, "state", state)
    why = f'<p class="quiet">{rule_sentence(words, rule)}</p>' if rule and state in ("prepared", "refused") else ""
    if state in ("prepared", "refused"):  # the rule's sentence says it; the card has the numbers
        for number in (*MONEY, "days", "times", "value", "name"):
            rest.pop(number, None)
        for inner in [each for each in rest if f"fact.{each}" not in words and each not in AGENT_KEYS]:
            rest.pop(inner)
    badge = f'<span class="badge state-{text(state)}">{shown}</span>'
    return f"<p><b>{known(words, 'effect', name)}</b> <code>{text(reference)}</code> {badge}</p>{why}"


def _case(words: Words, rest: Rest) -> str:
    number = f'<span class="number">{text(rest.pop("case", ""))}</span>'
    if rest.pop("added", False):
        return f"<p>{text(words['desk.added'])} {number}</p>"
    if rest.pop("again", False):
        return f"<p>{text(words['desk.came_again'])} {number}</p>"
    sort, trigger = (str(rest.pop(key, "")) for key in ("type", "trigger"))
    return f"<p><b>{known(words, 'case_type', sort)}</b> {number} · {known(words, 'trigger', trigger)}</p>"


def _control(words: Words, rest: Rest) -> str:
    if "by_name" in rest:
        names = (text(rest.pop(key, "")) for key in ("by_name", "to_name"))
        for name in ("from", "to"):
            rest.pop(name, None)
        return "<p>{} → <b>{}</b></p>".format(*names)
    before, after = (known(words, "control", str(rest.pop(key, ""))) for key in ("from", "to"))
    because = rest.pop("because", None)
    why = f" · {known(words, 'offer', str(because))}" if because else ""
    return f"<p>{before} → <b>{after}</b>{why}</p>"


def _handed_back(words: Words, rest: Rest) -> str:
    """Say what a person decided; the rest of the record is for the bot."""
    by = f" · {text(name)}" if (name := rest.get("agent")) else ""
    parts = [f"<p><b>{known(words, 'outcome', str(rest.get('outcome')))}</b>{by}</p>"]
    if rest.get("told"):
        parts.append(f'<p dir="auto">{text(rest["told"])}</p>')
    if rest.get("note_to_agents"):
        parts.append(f'<p class="quiet" dir="auto">{text(words["desk.note"])}: {text(rest["note_to_agents"])}</p>')
    parts.append(told(words, rest.get("slot_updates") or {}))
    rest.clear()
    return "".join(parts)


def _verification(words: Words, rest: Rest) -> str:
    level = known(words, "level", str(rest.pop("level", "")))
    proofs = rest.pop("by", None)
    names = ", ".join(words.get(f"fact.{name}", str(name)) for name in proofs) if isinstance(proofs, list) else ""
    by = f" · {text(names)}" if names else ""
    return f"<p><b>{text(words['desk.by_hand']) if rest.pop('by_hand', False) else level}</b>{by}</p>"


def _joined(words: Words, rest: Rest) -> str:
    other, into = rest.get("conversation"), rest.get("into")
    rest.clear()
    said = words["visit.joined_into" if into else "visit.joined"]
    return f'<p><a href="/desk/conversations/{text(into or other)}">{text(said)}</a></p>'


def _post(words: Words, rest: Rest) -> str:
    told_of_post = rest.pop("post", None)
    return post_line(words, told_of_post) if isinstance(told_of_post, Mapping) else ""


def _public_reply(_words: Words, rest: Rest) -> str:
    for name in ("in_reply_to", "incident"):
        rest.pop(name, None)
    return ""


_LEADS: Mapping[str, Callable[[Words, Rest], str]] = {
    "effect": _effect,
    "case": _case,
    "control": _control,
    "handback": _handed_back,
    "joined": _joined,
    "verification": _verification,
    "sla": breach_line,
    SEEN_POST: _post,
    PUBLIC_REPLY: _public_reply,
}
