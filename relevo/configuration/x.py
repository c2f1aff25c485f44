"""Reads the ``x`` section of credentials.yml: the account on X that speaks for the business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from relevo.configuration.documents import Spot
from relevo.configuration.mail import Fill
from relevo.settings import Secret

API_BASE = "https://api.x.com"
REQUIRED = ("account_id", "consumer_key", "consumer_secret", "bearer_token")
OPTIONAL = ("client_id", "client_secret", "access_token", "access_secret", "api_base", "username")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class XAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account on X, and the app that acts for it."""

    account_id: str
    consumer_key: str
    consumer_secret: Secret
    """The app's API secret key: signs webhooks, and OAuth 1.0a."""
    bearer_token: Secret
    """App-only: webhooks, subscriptions."""
    client_id: str | None = None
    client_secret: Secret | None = None
    """OAuth 2.0, for what is done in the account's name; ``relevo x login`` gets the first tokens."""
    access_token: str | None = None
    access_secret: Secret | None = None
    """OAuth 1.0a, where the account's own tokens were made in the developer portal."""
    api_base: str = API_BASE
    username: str | None = None
    """Without the ``@``."""


def read_x(spot: Spot, fill: Fill) -> XAccount | None:
    """Read the account; what is wrong is noted."""
    parts = spot.fields(required=REQUIRED, optional=OPTIONAL)
    texts = {name: fill(part).strip() for name, part in parts.items()}
    checks = [_is_id(parts, texts), _is_name(parts, texts), _is_base(parts, texts), _is_allowed_to_act(spot, texts)]
    if not all(checks) or not all(texts.get(name) for name in REQUIRED):
        return None
    return XAccount(
        account_id=texts["account_id"],
        consumer_key=texts["consumer_key"],
        consumer_secret=Secret(texts["consumer_secret"]),
        bearer_token=Secret(texts["bearer_token"]),
        client_id=texts.get("client_id"),
        client_secret=_secret(texts, "client_secret"),
        access_token=texts.get("access_token"),
        access_secret=_secret(texts, "access_secret"),
        api_base=texts.get("api_base", API_BASE).rstrip("/"),
        username=texts["username"].removeprefix("@") if "username" in texts else None,
    )


def _secret(texts: Mapping[str, str], name: str) -> Secret | None:
    return Secret(texts[name]) if name in texts else None


def _is_id(parts: Mapping[str, Spot], texts: Mapping[str, str]) -> bool:
    if not texts.get("account_id") or re.fullmatch(r"[0-9]{1,20}", texts["account_id"]):
        return True
    parts["account_id"].wrong("account_id must be the number of the account, such as 2244994945, and not its name.")
    return False


def _is_name(parts: Mapping[str, Spot], texts: Mapping[str, str]) -> bool:
    if not texts.get("username") or re.fullmatch(r"@?[A-Za-z0-9_]{1,15}", texts["username"]):
        return True
    parts["username"].wrong("username must be the account's name on X, such as AuroraAirlines.")
    return False


def _is_base(parts: Mapping[str, Spot], texts: Mapping[str, str]) -> bool:
    """Tell whether the address of the API is one that keys may be sent to."""
    if "api_base" not in parts or not texts["api_base"]:
        return "api_base" not in parts
    problem = _problem_of_base(texts["api_base"])
    if problem:
        parts["api_base"].wrong(problem)
    return problem is None


def _problem_of_base(text: str) -> str | None:
    try:
        base = urlsplit(text)
    except ValueError:
        base = urlsplit("")
    if base.scheme not in {"http", "https"} or not base.hostname or base.path.strip("/") or base.query or base.fragment:
        return f"api_base must be an address without a path, such as {API_BASE}."
    if base.scheme == "http" and base.hostname not in _THIS_MACHINE:
        return "api_base would send the keys readable for all; http:// is for this machine only."
    return None


def _is_allowed_to_act(spot: Spot, texts: Mapping[str, str]) -> bool:
    if ("access_token" in texts) is not ("access_secret" in texts):
        spot.wrong("x needs both access_token and access_secret, or neither.")
        return False
    if "client_secret" in texts and "client_id" not in texts:
        spot.wrong("x needs client_id beside client_secret.")
        return False
    if "client_id" in texts or "access_token" in texts:
        return True
    spot.wrong("x needs client_id, or access_token with access_secret: without them nothing is sent in its name.")
    return False
