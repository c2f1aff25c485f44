"""What our files say about posts: examples of each sort, telling words, topics, and how somebody wants no answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec
import yaml

from relevo.domain.post_urgency import SORTS, TOPICS
from relevo.nlu.grams import words_in
from relevo.nlu.words import fold

CUES = ("praise", "complaint", "asks")
FOLDER = resources.files(__package__).joinpath("posts")


class PostWords(msgspec.Struct, frozen=True, kw_only=True):
    """What one language's file says."""

    sorts: Mapping[str, Sequence[str]]
    cues: Mapping[str, re.Pattern[str]]
    topics: Mapping[str, re.Pattern[str]]
    alone: frozenset[str]
    """Whole posts, as words."""
    within: re.Pattern[str]


@lru_cache(maxsize=1)
def post_words() -> Mapping[str, PostWords]:
    """Give every language that has a file, by code."""
    return {code: _words(yaml.safe_load(text)) for code, text in _texts().items()}


def digest() -> str:
    """Give what all files come to, by which what was learnt of them is known to be up to date."""
    return hashlib.sha256("".join(_texts().values()).encode()).hexdigest()[:16]


def _texts() -> Mapping[str, str]:
    files = sorted((file for file in FOLDER.iterdir() if file.name.endswith(".yml")), key=lambda file: file.name)
    return {file.name[:-4]: file.read_text(encoding="utf-8") for file in files}


def _words(said: Mapping[str, Any]) -> PostWords:
    return PostWords(
        sorts={sort: [line for line in said["sorts"][sort].splitlines() if line.strip()] for sort in SORTS},
        cues={cue: _phrases(said["cues"][cue]) for cue in CUES},
        topics={topic: _phrases(said["topics"][topic]) for topic in TOPICS},
        alone=frozenset(" ".join(words_in(phrase)) for phrase in said["opt_out"]["alone"]),
        within=_phrases(said["opt_out"]["within"]),
    )


def _phrases(phrases: Iterable[str]) -> re.Pattern[str]:
    """Give a pattern of phrases, folded; ``*`` stands for the rest of a word."""
    patterns = (re.escape(fold(phrase)).replace(r"\*", r"\w*").replace(r"\ ", r"\W+") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")
