"""Reads the ``x`` section of credentials.yml: the account on X that speaks for the business."""

from __future__ import annotations

from dataclasses import dataclass

from relevo.settings import Secret

API_BASE = "https://api.x.com"


@dataclass(frozen=True, kw_only=True, slots=True)
class XAccount:
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
