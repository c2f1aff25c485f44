"""All settings of all rooms, read at once, and the bot's own files checked at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from relevo.brain.bot_files import BotFiles
from relevo.brain.models import Models
from relevo.configuration import BotFile, Configuration, Mistakes, read_bot, read_configuration
from relevo.errors import ConfigurationError
from relevo.settings import (
    AddressSettings,
    AttachmentSettings,
    BotSettings,
    DatabaseSettings,
    DeliverySettings,
    LogSettings,
    PlaceSettings,
    load,
)
from relevo.web.networks import networks_of
from relevo.web.settings import WebSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that an operator may set."""

    places: PlaceSettings = field(default_factory=PlaceSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    address: AddressSettings = field(default_factory=AddressSettings)
    bots: BotSettings = field(default_factory=BotSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    logs: LogSettings = field(default_factory=LogSettings)
    attachments: AttachmentSettings = field(default_factory=AttachmentSettings)
    web: WebSettings = field(default_factory=WebSettings)

    @property
    def files(self) -> BotFiles:
        """What a model is made of."""
        return BotFiles(self.places.project_folder)

    @property
    def models(self) -> Models:
        """Trained models."""
        return Models(self.places.models)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises ConfigurationError with every mistake."""
    settings = load(Settings, environment)
    if (url := settings.web.public_url) and not url.startswith(("http://", "https://")):
        raise ConfigurationError("RELEVO_PUBLIC_URL must be a whole address, such as https://help.example.com.")
    try:
        networks_of(settings.web.trusted_proxies)
    except ValueError as mistake:
        raise ConfigurationError(f"RELEVO_TRUSTED_PROXIES: {mistake}.") from None
    return settings


def read_bot_file() -> BotFile:
    """Read relevo.yml alone; raises ConfigurationError with every mistake in it."""
    mistakes = Mistakes()
    bot = read_bot(read_settings().places.project_folder / "relevo.yml", os.environ, mistakes)
    mistakes.raise_if_any()
    return bot


def read_business_files(settings: Settings) -> Configuration:
    """Read what the business writes down, which is all that a process that does not train needs of the bot's files.

    Raises ConfigurationError with every mistake, one a line, with file and line.
    """
    if settings.files.missing():
        raise ConfigurationError("\n".join(settings.files.mistakes()))
    return read_configuration(settings.places.project_folder, os.environ)


def read_bot_files(settings: Settings) -> Configuration:
    """Read what the business writes down and look at the rest of the bot's files.

    Raises ConfigurationError with every mistake in any of them, one a line, with file and line.
    """
    mistakes = [] if settings.files.missing() else settings.files.mistakes()
    try:
        configuration = read_business_files(settings)
    except ConfigurationError as error:
        raise ConfigurationError("\n".join([*mistakes, str(error)])) from None
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return configuration
