"""What a web process needs to know how much waits, and to say so."""

from __future__ import annotations

from relevo.bootstrap.everything import Settings
from relevo.bootstrap.mail import mail_channel
from relevo.bootstrap.reaches import reaches_of
from relevo.bootstrap.store import OpenStore
from relevo.configuration import Configuration
from relevo.contracts.reaching import REACHES
from relevo.flow.overload import OverloadWatch
from relevo.flow.standing import Standing
from relevo.store.metrics import PostgresMetrics
from relevo.store.overload import PostgresOverload


def standing_of(settings: Settings, configuration: Configuration, opened: OpenStore) -> Standing:
    """Give who knows what waits, of deliveries those of the channels that push."""
    email = mail_channel(configuration)
    return Standing(
        metrics=PostgresMetrics(opened.database),
        bot_lost_seconds=settings.bots.bot_lost_seconds,
        pushing=[*(set(reaches_of(configuration)) - set(REACHES)), *([email.name] if email is not None else [])],
    )


def overload_watch(
    settings: Settings, configuration: Configuration, opened: OpenStore, standing: Standing
) -> OverloadWatch:
    """Give who tells contacts that answers take longer."""
    return OverloadWatch(
        standing=standing,
        overload=PostgresOverload(opened.database),
        live=opened.live,
        seconds=settings.bots.overload_seconds,
        default_language=configuration.bot.default_language,
        reaches=reaches_of(configuration),
    )
