"""A bot process: Rasa in it, messages claimed and answered, a heartbeat that says with which model.

Without a model that loads it stays, says so, takes no message, and begins as soon as there is one.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import structlog
from msgspec.structs import replace

from relevo import garbage
from relevo.bootstrap.business import turn_services
from relevo.bootstrap.desk_settings import current_service
from relevo.bootstrap.everything import Settings
from relevo.bootstrap.help import help_from_articles
from relevo.bootstrap.lifetime import run_until_stopped
from relevo.bootstrap.model_supply import ModelSupply
from relevo.bootstrap.reaches import reaches_of
from relevo.bootstrap.store import OpenStore, open_store
from relevo.brain.current import CurrentBrain, import_rasa
from relevo.configuration import Configuration
from relevo.contracts.bots import BotLine
from relevo.contracts.reaching import Reach
from relevo.domain.formality import address_formally
from relevo.domain.service import Service
from relevo.errors import Unavailable
from relevo.flow.converse import Converser
from relevo.flow.counted import Counted
from relevo.flow.desk_settings import CurrentService
from relevo.flow.other_bots import OtherBots
from relevo.flow.turn import TurnServices
from relevo.flow.waiting import REST_SECONDS, stopped_within
from relevo.flow.work import Worker
from relevo.store.live import BOTS, SETTINGS, of_bot
from relevo.store.metrics import PostgresMetrics
from relevo.store.models import PostgresModels

_GARBAGE_SECONDS = 3600.0
"""How often everything is looked through for garbage, which stops a bot with 2,000 conversations for 0.6 s."""
_IMPATIENCE_SECONDS = 0.2
"""How often to look for a model while there is none: somebody waits for it."""

_log = structlog.get_logger()


def import_brain(settings: Settings) -> None:
    """Import Rasa, which needs no database."""
    sys.path.insert(0, str(settings.places.project_folder))  # where the bot's actions are
    for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(limit, "1")  # there are other processes for the other cores
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    import_rasa()


async def run_bot(
    settings: Settings, configuration: Configuration, dsn: str, name: str, tell: Callable[[str], None]
) -> None:
    """Run a bot process until it is told to stop."""
    address_formally(configuration.bot.formal)
    async with open_store(
        dsn,
        size=settings.database.bot_connections,
        name=f"relevo {name}",
        lease_seconds=settings.bots.lease_seconds,
        hears=(BOTS, of_bot(name), SETTINGS),
    ) as opened:
        bot = BotProcess(
            name=name,
            settings=settings,
            opened=opened,
            brain=CurrentBrain(_supply(settings, opened), formal=configuration.bot.formal),
            services=replace(await turn_services(opened, configuration), help=help_from_articles(settings)),
            default_language=configuration.bot.default_language,
            reaches=reaches_of(configuration),
            current=await current_service(opened, configuration.bot),
            tell=tell,
        )
        counted = Counted(metrics=PostgresMetrics(opened.database), process=name)
        parts = (bot.run, bot.current.run, counted.run, _throw_away)
        await run_until_stopped(*parts, stop_seconds=settings.bots.stop_seconds)


def _supply(settings: Settings, opened: OpenStore) -> ModelSupply:
    return ModelSupply(published=PostgresModels(opened.database), folder=settings.models, code=settings.files.code())


@dataclass(kw_only=True)
class BotProcess:
    """What one bot process does."""

    name: str
    settings: Settings
    opened: OpenStore
    brain: CurrentBrain
    services: TurnServices
    default_language: str
    reaches: Mapping[str, Reach]
    current: CurrentService
    tell: Callable[[str], None]
    _stirs: int = -1
    _looked_at: float = -math.inf

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until told to stop."""
        await self._say_state("It is starting.")  # before the model is loaded, which blocks for a second
        await self._look()
        staying = asyncio.create_task(self._stay_current(stop))
        try:
            await self._loaded_or(stop)
            await self._worker().run(stop)
        finally:
            stop.set()
            await staying
            await self._leave()

    async def _loaded_or(self, stop: asyncio.Event) -> None:
        while not self.brain.is_loaded and not await stopped_within(stop, _IMPATIENCE_SECONDS):
            continue

    def _worker(self) -> Worker:
        store = self.opened.store
        converser = Converser(
            inbox=store.inbox,
            brain=self.brain,
            live=self.opened.live,
            services=self.services,
            default_language=self.default_language,
            reaches=self.reaches,
            others=self._others(),
        )

        def renew(service: Service) -> None:
            converser.services = replace(converser.services, service=service)

        self.current.serve(renew)
        return Worker(
            inbox=store.inbox,
            live=self.opened.live,
            verb=converser.converse,
            name=self.name,
            lease_seconds=self.settings.bots.lease_seconds,
            at_once=self.settings.bots.turns_at_once,
            longest_idle_seconds=REST_SECONDS,
        )

    def _others(self) -> OtherBots:
        return OtherBots(
            name=self.name,
            bots=self.opened.store.bots,
            inbox=self.opened.store.inbox,
            live=self.opened.live,
            lost_seconds=self.settings.bots.bot_lost_seconds,
        )

    async def _stay_current(self, stop: asyncio.Event) -> None:
        while not await stopped_within(stop, self._pause_seconds()):
            await self._look()

    def _pause_seconds(self) -> float:
        usual = self.settings.bots.bot_heartbeat_seconds
        return usual if self.brain.is_loaded else min(usual, _IMPATIENCE_SECONDS)

    async def _look(self) -> None:
        if self._may_there_be_another_model():
            self._stirs, self._looked_at = self.opened.live.stirs, monotonic()
            try:
                if await self.brain.refresh():
                    self.tell(f"! {self.brain.problem}" if self.brain.problem else f"Answers with {self.brain.model}.")
                    _settle_down()
            except Unavailable:
                self._looked_at = -math.inf
                _log.warning("bot.models_unreachable")
        await self._say_state(None if self.brain.is_loaded else self.brain.problem)

    def _may_there_be_another_model(self) -> bool:
        """Tell whether anything was told since the last look, as it is of a model, or it was long ago, or in vain."""
        is_content = self.brain.is_loaded and self.brain.problem is None
        is_quiet = self.opened.live.stirs == self._stirs and monotonic() - self._looked_at < REST_SECONDS
        return not (is_content and is_quiet)

    async def _say_state(self, problem: str | None) -> None:
        line = BotLine(
            name=self.name,
            host=socket.gethostname(),
            process=os.getpid(),
            model=self.brain.model,
            problem=problem,
            knows=self.brain.knows,
        )
        try:
            if await self.opened.store.bots.seen(line) and self.brain.is_loaded:
                self.opened.live.wake_bots(self.name)  # the wake-up may have been lost with whoever kept the message
        except Unavailable:
            _log.warning("bot.database_unreachable")

    async def _leave(self) -> None:
        try:
            await self.opened.store.bots.gone(self.name)
        except Unavailable:
            _log.warning("bot.database_unreachable")


async def _throw_away(stop: asyncio.Event) -> None:
    while not await stopped_within(stop, _GARBAGE_SECONDS):
        garbage.settle()


def _settle_down() -> None:
    """Keep a model that was just loaded, and give back what loading it took: 12 MB of 213, measured 2026-11."""
    garbage.settle()
    garbage.look_at_the_young_alone()
    with suppress(OSError, AttributeError):  # only the GNU C library has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
