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
from relevo.contracts.posts import PUBLIC, PostLookup
from relevo.contracts.reaching import REACHES, Reach
from relevo.contracts.x import UserTokens, X
from relevo.flow.deliver import Deliverer
from relevo.flow.hearing import Hearing
from relevo.flow.intake import Intake
from relevo.flow.watch import Watch

if TYPE_CHECKING:
    from relevo.channels.x.api import XApi


@dataclass(frozen=True, kw_only=True)
class OnX:
    """X as one process runs it."""

    api: XApi
    hearing: Hearing
    watch: Watch
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
    from relevo.channels.x.posts import XPosts

    async with x_client() as client:
        api = XApi(account, client, _NoTokens(), log=log)
        bot, posts = configuration.bot, XPosts(api, account.account_id)
        watch = _watch(opened, configuration, account.account_id, posts)
        hearing = Hearing(
            store=opened.store,
            live=opened.live,
            posts=watch,
            log=log,
            default_language=bot.default_language,
            service=bot.service,
        )
        intake = Intake(
            platforms={X: XPlatform(account, api)},
            events=opened.store.platform_events,
            hearing=hearing,
            live=opened.live,
            log=log,
        )
        deliverer = Deliverer(outbox=opened.store.outbox, channels={PUBLIC: posts}, live=opened.live, log=log)
        yield OnX(api=api, hearing=hearing, watch=watch, parts=[intake.run, watch.run, deliverer.run])


def _watch(opened: OpenStore, configuration: Configuration, account_id: str, lookup: PostLookup) -> Watch:
    from relevo.nlu.post_judge import Judge  # 10 MB that only X needs

    bot = configuration.bot
    return Watch(
        store=opened.store,
        live=opened.live,
        judge=Judge(bot.languages, bot.default_language),
        account_id=account_id,
        rules=bot.posts,
        service=bot.service,
        lookup=lookup,
    )


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
