"""Messages in other languages, as a model made them: kept beside the messages, for as long as those are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """A text in another language."""

    text: str
    model: str
    left_out: tuple[str, ...] = ()
    """References and addresses of the text that the model left out."""


class KeptTranslations(Protocol):
    """What was translated once is read from here, and erased with its message."""

    async def of(
        self, conversation_id: UUID, language: str, positions: Sequence[int] | None
    ) -> Mapping[int, Translated]:
        """Give the translations of messages, of those that have one; None: of all."""
        ...

    async def keep(self, conversation_id: UUID, language: str, made: Mapping[int, Translated]) -> None:
        """Keep translations; of a message that has one, or is erased by now, nothing is kept."""
        ...
