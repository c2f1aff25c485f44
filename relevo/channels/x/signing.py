"""Proves that a webhook comes from X, and to X that it came to us: HMAC-SHA256 with the app's secret, in base64.

As docs.x.com says of webhooks (August 2026): the challenge on GET, the header ``x-twitter-webhooks-signature`` on POST.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

HEADER = "x-twitter-webhooks-signature"
_PREFIX = "sha256="


def signature(secret: str, body: bytes) -> str:
    """Give what X writes into the header of a body, and what it wants to read of its challenge."""
    return _PREFIX + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def is_signed(secret: str, body: bytes, header: str | None) -> bool:
    """Tell, in a time that says nothing, whether a header belongs to a raw body."""
    return hmac.compare_digest(signature(secret, body).encode(), (header or "").encode("utf-8", "replace"))
