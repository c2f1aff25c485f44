"""X, where credentials.yml names an account there: what asks it, what reads it, and what hosts share about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from relevo.bootstrap.lifetime import Part
from relevo.bootstrap.store import OpenStore
from relevo.bootstrap.x_api import asking_x
from relevo.bootstrap.x_chat import chat_on_x
from relevo.configuration import Configuration
from relevo.contracts.channel import Channel
from relevo.contracts.channel_log import ChannelLog
from relevo.contracts.posts import PUBLIC, PostLookup
from relevo.contracts.x import X
from relevo.domain.service import Service
from relevo.flow.desk_settings import CurrentService
from relevo.flow.hearing import Hearing
from relevo.flow.intake import Intake
from relevo.flow.texts import say
from relevo.flow.watch import Watch
from relevo.store.overload import PostgresOverload
from relevo.store.x_limits import PostgresXLimits
from relevo.store.x_sending import PostgresXEchoes

if TYPE_CHECKING:
    from relevo.channels.x.api import XApi


class OnX(msgspec.Struct, frozen=True, kw_only=True):
    """X as one process runs it."""

    api: XApi
    hearing: Hearing
    watch: Watch
    channels: Mapping[str, Channel]
    """What sends, by name."""
    parts: list[Part] = msgspec.field(default_factory=list)
    """What the web process runs for it."""

    def served_by(self, current: CurrentService) -> list[Part]:
        """Give the parts, which go by the service that counts at any time."""

        def renew(service: Service) -> None:
            self.hearing.service = self.watch.service = service

        current.serve(renew)
        return self.parts


@asynccontextmanager
async def on_x(
    opened: OpenStore, configuration: Configuration, log: ChannelLog, key: bytes, public_url: str | None = None
) -> AsyncIterator[OnX | None]:
    """Give X, and close what asks it on leaving; None where X is off, and then nothing of it is imported.

    Its tokens are sealed with the key of attachments. Without a ``public_url`` X is only asked, and tells nothing.
    """
    account = configuration.x
    if account is None:
        yield None
        return
    from relevo.channels.x.channel import XChannel
    from relevo.channels.x.platform import XPlatform
    from relevo.channels.x.posts import XPosts

    async with asking_x(opened, account, key, log) as (api, shared, _):
        peers = shared.peers
        chat = chat_on_x(opened, api, peers, shared.limits, key)
        bot, posts = configuration.bot, XPosts(api, account.account_id, shared.parts)
        watch = _watch(opened, configuration, account.account_id, posts)
        hearing = Hearing(
            store=opened.store,
            live=opened.live,
            posts=watch,
            echoes=PostgresXEchoes(opened.database),
            peers=peers,
            overload=PostgresOverload(opened.database),
            log=log,
            default_language=bot.default_language,
            service=bot.service,
        )
        intake = Intake(
            platforms={X: XPlatform(account, api, chat.reader)},
            events=opened.store.platform_events,
            hearing=hearing,
            live=opened.live,
            log=log,
        )
        channels: Mapping[str, Channel] = {X: XChannel(api, shared, say, chat=chat.sender), PUBLIC: posts}
        running: list[Part] = [intake.run, watch.run, chat.history.run, chat.typing.run]
        running += _askers(opened, api, public_url)
        yield OnX(api=api, hearing=hearing, watch=watch, channels=channels, parts=running)


async def x_problem(opened: OpenStore, account_id: str) -> str | None:
    """Say what is wrong with the account on X; None where all is well."""
    from relevo.channels.x.marks import problem_seen
    from relevo.channels.x.verdicts import why_stopped

    stopped = await why_stopped(PostgresXLimits(opened.database), account_id)
    return stopped or await problem_seen(opened.store.platform_marks)


def _askers(opened: OpenStore, api: XApi, public_url: str | None) -> list[Part]:
    """Give what asks X: for what it has not told, and where it can reach us, how the webhook stands."""
    from relevo.channels.x.polling import XPoller
    from relevo.channels.x.standing import XStanding
    from relevo.channels.x.webhooks import PATH, XWebhooks

    events, marks = opened.store.platform_events, opened.store.platform_marks
    limits = PostgresXLimits(opened.database)
    poller = XPoller(api=api, events=events, marks=marks, live=opened.live, limits=limits)
    if public_url is None:
        return [poller.run]
    webhooks = XWebhooks(api=api, url=public_url.rstrip("/") + PATH)
    return [poller.run, XStanding(webhooks=webhooks, marks=marks).run]


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
