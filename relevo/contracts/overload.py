"""Telling contacts, once, that they wait or that they write faster than anybody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from relevo.domain.messages import Content

Texts = Mapping[str, Content]
"""What is said, by language; "" stands for conversations in none of them."""


class Overload(Protocol):
    """What contacts are told where too much comes in."""

    async def slow(self, waited_seconds: float, texts: Texts, unheard: Sequence[str]) -> list[UUID]:
        """Tell whose message has waited so long for the bot, once in this time of overload; gives whom, some at a time.

        Nothing is said on channels whose contacts would not hear it before the answer.
        """
        ...

    async def flooded(self, inbox_id: int, most: int, texts: Texts) -> bool:
        """Leave a message unanswered, and tell whether it is, where more than so many of its lane wait.

        It stays on the timeline; its contact is told so, once in ten minutes.
        """
        ...
