"""Finds what has a form: references, addresses, flights, places, periods and a few telling words.

Pure text in, spans out. What comes first in ``_FINDERS`` claims its characters, so that a loyalty number is never
read as a flight, nor a ticket number as a telephone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from relevo.nlu.booking_codes import booking_codes
from relevo.nlu.dates import PERIOD, dates
from relevo.nlu.money import amounts, bare_amounts
from relevo.nlu.relative_days import relative_days
from relevo.nlu.words import ENDS, NOT_INSIDE, alternatives, fold, words_of

_PLACE = 3
_NOT_CODES = frozenset(words_of("not_codes"))
_ROUTE = re.compile(r"\b([A-Z]{3})(?: ?[-–/>→] ?| to | a )([A-Z]{3})\b")
_FEW_WORDS = 8
LONGEST_TEXT = 4000
"""Characters that are looked at; a reference further down a longer text is not found."""


class Span(msgspec.Struct, frozen=True):
    """A stretch of text with what it means."""

    entity: str
    value: str
    start: int
    end: int


class Text(msgspec.Struct, frozen=True):
    """A text as written, and folded to lower case without accents; positions are the same in both."""

    raw: str
    folded: str
    digits: str
    """Folded, with the letters in numbers that people take for digits written as digits: "5oo52" is "50052"."""
    is_shouted: bool
    found: dict[Finder, tuple[Span, ...]] = msgspec.field(default_factory=dict)
    """What each finder found, once it was asked: two parts of the pipeline ask the same ones of a message."""

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, raw: str) -> Text:
        """Make what finders look at; what they found in the last few texts is kept."""
        letters = [letter for letter in raw if letter.isalpha()]
        folded = fold(raw)
        return cls(raw, folded, _with_digits(folded), sum(map(str.isupper, letters)) > 0.7 * len(letters) > 8)

    def spans(self, finder: Finder) -> tuple[Span, ...]:
        """Give what a finder finds."""
        found = self.found.get(finder)
        if found is None:
            found = self.found[finder] = tuple(finder(self))
        return found

    def cue_before(self, start: int, kind: str) -> bool:
        """Tell whether a word that announces this kind stands shortly before a position."""
        return bool(_CUES[kind].search(self.folded[max(0, start - 40) : start]))


Finder = Callable[[Text], Iterator[Span]]
_NUMERIC: set[Finder] = set()
"""Those that find nothing in a text without a digit, as most are."""


def _numeric(finder: Finder) -> Finder:
    _NUMERIC.add(finder)
    return finder


def finders_of(names: Mapping[str, str]) -> tuple[Finder, ...]:
    """Make what finds everything, in its order; ``names`` maps folded names to codes of places or carriers."""
    carriers = _partner_finder({code for code in names.values() if len(code) < _PLACE})
    return (*_FINDERS, carriers, *_LATER_FINDERS, _names, _name_finder(names), *_WORD_FINDERS)


def find(raw: str, finders: Sequence[Finder]) -> list[Span]:
    """Give everything that is found, by position."""
    text = Text.of(raw[:LONGEST_TEXT])
    taken: list[Span] = []
    for finder in finders if _DIGIT.search(text.raw) else _wordy(tuple(finders)):
        for span in text.spans(finder):
            if all(span.end <= other.start or span.start >= other.end for other in taken):
                taken.append(span)
    return sorted(taken, key=lambda span: span.start)


@lru_cache(maxsize=16)
def _wordy(finders: tuple[Finder, ...]) -> tuple[Finder, ...]:
    """Give the finders that may find something in a text without a digit."""
    return tuple(finder for finder in finders if finder not in _NUMERIC)


_DIGIT = re.compile(r"\d")
_NUMBERS = re.compile(r"[\doil]*\d[\doil]*")
_FOR_DIGITS = str.maketrans("oil", "011")


def _with_digits(folded: str) -> str:
    return _NUMBERS.sub(_as_digits, folded)


def _as_digits(match: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, match[0]))
    return match[0].translate(_FOR_DIGITS) if digits >= max(2, len(match[0]) / 2) else match[0]


# The cue word, then at most three short words ("is", "es el", ":") up to the reference.
_CUES = {
    kind: re.compile(rf"{NOT_INSIDE}(?:{alternatives(words_of('cues', kind))})(?:[\W_]+[a-z]{{1,6}}){{0,3}}[\W_]*$")
    for kind in ("loyalty_number", "booking_code", "phone", "flight")
}
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_TICKET = re.compile(r"(?<!\d)075(?:[ .\-]?\d){10}(?!\d)")
_LOYALTY = re.compile(rf"{NOT_INSIDE}au[ .\-]{{0,2}}\d(?:[ .\-]?\d){{7}}{ENDS}")
_EIGHT_DIGITS = re.compile(
    rf"{NOT_INSIDE}(?<!\d[ .\-])(?!20[1-4]\d[01]\d[0-3]\d)(?:\d{{8}}|\d{{4}}[ .\-]\d{{4}}){ENDS}(?![ .\-]\d)"
)
_FIVE_DIGITS = r"\d{5}|\d{2}[ .\-]\d{3}|\d{3}[ .\-]\d{2}|\d(?:[ .\-]\d){4}"
_ORDER = re.compile(rf"{NOT_INSIDE}a[o0][ .\-]{{0,3}}({_FIVE_DIGITS}){ENDS}")
_BARE_ORDER = re.compile(
    rf"{NOT_INSIDE}(?:{alternatives(words_of('cues', 'order'))})[^\w\d]{{1,3}}"
    rf"(?:(?:n[oº°]|num|numero|nro|number)[^\w\d]{{1,3}})?(\d{{5}}){ENDS}(?![.,]\d)"
)
_SUBSCRIPTION = re.compile(rf"{NOT_INSIDE}sub[ .\-]?(\d{{3}}){ENDS}")
_CASE = re.compile(rf"{NOT_INSIDE}(?<!in )(?<!en )cas[eo][ .\-#]{{0,3}}(\d{{4,9}}){ENDS}")
_BAGGAGE_REPORT = re.compile(rf"{NOT_INSIDE}[a-z]{{3}}[ \-]?au[ \-]?\d{{5}}{ENDS}")
_BAGGAGE_TAG = re.compile(rf"{NOT_INSIDE}(?:0751|au)([ .\-]?\d{{3}}[ .\-]?\d{{3}}){ENDS}(?![ .\-]\d)")
_CODE = re.compile(r"(?<![\w@.,/+\-])\d{3}[ \-]?\d{3}(?![\w@/\-]|[.,]\d)")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ().\-]{0,2}\d){7,14}(?!\d)")
_LOCAL_PHONE = re.compile(rf"{NOT_INSIDE}\d(?:[ .\-]?\d){{8,11}}{ENDS}")
_FLIGHT = re.compile(rf"{NOT_INSIDE}au[ .\-]?(\d{{3,4}}){ENDS}")
_BARE_FLIGHT = re.compile(rf"{NOT_INSIDE}(?!20[2-4]\d)\d{{3,4}}{ENDS}")
_CARRIER_FLIGHT = re.compile(
    r"(?<![^\W_])(?!AU|AO|EU|UE|CE|[A-Z]{2} 20[2-4])(?:[A-Z]{2}|[A-Z]\d|\d[A-Z])[ \-]?\d{3,4}(?![^\W_])"
)
_GLUED_FLIGHT = re.compile(rf"{NOT_INSIDE}(?!au|ao|eu|ue|ce)(?:[a-z]{{2}}|[a-z]\d|\d[a-z])-?\d{{3,4}}{ENDS}")


def _emails(text: Text) -> Iterator[Span]:
    for match in _EMAIL.finditer(text.raw):
        yield Span("email", match[0].lower(), *match.span())


@_numeric
def _tickets(text: Text) -> Iterator[Span]:
    for match in _TICKET.finditer(text.digits):
        yield Span("ticket", re.sub(r"\D", "", match[0]), *match.span())


@_numeric
def _loyalty_numbers(text: Text) -> Iterator[Span]:
    for match in _LOYALTY.finditer(text.digits):
        is_flights = len(match[0]) > 10 and text.cue_before(match.start(), "flight")
        if not is_flights:
            yield Span("loyalty_number", "AU" + re.sub(r"\D", "", match[0]), *match.span())
    for match in _EIGHT_DIGITS.finditer(text.digits):
        if text.cue_before(match.start(), "loyalty_number") or len(text.folded.split()) <= 3:
            yield Span("loyalty_number", "AU" + re.sub(r"\D", "", match[0]), *match.span())


@_numeric
def _orders(text: Text) -> Iterator[Span]:
    for match in _ORDER.finditer(text.digits):
        yield Span("order", "AO-" + re.sub(r"\D", "", match[1]), *match.span())
    for match in _BARE_ORDER.finditer(text.digits):
        yield Span("order", "AO-" + match[1], *match.span(1))


@_numeric
def _subscriptions(text: Text) -> Iterator[Span]:
    for match in _SUBSCRIPTION.finditer(text.digits):
        yield Span("subscription", "SUB-" + match[1], *match.span())


@_numeric
def _cases(text: Text) -> Iterator[Span]:
    for match in _CASE.finditer(text.digits):
        yield Span("case", "CASE-" + match[1], *match.span())


@_numeric
def _baggage_reports(text: Text) -> Iterator[Span]:
    for match in _BAGGAGE_REPORT.finditer(text.digits):
        yield Span("baggage_report", re.sub(r"[ \-]", "", match[0]).upper(), *match.span())


@_numeric
def _baggage_tags(text: Text) -> Iterator[Span]:
    """Give ten digits, as the airline's number or its letters begin them."""
    for match in _BAGGAGE_TAG.finditer(text.digits):
        yield Span("baggage_tag", "0751" + re.sub(r"\D", "", match[1]), *match.span())


@_numeric
def _amounts(text: Text) -> Iterator[Span]:
    for amount, start, end in amounts(text.folded):
        yield Span("amount", amount, start, end)


@_numeric
def _bare_amounts(text: Text) -> Iterator[Span]:
    for amount, start, end in bare_amounts(text.folded):
        yield Span("bare_amount", amount, start, end)


@_numeric
def _phones(text: Text) -> Iterator[Span]:
    for match in _PHONE.finditer(text.raw):
        yield Span("phone", "+" + re.sub(r"\D", "", match[0]).removeprefix("00"), *match.span())
    for match in _LOCAL_PHONE.finditer(text.raw):
        digits = re.sub(r"\D", "", match[0])
        if text.cue_before(match.start(), "phone") or (len(digits) == 9 and digits[0] in "67"):
            yield Span("phone", digits, *match.span())


@_numeric
def _flights(text: Text) -> Iterator[Span]:
    for match in _FLIGHT.finditer(text.digits):
        yield Span("flight", "AU" + match[1].zfill(4), *match.span())
    for match in _BARE_FLIGHT.finditer(text.digits):
        if text.cue_before(match.start(), "flight"):
            yield Span("flight", "AU" + match[0].zfill(4), *match.span())


def _partner_finder(carriers: Collection[str]) -> Finder:
    """Find flights of other carriers: in capitals, or announced; the carrier is the first two characters."""
    codes = alternatives(code.lower() for code in carriers)
    known = re.compile(rf"{NOT_INSIDE}(?:{codes})[ \-]?\d{{3,4}}{ENDS}") if carriers else None

    @_numeric
    def finder(text: Text) -> Iterator[Span]:
        announced = [*_GLUED_FLIGHT.finditer(text.folded), *(known.finditer(text.folded) if known else ())]
        matches = [match for match in announced if text.cue_before(match.start(), "flight")]
        for match in [*(() if text.is_shouted else _CARRIER_FLIGHT.finditer(text.raw)), *matches]:
            yield Span("partner_flight", re.sub(r"[ \-]", "", match[0]).upper(), *match.span())

    return finder


@_numeric
def _codes(text: Text) -> Iterator[Span]:
    """Give six digits of a message that says little else; a longer one has other numbers in mind."""
    for match in _CODE.finditer(text.folded):
        if len(text.folded.split()) <= _FEW_WORDS:
            yield Span("code", re.sub(r"\D", "", match[0]), *match.span())


def _booking_codes(text: Text) -> Iterator[Span]:
    def is_announced(start: int) -> bool:
        return text.cue_before(start, "booking_code")

    for code, start, end in booking_codes(text.raw, is_announced, is_shouted=text.is_shouted):
        yield Span("booking_code", code, start, end)


def _name_finder(names: Mapping[str, str]) -> Finder:
    """Find places, whose codes have three letters and may stand for them, and carriers, whose codes have two."""
    pattern = re.compile(rf"{NOT_INSIDE}(?:{alternatives(iter(names))}){ENDS}") if names else None
    codes = frozenset(code for code in names.values() if len(code) == _PLACE)

    def finder(text: Text) -> Iterator[Span]:
        for match in pattern.finditer(text.folded) if pattern else ():
            code = names[re.sub(r"\s+", " ", match[0])]
            yield Span("place" if len(code) == _PLACE else "carrier", code, *match.span())
        routes = {place for match in _ROUTE.finditer(text.raw) for place in (match.start(1), match.start(2))}
        for match in re.finditer(r"\b[A-Z]{3}\b", text.raw):
            is_code = match[0].lower() not in _NOT_CODES or match.start() in routes
            if match[0] in codes and is_code and not text.is_shouted:
                yield Span("place", match[0], *match.span())

    return finder


def _dates(text: Text) -> Iterator[Span]:
    for entity, value, start, end in dates(text.folded):
        yield Span(entity, value if entity == PERIOD else text.raw[start:end], start, end)
    for value, start, end in relative_days(text.folded):
        yield Span(PERIOD, value, start, end)


_NAME_CUE = re.compile(rf"{NOT_INSIDE}(?:{alternatives(words_of('cues', 'name'))})[\s:,]+")
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
    (value, re.compile(rf"{NOT_INSIDE}(?:{alternatives(words_of('choices', value))}){ENDS}"))
    for value in ("1", "2", "3", "last", "all")
)
_WORDS = tuple(
    (entity, re.compile(rf"(?:{NOT_INSIDE}(?:{alternatives(words)}){ENDS})"))
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
    _emails, _amounts, _tickets, _baggage_tags, _loyalty_numbers, _orders, _subscriptions, _cases, _baggage_reports,
    _phones
)  # fmt: skip
_LATER_FINDERS: tuple[Finder, ...] = (_flights, _codes, _booking_codes)
_WORD_FINDERS: tuple[Finder, ...] = (_dates, _choices, _telling_words, _bare_amounts)
NAMELESS = finders_of({})
"""Finds all that needs no names."""
