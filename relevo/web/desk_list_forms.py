"""Forms of the list of cases: how it is filtered and kept, what happens to the selected ones, and marks of one case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.worklist import Marks
from relevo.domain.cases import Case
from relevo.domain.handoff import OUTCOMES
from relevo.domain.worklist import LEVELS, LONGEST_NAME, LONGEST_TAG, SORTS
from relevo.web.desk_listing import CaseListing
from relevo.web.languages import Words
from relevo.web.markup import text

SNOOZES = {"hour": 3_600, "hours": 14_400, "day": 86_400, "week": 604_800}
"""For how many seconds a case may be put out of the way, by name."""


def filter_form(words: Words, listing: CaseListing) -> str:
    """Give the filters, which work without any script, and the way to keep a view."""
    query, choices = listing.query, listing.choices
    asked = {"channel": query.channel, "language": query.language, "type": query.type, "tag": query.tag}
    groups = {"channel": "channel", "language": "tongue", "type": "case_type"}
    fields = [
        _select(words, name, asked[name], [(value, words.get(f"{group}.{value}", value)) for value in choices[name]])
        for name, group in groups.items()
    ]
    fields.append(_select(words, "priority", query.priority, [(level, words[f"priority.{level}"]) for level in LEVELS]))
    fields.append(_select(words, "tag", query.tag, [(tag.name, tag.name) for tag in listing.tags]))
    order = "".join(_option(sort, words[f"desk.sort_{sort}"], query.sort) for sort in SORTS)
    is_open = " open" if query.filters or query.sort != "due" else ""
    action = f"/desk/cases/{listing.selected}" if listing.selected else "/desk"
    return f"""<details class="filter-box" id="filter-box"{is_open}><summary>{text(words["desk.filter"])}</summary>
<form id="filters" action="{text(action)}" method="get">
<input type="hidden" name="show" value="{text(query.show)}">
{"".join(fields)}
<label>{text(words["desk.sort"])}<select name="sort" id="sort">{order}</select></label>
<button class="plain">{text(words["desk.apply_filter"])}</button></form>
{_keep_form(words, listing)}</details>"""


def bulk_form(words: Words, listing: CaseListing) -> str:
    """Give what may be done to the selected cases; a script shows it while there are any."""
    me = listing.agent.id
    people = [("me", str(me)), *((agent.name, str(agent.id)) for agent in listing.agents if agent.id != me)]
    who = "".join(_option(value, words["desk.me"] if name == "me" else name) for name, value in people) + _option(
        "nobody", words["desk.nobody"]
    )
    outcomes = "".join(_option(each, words.get(f"outcome.{each}", each)) for each in OUTCOMES if each != "promised")
    given = [tag.name for tag in listing.tags if not tag.is_retired]
    tags = "".join(f'<option value="{text(name)}"></option>' for name in given)
    return f"""<form id="bulk" class="bulk" hidden aria-label="{text(words["desk.selected"])}">
<p><span><b id="bulk-count">0</b> {text(words["desk.selected"])}</span>
<button type="button" class="plain" id="bulk-none">{text(words["desk.select_none"])}</button></p>
<p id="bulk-more" hidden><button type="button" class="plain" id="bulk-all"
 data-matching="{text(listing.matching)}">{text(words["desk.select_all"])}</button></p>
<label>{text(words["desk.assign_to"])}<select name="agent" id="bulk-agent"><option value="">–</option>{who}</select>
</label>
<label>{text(words["desk.tag"])}<input name="tag" id="bulk-tag" list="known-tags" maxlength="{LONGEST_TAG}"
 autocomplete="off"></label>
<label>{text(words["desk.snooze"])}<select name="snooze" id="bulk-snooze"><option value="">–</option>{_snoozes(words)}
</select></label>
<label>{text(words["desk.close_case"])}<select name="outcome" id="bulk-outcome"><option value="">–</option>{outcomes}
</select></label>
<p class="quiet" id="bulk-told" role="status"></p>
<p class="sure" id="bulk-sure" hidden><button type="button" id="bulk-yes">{text(words["desk.apply"])}</button>
<button type="button" class="plain" id="bulk-no">{text(words["desk.bulk_no"])}</button></p>
<button id="bulk-apply">{text(words["desk.apply"])}</button>
<datalist id="known-tags">{tags}</datalist></form>"""


def mark_chips(words: Words, case: Case, marks: Marks) -> str:
    """Give the tags of one case, and whether the agent follows it."""
    here = f"/desk/api/cases/{text(case.id)}"
    chips = "".join(
        f'<form class="chip badge tag-{text(tag.colour)}" data-api="{here}/tags">'
        f'<input type="hidden" name="remove" value="{text(tag.name)}" data-type="one"><bdi>{text(tag.name)}</bdi>'
        f'<button class="bare" aria-label="{text(words["desk.untag"].format(tag=tag.name))}">×</button></form>'
        for tag in marks.tags.get(case.id, ())
    )
    follows = case.id in marks.followed
    return f"""<div class="marks">{chips}<form id="follow" data-api="{here}/follow">
<input type="hidden" name="follow" value="{str(not follows).lower()}" data-type="boolean">
<button class="plain" aria-pressed="{str(follows).lower()}" id="follow-button">
{text(words["desk.follows" if follows else "desk.follow"])}</button></form></div>"""


def mark_forms(words: Words, case: Case, marks: Marks, agents: Sequence[AgentAccount]) -> str:
    """Give the forms that tag one case, put it out of the way, and give it to somebody."""
    here = f"/desk/api/cases/{text(case.id)}"
    return f"""<div class="case-forms"><details id="tag-box"><summary>{text(words["desk.add_tag"])}</summary>
<form id="add-tag" data-api="{here}/tags">
<label>{text(words["desk.tag"])}<input name="add" id="add-tag-name" list="known-tags" maxlength="{LONGEST_TAG}" required
 data-type="one" autocomplete="off"></label>
<button class="plain">{text(words["desk.add_tag_now"])}</button></form></details>
{_snooze_form(words, case, marks, here)}{_assign_form(words, case, agents, here)}{_priority_form(words, case, here)}
</div>"""


def _priority_form(words: Words, case: Case, here: str) -> str:
    if not case.is_open:
        return ""
    levels = "".join(_option(level, words[f"priority.{level}"], case.priority.level) for level in LEVELS)
    return f"""<details id="priority-box"><summary>{text(words["desk.priority"])}</summary>
<form id="priority" data-api="{here}/priority">
<label>{text(words["desk.priority"])}<select name="level" id="priority-level">{levels}</select></label>
<button class="plain">{text(words["desk.priority_now"])}</button></form></details>"""


def _assign_form(words: Words, case: Case, agents: Sequence[AgentAccount], here: str) -> str:
    if not case.is_open:
        return ""
    who = "".join(_option(str(agent.id), agent.name, str(case.agent_id)) for agent in agents)
    return f"""<details id="assign-box"><summary>{text(words["desk.assign_to"])}</summary>
<form id="assign" data-api="{here}/assign">
<label>{text(words["desk.assign_to"])}<select name="agent_id" id="assign-agent" data-type="person">{who}
{_option("", words["desk.nobody"], "" if case.agent_id is None else None)}</select></label>
<button class="plain">{text(words["desk.assign_now"])}</button></form></details>"""


def _snooze_form(words: Words, case: Case, marks: Marks, here: str) -> str:
    if not case.is_open:
        return ""
    if case.id in marks.snoozed:
        return f"""<form id="wake" data-api="{here}/snooze"><input type="hidden" name="until" data-type="nothing">
<button class="plain">{text(words["desk.wake"])}</button></form>"""
    return f"""<details id="snooze-box"><summary>{text(words["desk.snooze"])}</summary>
<form id="snooze" data-api="{here}/snooze">
<label>{text(words["desk.snooze_for"])}
<select name="until" id="snooze-until" data-type="after">{_snoozes(words)}</select></label>
<p class="quiet">{text(words["desk.snooze_hint"])}</p>
<button class="plain">{text(words["desk.snooze_now"])}</button></form></details>"""


def _keep_form(words: Words, listing: CaseListing) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{text(name)}" value="{text(value)}">'
        for name, value in listing.query.asked.items()
    )
    return f"""<form id="keep-view" data-api="/desk/api/views">{hidden}
<label>{text(words["desk.keep_view"])}<input name="name" id="view-name" maxlength="{LONGEST_NAME}" required
 autocomplete="off"></label><button class="plain">{text(words["desk.keep_view_now"])}</button></form>
{_drop_form(words, listing)}"""


def _drop_form(words: Words, listing: CaseListing) -> str:
    asked = dict(listing.query.asked)
    kept = [view for view in listing.marks.views if view.query == asked]
    return "".join(
        f'<form class="drop" data-api="/desk/api/views/drop">'
        f'<input type="hidden" name="id" value="{view.id}" data-type="number">'
        f'<button class="plain">{text(words["desk.drop_view"].format(name=view.name))}</button></form>'
        for view in kept
    )


def _snoozes(words: Words) -> str:
    return "".join(_option(str(seconds), words[f"desk.snooze_{name}"]) for name, seconds in SNOOZES.items())


def _select(words: Words, name: str, chosen: str | None, choices: Iterable[tuple[str, str]]) -> str:
    known_choices = list(choices)
    if chosen and chosen not in dict(known_choices):
        known_choices.append((chosen, chosen))
    options = "".join(_option(value, label, chosen) for value, label in known_choices)
    label = text(words[f"desk.filter_{name}"])
    return (
        f'<label>{label}<select name="{name}" id="filter-{name}"><option value="">–</option>{options}</select></label>'
    )


def _option(value: str, label: str, chosen: str | None = None) -> str:
    selected = " selected" if value == chosen else ""
    return f'<option value="{text(value)}"{selected}>{text(label)}</option>'
