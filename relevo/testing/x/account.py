"""The brand's account on the fake X, as a bot's configuration names it."""

from __future__ import annotations

from relevo.configuration.x import XAccount
from relevo.settings import Secret
from relevo.testing.x.world import FakeX


def account_on(x: FakeX) -> XAccount:
    """Give the account, which signs by OAuth 1.0a."""
    token, secret = x.brand.signer()
    return XAccount(
        account_id=x.brand.id,
        consumer_key=x.app.consumer_key,
        consumer_secret=Secret(x.app.consumer_secret),
        bearer_token=Secret(x.app.bearer_token),
        access_token=token,
        access_secret=Secret(secret),
        api_base=x.url,
    )
