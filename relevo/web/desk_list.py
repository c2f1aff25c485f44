"""The list of cases that stands beside everything at the desk: the most urgent on top, and who sees to it."""

from __future__ import annotations

from datetime import datetime

from relevo.domain.cases import Case
from relevo.domain.conversations import WAITING, Control
from relevo.web.desk_reading import LIST_FILTERS, CaseListing
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

_LONGEST_GOAL = 140


def case_list(words: Words, listing: CaseListing) -> str:
    """Give the list with its filters."""
    items = "".join(_item(words, case, listing) for case in listing.cases)
    empty = f'<p class="empty">{text(words[f"desk.no_cases_{listing.show}"])}</p>'
    return f"""<nav class="list" id="cases" data-live aria-labelledby="cases-title">
<h2 id="cases-title">{text(words["desk.cases"])} <span class="count">{len(listing.cases)}</span></h2>
<ul class="filters">{"".join(_filter(words, show, listing) for show in LIST_FILTERS)}</ul>
{f'<ul class="lines">{items}</ul>' if items else empty}
</nav>"""


def case_address(case_id: str, show: str = "open") -> str:
    """Give where a case's page is, with the same list beside it."""
    return f"/desk/cases/{text(case_id)}{'' if show == 'open' else f'?show={show}'}"


def due(words: Words, case: Case, now: datetime) -> str:
    """Give until when somebody should have answered; a script says it as the time that is left."""
    if case.due_at is None or not case.is_open:
        return ""
    is_late = case.due_at <= now
    said = words["script.was_due" if is_late else "script.due"]
    shown = moment(case.due_at).replace("<time ", f'<time class="due{" is-late" if is_late else ""}" data-due ', 1)
    return shown.replace(">", f">{text(said)} ", 1)


def case_badges(words: Words, case: Case) -> str:
    """Give what must be seen of a case at once."""
    level = case.priority.level
    badges = [f'<span class="badge priority-{level}">{known(words, "priority", level)}</span>'] * (level != "normal")
    if case.waits_for_approval:
        badges.append(f'<span class="badge state-prepared">{text(words["desk.waits_for_approval"])}</span>')
    if case.control in WAITING:
        badges.append(f'<span class="badge control-queued">{text(words["desk.waits_for_person"])}</span>')
    elif case.control is Control.AGENT and not case.agent_name:
        badges.append(f'<span class="badge control-agent">{known(words, "control", "agent")}</span>')
    if case.agent_name:
        badges.append(f'<span class="badge control-agent">{text(case.agent_name)}</span>')
    if not case.is_open:
        shown = known(words, "outcome", case.outcome) if case.outcome else known(words, "status", case.status)
        badges.append(f'<span class="badge status-{text(case.status)}">{shown}</span>')
    return "".join(badges)


def _filter(words: Words, show: str, listing: CaseListing) -> str:
    current = ' aria-current="true"' if show == listing.show else ""
    address = f"/desk/cases/{text(listing.selected)}" if listing.selected else "/desk"
    return f'<li><a href="{address}?show={show}"{current}>{text(words[f"desk.show_{show}"])}</a></li>'


def _item(words: Words, case: Case, listing: CaseListing) -> str:
    current = ' aria-current="page"' if case.id == listing.selected else ""
    name = text(case.contact_name or words["desk.unknown_contact"])
    channel = f" · {known(words, 'channel', case.channel)}" if case.channel else ""
    goal = f'<span class="preview" dir="auto">{text(case.goal[:_LONGEST_GOAL])}</span>' if case.goal else ""
    return f"""<li><a href="{case_address(case.id, listing.show)}"{current}>
<span class="name">{known(words, "case_type", case.type)}</span>
<span class="number">{text(case.id)}</span>
<span class="from">{name}{channel}</span>
{goal}<span class="badges">{due(words, case, listing.now)}{case_badges(words, case)}</span>
</a></li>"""
