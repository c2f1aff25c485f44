"""Words as articles and questions have in common: folded, without those that tell nothing, without their endings."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec
import yaml

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_LEAST_STEM, _LEAST_STEM_OF_LONG_ENDING = 3, 4
_LONG_ENDING = 5


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """How a language's words are compared; see ``languages/es.yml`` for what each is for."""

    ignored: frozenset[str] = frozenset()
    joined: tuple[tuple[str, str], ...] = ()
    endings: tuple[str, ...] = ()
    spelled: tuple[tuple[str, str], ...] = ()
    alike: Mapping[str, frozenset[str]]
    """By stem, the stems that mean nearly the same."""

    def words(self, text: str) -> Iterator[str]:
        """Give the words that tell something, folded."""
        plain = fold(text)
        for written, meant in self.joined:
            plain = plain.replace(written, meant)
        return (word for word in _WORD.findall(plain) if word not in self.ignored)

    def stem(self, word: str) -> str:
        """Give a folded word without its ending: what singular and plural, or forms of one verb, have in common."""
        if not word.isalpha():
            return word
        return self._respelled(next((word[: -len(end)] for end in self.endings if _ends(word, end)), word))

    def stems(self, text: str) -> set[str]:
        """Give the stems of a text's words."""
        return {self.stem(word) for word in self.words(text)}

    def _respelled(self, stem: str) -> str:
        return next((stem[: -len(end)] + to for end, to in self.spelled if stem.endswith(end)), stem)


def _ends(word: str, ending: str) -> bool:
    least = _LEAST_STEM_OF_LONG_ENDING if len(ending) >= _LONG_ENDING else _LEAST_STEM
    return word.endswith(ending) and len(word) - len(ending) >= least


def fold(text: str) -> str:
    """Write a text in lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@lru_cache
def language(code: str) -> Language:
    """Give a language's words; one that has no file is compared without endings."""
    file = resources.files(__package__).joinpath("languages").joinpath(f"{code}.yml")
    if not file.is_file():
        return Language(alike={})
    data: Mapping[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    plain = Language(
        ignored=frozenset(fold(word) for word in " ".join(data["ignored"]).split()),
        joined=tuple((fold(written), fold(meant)) for written, meant in data["joined"].items()),
        endings=tuple(sorted(" ".join(data["endings"]).split(), key=len, reverse=True)),
        spelled=tuple(data["spelled"].items()),
        alike={},
    )
    return Language(
        ignored=plain.ignored,
        joined=plain.joined,
        endings=plain.endings,
        spelled=plain.spelled,
        alike=_alike([{plain.stem(word) for word in plain.words(group)} for group in data["alike"]]),
    )


def _alike(groups: Iterable[set[str]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        for stem in group:
            found[stem] |= group - {stem}
    return {stem: frozenset(others) for stem, others in found.items()}
