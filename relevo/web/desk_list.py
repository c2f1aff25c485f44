"""The list of cases that stands beside everything at the desk: views with counts, their cases, and who has them."""

from __future__ import annotations

from relevo.contracts.worklist import Tag
from relevo.domain.cases import Case
from relevo.domain.conversations import WAITING, Control
from relevo.domain.worklist import VIEWS
from relevo.web.desk_list_forms import bulk_form, filter_form
from relevo.web.desk_listing import CaseListing
from relevo.web.desk_sla import due
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

_LONGEST_GOAL = 140
_SHOWN = tuple(view for view in VIEWS if view != "all")


def case_list(words: Words, listing: CaseListing) -> str:
    """Give the list with its views and filters."""
    return f"""<nav class="list" id="cases" aria-labelledby="cases-title"
 data-list="{text(listing.address("/desk/list"))}" data-selected="{text(listing.selected or "")}">
<h2 id="cases-title">{text(words["desk.cases"])}</h2>
{_views(words, listing)}
{filter_form(words, listing)}
{bulk_form(words, listing)}
<div class="pages">{_lines(words, listing)}</div>
{_more(words, listing)}
</nav>"""


def list_fragment(words: Words, listing: CaseListing) -> str:
    """Give what changes of the list: its views where it is asked for from the beginning, and the cases."""
    return f"{'' if listing.cursor else _views(words, listing)}{_lines(words, listing)}"


def case_address(case_id: str, show: str = "open") -> str:
    """Give where a case's page is, with the same list beside it."""
    return f"/desk/cases/{text(case_id)}{'' if show == 'open' else f'?show={show}'}"


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


def tag_badge(tag: Tag) -> str:
    """Give a tag in its colour."""
    return f'<span class="badge tag-{text(tag.colour)}">{text(tag.name)}</span>'


def _views(words: Words, listing: CaseListing) -> str:
    items = "".join(_view(words, view, listing) for view in _SHOWN)
    kept = "".join(_kept_view(listing, index) for index in range(len(listing.marks.views)))
    return f'<ul class="views" id="list-views" data-live>{items}{kept}</ul>'


def _view(words: Words, view: str, listing: CaseListing) -> str:
    is_current = view == listing.show and not listing.query.filters
    count = listing.counts.get(view)
    shown = "" if count is None else f' <span class="count">{count}</span>'
    plain = listing.address(other={"show": view, **dict.fromkeys(listing.query.filters)})
    current = ' aria-current="true"' if is_current else ""
    loud = ' class="is-loud"' if view == "breaching" and count else ""
    hint = words.get(f"desk.show_{view}_hint")
    title = f' title="{text(hint)}"' if hint else ""
    return f'<li{loud}><a href="{text(plain)}"{current}{title}>{text(words[f"desk.show_{view}"])}{shown}</a></li>'


def _kept_view(listing: CaseListing, index: int) -> str:
    view = listing.marks.views[index]
    query = {str(name): str(value) for name, value in view.query.items()}
    current = ' aria-current="true"' if query == dict(listing.query.asked) else ""
    address = listing.address(other={**dict.fromkeys(listing.query.asked), **query})
    return f'<li class="kept"><a href="{text(address)}"{current}><bdi>{text(view.name)}</bdi></a></li>'


def _lines(words: Words, listing: CaseListing) -> str:
    rows = "".join(_drawn(words, case, listing) for case in listing.cases)
    name = f"lines-{listing.cursor}" if listing.cursor else "lines"
    empty = "" if rows or listing.cursor else f'<li class="empty">{text(_nothing(words, listing))}</li>'
    return (
        f'<ul class="lines cases" id="{text(name)}" data-live data-cursor="{text(listing.cursor)}"'
        f' data-next="{text(listing.next_cursor or "")}">{rows}{empty}</ul>'
    )


def _nothing(words: Words, listing: CaseListing) -> str:
    return words["desk.no_cases_filtered"] if listing.query.filters else words[f"desk.no_cases_{listing.show}"]


def _more(words: Words, listing: CaseListing) -> str:
    address = listing.address(other={"cursor": listing.next_cursor})
    hidden = "" if listing.next_cursor else " hidden"
    return f'<p class="more" id="list-more"{hidden}><a href="{text(address)}">{text(words["desk.more_cases"])}</a></p>'


def _drawn(words: Words, case: Case, listing: CaseListing) -> str:
    """Draw a row, or take what was drawn for another desk that sees the same beside the same case."""
    marks, case_id = listing.marks, case.id
    seen = (
        case_id,
        case_id in marks.unread,
        tuple(marks.tags.get(case_id, ())),
        marks.snoozed.get(case_id),
        case_id == listing.selected,
    )
    row = listing.drawn.get(seen)
    if row is None:
        row = listing.drawn[seen] = _row(words, case, listing)
    return row


def _row(words: Words, case: Case, listing: CaseListing) -> str:
    marks = listing.marks
    current = ' aria-current="page"' if case.id == listing.selected else ""
    name = text(case.contact_name or words["desk.unknown_contact"])
    channel = f" · {known(words, 'channel', case.channel)}" if case.channel else ""
    goal = f'<span class="preview" dir="auto">{text(case.goal[:_LONGEST_GOAL])}</span>' if case.goal else ""
    is_unread = case.id in marks.unread and case.is_open
    unread = f'<span class="unread" role="img" aria-label="{text(words["desk.unread"])}"></span>' if is_unread else ""
    snoozed = marks.snoozed.get(case.id)
    away = f'<span class="badge">{text(words["desk.snoozed_until"])} {moment(snoozed)}</span>' if snoozed else ""
    tags = "".join(map(tag_badge, marks.tags.get(case.id, ())))
    address = listing.address(f"/desk/cases/{case.id}")
    label = text(words["desk.select_case"].format(case=case.id))
    return f"""<li id="row-{text(case.id)}" data-case="{text(case.id)}"{' class="is-unread"' if is_unread else ""}>
<input type="checkbox" id="pick-{text(case.id)}" aria-label="{label}">
<a href="{text(address)}"{current}>
<span class="name">{unread}{known(words, "case_type", case.type)}</span>
<span class="number">{text(case.id)}</span>
<span class="from">{name}{channel}</span>
{goal}<span class="badges">{due(words, case, listing.now)}{case_badges(words, case)}{away}{tags}</span>
</a></li>"""
