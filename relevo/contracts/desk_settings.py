"""What administrators say at the desk in place of relevo.yml, version by version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec


class SettingVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What one administrator said about one section."""

    section: str
    version: int
    """Counted from one, in its section."""
    value: Mapping[str, Any] | None
    """None: back to what relevo.yml says."""
    agent_name: str
    changed_at: datetime
    agent_id: int | None = None


class SettingChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be said about a section."""

    section: str
    version: int
    """The newest version that whoever says it has seen; 0: none."""
    value: Mapping[str, Any] | None
    agent_id: int
    agent_name: str
    renamed: Mapping[str, str]
    """Queues that have another name from now on: who works in them and who waits in them goes along."""


class DeskSettings(Protocol):
    """What was said; each method is one transaction."""

    async def newest(self) -> list[SettingVersion]:
        """Give the newest version of each section about which anything was ever said."""
        ...

    async def versions(self, section: str, limit: int = 20) -> list[SettingVersion]:
        """Give what was said about a section, newest first."""
        ...

    async def version(self, section: str, version: int) -> SettingVersion | None:
        """Give one version."""
        ...

    async def change(self, change: SettingChange) -> SettingVersion:
        """Say something; raises Conflict where somebody has said something since that version."""
        ...
