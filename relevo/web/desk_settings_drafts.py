"""What stands in the administrators' forms, right or wrong: between fields of a form and what relevo.yml would say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from relevo.configuration.desk import sla_of
from relevo.configuration.documents import TWICE, Mistake
from relevo.domain.messages import clean_text
from relevo.domain.queues import DEFAULT, SUPERVISORS, Queues
from relevo.domain.service import Service

Form = Mapping[str, Sequence[str]]
BUILT_IN = (DEFAULT, SUPERVISORS)
UNITS = {"s": 1, "min": 60, "h": 3_600}
TIMES = ("first_response_seconds", "next_response_seconds", "resolution_seconds")
_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,3})?")
_PLACE = re.compile(r"[0-9]{1,4}")
_LIST = re.compile(r"[,;\s]+")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of hours on neighbouring days."""

    first: str = "mon"
    last: str = "fri"
    opens: str = ""
    closes: str = ""

    @property
    def days(self) -> str:
        """Give the days as relevo.yml writes them."""
        return self.first if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(kw_only=True, slots=True)
class HoursDraft:
    """Hours and days off."""

    rows: list[Row] = field(default_factory=list)
    holidays: list[str] = field(default_factory=list)
    timezone: str = ""

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> HoursDraft:
        """Take them from what is said."""
        rows = [row for days, times in (value.get("hours") or {}).items() for row in _rows(str(days), str(times))]
        holidays = [str(day) for day in value.get("holidays") or ()]
        return cls(rows=rows, holidays=holidays, timezone=str(value.get("timezone") or ""))

    @classmethod
    def read(cls, form: Form, at: str) -> HoursDraft:
        """Take them from a form."""
        columns = [form.get(f"{at}.{name}", ()) for name in ("first", "last", "opens", "closes")]
        rows = [
            Row(first=first, last=last, opens=opens, closes=closes)
            for first, last, opens, closes in zip(*columns, strict=False)
        ]
        zone = next(iter(form.get(f"{at}.timezone", ())), "")
        return cls(rows=rows, holidays=list(form.get(f"{at}.holiday", ())), timezone=zone.strip())

    def said(self) -> dict[str, Any]:
        """Give what is said; what is empty is not."""
        hours: dict[str, str] = {}
        for row in self.rows:
            if row.opens.strip() or row.closes.strip():
                times = f"{_clock(row.opens)}-{_clock(row.closes)}"
                hours[row.days] = f"{hours[row.days]}, {times}" if row.days in hours else times
        holidays = list(dict.fromkeys(sorted(day.strip() for day in self.holidays if day.strip())))
        return _without_nothing({"hours": hours, "holidays": holidays, "timezone": self.timezone})


@dataclass(kw_only=True, slots=True)
class QueueDraft:
    """One queue."""

    number: str
    was: str = ""
    """Its name before; empty for a new one."""
    is_told: bool = False
    """Whether it is written down, and not only always there."""
    name: str = ""
    languages: list[str] = field(default_factory=list)
    case_types: list[str] = field(default_factory=list)
    more_types: str = ""
    """Types that were typed, since nobody has chosen them before."""
    skills: str = ""
    triggers: list[str] = field(default_factory=list)
    priorities: list[str] = field(default_factory=list)
    hours: HoursDraft = field(default_factory=HoursDraft)

    @property
    def is_built_in(self) -> bool:
        """Whether it is always there, under its name."""
        return self.was in BUILT_IN

    @classmethod
    def of(cls, number: int, name: str, said: Mapping[str, Any], *, is_told: bool) -> QueueDraft:
        """Take it from what is said."""
        usual = sorted(Queues().sensitive_triggers) if name == SUPERVISORS else []
        return cls(
            number=str(number),
            was=name,
            is_told=is_told,
            name=name,
            languages=list(said.get("languages") or ()),
            case_types=list(said.get("case_types") or ()),
            skills=", ".join(map(str, said.get("skills") or ())),
            triggers=list(said.get("triggers") or usual),
            priorities=list(said.get("priorities") or ()),
            hours=HoursDraft.of(said),
        )

    @classmethod
    def read(cls, form: Form, number: str) -> QueueDraft:
        """Take it from a form."""

        def one(name: str) -> str:
            return next(iter(form.get(f"q{number}.{name}", ())), "").strip()

        def many(name: str) -> list[str]:
            return list(form.get(f"q{number}.{name}", ()))

        was = one("was")
        return cls(
            number=number,
            was=was,
            is_told=one("told") == "1",
            name=was if was in BUILT_IN else one("name"),
            languages=many("languages"),
            case_types=many("case_types"),
            more_types=one("more_types"),
            skills=one("skills"),
            triggers=many("triggers"),
            priorities=many("priorities"),
            hours=HoursDraft.read(form, f"q{number}"),
        )

    def said(self) -> dict[str, Any]:
        """Give what is said; what is empty is not, but for triggers: some must be sensitive."""
        case_types = list(dict.fromkeys([*self.case_types, *_listed(self.more_types)]))
        own = {"case_types": case_types, "languages": self.languages}
        found = {**({} if self.was in BUILT_IN else own), "skills": _listed(self.skills), **self.hours.said()}
        sensitive = {"triggers": self.triggers} if self.was == SUPERVISORS else {}
        priorities = self.priorities if self.was == SUPERVISORS else []
        return {**_without_nothing({**found, "priorities": priorities}), **sensitive}


class TimeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A time to answer within: a number as it was typed, and its unit."""

    number: str = ""
    unit: str = "min"

    @classmethod
    def of(cls, seconds: int) -> TimeDraft:
        """Take it from seconds, in the largest unit that has no fraction."""
        unit = next(unit for unit in ("h", "min", "s") if seconds % UNITS[unit] == 0)
        return cls(number=str(seconds // UNITS[unit]), unit=unit)

    def said(self) -> int | str | None:
        """Give seconds; what is no number as it was typed, and nothing where nothing was."""
        typed = self.number.strip()
        seconds = Decimal(typed.replace(",", ".")) * UNITS[self.unit] if _NUMBER.fullmatch(typed) else None
        if seconds is None or seconds != int(seconds):
            return typed or None
        return int(seconds)


@dataclass(kw_only=True, slots=True)
class Draft:
    """What stands in the form of a section."""

    section: str
    queues: list[QueueDraft] = field(default_factory=list)
    hours: HoursDraft = field(default_factory=HoursDraft)
    sla: dict[str, dict[str, TimeDraft]] = field(default_factory=dict)
    clocks: dict[str, str] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        """Give what relevo.yml would say."""
        if self.section == "hours":
            return {"hours": {}, **self.hours.said()}
        if self.section == "queues":
            told = {queue.name: queue.said() for queue in self.queues if not queue.is_built_in or _is_told(queue)}
            return {"queues": told}
        return {"sla": {level: self._times(level) for level in self.sla}}

    def mistakes(self) -> list[Mistake]:
        """Give what the rules cannot see any more once it is said: two queues of one name."""
        names = [queue.name for queue in self.queues]
        twice = dict.fromkeys(name for name in names if names.count(name) > 1)
        return [Mistake(pattern=TWICE, values={"name": name}, path=("desk", "queues", name)) for name in twice]

    def renamed(self) -> dict[str, str]:
        """Give queues that have another name, by their old one."""
        return {queue.was: queue.name for queue in self.queues if queue.was and queue.was != queue.name}

    def _times(self, level: str) -> dict[str, Any]:
        times = {name: said for name, time in self.sla[level].items() if (said := time.said()) is not None}
        return {**times, **({"clock": self.clocks[level]} if self.clocks.get(level, "open") != "open" else {})}


def draft_of(section: str, value: Mapping[str, Any]) -> Draft:
    """Give the form of a section as it is said."""
    draft = Draft(section=section)
    if section == "hours":
        draft.hours = HoursDraft.of(value)
    elif section == "queues":
        said = {name: told or {} for name, told in value.get("queues", {}).items()}
        names = [*said, *(name for name in BUILT_IN if name not in said)]
        draft.queues = [
            QueueDraft.of(n, name, said.get(name, {}), is_told=name in said) for n, name in enumerate(names)
        ]
    else:
        times = {**sla_of(Service()), **value.get("sla", {})}
        draft.sla = {level: {name: TimeDraft.of(said[name]) for name in TIMES} for level, said in times.items()}
        draft.clocks = {level: said.get("clock", "open") for level, said in times.items()}
    return draft


def read_draft(section: str, form: Form) -> Draft:
    """Give what was typed into the form of a section."""
    clean = {name: [clean_text(value) for value in values] for name, values in form.items()}
    draft = Draft(section=section, hours=HoursDraft.read(clean, "g"))
    draft.queues = [QueueDraft.read(clean, number) for number in clean.get("queue", ()) if _PLACE.fullmatch(number)]

    def one(name: str, usual: str) -> str:
        return next(iter(clean.get(name, ())), usual)

    for level in sla_of(Service()):
        draft.sla[level] = {name: _time(one(f"{level}.{name}", ""), one(f"{level}.{name}.unit", "")) for name in TIMES}
        draft.clocks[level] = one(f"{level}.clock", "open")
    return draft


def act(draft: Draft, do: str) -> None:
    """Add or take away a line, as a button of the form says; anything else changes nothing."""
    verb, _, rest = do.partition(":")
    at, _, number = rest.partition(":")
    place = int(number) if _PLACE.fullmatch(number) else -1
    hours = {"g": draft.hours, **{f"q{queue.number}": queue.hours for queue in draft.queues}}.get(at)
    if verb == "add-queue":
        taken = [int(queue.number) for queue in draft.queues]
        draft.queues.insert(_before_built_in(draft.queues), QueueDraft(number=str(max(taken, default=-1) + 1)))
    elif verb == "drop-queue":
        draft.queues = [queue for queue in draft.queues if queue.number != at or queue.is_built_in]
    elif hours is not None:
        _ACTS.get(verb, _nothing)(hours, place)


def _add_row(hours: HoursDraft, _: int) -> None:
    last = hours.rows[-1] if hours.rows else Row(opens="09:00", closes="18:00")
    hours.rows.append(replace(last, opens="", closes="") if hours.rows else last)


def _drop_row(hours: HoursDraft, place: int) -> None:
    hours.rows = [row for number, row in enumerate(hours.rows) if number != place]


def _add_day(hours: HoursDraft, _: int) -> None:
    hours.holidays.append("")


def _drop_day(hours: HoursDraft, place: int) -> None:
    hours.holidays = [day for number, day in enumerate(hours.holidays) if number != place]


def _nothing(_hours: HoursDraft, _place: int) -> None:
    """Leave it as it is."""


_ACTS: Mapping[str, Callable[[HoursDraft, int], None]] = {
    "add-row": _add_row,
    "drop-row": _drop_row,
    "add-day": _add_day,
    "drop-day": _drop_day,
}


def _rows(days: str, times: str) -> Iterable[Row]:
    first, _, last = days.partition("-")
    for stretch in times.split(","):
        opens, _, closes = stretch.partition("-")
        yield Row(first=first, last=last or first, opens=opens.strip(), closes=closes.strip())


def _clock(typed: str) -> str:
    """Give a time as relevo.yml writes it: “9” and “9:30” are meant well."""
    typed = typed.strip()
    if re.fullmatch(r"\d{1,2}", typed):
        typed = f"{typed}:00"
    return f"0{typed}" if re.fullmatch(r"\d:\d\d", typed) else typed


def _time(number: str, unit: str) -> TimeDraft:
    return TimeDraft(number=number, unit=unit if unit in UNITS else "min")


def _listed(typed: str) -> list[str]:
    return [name for name in _LIST.split(typed) if name]


def _is_told(queue: QueueDraft) -> bool:
    usual = set(Queues().sensitive_triggers) if queue.was == SUPERVISORS else set()
    said = queue.said()
    return queue.is_told or bool(said.keys() - {"triggers"}) or set(queue.triggers) != usual


def _before_built_in(queues: Sequence[QueueDraft]) -> int:
    return next((number for number, queue in enumerate(queues) if queue.is_built_in), len(queues))


def _without_nothing(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value}
