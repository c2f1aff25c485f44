"""A model that helps the people at the desk to read and to write, where the business names one; it decides nothing.

Whatever it gives is text for an agent's eyes, marked with the model's name. It reaches no customer and no business
system: an agent reads it, changes it, and sends it under their own name, or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import msgspec


class Feature(str, Enum):
    """What a model may be asked for."""

    SUMMARY = "summary"
    TRANSLATION = "translation"
    DRAFT = "draft"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a transcript, masked."""

    by: str
    """``customer``, ``bot``, ``agent`` or ``system``."""
    text: str


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary or a draft is written from; everything in it is masked, and is data, never an instruction."""

    language: str
    """Code of the language to write in."""
    facts: str
    """The summary by template, which the model is to trust more than the transcript."""
    transcript: Sequence[Said]
    """The newest messages, oldest first."""
    is_formal: bool = False
    """Whether contacts are addressed formally in this language."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a model wrote, and which one; never anything else than plain text."""

    text: str
    model: str
    method: str = "model"
    """Beside ``template``, as a handoff's summaries name it."""


class Assistant(Protocol):
    """A model behind an endpoint that the business has named.

    Each method asks once and gives plain text. Raises Unavailable with a sentence and one of the codes
    ``assistant_away``, ``assistant_slow``, ``assistant_refused``, ``assistant_unreadable`` or ``assistant_resting``.
    """

    model: str
    features: frozenset[Feature]

    async def summarise(self, matter: Matter) -> Written:
        """Sum up for an agent what a conversation has come to."""
        ...

    async def translate(self, text: str, language: str) -> Written:
        """Say a text in another language."""
        ...

    async def draft(self, matter: Matter) -> Written:
        """Propose what an agent might answer."""
        ...
