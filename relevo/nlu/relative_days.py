"""Finds days that are told by their distance from today; relevo.domain.periods tells which they are.

``day:-1`` is yesterday, ``weekday:0`` the last Monday or the next, ``past_weekday:0`` the last one. They count where a
trip is spoken of in the same clause, or where nothing else is said: people write to a company on days, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relevo.nlu.words import ENDS, NOT_INSIDE, alternatives, languages, words_of

_AROUND = 40
_WEEK = 7
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_TRIP = re.compile(rf"{NOT_INSIDE}(?:{alternatives(words_of('trips'))}){ENDS}")
_ALONE = frozenset(words_of("beside_days"))
_DISTANCES = {word: days for language in languages() for days, words in language.days.items() for word in words}
_DISTANT = re.compile(rf"{NOT_INSIDE}(?<!la )(?<!media )({alternatives(_DISTANCES)}){ENDS}")
_WEEKDAYS = {name: n for language in languages() for n, names in enumerate(language.weekdays) for name in names}
_PAST = alternatives(words_of("ago", "past"))
_WEEKDAY = re.compile(
    rf"{NOT_INSIDE}(?<!santo )((?:{_PAST})\s+)?({alternatives(_WEEKDAYS)})(\s+(?:{_PAST}))?{ENDS}(?!,?\s+(?:the\s+)?\d)"
)
_COUNTS = {word: n for n, key in enumerate(_NUMBERS, 1) for word in words_of("ago", key)}
_UNITS = {word: days for days in (1, _WEEK) for word in words_of("ago", str(days))}
_COUNTED = rf"(\d{{1,2}}|{alternatives(_COUNTS)})\s+({alternatives(_UNITS)})"
_AGO = re.compile(
    rf"{NOT_INSIDE}(?:(?:{alternatives(words_of('ago', 'before'))})\s+{_COUNTED}"
    rf"|{_COUNTED}\s+(?:{alternatives(words_of('ago', 'behind'))})){ENDS}"
)
_CLAUSE = re.compile(r"[,;.:!?\n]")

Found = tuple[str, int, int]


def relative_days(folded: str) -> Iterator[Found]:
    """Give what stands in a folded text, with its place."""
    for value, start, end in _days(folded):
        before = _CLAUSE.split(folded[max(0, start - _AROUND) : start])[-1]
        behind = _CLAUSE.split(folded[end : end + _AROUND])[0]
        said = {*re.findall(r"[^\W_]+", folded[:start] + " " + folded[end:])}
        if _TRIP.search(before) or _TRIP.search(behind) or said <= _ALONE:
            yield value, start, end


def _days(folded: str) -> Iterator[Found]:
    for match in _DISTANT.finditer(folded):
        yield f"day:{_DISTANCES[match[1]]}", *match.span()
    for match in _WEEKDAY.finditer(folded):
        yield f"{'past_' if match[1] or match[3] else ''}weekday:{_WEEKDAYS[match[2]]}", *match.span()
    for match in _AGO.finditer(folded):
        count, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        yield f"day:-{int(_COUNTS.get(count) or count) * _UNITS[unit]}", *match.span()
