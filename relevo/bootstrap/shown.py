"""What the business has decided in its files alone, told to administrators: to change it, change the file."""

from __future__ import annotations

from collections.abc import Iterator

from relevo.bootstrap.everything import Settings
from relevo.bootstrap.sites import COMPANY, sites_of
from relevo.configuration import Configuration
from relevo.contracts.admin import ShownSetting


def shown_settings(settings: Settings, configuration: Configuration) -> tuple[ShownSetting, ...]:
    """Give them with the file in which each is."""
    file = settings.places.project_folder.name + "/relevo.yml"
    return tuple(ShownSetting(name=name, value=value, file=file) for name, value in _told(configuration))


def _told(configuration: Configuration) -> Iterator[tuple[str, str]]:
    bot, service = configuration.bot, configuration.bot.service
    yield "default_language", bot.default_language
    yield "timezone", service.timezone
    yield "queue", _duration(service.queue_seconds)
    for site in sites_of(configuration, COMPANY).named:
        yield "site", f"{site.name}: {', '.join(site.origins) or '–'}"
    if configuration.x is not None:
        yield "x", configuration.x.username or configuration.x.account_id
    yield "approval", _duration(service.approval_seconds)
    yield "verification", _duration(bot.verification_seconds)
    yield "audit", _duration(86_400 * service.audit_days)


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{int(seconds // length)} {unit}"
    return f"{seconds:g} s"
