"""The audit log as a page: who changed what, from where, and how it was before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from relevo.contracts.audit import COMMAND_LINE, AuditEntry, Author
from relevo.web.desk_admin_html import row, table
from relevo.web.desk_audit import BY_COMMAND, cells
from relevo.web.languages import Words
from relevo.web.markup import facts, moment, text

FILTERS = ("agent_id", "operation", "target", "since", "until")


def audit_part(
    words: Words,
    entries: Sequence[AuditEntry],
    authors: Sequence[Author],
    operations: Sequence[str],
    asked: Mapping[str, str],
    older: int | None,
) -> str:
    """Give the log with its filters; ``asked`` is what was chosen in them."""
    heads = [words[f"admin.{name}"] for name in ("when", "who", "what", "target", "from", "result", "details")]
    rows = "".join(_entry(words, entry) for entry in entries)
    shown = (
        table(words["admin.audit"], heads, rows) if rows else f'<p class="empty">{text(words["admin.no_audit"])}</p>'
    )
    more = text(f"?{urlencode({**asked, 'cursor': older})}") if older else ""
    return f"""{_form(words, authors, operations, asked)}
<div id="audit" data-live class="wide" tabindex="0" role="group" aria-label="{text(words["admin.audit"])}">{shown}</div>
{f'<p><a class="more" href="{more}">{text(words["admin.older"])}</a></p>' if more else ""}"""


def _form(words: Words, authors: Sequence[Author], operations: Sequence[str], asked: Mapping[str, str]) -> str:
    people = [(BY_COMMAND, words["admin.command_line"]), *((str(each.id), _name(words, each)) for each in authors)]
    names = [(name, name) for name in operations]
    table_of_all = text(f"/desk/api/audit.csv?{urlencode(asked)}")
    return f"""<form class="audit-filters" method="get" action="/desk/audit">
{_choice(words, "who", "agent_id", people, asked)}{_choice(words, "what", "operation", names, asked)}
<label>{text(words["admin.target"])}
<input name="target" maxlength="300" value="{text(asked.get("target", ""))}"></label>
<label>{text(words["admin.since"])}<input type="date" name="since" value="{text(asked.get("since", "")[:10])}"></label>
<label>{text(words["admin.until"])}<input type="date" name="until" value="{text(asked.get("until", "")[:10])}"></label>
<button>{text(words["admin.filter"])}</button> <a href="{table_of_all}" download>{text(words["admin.csv"])}</a>
</form>"""


def _name(words: Words, author: Author) -> str:
    kind = "program" if author.is_program else "gone" if author.is_gone else None
    return f"{author.name} ({words[f'admin.{kind}']})" if kind else author.name


def _choice(words: Words, label: str, name: str, options: Sequence[tuple[str, str]], asked: Mapping[str, str]) -> str:
    shown = "".join(
        f'<option value="{text(value)}"{" selected" if asked.get(name) == value else ""}>{text(title)}</option>'
        for value, title in options
    )
    return (
        f'<label>{text(words[f"admin.{label}"])}<select name="{name}"><option value="">'
        f"{text(words[f'admin.any_{label}'])}</option>{shown}</select></label>"
    )


def _who(words: Words, entry: AuditEntry) -> str:
    return words["admin.command_line"] if entry.agent_name == COMMAND_LINE else entry.agent_name or "–"


def _entry(words: Words, entry: AuditEntry) -> str:
    look = "state-done" if entry.status < 400 else "state-refused"
    program = f" · {text(words['admin.program'])} {entry.token_id}" if entry.token_id else ""
    told = cells(entry)
    pairs = [
        (words[f"admin.{name}"], f"<code>{text(told[name])}</code>")
        for name in ("request", "before", "after")
        if told[name]
    ]
    details = f"<details><summary>{text(words['admin.details'])}</summary>{facts(pairs)}</details>" if pairs else ""
    return row(
        moment(entry.at) if entry.at else "",
        f"{text(_who(words, entry))}{program}",
        f"<code>{text(entry.operation)}</code>",
        f"<code>{text(entry.target or '')}</code>",
        f"<code>{text(entry.address)}</code>",
        f'<span class="badge {look}">{entry.status}{f" {text(entry.code)}" if entry.code else ""}</span>',
        details,
    )
