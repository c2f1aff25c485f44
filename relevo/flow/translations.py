"""An agent's own words in other languages, in this process's memory only: for whoever asks for the same ones again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from relevo.contracts.translations import Translated

_MOST_CHARACTERS = 2_000_000
_SECONDS = 3_600.0
"""Not longer than anybody works on a conversation: what is erased is soon gone here, too."""


class Translations:
    """Keeps the ones that were used last, as many as fit, for an hour at most."""

    def __init__(self, most: int = _MOST_CHARACTERS, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, Translated]] = OrderedDict()
        self._characters = 0

    def get(self, text: str, language: str) -> Translated | None:
        """Give a text's translation, if it is there."""
        made_at, found = self._kept.get((text, language), (0.0, None))
        if found is None or self._clock() - made_at > _SECONDS:
            self._drop((text, language))
            return None
        self._kept.move_to_end((text, language))
        return found

    def keep(self, text: str, language: str, translated: Translated) -> None:
        """Keep a translation, and drop those that nobody has used for the longest."""
        self._drop((text, language))
        self._kept[text, language] = (self._clock(), translated)
        self._characters += len(text) + len(translated.text)
        while self._characters > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, str]) -> None:
        made = self._kept.pop(key, None)
        if made is not None:
            self._characters -= len(key[0]) + len(made[1].text)
