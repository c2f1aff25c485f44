"""What somebody searches for: words and references as people type them, and where they stand in a text.

Folding and splitting are done in SQL for what is kept, and here for what is asked; a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

_BETWEEN_WORDS = "\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\xbf\u2000-\u206f\u3000-\u303f"
_WORD = re.compile(f"[^{_BETWEEN_WORDS}]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_UNDECOMPOSED = str.maketrans("øłđð", "oldd")
_LOOKALIKES = str.maketrans("oil", "011")
_MAIL = re.compile(r"[a-z0-9._%+-]+@[a-z0-9.-]+[a-z0-9]")
_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Z]{6}(?![A-Za-z0-9])")
_DIGIT = re.compile("[0-9]")

LONGEST_WORD = 50
SHORTEST_PREFIX = 3
"""From how many characters on the last word may be the beginning of one."""
_SHORTEST_REFERENCE, _LONGEST_REFERENCE, _SHORTEST_TYPO = 4, 40, 5
_LONGEST_LEAD = 5
"""Letters that may stand before a number and belong to it: AO 50017, CASE-7101."""
_MOST_PIECES = 8
"""In how many words a reference may be written."""
_SNIPPET, _AHEAD = 200, 60


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, folded."""

    words: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def prefix(self) -> str | None:
        """The last word, where it may be the beginning of one."""
        return self.words[-1] if self.words and len(self.words[-1]) >= SHORTEST_PREFIX else None


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a text, and where in it the hits are: from and up to which character."""

    text: str
    marks: tuple[tuple[int, int], ...]


def folded(text: str) -> str:
    """Give a text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text).lower().translate(_UNDECOMPOSED)
    return _ACCENTS.sub("", decomposed)


def read_query(text: str) -> SearchQuery:
    """Read what somebody typed."""
    words = [word[:LONGEST_WORD] for word in _WORD.findall(folded(text))]
    return SearchQuery(words=tuple(words), references=tuple(_references(text, words)))


def without_one(reference: str) -> set[str]:
    """Give what a reference is without one of its characters; none of a short one, which is like too many others."""
    if len(reference) < _SHORTEST_TYPO:
        return set()
    return {reference[:place] + reference[place + 1 :] for place in range(len(reference))}


def snippet(text: str, query: SearchQuery) -> Snippet:
    """Give the part of a text in which a query is found first, on one line."""
    line = re.sub(r"\s", " ", text)
    spans = sorted(_spans(line, query))
    start = _start(line, spans[0][0] if spans else 0)
    end = min(len(line), start + _SNIPPET)
    before, after = "…" if start else "", "…" if end < len(line) else ""
    shift = len(before) - start
    marks = [(max(a, start) + shift, min(b, end) + shift) for a, b in _joined(spans) if a < end and b > start]
    return Snippet(text=f"{before}{line[start:end]}{after}", marks=tuple(marks))


def _references(text: str, words: Sequence[str]) -> list[str]:
    found = [re.sub("[^a-z0-9]", "", mail) for mail in _MAIL.findall(folded(text))]
    found += [code.lower() for code in _CODE.findall(text)]
    found += [piece for run in _runs(words) for piece in run]
    alike = dict.fromkeys(each.translate(_LOOKALIKES) for each in found)
    return [each for each in alike if _SHORTEST_REFERENCE <= len(each) <= _LONGEST_REFERENCE]


def _runs(words: Sequence[str]) -> Iterator[list[str]]:
    """Give of each row of words with digits all as one, also behind the short word that leads it, and the long ones."""
    place = 0
    while place < len(words):
        end = place
        while end < len(words) and _DIGIT.search(words[end]):
            end += 1
        if end > place:
            run, lead = words[place:end], words[place - 1] if place else ""
            yield [*_led("".join(run), lead), *(_led(run[0], lead) if len(run) > 1 else ()), *_long(run)]
        place = end + 1


def _led(number: str, lead: str) -> list[str]:
    is_lead = re.fullmatch(rf"[a-z]{{1,{_LONGEST_LEAD}}}", lead)
    whole = [f"{lead}{number}"] if is_lead else []
    last = [number[-9:]] if re.fullmatch("[0-9]{10,15}", number) else []
    return [*whole, number, *last]


def _long(run: Sequence[str]) -> list[str]:
    return [word for word in run if len(word) >= _SHORTEST_TYPO]


def _spans(line: str, query: SearchQuery) -> Iterator[tuple[int, int]]:
    found = [(match.start(), match.end(), folded(match[0])) for match in _WORD.finditer(line)]
    yield from ((start, end) for start, end, word in found if _is_asked(word, query))
    if query.references:
        yield from _reference_spans(found, query)


def _is_asked(word: str, query: SearchQuery) -> bool:
    return word[:LONGEST_WORD] in query.words or (query.prefix is not None and word.startswith(query.prefix))


def _reference_spans(found: Sequence[tuple[int, int, str]], query: SearchQuery) -> list[tuple[int, int]]:
    """Give where the references stand; where none does, what is one but for a character."""
    pieces = list(_pieces(found, max(map(len, query.references)) + 1))
    exact = [
        (start, end) for start, end, joined, is_word in pieces if _is_one(joined, query.references, is_word=is_word)
    ]
    keys = {key for each in query.references for key in {each, *without_one(each)}}
    return exact or [(a, b) for a, b, joined, _ in pieces if not keys.isdisjoint({joined, *without_one(joined)})]


def _is_one(joined: str, references: tuple[str, ...], *, is_word: bool) -> bool:
    """Tell whether it is one, or a word that has letters or a country's code before one."""
    return joined in references or (is_word and joined.endswith(references))


def _pieces(found: Sequence[tuple[int, int, str]], longest: int) -> Iterator[tuple[int, int, str, bool]]:
    """Give words, and neighbouring words written as one: from, up to, what, and whether it is a single word."""
    for place, (start, _, _) in enumerate(found):
        joined = ""
        for _, end, word in found[place : place + _MOST_PIECES]:
            is_word, joined = not joined, joined + word.translate(_LOOKALIKES)
            if len(joined) >= _SHORTEST_REFERENCE:
                yield start, end, joined, is_word
            if len(joined) > longest:
                break


def _start(line: str, first: int) -> int:
    """Give where to begin, a little ahead of the first hit and not within a word."""
    if first <= _AHEAD:
        return 0
    begin = first - _AHEAD
    space = line.find(" ", begin, first)
    return space + 1 if space >= 0 else begin


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
