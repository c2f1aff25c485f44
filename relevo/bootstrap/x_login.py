"""Keeps what a login to X gave, as the command line asks for it."""

from __future__ import annotations

from relevo.bootstrap.attachments import attachment_key
from relevo.bootstrap.everything import Settings
from relevo.bootstrap.store import OpenStore
from relevo.bootstrap.x_api import asking_x
from relevo.channels.x.login import tokens_found
from relevo.configuration.x import XAccount
from relevo.contracts.platform import REVOKED
from relevo.contracts.x import UserTokens, X


async def keep_login(opened: OpenStore, settings: Settings, account: XAccount, tokens: UserTokens) -> None:
    """Keep tokens, sealed, and have what waited for them go on."""
    async with asking_x(opened, account, attachment_key(settings)) as (_, shared, kept):
        await kept.keep(account.account_id, tokens)
        await shared.limits.resume(account.account_id)
        await opened.store.platform_marks.put(X, REVOKED, "")


async def login_found(opened: OpenStore, settings: Settings, account: XAccount) -> str:
    """Say in whose name we act; raises ConfigurationError with what to do."""
    async with asking_x(opened, account, attachment_key(settings)) as (api, _, kept):
        return await tokens_found(api, await kept.read(account.account_id))
