"""Reads credentials.yml: which channels are open, and with which keys.

Rasa's own file and its own shape: a channel's name, and below it what the channel needs. ``${NAME}`` is taken from the
environment, so that no secret need stand in the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relevo.configuration import mail as mails
from relevo.configuration import x as xs
from relevo.configuration.documents import Mistakes, Spot, read_document

KNOWN_CHANNELS: Mapping[str, Collection[str]] = {
    "rest": (),
    "widget": (),
    "email": (*mails.REQUIRED, *mails.OPTIONAL),
    "x": (*xs.REQUIRED, *xs.OPTIONAL),
}
"""The channels of this version, with the keys that each takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelSection:
    """One channel of credentials.yml."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    mail: mails.MailAccount | None = None
    """What an ``email`` section says."""
    x: xs.XAccount | None = None
    """What an ``x`` section says."""


def read_channels(path: Path, environment: Mapping[str, str], mistakes: Mistakes) -> dict[str, ChannelSection]:
    """Read the channels; what is wrong is noted and left out."""
    document = read_document(path, mistakes)
    sections = document.fields(optional=KNOWN_CHANNELS) if document else {}
    return {name: _section(spot, environment) for name, spot in sections.items()}


def _section(spot: Spot, environment: Mapping[str, str]) -> ChannelSection:
    if spot.name == "email":
        return ChannelSection(name=spot.name, mail=mails.read_mail(spot, lambda part: _filled(part, environment)))
    if spot.name == "x":
        return ChannelSection(name=spot.name, x=xs.read_x(spot, lambda part: _filled(part, environment)))
    if spot.is_empty:
        return ChannelSection(name=spot.name)
    parts = spot.fields(optional=KNOWN_CHANNELS[spot.name])
    return ChannelSection(name=spot.name, values={key: _filled(part, environment) for key, part in parts.items()})


def _filled(spot: Spot, environment: Mapping[str, str]) -> str:
    text = spot.text() or ""
    for name in re.findall(r"\$\{(\w+)\}", text):
        if name not in environment:
            spot.wrong(f"{spot.name} takes {name} from the environment, and it is not set there.")
        text = text.replace("${" + name + "}", environment.get(name, ""))
    return text
