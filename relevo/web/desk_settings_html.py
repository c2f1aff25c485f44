"""The room of a section as HTML: where what counts comes from, what is wrong, who was quicker, the form, the versions.

Each mistake stands at the top with a link, and where it was made; what was typed stays, right or wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relevo.configuration.documents import Mistake
from relevo.contracts.desk_settings import SettingVersion
from relevo.flow.desk_settings import Section, differences
from relevo.web.desk_settings_drafts import Draft
from relevo.web.desk_settings_fields import Fields, hours_fields, queue_fields, said, sla_fields
from relevo.web.languages import Words
from relevo.web.markup import moment, text

Value = Mapping[str, Any]


class Overtaken(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else was quicker."""

    by: SettingVersion
    before: Value
    """What the reader began with."""
    after: Value


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows beside the form."""

    form_token: str
    section: Section
    version: int | None = None
    """What the form was made on top of; None: what counts by now."""
    history: Sequence[SettingVersion] = ()
    mistakes: Sequence[Mistake] = ()
    overtaken: Overtaken | None = None
    is_saved: bool = False
    languages: Sequence[str] = ()
    case_types: Sequence[str] = ()
    workers: dict[str, Sequence[str]] = msgspec.field(default_factory=dict)
    """By queue, who names it as theirs."""


def section_part(words: Words, draft: Draft, shown: Shown) -> str:
    """Give the room of a section."""
    fields = Fields(words, draft, shown.mistakes)
    if draft.section == "queues":
        inner = queue_fields(fields, draft, shown.languages, shown.case_types, shown.workers)
    else:
        inner = hours_fields(fields, draft.hours) if draft.section == "hours" else sla_fields(fields, draft)
    version = shown.section.version if shown.version is None else shown.version
    saved = f'<p class="saved" role="status">{_say(words, "saved")}</p>' if shown.is_saved else ""
    return f"""{saved}{_source(words, shown)}{_overtaken(words, shown)}{_problems(fields)}
<form id="edit" method="post" action="/desk/admin/{draft.section}" data-edits novalidate>
{_hidden(shown, version)}
<button name="do" value="save" class="unseen" tabindex="-1" aria-hidden="true">{_say(words, "save")}</button>
{inner}
<p class="row saves"><button name="do" value="save">{_say(words, "save")}</button>
<span class="quiet">{_say(words, "save_hint")}</span></p></form>
{_history(words, shown.history)}"""


def _hidden(shown: Shown, version: int) -> str:
    kept = {"form_token": shown.form_token, "version": version}
    return "".join(f'<input type="hidden" name="{name}" value="{text(value)}">' for name, value in kept.items())


def _source(words: Words, shown: Shown) -> str:
    """Say where what counts comes from, and give the way back to the file."""
    section, newest = shown.section, shown.section.newest
    who = _by(newest) if newest else ""
    if not section.is_from_desk and not section.misfits:
        inner = f'<p><span class="badge">{_say(words, "from_file")}</span> {_say(words, "file_counts")} {who}</p>'
        return f'<div class="card source-card" id="source" data-live>{inner}</div>'
    badge = f'<span class="badge status-resolved">{_say(words, "from_desk")}</span>'
    lead = f"<p>{badge} {_say(words, 'desk_counts')} {who}</p>"
    if section.misfits:
        told = "".join(f"<li>{text(said(words, mistake))}</li>" for mistake in section.misfits)
        lead = f'<p class="alert">{_say(words, "misfit")}</p><ul class="versions">{told}</ul>'
    return f"""<div class="card source-card" id="source" data-live>{lead}
{_table(words, "in_place", section.in_file, section.value, ("file_says", "desk_says"))}
<form method="post" action="/desk/admin/{section.name}">{_hidden(shown, section.version)}
<button class="plain" name="do" value="reset">{_say(words, "reset")}</button></form></div>"""


def _by(version: SettingVersion) -> str:
    return f'<span class="quiet">{text(version.agent_name)} · {moment(version.changed_at)}</span>'


def _overtaken(words: Words, shown: Shown) -> str:
    overtaken = shown.overtaken
    if overtaken is None:
        return ""
    who = text(words["settings.overtaken"].format(who=overtaken.by.agent_name))
    shown_changes = _table(words, "what_changed", overtaken.before, overtaken.after, ("was", "is_now"), is_open=True)
    return f"""<div class="card source-card" role="alert">
<p class="problem">{who} {moment(overtaken.by.changed_at)}</p>
{shown_changes}<p>{_say(words, "overtaken_hint")}</p></div>"""


def _problems(fields: Fields) -> str:
    if not fields.found:
        return ""
    lines = "".join(f'<li><a href="#{text(place)}">{text(sentence)}</a></li>' for place, sentence in fields.summary)
    return f'<div class="alert wrong" role="alert"><p>{fields.say("wrong")}</p><ul>{lines}</ul></div>'


def _table(
    words: Words, title: str, before: Value, after: Value, heads: tuple[str, str], *, is_open: bool = False
) -> str:
    found = differences(before, after)
    if not found:
        return f'<p class="quiet">{_say(words, "no_difference")}</p>'
    rows = "".join(
        f'<tr><th scope="row">{text(" · ".join(path))}</th><td>{_flat(was)}</td><td>{_flat(now)}</td></tr>'
        for path, was, now in found
    )
    columns = "".join(f'<th scope="col">{_say(words, head)}</th>' for head in heads)
    return f"""<details id="{title}"{" open" if is_open else ""}><summary>{_say(words, title)}</summary>
<div class="wide" tabindex="0" role="group" aria-label="{_say(words, title)}"><table class="grid">
<thead><tr><td></td>{columns}</tr></thead><tbody>{rows}</tbody></table></div></details>"""


def _flat(value: Any) -> str:
    """Give a value on one line, as relevo.yml would have it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{text(name)}: {_flat(inner)}" for name, inner in value.items()) or "–"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return text(", ".join(map(str, value))) or "–"
    return "–" if value is None else text(value)


def _history(words: Words, history: Sequence[SettingVersion]) -> str:
    if not history:
        return ""
    back = f" · {_say(words, 'went_back')}"
    lines = "".join(f"<li>{one.version}. {_by(one)}{back if one.value is None else ''}</li>" for one in history)
    return f"""<details id="history"><summary>{_say(words, "history")}</summary><ul class="versions">{lines}</ul>
<p><a href="/desk/audit?target=settings:{history[0].section}">{_say(words, "in_audit")}</a></p></details>"""


def _say(words: Words, name: str) -> str:
    return text(words[f"settings.{name}"])
