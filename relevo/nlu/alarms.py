"""Alarms in a text: words of danger, injury, self-harm or threats, wherever they stand.

Which words they are is in ``languages/``, by the intent that they make.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from relevo.nlu.patterns import LONGEST_TEXT
from relevo.nlu.words import fold, languages, words_of


def alarm_in(text: str) -> str | None:
    """Give the intent of the gravest alarm in a text, such as ``self_harm``, or None."""
    said = _HARMLESS.sub(" . ", fold(text[:LONGEST_TEXT]).replace("'", ""))
    return next((intent for intent, alarm in _ALARMS if alarm.search(said)), None)


def _phrases(phrases: Iterable[str]) -> re.Pattern[str]:
    """Give a pattern of phrases; ``*`` stands for the rest of a word, a space for whatever is between two words."""
    patterns = (re.escape(phrase.replace("'", "")).replace(r"\*", r"\w*").replace(r"\ ", r"\W+") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")


_HARMLESS = _phrases(words_of("harmless"))
_ALARMS = [(intent, _phrases(words_of("alarms", intent))) for intent in languages()[0].alarms]
