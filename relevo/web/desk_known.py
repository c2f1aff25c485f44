"""What is known of a person across channels: who they are, where they were seen, and their cases with their ends."""

from __future__ import annotations

from relevo.contracts.contacts import ContactView, SeenOn
from relevo.domain.cases import Case
from relevo.domain.contacts import Level
from relevo.web.desk_life import reach_badge
from relevo.web.desk_list import case_address
from relevo.web.languages import Words
from relevo.web.markup import facts, known, moment, text

_SHOWN = 6
"""Past cases that stand open; the others are folded."""


def person_facts(words: Words, view: ContactView) -> str:
    """Give who somebody is, and how far their public complaints reach."""
    pairs = [(words["person.name"], text(view.display_name or words["desk.unknown_contact"]))]
    if view.business_ref:
        pairs.append((words["desk.business_ref"], f"<code>{text(view.business_ref)}</code>"))
    pairs.append((words["person.since"], moment(view.created_at)))
    if badge := reach_badge(words, view.reach):
        pairs.append((words["person.public"], badge))
    return facts(pairs)


def seen_on(words: Words, view: ContactView) -> str:
    """Give every address of theirs, with how it is verified now."""
    lines = "".join(_seen(words, seen) for seen in view.seen_on)
    title = f"<h3>{text(words['person.seen_on'])}</h3>"
    return f'{title}<ul class="seen">{lines}</ul>' if lines else ""


def cases_known(words: Words, view: ContactView, but: str | None = None) -> str:
    """Give their cases, open ones first, without the one that is shown anyway."""
    cases = [case for case in view.cases if case.id != but]
    is_open = [_case(words, case) for case in cases if case.is_open]
    past = [_case(words, case) for case in cases if not case.is_open]
    parts = [_list(words["person.open_cases"], is_open), _list(words["person.past_cases"], past[:_SHOWN])]
    if rest := past[_SHOWN:]:
        parts.append(
            f'<details id="more-cases"><summary>{text(words["person.more_cases"].format(count=len(rest)))}</summary>'
            f'<ul class="seen">{"".join(rest)}</ul></details>'
        )
    return "".join(parts)


def _list(title: str, items: list[str]) -> str:
    return f'<h3>{text(title)}</h3><ul class="seen">{"".join(items)}</ul>' if items else ""


def _seen(words: Words, seen: SeenOn) -> str:
    channel = known(words, "channel", seen.channel)
    level = known(words, "level", seen.level.name.lower())
    badge = f'<span class="badge level-{int(seen.level > Level.CLAIMED)}">{level}</span>'
    at = f" {moment(seen.updated_at)}" if seen.updated_at else ""
    if seen.conversation_id is not None:
        channel = f'<a href="/desk/conversations/{seen.conversation_id}">{channel}</a>'
    return f"<li>{channel} <code>{text(seen.address)}</code> {badge}{at}</li>"


def _case(words: Words, case: Case) -> str:
    shown = known(words, "outcome", case.outcome) if case.outcome else known(words, "status", case.status)
    badge = "" if case.is_open else f' <span class="badge status-{text(case.status)}">{shown}</span>'
    return (
        f'<li><a href="{case_address(case.id)}">{known(words, "case_type", case.type)} {text(case.id)}</a>{badge}'
        f" {moment(case.closed_at or case.opened_at)}</li>"
    )
