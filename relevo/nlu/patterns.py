"""Finds what has a form: references, addresses, flights, places, periods and a few telling words.

Pure text in, spans out. What comes first in ``_FINDERS`` claims its characters, so that a loyalty number is never
read as a flight, nor a ticket number as a telephone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from relevo.nlu.words import fold, languages, words_of

_PLACE = 3
_FEW_WORDS = 8
LONGEST_TEXT = 4000
"""Characters that are looked at; a reference further down a longer text is not found."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text with what it means."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text as written, and folded to lower case without accents; positions are the same in both."""

    raw: str
    folded: str
    is_shouted: bool

    def cue_before(self, start: int, kind: str) -> bool:
        """Tell whether a word that announces this kind stands shortly before a position."""
        return bool(_CUES[kind].search(self.folded[max(0, start - 40) : start]))


Finder = Callable[[Text], Iterator[Span]]


def find(raw: str, names: Mapping[str, str] | None = None) -> list[Span]:
    """Give everything that is found, by position; ``names`` maps folded names to codes of places or carriers."""
    raw = raw[:LONGEST_TEXT]
    letters = [letter for letter in raw if letter.isalpha()]
    text = Text(raw, fold(raw), sum(map(str.isupper, letters)) > 0.7 * len(letters) > 8)
    taken: list[Span] = []
    for finder in (*_FINDERS, _name_finder(names or {}), *_WORD_FINDERS):
        for span in finder(text):
            if all(span.end <= other.start or span.start >= other.end for other in taken):
                taken.append(span)
    return sorted(taken, key=lambda span: span.start)


def _alternatives(words: Iterator[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(set(words), key=len, reverse=True))


_NOT_INSIDE = r"(?<![^\W_])"
_ENDS = r"(?![^\W_])"
# The cue word, then at most three short words ("is", "es el", ":") up to the reference.
_CUES = {
    kind: re.compile(rf"{_NOT_INSIDE}(?:{_alternatives(words_of('cues', kind))})(?:[\W_]+[a-z]{{1,6}}){{0,3}}[\W_]*$")
    for kind in ("loyalty_number", "booking_code", "phone", "flight")
}
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_TICKET = re.compile(r"(?<!\d)075(?:[ .\-]?\d){10}(?!\d)")
_LOYALTY = re.compile(rf"{_NOT_INSIDE}au(?:[ .\-]?\d{{8}}|[ .\-]\d(?:[ .\-]?\d){{7}}){_ENDS}")
_EIGHT_DIGITS = re.compile(rf"{_NOT_INSIDE}(?!20[1-4]\d[01]\d[0-3]\d)\d{{8}}{_ENDS}")
_ORDER = re.compile(rf"{_NOT_INSIDE}ao[ .\-]?(\d{{5}}){_ENDS}")
_BARE_ORDER = re.compile(
    rf"{_NOT_INSIDE}(?:{_alternatives(words_of('cues', 'order'))})[^\w\d]{{1,3}}"
    rf"(?:(?:n[oº°]|num|numero|nro|number)[^\w\d]{{1,3}})?(\d{{5}}){_ENDS}(?![.,]\d)"
)
_SUBSCRIPTION = re.compile(rf"{_NOT_INSIDE}sub[ .\-]?(\d{{3}}){_ENDS}")
_CASE = re.compile(rf"{_NOT_INSIDE}(?<!in )(?<!en )cas[eo][ .\-#]{{0,3}}(\d{{4,9}}){_ENDS}")
_BAGGAGE_REPORT = re.compile(rf"{_NOT_INSIDE}[a-z]{{3}}au\d{{5}}{_ENDS}")
_CODE = re.compile(r"(?<![\w@.,/+\-])\d{3}[ \-]?\d{3}(?![\w@/\-]|[.,]\d)")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ().\-]{0,2}\d){7,14}(?!\d)")
_LOCAL_PHONE = re.compile(rf"{_NOT_INSIDE}\d(?:[ .\-]?\d){{8,11}}{_ENDS}")
_FLIGHT = re.compile(rf"{_NOT_INSIDE}au[ \-]?(\d{{3,4}}){_ENDS}")
_BARE_FLIGHT = re.compile(rf"{_NOT_INSIDE}(?!20[2-4]\d)\d{{3,4}}{_ENDS}")
_CARRIER_FLIGHT = re.compile(
    r"(?<![^\W_])(?!AU|AO|EU|UE|CE|[A-Z]{2} 20[2-4])(?:[A-Z]{2}|[A-Z]\d|\d[A-Z])[ \-]?\d{3,4}(?![^\W_])"
)
_GLUED_FLIGHT = re.compile(rf"{_NOT_INSIDE}(?!au|ao|eu|ue|ce)(?:[a-z]{{2}}|[a-z]\d|\d[a-z])-?\d{{3,4}}{_ENDS}")
_SIX = re.compile(r"(?<![\w@.\-])[A-Za-z0-9]{6}(?![\w@\-])")
_SPLIT_SIX = re.compile(r"(?<![\w@.\-])[A-Z0-9]{3}[ \-][A-Z0-9]{3}(?![\w@\-])")


def _emails(text: Text) -> Iterator[Span]:
    for match in _EMAIL.finditer(text.raw):
        yield Span("email", match[0].lower(), *match.span())


def _tickets(text: Text) -> Iterator[Span]:
    for match in _TICKET.finditer(text.raw):
        yield Span("ticket", re.sub(r"\D", "", match[0]), *match.span())


def _loyalty_numbers(text: Text) -> Iterator[Span]:
    for match in _LOYALTY.finditer(text.folded):
        yield Span("loyalty_number", "AU" + re.sub(r"\D", "", match[0]), *match.span())
    for match in _EIGHT_DIGITS.finditer(text.folded):
        if text.cue_before(match.start(), "loyalty_number") or len(text.folded.split()) <= 3:
            yield Span("loyalty_number", "AU" + match[0], *match.span())


def _orders(text: Text) -> Iterator[Span]:
    for match in _ORDER.finditer(text.folded):
        yield Span("order", "AO-" + match[1], *match.span())
    for match in _BARE_ORDER.finditer(text.folded):
        yield Span("order", "AO-" + match[1], *match.span(1))


def _subscriptions(text: Text) -> Iterator[Span]:
    for match in _SUBSCRIPTION.finditer(text.folded):
        yield Span("subscription", "SUB-" + match[1], *match.span())


def _cases(text: Text) -> Iterator[Span]:
    for match in _CASE.finditer(text.folded):
        yield Span("case", "CASE-" + match[1], *match.span())


def _baggage_reports(text: Text) -> Iterator[Span]:
    for match in _BAGGAGE_REPORT.finditer(text.folded):
        yield Span("baggage_report", match[0].upper(), *match.span())


def _phones(text: Text) -> Iterator[Span]:
    for match in _PHONE.finditer(text.raw):
        yield Span("phone", "+" + re.sub(r"\D", "", match[0]).removeprefix("00"), *match.span())
    for match in _LOCAL_PHONE.finditer(text.raw):
        digits = re.sub(r"\D", "", match[0])
        if text.cue_before(match.start(), "phone") or (len(digits) == 9 and digits[0] in "67"):
            yield Span("phone", digits, *match.span())


def _flights(text: Text) -> Iterator[Span]:
    for match in _FLIGHT.finditer(text.folded):
        yield Span("flight", "AU" + match[1].zfill(4), *match.span())
    for match in _BARE_FLIGHT.finditer(text.folded):
        if text.cue_before(match.start(), "flight"):
            yield Span("flight", "AU" + match[0].zfill(4), *match.span())


def _partner_flights(text: Text) -> Iterator[Span]:
    """Give flights of other carriers: in capitals, or announced; the carrier is the first two characters."""
    for match in () if text.is_shouted else _CARRIER_FLIGHT.finditer(text.raw):
        yield Span("partner_flight", re.sub(r"[ \-]", "", match[0]), *match.span())
    for match in _GLUED_FLIGHT.finditer(text.folded):
        if text.cue_before(match.start(), "flight"):
            yield Span("partner_flight", match[0].replace("-", "").upper(), *match.span())


def _codes(text: Text) -> Iterator[Span]:
    """Give six digits of a message that says little else; a longer one has other numbers in mind."""
    for match in _CODE.finditer(text.folded):
        if len(text.folded.split()) <= _FEW_WORDS:
            yield Span("code", re.sub(r"\D", "", match[0]), *match.span())


def _booking_codes(text: Text) -> Iterator[Span]:
    for match in _SIX.finditer(text.raw):
        if _is_booking_code(text, match[0], match.start()):
            yield Span("booking_code", match[0].upper(), *match.span())
    for match in _SPLIT_SIX.finditer(text.raw):
        if re.search(r"\d", match[0]) and text.cue_before(match.start(), "booking_code"):
            yield Span("booking_code", re.sub(r"[ \-]", "", match[0]), *match.span())


def _is_booking_code(text: Text, code: str, start: int) -> bool:
    """Tell a booking code from a word, a number or an amount with its unit (``200eur``)."""
    is_announced = text.cue_before(start, "booking_code")
    if code.isalpha():
        return is_announced and code.isupper() and not text.is_shouted
    if code.isdigit():
        return False
    return is_announced or not re.fullmatch(r"\d+[a-z]+|[a-z]{3,}\d{1,2}|\d\dh\d\dm", code)


def _name_finder(names: Mapping[str, str]) -> Finder:
    """Find places, whose codes have three letters and may stand for them, and carriers, whose codes have two."""
    pattern = re.compile(rf"{_NOT_INSIDE}(?:{_alternatives(iter(names))}){_ENDS}") if names else None
    codes = frozenset(code for code in names.values() if len(code) == _PLACE)

    def finder(text: Text) -> Iterator[Span]:
        for match in pattern.finditer(text.folded) if pattern else ():
            code = names[re.sub(r"\s+", " ", match[0])]
            yield Span("place" if len(code) == _PLACE else "carrier", code, *match.span())
        for match in re.finditer(r"\b[A-Z]{3}\b", text.raw):
            if match[0] in codes and not text.is_shouted:
                yield Span("place", match[0], *match.span())

    return finder


_PERIODS = tuple(
    (key, re.compile(rf"{_NOT_INSIDE}(?:{_alternatives(words_of('periods', key))}){_ENDS}"))
    for key in ("last_month", "this_month", "last_week", "this_week")
)
_MONTH_NUMBERS = {
    name: number for language in languages() for number, names in enumerate(language.months, 1) for name in names
}
_MONTH = _alternatives(iter(_MONTH_NUMBERS))
_YEAR = r"(?:,?\s+(?:del?\s+)?(20\d\d))?"
_DAY = r"([0-3]?\d)(?:st|nd|rd|th|º|ª)?"
_DAY_MONTH = re.compile(rf"{_NOT_INSIDE}{_DAY}\s+(?:de\s+|of\s+)?({_MONTH}){_ENDS}{_YEAR}")
_MONTH_DAY = re.compile(rf"{_NOT_INSIDE}({_MONTH})\s+(?:the\s+)?{_DAY}{_ENDS}{_YEAR}")
_IN_MONTH = re.compile(rf"{_NOT_INSIDE}(?:{_alternatives(words_of('in_month'))})\s+({_MONTH}){_ENDS}{_YEAR}")
_NUMERIC = re.compile(r"(?<![\d/.,\-])([0-3]?\d)(?:[/\-]([0-3]?\d)|[/.\-]([0-3]?\d)[/.\-](20\d\d|\d\d))(?![\d/\-])")
_ISO = re.compile(r"(?<![\d\-])(20\d\d)-([01]\d)-([0-3]\d)(?![\d\-])")


def _periods(text: Text) -> Iterator[Span]:
    """Give periods as ``last_month`` and the like, or as ``[YYYY-]MM[-DD]`` after ``on:``."""
    for match in _ISO.finditer(text.folded):
        yield from _on(match, match[3], int(match[2]), match[1])
    for match in _NUMERIC.finditer(text.folded):
        yield from _on(match, match[1], int(match[2] or match[3]), match[4])
    for match in _DAY_MONTH.finditer(text.folded):
        yield from _on(match, match[1], _MONTH_NUMBERS[match[2]], match[3])
    for match in _MONTH_DAY.finditer(text.folded):
        yield from _on(match, match[2], _MONTH_NUMBERS[match[1]], match[3])
    for match in _IN_MONTH.finditer(text.folded):
        yield from _on(match, None, _MONTH_NUMBERS[match[1]], match[2])
    for key, pattern in _PERIODS:
        for match in pattern.finditer(text.folded):
            yield Span("period", key, *match.span())


def _on(match: re.Match[str], day: str | None, month: int, year: str | None) -> Iterator[Span]:
    first = int(day or 1)
    if first <= 12 < month <= 31:
        first, month = month, first  # written the American way
    if 1 <= month <= 12 and 1 <= first <= 31:
        full_year = f"20{year[-2:]}-" if year else ""
        value = f"on:{full_year}{month:02}" + (f"-{first:02}" if day else "")
        yield Span("period", value, *match.span())


_NAME_CUE = re.compile(rf"{_NOT_INSIDE}(?:{_alternatives(words_of('cues', 'name'))})[\s:,]+")
_NAME = re.compile(
    r"[A-ZÀ-ÖØ-Þ][\w'’\-]+(?:[ ](?:(?:de|del|la|las|los|da|dos|di|van|von|der|y|O')[ ]?){0,3}[A-ZÀ-ÖØ-Þ][\w'’\-]+){1,5}"
)


def _names(text: Text) -> Iterator[Span]:
    """Give a full name with its capitals after "me llamo", "my name is" and the like; one word is no full name."""
    for cue in _NAME_CUE.finditer(text.folded):
        match = _NAME.match(text.raw, cue.end())
        if match and not text.is_shouted and not any(map(str.isdigit, match[0])):
            yield Span("name", match[0], *match.span())


_CHOICES = tuple(
    (value, re.compile(rf"{_NOT_INSIDE}(?:{_alternatives(words_of('choices', value))}){_ENDS}"))
    for value in ("1", "2", "3", "last", "all")
)
_WORDS = tuple(
    (entity, re.compile(rf"(?:{_NOT_INSIDE}(?:{_alternatives(words)}){_ENDS})"))
    for entity, words in (
        ("agreement", words_of("agreements")),
        ("hedge", words_of("hedges")),
        ("addition", words_of("additions")),
    )
)


def _choices(text: Text) -> Iterator[Span]:
    for value, pattern in _CHOICES:
        for match in pattern.finditer(text.folded):
            yield Span("choice", value, *match.span())


def _telling_words(text: Text) -> Iterator[Span]:
    for entity, pattern in _WORDS:
        for match in pattern.finditer(text.folded):
            yield Span(entity, match[0], *match.span())
    for match in re.finditer(r"\?", text.raw):
        yield Span("hedge", "?", *match.span())


_FINDERS: tuple[Finder, ...] = (
    _emails, _tickets, _loyalty_numbers, _orders, _subscriptions, _cases, _baggage_reports, _phones, _flights,
    _partner_flights, _codes, _booking_codes
)  # fmt: skip
_WORD_FINDERS: tuple[Finder, ...] = (_periods, _names, _choices, _telling_words)
