"""What asks X in the name of the account, with what hosts share about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from relevo.bootstrap.store import OpenStore
from relevo.configuration.x import XAccount
from relevo.contracts.channel_log import ChannelLog
from relevo.store.x import PostgresXPeers, PostgresXTokens
from relevo.store.x_limits import PostgresXLimits
from relevo.store.x_sending import PostgresXParts

if TYPE_CHECKING:
    from relevo.channels.x.api import XApi
    from relevo.channels.x.channel import XShared


class AskingX(NamedTuple):
    """What asks, what is shared, and where the tokens are."""

    api: XApi
    shared: XShared
    tokens: PostgresXTokens


@asynccontextmanager
async def asking_x(
    opened: OpenStore, account: XAccount, key: bytes, log: ChannelLog | None = None
) -> AsyncIterator[AskingX]:
    """Give what asks X until it is left; the tokens are sealed with the key of attachments."""
    from relevo.channels.x.api import XApi, x_client
    from relevo.channels.x.channel import XShared

    database, tokens = opened.database, PostgresXTokens(opened.database, key)
    shared = XShared(
        peers=PostgresXPeers(database),
        limits=PostgresXLimits(database),
        parts=PostgresXParts(database),
        attachments=opened.store.attachments,
    )
    async with x_client() as client:
        yield AskingX(XApi(account, client, tokens, limits=shared.limits, log=log), shared, tokens)
