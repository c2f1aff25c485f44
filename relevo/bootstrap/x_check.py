"""Tells how it stands with X: whether it lets us act, and whether it tells us what happens."""

from __future__ import annotations

from relevo.bootstrap.everything import Settings
from relevo.bootstrap.remarks import Remarkable
from relevo.bootstrap.store import open_store
from relevo.configuration.x import XAccount
from relevo.contracts.x import X
from relevo.errors import ConfigurationError

X_IS_OFF = "X is off; docs/howto/x.md says how to switch it on."


async def x_found(account: XAccount | None, settings: Settings, dsn: str) -> str:
    """Say how it stands; raises Remarkable for what deserves a look, ConfigurationError for what is wrong."""
    if account is None:
        raise Remarkable(X_IS_OFF)
    from relevo.bootstrap.x_chat import chat_found
    from relevo.bootstrap.x_login import login_found
    from relevo.bootstrap.x_setup import standing
    from relevo.channels.x.marks import revoked

    async with open_store(dsn, size=2, name="relevo check", hears=()) as opened:
        if wrong := await revoked(opened.store.platform_marks):
            raise ConfigurationError(wrong)
        name = f"account {account.account_id} {await login_found(opened, settings, account)}"
        if settings.web.public_url is None:
            raise Remarkable(
                f"{name}: messages are asked for once a minute, for RELEVO_PUBLIC_URL names no place to tell them to."
            )
        found = await standing(opened, settings, account)
        chat = await chat_found(opened, account.account_id)
        given_up = await opened.store.platform_events.given_up(X)
    if found.problem is not None:
        raise ConfigurationError(f"{name}: {found.problem}")
    told = f"{name}: X tells what happens, by {len(found.subscribed)} subscriptions; {chat}"
    if given_up:
        raise Remarkable(f"{told}; {given_up} events could not be read, try again: relevo x replay --given-up")
    return told
