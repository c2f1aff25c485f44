"""Fills ready words with what is known of a conversation, and says by name what is not."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_VARIABLE = re.compile(r"\{\{\s*((?:contact|case|agent)\.[a-z][a-z0-9_]{0,60})\s*\}\}")


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """Ready words with what is known in its place."""

    text: str
    missing: tuple[str, ...]
    """Names of what nobody knows; each still stands in the text as ``{{name}}``."""


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Put what is known in place of ``{{contact.name}}``, ``{{case.id}}``, ``{{agent.name}}`` and the like.

    Other braces are left alone: people write those, too. What is filled in is never filled itself.
    """
    missing: dict[str, None] = {}

    def known(found: re.Match[str]) -> str:
        value = values.get(found[1], "").strip()
        if not value:
            missing[found[1]] = None
        return value or f"{{{{{found[1]}}}}}"

    return Filled(text=_VARIABLE.sub(known, text), missing=tuple(missing))
