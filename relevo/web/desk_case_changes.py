"""What people did to a case among themselves, as lines between those of the timeline, and in the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from relevo.contracts.worklist import CaseChange
from relevo.domain.messages import Entry
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

Values = Mapping[str, Any]


def between(
    entries: Sequence[Entry], changes: Sequence[CaseChange], *, is_newest: bool
) -> Iterator[Entry | CaseChange]:
    """Give a page of a timeline with the changes of its time, each before what came after it.

    Those that are older than the page are on the one before, later ones than its last entry on the next.
    """
    rest = [change for change in changes if change.at and (not entries or change.at >= entries[0].created_at)]
    for entry in entries:
        while rest and rest[0].at and rest[0].at < entry.created_at:
            yield rest.pop(0)
        yield entry
    if is_newest:
        yield from rest


def change_item(words: Words, change: CaseChange) -> str:
    """Give a change as a line."""
    by = f" · {text(change.agent_name)}" if change.agent_name else ""
    said = _SAID.get(change.what, _plainly)(words, change.before, change.after)
    return f"""<li class="event event-change" id="change-{change.id}">
<p class="label">{text(words["change.title"])} <span class="number">{text(change.case_id)}</span>{by}
 {moment(change.at) if change.at else ""}</p>
<p dir="auto">{said}</p>
</li>"""


def change_list(words: Words, changes: Sequence[CaseChange]) -> str:
    """Give the changes of a case that has no timeline."""
    lines = "".join(change_item(words, change) for change in changes)
    return f'<ol class="timeline">{lines}</ol>' if lines else ""


def _assigned(words: Words, before: Values, after: Values) -> str:
    was, now = (text(values.get("agent") or words["change.nobody"]) for values in (before, after))
    return f"{was} → <b>{now}</b>"


def _tags(words: Words, before: Values, after: Values) -> str:
    was, now = (list(values.get("tags") or ()) for values in (before, after))
    put = [f"+ <b>{text(tag)}</b>" for tag in now if tag not in was]
    taken = [f"– <s>{text(tag)}</s>" for tag in was if tag not in now]
    return f"{text(words['change.tags'])}: {', '.join(put + taken)}"


def _snoozed(words: Words, _before: Values, after: Values) -> str:
    until = after.get("snoozed_until")
    return f"{text(words['change.snoozed'])} {_at(until)}" if until else text(words["change.back"])


def _followed(words: Words, _before: Values, after: Values) -> str:
    return text(words["change.follows" if after.get("is_followed") else "change.follows_no_more"])


def _priority(words: Words, before: Values, after: Values) -> str:
    was, now = (known(words, "priority", str(values.get("level"))) for values in (before, after))
    return f"{text(words['desk.priority'])}: {was} → <b>{now}</b>"


def _promised(words: Words, before: Values, after: Values) -> str:
    was = f" ({text(words['change.before'])} {_at(before['promised_at'])})" if before.get("promised_at") else ""
    return f"{text(words['change.promised'])} {_at(after['promised_at'])}{was}"


def _closed(words: Words, _before: Values, after: Values) -> str:
    return f"{text(words['change.closed'])}: <b>{known(words, 'outcome', str(after.get('outcome')))}</b>"


def _plainly(_words: Words, before: Values, after: Values) -> str:
    return text(f"{msgspec.json.encode(before).decode()} → {msgspec.json.encode(after).decode()}")


def _at(said: Any) -> str:
    return moment(msgspec.convert(said, datetime))


_SAID: Mapping[str, Callable[[Words, Values, Values], str]] = {
    "assigned": _assigned,
    "tags": _tags,
    "snoozed": _snoozed,
    "followed": _followed,
    "priority": _priority,
    "promised": _promised,
    "closed": _closed,
}
