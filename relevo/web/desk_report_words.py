"""How reports write their numbers and name their rows, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from relevo.domain.effects import POINTS
from relevo.flow.amounts import amount_in, number
from relevo.flow.texts import say
from relevo.web.languages import Words


def whole(words: Words, value: int) -> str:
    """Write a whole number."""
    return number(words["tag"], value)


def percent(words: Words, share: float | None) -> str:
    """Write a share, such as "41.2 %"; a dash where there was nothing to count."""
    return "–" if share is None else f"{decimal(words, 100 * share)} %"


def decimal(words: Words, value: float | None) -> str:
    """Write a number with one decimal, none where that is zero."""
    if value is None:
        return "–"
    return f"{value:.1f}".removesuffix(".0").replace(".", say(words["tag"], "decimal"))


def duration(words: Words, seconds: float | None) -> str:
    """Write how long something took, in its two largest units."""
    if seconds is None:
        return "–"
    total = round(seconds)
    if total < 100:
        return words["reports.seconds"].format(seconds=total)
    minutes = round(total / 60)
    if minutes < 60:
        return words["reports.minutes"].format(minutes=minutes)
    if minutes < 48 * 60:
        return words["reports.hours_minutes"].format(hours=minutes // 60, minutes=minutes % 60)
    return words["reports.days_hours"].format(days=minutes // 1440, hours=minutes % 1440 // 60)


def amount(words: Words, value: int | None, unit: str | None) -> str:
    """Write an amount with its unit; a dash where there is none."""
    if value is None or unit is None:
        return "–"
    return (
        amount_in(words["tag"], value, unit)
        if unit != POINTS
        else say(words["tag"], "points", amount=whole(words, value))
    )


def row_label(words: Words, name: str, row: str) -> str:
    """Name what a row of a report counts, as far as it is known by its key."""
    first, _, rest = row.partition("/")
    groups = {
        "outcomes": "reports.outcome",
        "reasons": "trigger",
        "times": "reports.measure",
        "rates": "reports.measure",
        "csat": "reports.stretch",
        "effects": "effect",
        "sla": "reports.clock",
        "queues": "queue",
    }
    told = words.get(f"{groups.get(name, name)}.{first}", first)
    return " · ".join(part for part in (told, _rest(words, name, rest)) if part)


def queue_name(words: Words, name: str) -> str:
    """Name a queue: two have a name of ours, the others what the business calls them."""
    return words.get(f"queue.{name}", name)


def _rest(words: Words, name: str, rest: str) -> str:
    if not rest:
        return ""
    say = _RESTS.get(name)
    return say(words, rest) if say else words.get(f"channel.{rest}", rest)


def _narrowed(words: Words, what: str) -> str:
    names = {"sla": "reports.measure.sla", "sla/no": "reports.late", "taken": "reports.measure.to_person"}
    return words.get(names.get(what, f"reports.outcome.{what}"), what)


def _clock(words: Words, rest: str) -> str:
    level, _, state = rest.partition("/")
    told = (words.get(f"priority.{level}", level), words.get(f"reports.{state}", state))
    return " · ".join(filter(None, told))


def _effect(words: Words, rest: str) -> str:
    state, _, unit = rest.partition("/")
    return f"{words.get(f'state.{state}', state)} {unit}".strip()


_RESTS: Mapping[str, Callable[[Words, str], str]] = {
    "rates": lambda words, _rest: words["reports.did_not"],
    "csat": lambda words, score: words["reports.rated"].format(score=score),
    "effects": _effect,
    "sla": _clock,
    "queues": _narrowed,
    "agents": _narrowed,
}
"""What stands behind the first part of a row's key, where it is no channel."""
