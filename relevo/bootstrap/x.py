"""X, where credentials.yml names an account there: what asks it, what reads it, and what hosts share about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relevo.bootstrap import OpenStore
from relevo.bootstrap.lifetime import Part
from relevo.configuration import Configuration
from relevo.contracts.channel_log import ChannelLog
from relevo.contracts.reaching import REACHES, Reach
from relevo.contracts.x import UserTokens, X
from relevo.flow.hearing import Hearing
from relevo.flow.intake import Intake

if TYPE_CHECKING:
    from relevo.channels.x.api import XApi


@dataclass(frozen=True, kw_only=True)
class OnX:
    """X as one process runs it."""

    api: XApi
    hearing: Hearing
    parts: list[Part] = field(default_factory=list)
    """What the web process runs for it."""


@asynccontextmanager
async def on_x(opened: OpenStore, configuration: Configuration, log: ChannelLog) -> AsyncIterator[OnX | None]:
    """Give X, and close what asks it on leaving; None where X is off, and then nothing of it is imported."""
    account = configuration.x
    if account is None:
        yield None
        return
    from relevo.channels.x.api import XApi, x_client
    from relevo.channels.x.platform import XPlatform

    async with x_client() as client:
        api = XApi(account, client, _NoTokens(), log=log)
        hearing = Hearing(
            store=opened.store,
            live=opened.live,
            log=log,
            default_language=configuration.bot.default_language,
            service=configuration.bot.service,
        )
        intake = Intake(
            platforms={X: XPlatform(account, api)},
            events=opened.store.platform_events,
            hearing=hearing,
            live=opened.live,
            log=log,
        )
        yield OnX(api=api, hearing=hearing, parts=[intake.run])


def reaches_of(configuration: Configuration) -> Mapping[str, Reach]:
    """Give the configured channels but mail, with how they reach somebody; X takes answers at any time."""
    return {**REACHES, X: Reach()} if configuration.x is not None else REACHES


class _NoTokens:
    """Accounts without OAuth 2.0."""

    async def read(self, account_id: str) -> UserTokens | None:
        return None

    async def keep(self, account_id: str, tokens: UserTokens) -> None:
        raise NotImplementedError

    async def renew(self, account_id: str, stale: object, ask: object) -> UserTokens | None:
        return None
