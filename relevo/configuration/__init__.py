"""Reads what the business writes down: policies.yml, relevo.yml, credentials.yml.

Everything is checked on start, and all mistakes are told at once, each with file, line and what to do.
"""

from relevo.configuration.bot import BotFile, read_bot
from relevo.configuration.channels import ChannelSection, read_channels
from relevo.configuration.documents import Mistakes
from relevo.configuration.files import Configuration, read_configuration
from relevo.configuration.policies import read_policies

__all__ = [
    "BotFile",
    "ChannelSection",
    "Configuration",
    "Mistakes",
    "read_bot",
    "read_channels",
    "read_configuration",
    "read_policies",
]
