"""Keeps what administrators say at the desk in place of relevo.yml, and has every process go by it without a restart.

    an administrator ─► change ─► a version is kept ─► NOTIFY ─► each process reads what counts, and hands it on

Nothing of it is asked for in a turn: parts hold the service that they were handed last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from relevo.configuration import BotFile
from relevo.configuration.desk import SECTIONS, in_file, service_with, what_fits
from relevo.configuration.documents import Mistake
from relevo.contracts.accounts import AgentAccount
from relevo.contracts.desk_settings import DeskSettings, SettingChange, SettingVersion
from relevo.contracts.live import Live
from relevo.domain.service import Service
from relevo.errors import Conflict, Unavailable, Unreadable
from relevo.flow.waiting import woken

LOOK_SECONDS = 30.0
"""How often each process looks though nothing was told: what a lost wake-up costs."""
_log = structlog.get_logger()


class Misfit(Unreadable):
    """What was said does not fit; every mistake is told."""

    code = "bad_settings"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        told: dict[str, str] = {}
        for mistake in mistakes:
            where = ".".join(mistake.path[1:])
            told[where] = f"{told[where]} {mistake.sentence}" if where in told else mistake.sentence
        super().__init__(" ".join(mistake.sentence for mistake in mistakes), details=told)
        self.mistakes = mistakes


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One section as it counts now."""

    name: str
    value: Mapping[str, Any]
    """What is said: at the desk, or in relevo.yml."""
    in_file: Mapping[str, Any]
    newest: SettingVersion | None
    """What was said last at the desk; None: never anything."""
    misfits: Sequence[Mistake] = ()
    """Why what the desk says does not count: the file was changed, and it fits no more."""

    @property
    def version(self) -> int:
        """Give the number to say something on top of."""
        return self.newest.version if self.newest else 0

    @property
    def is_from_desk(self) -> bool:
        """Whether the desk wins over the file."""
        return self.newest is not None and self.newest.value is not None and not self.misfits


@dataclass(kw_only=True)
class CurrentService:
    """What counts of relevo.yml and the desk; one in each process."""

    bot: BotFile
    """What relevo.yml said when this process began."""
    store: DeskSettings
    live: Live
    parts: list[Callable[[Service], None]] = field(default_factory=list)
    """Who is handed the service, at once and whenever it changes."""
    newest: Mapping[str, SettingVersion] = field(default_factory=dict)
    _misfits: Mapping[str, Sequence[Mistake]] = field(default_factory=dict)
    _service: Service | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """What was read first is not put in the place of what was read later."""

    @property
    def service(self) -> Service:
        """Give the service as it counts in this process."""
        return self._service or self.bot.service

    def serve(self, part: Callable[[Service], None]) -> None:
        """Hand the service to a part, from now on whenever it changes."""
        self.parts.append(part)
        part(self.service)

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever something was told, and now and then, until told to stop."""
        with self.live.settings() as news:
            while not stop.is_set():
                try:
                    await self.look()
                except Unavailable:
                    _log.warning("settings.database_unreachable")
                await woken(stop, news.wait(LOOK_SECONDS))

    async def look(self) -> bool:
        """Read what was said last, and hand the service on where that is something else; tell whether it was."""
        async with self._looking:
            newest = {one.section: one for one in await self.store.newest() if one.section in SECTIONS}
            if newest == self.newest and self._service is not None:
                return False
            self._take(newest)
            return True

    def _take(self, newest: Mapping[str, SettingVersion]) -> None:
        said = {name: version.value for name, version in newest.items() if version.value is not None}
        service, misfits = what_fits(self.bot, said)
        self.newest, self._misfits, self._service = newest, misfits, service
        for section in misfits:
            _log.warning("settings.misfit", section=section, mistakes=[each.sentence for each in misfits[section]])
        for part in self.parts:
            part(service)
        _log.info("settings.read", versions={name: version.version for name, version in newest.items()})

    def section(self, name: str) -> Section:
        """Give a section as it counts in this process."""
        newest, misfits = self.newest.get(name), self._misfits.get(name, ())
        written = in_file(self.bot, name)
        is_said = newest is not None and newest.value is not None
        value = newest.value if newest and newest.value is not None and is_said else written
        return Section(name=name, value=value, in_file=written, newest=newest, misfits=misfits)

    async def change(self, change: SettingChange) -> SettingVersion:
        """Say something about a section; raises Misfit with every mistake, and Conflict where somebody was quicker."""
        await self.look()
        if change.value is not None and (mistakes := self.mistakes_in(change.section, change.value)):
            raise Misfit(mistakes)
        try:
            kept = await self.store.change(change)
        except Conflict:
            await self.look()
            raise self._conflict(change.section) from None
        await self.look()
        self.live.settings_changed()
        self.live.wake_routers()
        self.live.changed(None)
        _log.info("settings.changed", section=kept.section, version=kept.version, agent=change.agent_id)
        return kept

    def mistakes_in(self, section: str, value: Mapping[str, Any]) -> list[Mistake]:
        """Give everything that is wrong with what might be said about a section."""
        return service_with(self.bot, {**self._others(section), section: value})[1]

    async def value_at(self, section: str, version: int) -> Mapping[str, Any]:
        """Give what counted in a section at a version; the file's where that version says so, or never was."""
        found = await self.store.version(section, version) if version else None
        return found.value if found and found.value is not None else in_file(self.bot, section)

    def _others(self, section: str) -> Mapping[str, Mapping[str, Any]]:
        """Give what else is said and fits: opening hours are what queues without their own have."""
        said = {name: one.value for name, one in self.newest.items() if name != section and name not in self._misfits}
        return {name: value for name, value in said.items() if value is not None}

    def _conflict(self, section: str) -> Conflict:
        newest = self.newest.get(section)
        who = newest.agent_name if newest else "Somebody"
        details: dict[str, str | int] = {}
        if newest:
            details = {"version": newest.version, "agent_name": newest.agent_name}
        sentence = f"{who} has changed this meanwhile, and nothing of yours was kept yet; look at what they changed."
        return Conflict(sentence, code="settings_changed", details=details)


def changed_by(agent: AgentAccount, section: str, version: int, value: Mapping[str, Any] | None) -> SettingChange:
    """Give what an administrator says about a section."""
    return SettingChange(
        section=section, version=version, value=value, agent_id=agent.id, agent_name=agent.name, renamed={}
    )


def renaming(change: SettingChange, renamed: Mapping[str, str]) -> SettingChange:
    """Give it with queues that have another name; raises Unreadable for a name that is not there afterwards."""
    kept = (change.value or {}).get("queues", {})
    names = {old: new for old, new in renamed.items() if old != new}
    unknown = [new for new in names.values() if new not in kept]
    if unknown:
        raise Unreadable(f"“renamed” says {', '.join(unknown)}, which is no queue of yours.", code="bad_settings")
    return replace(change, renamed=names)


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any, Any]]:
    """Give what is another thing after than before: where, what it was, and what it is; None where there is none."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = list(dict.fromkeys([*before, *after]))
        inner = [differences(before.get(name), after.get(name), (*path, name)) for name in names]
        return [difference for found in inner for difference in found]
    if isinstance(before, list) and isinstance(after, list):
        before, after = sorted(before), sorted(after)  # languages, types, days: none of them has an order
    return [] if before == after else [(path, before, after)]
