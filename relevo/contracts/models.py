"""Trained models where every machine finds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec


class PublishedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that bots on any machine may fetch."""

    name: str
    """Its file's name, which says what it was made of."""
    digest: bytes
    """SHA-256 of its content."""
    code: str
    """Which code it was trained beside: Rasa, Relevo and the business's actions."""


class PublishedModels(Protocol):
    """Models that every machine finds."""

    async def publish(self, file: Path, *, name: str, code: str) -> PublishedModel:
        """Keep a model and make it the newest, whether or not it was there; all of it or nothing.

        Older ones are dropped, but for the newest few of each code and those that living bots answer with.
        """
        ...

    async def all(self) -> list[PublishedModel]:
        """Give those that are kept, newest first."""
        ...

    async def fetch(self, model: PublishedModel, into: Path) -> None:
        """Write a model to a file; raises Damaged when what arrives is not what was published."""
        ...


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a bot process may load."""

    name: str
    stamp: bytes | int
    """Changes with its content."""


class ModelSource(Protocol):
    """Where a bot process has its models from."""

    async def offers(self) -> Sequence[Offer]:
        """Give the models there are, the one to answer with first; raises Unavailable."""
        ...

    async def at_hand(self, offer: Offer) -> Path:
        """Give the file of an offered model, fetched first where needed; raises Unavailable and Damaged."""
        ...
