"""How X proves that it speaks: HMAC-SHA256 under the app's consumer secret, in base64."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signature(consumer_secret: str, body: bytes) -> str:
    """Sign a body, or the token of a webhook's check."""
    digest = hmac.new(consumer_secret.encode(), body, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"
