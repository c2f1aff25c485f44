"""Puts placeholders in place of whatever tells who somebody is, and puts the words back afterwards.

    "I'm Oliver, oliver@example.com, AU73915024" ─► "I'm [NAME_1], [EMAIL_1], [REFERENCE_1]" ─► a model ─► back

Rather too much than too little: what was masked comes back, so it costs only that a model cannot reason about it.
Amounts and recent dates stay, since an answer is mostly about those.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

Stretch = tuple[int, int, str]
"""Where something personal begins and ends, and of which kind it is, in capitals."""
Finder = Callable[[str], Iterable[Stretch]]
"""Finds what is personal in a text."""

_LEAST_NAME = 3
_MOST_AMOUNT_DIGITS = 7
_PLACEHOLDER = re.compile(r"\\?\[ ?([A-Za-z]+\\?_\d{1,6}) ?\\?\]")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"”»]*[^\s<>\"”».,:;!?)]", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}")
_HANDLE = re.compile(r"(?<![\w.+-])@\w{2,40}")
_NUMBER = re.compile(r"\+?\d(?:[ .,\-–/()]{0,2}\d)*")
_TOKEN = re.compile(r"[A-Za-z\d]+(?:[.\-/_][A-Za-z\d]+)*")
_YEAR = r"20(?:1[5-9]|[2-9]\d)"
_RECENT_DATE = re.compile(rf"{_YEAR}-\d\d?-\d\d?|\d\d?[./-]\d\d?[./-]{_YEAR}|{_YEAR}")
"""A date of today's business; an older one may be a birthday."""
_MONEY = r"€|\$|£|eur(?:os?)?|usd|gbp|d[oó]lar(?:es)?|dollars?|pounds?|libras?|points?|puntos?|millas?|miles"
_MONEY_BEFORE = re.compile(rf"(?:{_MONEY})\s?$", re.IGNORECASE)
_MONEY_AFTER = re.compile(rf"\s?(?:{_MONEY})(?!\w)", re.IGNORECASE)
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’\-]+"
_FULL_NAME = rf"{_CAPITAL}(?: (?:(?:de|del|la|las|los|da|dos|di|van|von|der|y) ){{0,3}}{_CAPITAL}){{0,4}}"
_BEFORE_NAMES = (
    r"soy|me llamo|mi nombre(?: completo)? es|a nombre de|nombre|hola|querid[oa]|estimad[oa]|se[ñn]ora?|saludos?"
    r"|atentamente|gracias|i['’]?m|i am|my name is|this is|name|dear|hello|hi|mrs?|ms|regards|sincerely|thanks"
)
_INTRODUCED = re.compile(rf"(?i:\b(?:{_BEFORE_NAMES})\b[\s,.:]{{1,4}})({_FULL_NAME})")
"""A name after a word that announces one, greets or takes leave; more is taken for a name here than anybody has."""
_PARTICLES = frozenset({"del", "las", "los", "van", "von", "der", "dos"})


class Mask:
    """What was hidden of one conversation, so that it can be put back; one text's placeholders hold in all others."""

    def __init__(self, known: Iterable[str] = (), *, names: Iterable[str] = (), finders: Sequence[Finder] = ()) -> None:
        """``known`` are references and addresses, ``names`` are people's; finders know further forms."""
        words = _words_finder(known, "REFERENCE", between=r"[ .\-]?"), _words_finder(_parts(names), "NAME")
        self._finders = (*_FINDERS, *words, *finders)
        self._placeholders: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def hide(self, text: str) -> str:
        """Give a text with placeholders in it."""
        parts, end = [], 0
        for start, stop, kind in self._stretches(text):
            parts += [text[end:start], self._placeholder(text[start:stop], kind)]
            end = stop
        return "".join([*parts, text[end:]])

    def restore(self, text: str) -> str:
        """Give a text with the words back in it; a placeholder that was never given out stays as it is."""
        return _PLACEHOLDER.sub(lambda found: self._words.get(_name(found[1]), found[0]), text)

    def lost(self, hidden: str, answer: str) -> list[str]:
        """Give what a masked text had in it and a masked answer has not."""
        kept = {_name(name) for name in _PLACEHOLDER.findall(answer)}
        names = dict.fromkeys(map(_name, _PLACEHOLDER.findall(hidden)))
        return [self._words[name] for name in names if name in self._words and name not in kept]

    def _stretches(self, text: str) -> Iterator[Stretch]:
        all_found = (stretch for finder in self._finders for stretch in finder(text) if stretch[0] < stretch[1])
        found = sorted(all_found, key=lambda each: (each[0], -each[1]))  # who covers more says of which kind it is
        start, stop, kind = 0, 0, ""
        for other in found:
            if other[0] >= stop:
                if kind:
                    yield start, stop, kind
                start, stop, kind = other
            stop = max(stop, other[1])
        if kind:
            yield start, stop, kind

    def _placeholder(self, words: str, kind: str) -> str:
        if words not in self._placeholders:
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            self._placeholders[words] = f"[{kind}_{number}]"
            self._words[f"{kind}_{number}"] = words
        return self._placeholders[words]


def _name(written: str) -> str:
    return written.replace("\\", "").upper()


def _links(text: str) -> Iterator[Stretch]:
    for match in _LINK.finditer(text):
        yield *match.span(), "LINK"


def _emails(text: str) -> Iterator[Stretch]:
    for pattern in (_EMAIL, _HANDLE):
        for match in pattern.finditer(text):
            yield *match.span(), "EMAIL"


def _introduced(text: str) -> Iterator[Stretch]:
    for match in _INTRODUCED.finditer(text):
        yield *match.span(1), "NAME"


def _written_as_placeholders(text: str) -> Iterator[Stretch]:
    """Find what somebody wrote as a placeholder is written: else it would come back as somebody's words."""
    for match in _PLACEHOLDER.finditer(text):
        yield *match.span(), "TEXT"


def _numbers(text: str) -> Iterator[Stretch]:
    for match in _NUMBER.finditer(text):
        digits = sum(map(str.isdigit, match[0]))
        if digits >= 4 and not _RECENT_DATE.fullmatch(match[0]) and not _is_amount(text, match, digits):
            yield *match.span(), "NUMBER"


def _is_amount(text: str, match: re.Match[str], digits: int) -> bool:
    before = _MONEY_BEFORE.search(text, max(0, match.start() - 10), match.start())
    return digits <= _MOST_AMOUNT_DIGITS and bool(before or _MONEY_AFTER.match(text, match.end()))


def _mixed(text: str) -> Iterator[Stretch]:
    """Find booking codes, orders, document numbers: letters and digits in one."""
    for match in _TOKEN.finditer(text):
        digits, letters = sum(map(str.isdigit, match[0])), sum(map(str.isalpha, match[0]))
        if digits > 1 and letters and digits + letters >= 5:
            yield *match.span(), "REFERENCE"


def _parts(names: Iterable[str]) -> Iterator[str]:
    """Give whole names, and each of their words."""
    for name in names:
        yield name
        yield from (word for word in re.findall(r"[^\W\d_]+", name) if _folded(word) not in _PARTICLES)


def _words_finder(words: Iterable[str], kind: str, *, between: str = "") -> Finder:
    """Find these words however they are accented and capitalised, whatever stands ``between`` their characters."""
    longest_first = sorted({word for word in map(_folded, words) if len(word.strip()) >= _LEAST_NAME}, key=len)[::-1]
    spelt = [between.join(map(re.escape, word.strip())) for word in longest_first]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(spelt)})(?!\w)") if spelt else None

    def finder(text: str) -> Iterator[Stretch]:
        for match in pattern.finditer(_folded(text)) if pattern else ():
            yield *match.span(), kind

    return finder


def _folded(text: str) -> str:
    """Give a text in small letters without accents, each character at its place."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] or letter for letter in text)


_FINDERS: tuple[Finder, ...] = (_written_as_placeholders, _links, _emails, _numbers, _mixed, _introduced)
