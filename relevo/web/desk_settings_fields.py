"""Fields of the administrators' forms as HTML: lines of hours, days off, a table of times, queues as cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relevo.configuration.documents import Mistake
from relevo.domain.calendar import DAYS
from relevo.domain.cases import Trigger
from relevo.domain.queues import SUPERVISORS
from relevo.web.desk_settings_drafts import TIMES, UNITS, Draft, HoursDraft, QueueDraft, Row
from relevo.web.languages import Words
from relevo.web.markup import known, text

_CLOCKS = ("open", "wall")
_LEVELS = ("normal", "high", "urgent")


class Fields:
    """A form in the making: its words, and where each mistake was made."""

    def __init__(self, words: Words, draft: Draft, mistakes: Iterable[Mistake]) -> None:
        self.words = words
        self._numbers = {queue.name: queue.number for queue in draft.queues}
        told = [(self._place(one.path), self._about(one.path), said(words, one)) for one in mistakes]
        self.found = [(place, sentence) for place, _, sentence in told]
        self.summary = [(place, f"{about}: {sentence}" if about else sentence) for place, about, sentence in told]

    def say(self, name: str) -> str:
        """Give words of this room."""
        return text(self.words[f"settings.{name}"])

    def wrongs(self, place: str) -> str:
        """Give what is wrong with a field."""
        lines = [f'<span class="problem">{text(sentence)}</span>' for found, sentence in self.found if found == place]
        return f'<span id="{place}-wrong">{" ".join(lines)}</span>' if lines else ""

    def mark(self, place: str) -> str:
        """Give the attributes of a field that say that it is wrong."""
        is_wrong = any(found == place for found, _ in self.found)
        return f' aria-invalid="true" aria-describedby="{place}-wrong"' if is_wrong else ""

    def group(self, place: str, legend: str, inner: str) -> str:
        """Give fields that belong together, with what is wrong with them."""
        wrongs = self.wrongs(place)
        described = f' aria-describedby="{place}-wrong"' if wrongs else ""
        return f'<fieldset id="{place}"{described}><legend>{self.say(legend)}</legend>{wrongs}{inner}</fieldset>'

    def button(self, name: str, do: str, about: str = "") -> str:
        """Give a button that adds or takes away a line; ``about`` is what it takes away."""
        label = f' aria-label="{self.say(name)}: {text(about)}"' if about else ""
        return f'<button class="plain" name="do" value="{text(do)}"{label}>{self.say(name)}</button>'

    def typed(self, name: str, label: str, value: str) -> str:
        """Give a field to type into, with its hint."""
        place, hint = name.replace(".", "-"), f'<span class="quiet">{self.say(f"{label}_hint")}</span>'
        field = f'<input id="{place}" name="{name}" value="{text(value)}" maxlength="400" autocomplete="off"'
        field += f' spellcheck="false"{self.mark(place)}>'
        return f"<label>{self.say(label)}{field}{hint}{self.wrongs(place)}</label>"

    def checks(self, name: str, options: Iterable[str], chosen: Sequence[str], group: str) -> str:
        """Give boxes to tick."""
        boxes = []
        for option in options:
            at, is_on = f"{name.replace('.', '-')}-{text(option)}", " checked" if option in chosen else ""
            box = f'<input type="checkbox" id="{at}" name="{name}" value="{text(option)}"{is_on}>'
            boxes.append(f'<label class="choice">{box}<span>{known(self.words, group, option)}</span></label>')
        return f'<div class="choices-of">{"".join(boxes)}</div>'

    def select(self, place: str, name: str, label: str, choices: Iterable[tuple[str, str]], chosen: str) -> str:
        """Give a list to choose from."""
        options = "".join(
            f'<option value="{value}"{" selected" if value == chosen else ""}>{text(shown)}</option>'
            for value, shown in choices
        )
        return f'<select id="{place}" name="{name}" aria-label="{text(label)}">{options}</select>'

    def _about(self, path: tuple[str, ...]) -> str:
        """Give which queue or priority a mistake is about, where its sentence does not say."""
        if path[1:2] == ("sla",) and len(path) > 2:
            return self.words.get(f"priority.{path[2]}", path[2])
        return path[2] if path[1:2] == ("queues",) and len(path) > 3 else ""

    def _place(self, path: tuple[str, ...]) -> str:
        """Give the identifier of the element that a path leads to; the whole form where there is none."""
        section, rest = (path[1], path[2:]) if len(path) > 1 else ("", ())
        if section in ("hours", "holidays"):
            return f"g-{section}"
        if section == "sla" and rest:
            return "-".join(rest[:2]) if len(rest) > 1 else f"{rest[0]}-{TIMES[0]}"
        number = self._numbers.get(rest[0]) if section == "queues" and rest else None
        return "edit" if number is None else f"q{number}-{rest[1] if len(rest) > 1 else 'name'}"


def said(words: Words, mistake: Mistake) -> str:
    """Give a mistake's sentence in the reader's language, where it has one."""
    pattern = words.get(f"mistake.{mistake.pattern}", mistake.pattern)
    return pattern.format(**mistake.values) if mistake.values else pattern


def hours_fields(fields: Fields, hours: HoursDraft) -> str:
    """Give the hours and days off of everybody."""
    return f'<div class="card editor">{_rows(fields, hours, "g")}{_days(fields, hours, "g")}</div>'


def sla_fields(fields: Fields, draft: Draft) -> str:
    """Give the table of times by priority."""
    goals = [fields.words[f"sla.{name.removesuffix('_seconds')}"] for name in TIMES]
    heads = [fields.words["desk.priority"], *goals, fields.words["settings.counts"]]
    cells = "".join(f'<th scope="col">{text(head)}</th>' for head in heads)
    rows = "".join(_level(fields, draft, level) for level in draft.sla)
    return f"""<div class="wide"><table class="grid times"><caption class="unseen">{fields.say("sla")}</caption>
<thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"""


def queue_fields(
    fields: Fields, draft: Draft, languages: Sequence[str], case_types: Sequence[str], workers: dict[str, Sequence[str]]
) -> str:
    """Give the queues as cards, and the way to one more."""
    cards = [
        _queue(fields, queue, _chosen_by(fields, queue, languages, case_types), workers.get(queue.was, ()))
        for queue in draft.queues
    ]
    gone = {name: who for name, who in workers.items() if name not in {queue.was for queue in draft.queues}}
    lost = "".join(f"<li><b>{text(name)}</b>: {text(', '.join(who))}</li>" for name, who in gone.items())
    told = f'<p class="missing">{fields.say("gone")}</p><ul class="versions">{lost}</ul>' if lost else ""
    add = f"<p>{fields.button('add_queue', 'add-queue')}</p>"
    return f'<div class="queue-cards">{"".join(cards)}</div>{add}{told}'


def _rows(fields: Fields, hours: HoursDraft, at: str) -> str:
    lines = "".join(_row(fields, row, at, number) for number, row in enumerate(hours.rows))
    empty = fields.say("no_hours" if at == "g" else "as_everybody")
    shown = f'<div class="lines-of">{lines}</div>' if lines else f'<p class="quiet">{empty}</p>'
    return fields.group(f"{at}-hours", "hours", shown + fields.button("add_row", f"add-row:{at}"))


def _row(fields: Fields, row: Row, at: str, number: int) -> str:
    line = f"{fields.words['settings.line']} {number + 1}"

    def day(name: str, chosen: str) -> str:
        days = [(one, fields.words[f"day.{one}"]) for one in DAYS]
        label = f"{fields.words[f'settings.{name}']}, {line}"
        return fields.select(f"{at}-{name}-{number}", f"{at}.{name}", label, days, chosen)

    def clock(name: str, typed: str) -> str:
        return (
            f'<input id="{at}-{name}-{number}" name="{at}.{name}" value="{text(typed)}" inputmode="numeric"'
            f' placeholder="00:00" maxlength="11" autocomplete="off" aria-label="{fields.say(name)}, {text(line)}">'
        )

    return f"""<div class="line" role="group" aria-label="{text(line)}">
<span class="pair">{day("first", row.first)}<span aria-hidden="true">–</span>{day("last", row.last)}</span>
<span class="pair">{clock("opens", row.opens)}<span aria-hidden="true">–</span>{clock("closes", row.closes)}</span>
{fields.button("drop", f"drop-row:{at}:{number}", line)}</div>"""


def _days(fields: Fields, hours: HoursDraft, at: str) -> str:
    lines = []
    for number, day in enumerate(hours.holidays):
        label = f"{fields.words['settings.holiday']} {number + 1}"
        field = f'<input type="date" id="{at}-holiday-{number}" name="{at}.holiday" value="{text(day)}"'
        drop = fields.button("drop", f"drop-day:{at}:{number}", day or label)
        lines.append(f'<div class="line">{field} aria-label="{text(label)}">{drop}</div>')
    hint = "" if at == "g" or lines else f'<p class="quiet">{fields.say("as_everybody")}</p>'
    shown = f'{hint}<div class="lines-of days">{"".join(lines)}</div>'
    return fields.group(f"{at}-holidays", "holidays", shown + fields.button("add_day", f"add-day:{at}"))


def _level(fields: Fields, draft: Draft, level: str) -> str:
    words, cells = fields.words, []
    for name, time in draft.sla[level].items():
        place, goal = f"{level}-{name}", words[f"sla.{name.removesuffix('_seconds')}"]
        label = f"{words[f'priority.{level}']}: {goal}"
        units = [(unit, words[f"settings.unit_{unit}"]) for unit in UNITS]
        unit_label = f"{label}, {words['settings.unit']}"
        field = f'<input id="{place}" name="{level}.{name}" value="{text(time.number)}" inputmode="decimal"'
        field += f' maxlength="20" aria-label="{text(label)}"{fields.mark(place)}>'
        field += fields.select(f"{place}-unit", f"{level}.{name}.unit", unit_label, units, time.unit)
        cells.append(f'<td data-head="{text(goal)}"><span class="pair">{field}</span>{fields.wrongs(place)}</td>')
    clocks = [(clock, words[f"settings.clock_{clock}"]) for clock in _CLOCKS]
    label = f"{words[f'priority.{level}']}: {words['settings.counts']}"
    counts = fields.select(f"{level}-clock", f"{level}.clock", label, clocks, draft.clocks[level])
    head = f'<th scope="row">{known(words, "priority", level)}</th>'
    return f'<tr>{head}{"".join(cells)}<td data-head="{fields.say("counts")}">{counts}</td></tr>'


def _queue(fields: Fields, queue: QueueDraft, chosen_by: str, workers: Sequence[str]) -> str:
    at, label = f"q{queue.number}", queue.name or fields.words["settings.new_queue"]
    hidden = {"queue": queue.number, f"{at}.was": queue.was, f"{at}.told": "1" if queue.is_told else ""}
    kept = "".join(f'<input type="hidden" name="{name}" value="{text(value)}">' for name, value in hidden.items())
    who = f'<p class="quiet">{fields.say("workers")}: {text(", ".join(workers))}</p>' if workers else ""
    sensitive = _sensitive(fields, queue) if queue.was == SUPERVISORS else ""
    is_open = bool(queue.hours.said()) or any(found.startswith(f"{at}-h") for found, _ in fields.found)
    hours = _rows(fields, queue.hours, at) + _days(fields, queue.hours, at)
    return f"""<section class="card editor" id="{at}" aria-label="{text(label)}">{kept}
{_queue_name(fields, queue, label)}{who}{"" if queue.is_built_in else chosen_by}{sensitive}
{fields.typed(f"{at}.skills", "skills", queue.skills)}
<details id="{at}-hours-box"{" open" if is_open else ""}><summary>{fields.say("own_hours")}</summary>
{hours}{fields.typed(f"{at}.timezone", "timezone", queue.hours.timezone)}</details></section>"""


def _queue_name(fields: Fields, queue: QueueDraft, label: str) -> str:
    place = f"q{queue.number}-name"
    if queue.is_built_in:
        hint = fields.say(f"{queue.name}_hint")
        return f'<div><h2 id="{place}">{text(queue.name)}</h2><p class="quiet">{hint}</p></div>'
    field = f'<input id="{place}" name="q{queue.number}.name" value="{text(queue.name)}" maxlength="40"'
    field += f' autocomplete="off" spellcheck="false"{fields.mark(place)}>'
    return f"""<div class="line head"><label>{fields.say("queue_name")}{field}{fields.wrongs(place)}</label>
{fields.button("drop", f"drop-queue:{queue.number}", label)}</div>"""


def _chosen_by(fields: Fields, queue: QueueDraft, languages: Sequence[str], case_types: Sequence[str]) -> str:
    at, words = f"q{queue.number}", fields.words
    spoken = fields.checks(f"{at}.languages", dict.fromkeys([*languages, *queue.languages]), queue.languages, "tongue")
    types = sorted({*case_types, *queue.case_types}, key=lambda one: words.get(f"case_type.{one}", one).casefold())
    boxes = fields.checks(f"{at}.case_types", types, queue.case_types, "case_type")
    chosen = ", ".join(words.get(f"case_type.{one}", one) for one in queue.case_types) or words["settings.any"]
    place, more = f"{at}-case_types", fields.typed(f"{at}.more_types", "more_types", queue.more_types)
    return f"""{fields.group(f"{at}-languages", "languages", spoken)}
<details id="{place}"><summary>{fields.say("case_types")}: {text(chosen)}</summary>
{fields.wrongs(place)}{boxes}{more}</details>"""


def _sensitive(fields: Fields, queue: QueueDraft) -> str:
    at = f"q{queue.number}"
    triggers = fields.checks(f"{at}.triggers", [one.value for one in Trigger], queue.triggers, "trigger")
    levels = fields.checks(f"{at}.priorities", _LEVELS, queue.priorities, "priority")
    groups = fields.group(f"{at}-triggers", "triggers", triggers)
    return groups + fields.group(f"{at}-priorities", "priorities", levels)
