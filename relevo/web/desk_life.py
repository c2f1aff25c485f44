"""Everything of a person as lines of one timeline: what was said on every channel, done, noted, and merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from uuid import UUID

from relevo.contracts.contacts import Line, Merge
from relevo.domain.attachments import AttachmentState
from relevo.domain.merging import Encounter, Reach
from relevo.domain.messages import Author, Content, Entry
from relevo.flow.amounts import number
from relevo.web.desk_delivery import Deliveries, delivery_mark, delivery_problem
from relevo.web.desk_events import event_body
from relevo.web.desk_files import file_list
from relevo.web.desk_list import case_address
from relevo.web.desk_reading import agent_of
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text, told

_FOLDED = frozenset({"steps", "handoffs"})
"""What stands between messages and is opened when it is wanted."""
_SPOKEN = frozenset({"message", "note", "draft"})
_BEFORE = 30
"""Entries before the one that a link leads to."""


class Life:
    """What is the same in every line of a page."""

    def __init__(
        self,
        words: Words,
        names: Mapping[int, str],
        files: Mapping[UUID, AttachmentState],
        deliveries: Deliveries,
        *,
        folds: bool,
    ) -> None:
        self._words, self._names, self._files, self._folds = words, names, files, folds
        self._deliveries = deliveries
        self._titles: dict[str, str] = {}

    def of(self, lines: Sequence[Line]) -> str:
        """Give the lines as items of a list."""
        entries = [line.entry for line in lines if line.entry]
        self._titles = {button.payload: button.title for entry in entries for button in entry.content.buttons}
        return "".join(self._items(lines))

    def _items(self, lines: Sequence[Line]) -> Iterator[str]:
        for is_folded, run in groupby(lines, key=lambda line: self._folds and line.group in _FOLDED):
            items = [self._item(line) for line in run]
            yield self._fold(items) if is_folded and len(items) > 1 else "".join(items)

    def _fold(self, items: Sequence[str]) -> str:
        said = self._words["person.steps"].format(count=len(items))
        first = items[0].partition('id="')[2].partition('"')[0]
        return (
            f'<li class="folded"><details id="fold-{first}"><summary>{text(said)}</summary>'
            f'<ol class="timeline">{"".join(items)}</ol></details></li>'
        )

    def _item(self, line: Line) -> str:
        if line.entry is not None:
            return self._entry(line, line.entry)
        if line.encounter is not None:
            return self._encounter(line, line.encounter)
        assert line.merge is not None
        return self._merge(line, line.merge)

    def _entry(self, line: Line, entry: Entry) -> str:
        words, name = self._words, self._names.get(agent_of(entry) or 0)
        place = self._place(line)
        identifier = f"at-{line.conversation_id}-{entry.position}"
        if entry.kind not in _SPOKEN:
            by = f" · {text(name)}" if name else ""
            said = self._case_link(entry) + event_body(words, entry)
            return (
                f'<li class="event event-{text(entry.kind)}" id="{identifier}"><p class="label">'
                f"{known(words, 'kind', entry.kind)}{by} · {place}</p>{said}</li>"
            )
        author = text(name or words.get(f"author.{entry.author.value}", entry.author.value))
        kind = known(words, "kind", entry.kind)
        label = {"message": author, "draft": kind}.get(entry.kind, f"{author} · {kind}")
        files = file_list(words, entry.content, self._files)
        state = self._deliveries.get((line.conversation_id, entry.position)) if line.conversation_id else None
        return (
            f'<li class="{text(entry.kind)} {entry.author.value}" id="{identifier}">'
            f'<p class="label">{label} · {place}{delivery_mark(words, state)}</p>'
            f'<div class="bubble">{self._said(entry.author, entry.content)}{files}</div>'
            f"{delivery_problem(words, state)}</li>"
        )

    def _said(self, author: Author, content: Content) -> str:
        said = content.text or ""
        shown = self._titles.get(said, said) if author is Author.CONTACT else said
        parts = [f'<p dir="auto"><b>{text(content.subject)}</b></p>'] if content.subject else []
        parts += [f'<p dir="auto">{text(shown)}</p>'] if shown else []
        if content.buttons:
            choices = "".join(f"<li>{text(button.title)}</li>" for button in content.buttons)
            parts.append(f'<ul class="choices" aria-label="{text(self._words["desk.offered"])}">{choices}</ul>')
        return "".join(parts) or (told(self._words, content.custom) if content.custom else "")

    def _case_link(self, entry: Entry) -> str:
        case = (entry.content.custom or {}).get("case")
        if entry.kind != "case" or not isinstance(case, str):
            return ""
        return f'<p><a href="{case_address(case)}">{text(self._words["person.open_case"].format(case=case))}</a></p>'

    def _place(self, line: Line) -> str:
        channel = known(self._words, "channel", line.channel or "")
        if line.conversation_id is None or line.entry is None:
            return f'<span class="badge channel">{channel}</span> {moment(line.at)}'
        position = line.entry.position
        here = f"/desk/conversations/{line.conversation_id}?after={max(0, position - _BEFORE)}#at-{position}"
        return f'<a class="badge channel" href="{here}">{channel}</a> {moment(line.at)}'

    def _encounter(self, line: Line, seen: Encounter) -> str:
        words = self._words
        way = text(words[f"person.{seen.kind}_{seen.direction}"])
        answered = "answered" if seen.is_answered else "unanswered"
        badge = f'<span class="badge is-{answered}">{text(words[f"person.{answered}"])}</span>'
        badge = badge if seen.direction == "in" else ""
        said = f'<p dir="auto">{text(seen.summary)}</p>' if seen.summary else ""
        url = f'<a href="{text(seen.url)}" target="_blank" rel="noopener noreferrer">' if seen.url else ""
        link = f"<p>{url}{text(words['person.look_there'])}</a></p>" if url else ""
        return (
            f'<li class="event event-encounter {seen.direction}" id="seen-{line.cursor.number}"><p class="label">'
            f'{way} · <span class="badge channel">{text(seen.source)}</span> {moment(line.at)}</p>'
            f'<p class="badges">{badge}{reach_badge(words, seen.reach)}</p>{said}{link}</li>'
        )

    def _merge(self, line: Line, merge: Merge) -> str:
        words, is_split = self._words, line.kind.endswith("split")
        who, why = (merge.split_by, merge.split_reason) if is_split else (merge.merged_by, merge.reason)
        name = merge.merged if line.kind.startswith("case") else merge.merged_name or words["desk.unknown_contact"]
        said = words[f"person.line_{line.kind}"].format(name=name, case=merge.kept)
        proof = known(words, "evidence", merge.evidence) if merge.evidence and not is_split else ""
        how = " · ".join(filter(None, (text(said), text(who or ""), proof)))
        return (
            f'<li class="event event-merge" id="{line.kind}-{merge.id}"><p class="label">{how}'
            f' {moment(line.at)}</p><p dir="auto">{text(why or "")}</p></li>'
        )


def reach_badge(words: Words, reach: Reach | None) -> str:
    """Give how many people may see a post, where that is known."""
    if reach is None or not reach.people:
        return ""
    shown = words["person.reach"].format(people=number(words["tag"], reach.people))
    return f'<span class="badge reach">{text(shown)}</span>'
