"""Reads all of the business's files at once, so that one start shows every mistake in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from relevo.configuration.bot import BotFile, read_bot
from relevo.configuration.channels import ChannelSection, read_channels
from relevo.configuration.documents import Mistakes
from relevo.configuration.mail import MailAccount
from relevo.configuration.policies import read_policies
from relevo.configuration.x import XAccount
from relevo.domain.policies import Policies


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the business's files say."""

    policies: Policies
    bot: BotFile
    channels: Mapping[str, ChannelSection]

    @property
    def mail(self) -> MailAccount | None:
        """The account that mail is sent from; None where mail is off."""
        section = self.channels.get("email")
        return section.mail if section else None

    @property
    def x(self) -> XAccount | None:
        """The account on X; None where X is off."""
        section = self.channels.get("x")
        return section.x if section else None


def read_configuration(project: Path, environment: Mapping[str, str]) -> Configuration:
    """Read policies.yml, relevo.yml and credentials.yml of a project.

    Raises ConfigurationError with every mistake in all of them, one a line: ``file:line: what to do``.
    """
    mistakes = Mistakes()
    configuration = Configuration(
        policies=read_policies(project / "policies.yml", mistakes),
        bot=read_bot(project / "relevo.yml", environment, mistakes),
        channels=read_channels(project / "credentials.yml", environment, mistakes),
    )
    mistakes.raise_if_any()
    return configuration
