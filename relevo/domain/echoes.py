"""Tells whether two texts are the same message, though the platform changed it on the way: links, entities, spaces."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata

_LINK = re.compile(r"(?:https?://)\S+|\b(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)


def fingerprint(text: str) -> bytes:
    """Give what stays the same of a text that a platform gives back."""
    plain = _LINK.sub(" ", html.unescape(unicodedata.normalize("NFC", text)))
    return hashlib.sha256(" ".join(plain.split()).encode("utf-8", "replace")).digest()[:16]
