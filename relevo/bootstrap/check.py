"""Looks at everything that Relevo needs and says what is there, what is missing, and what to do."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timezone

from relevo.bootstrap.assistant import ASSISTANT_IS_OFF, assistant_of
from relevo.bootstrap.console import Console
from relevo.bootstrap.desk_settings import current_service, told
from relevo.bootstrap.everything import Settings, read_bot_files
from relevo.bootstrap.help import articles_found, not_everywhere
from relevo.bootstrap.mail import LINKS_LEAD_NOWHERE, MAIL_IS_OFF, mail_channel
from relevo.bootstrap.occupancy import Occupant, occupant
from relevo.bootstrap.places import demand_writable
from relevo.bootstrap.remarks import Remarkable
from relevo.bootstrap.serve import ask_ready, demand_free_port
from relevo.bootstrap.sites import COMPANY, refusals_found, sites_found, sites_of
from relevo.bootstrap.store import open_store
from relevo.bootstrap.x_check import x_found
from relevo.brain.models import is_whole
from relevo.configuration import Configuration
from relevo.contracts.bots import BotLine
from relevo.contracts.store import Backlog
from relevo.contracts.visits import RefusedOrigin
from relevo.domain.sites import Sites
from relevo.errors import ConfigurationError, RelevoError
from relevo.flow.desk_settings import CurrentService
from relevo.settings import effective
from relevo.store.postgres import running_postgres
from relevo.store.reach import reach, where

_LEAST_FREE_BYTES = 200_000_000


def run_check(settings: Settings, console: Console) -> bool:
    """Print settings and findings; tell whether all is well."""
    for section in fields(settings):
        console.say(console.styled(f"Settings: {section.name}", "bold"))
        for variable, value, is_default in effective(getattr(settings, section.name)):
            shown = ", ".join(value) if isinstance(value, tuple) else str(value)
            shown = "–" if value in (None, ()) else shown
            console.say(f"  {variable:<34} {console.styled(shown, 'dim') if is_default else shown}")
        console.say()
    console.say(console.styled("What it can reach", "bold"))
    found = _Check(settings=settings, console=console, occupant=occupant(settings.places.state_folder))
    return found.all_is_well()


@dataclass(kw_only=True)
class _Check:
    settings: Settings
    console: Console
    occupant: Occupant | None

    def all_is_well(self) -> bool:
        looks = {
            "bot's files": self._files,
            "articles": self._articles,
            "state folder": self._state_folder,
            "model": self._model,
            "address": self._address,
            "sites": self._sites,
            "mail": self._mail,
            "assistant": self._assistant,
        }
        are_well = self._are_well(looks)
        return self._database_is_well() and are_well

    def _are_well(self, looks: Mapping[str, Callable[[], str]]) -> bool:
        found = [self._is_well(part, look) for part, look in looks.items()]  # all of them, also after a failure
        return all(found)

    def _is_well(self, part: str, look: Callable[[], str]) -> bool:
        try:
            self.console.done(part, look())
        except Remarkable as remark:
            self.console.remark(part, str(remark))
        except RelevoError as error:
            self.console.failed(part, str(error))
            return False
        return True

    def _files(self) -> str:
        read_bot_files(self.settings)
        return f"config, domain, data, policies, relevo and credentials of {self.settings.places.project_folder}"

    def _articles(self) -> str:
        found = articles_found(self.settings)
        if not found:
            raise Remarkable("None, so questions go to a person; docs/howto/help-articles.md says how to write some.")
        told = ", ".join(f"{len(articles)} in {code}" for code, articles in found.items())
        if missing := not_everywhere(found):
            raise Remarkable("\n".join([told, *missing]))
        return told

    def _state_folder(self) -> str:
        folder = self.settings.places.state_folder
        demand_writable(self.settings)
        free = shutil.disk_usage(folder).free
        if free < _LEAST_FREE_BYTES:
            raise ConfigurationError(f"{folder} has {free // 1_000_000} MB left; make room on that disk.")
        return f"{folder}, {free / 1e9:.1f} GB free"

    def _model(self) -> str:
        newest = self.settings.models.newest()
        if newest is None:
            raise Remarkable("There is none yet; serve trains one, and so does: relevo train.")
        if not is_whole(newest):
            raise ConfigurationError(f"{newest} is damaged; train a new one: relevo train.")
        if self.settings.files.mistakes() or newest != self.settings.models.of(self.settings.files.fingerprint()):
            raise Remarkable(f"{newest.name} was made of other files than the present ones; train again: relevo train.")
        return newest.name

    def _address(self) -> str:
        if self.occupant is None:
            demand_free_port(self.settings)
            return f"{self.settings.address.host} port {self.settings.address.port} is free; serve does not run"
        if missing := ask_ready(self.settings):
            raise ConfigurationError(f"serve runs (process {self.occupant.process}) but is not ready: {missing}")
        return f"ready at {self.occupant.address}, process {self.occupant.process}"

    def _sites(self) -> str:
        return sites_found(self._all_sites(), self.settings.web.allowed_origins)

    def _all_sites(self) -> Sites:
        return sites_of(self._configuration(), COMPANY)

    def _refusals(self, refusals: Sequence[RefusedOrigin]) -> str:
        return refusals_found(self._all_sites(), self.settings.web.allowed_origins, refusals)

    def _mail(self) -> str:
        channel = mail_channel(self._configuration())
        if channel is None:
            raise Remarkable(MAIL_IS_OFF)
        reached = asyncio.run(channel.reach())
        if self.settings.web.public_url is None:
            raise Remarkable(f"{reached}; {LINKS_LEAD_NOWHERE}")
        return reached

    def _x(self, dsn: str) -> str:
        return asyncio.run(x_found(self._configuration().x, self.settings, dsn))

    def _assistant(self) -> str:
        assistant = assistant_of(self._configuration())
        if assistant is None:
            raise Remarkable(ASSISTANT_IS_OFF)
        return asyncio.run(assistant.reach())

    def _configuration(self) -> Configuration:
        try:
            return read_bot_files(self.settings)
        except ConfigurationError:
            raise Remarkable("Not looked at: the bot's files above must be right first.") from None

    def _database_is_well(self) -> bool:
        if self.settings.database.url is not None:
            return self._named_database_is_well(self.settings.database.url.reveal())
        folder = self.settings.places.state_folder
        if not (folder / "postgres.lock").exists():
            return self._is_well("database", _not_made_yet)
        try:
            with running_postgres(folder) as dsn:
                return self._named_database_is_well(dsn)
        except RelevoError as error:
            self.console.failed("database", str(error))
            return False

    def _named_database_is_well(self, dsn: str) -> bool:
        is_well = self._is_well("database", lambda: _reached(dsn, is_bundled=self.settings.database.url is None))
        if not is_well or reach(dsn).missing_migrations:
            return is_well
        bots, backlog, overrides, refusals = asyncio.run(self._ask(dsn))
        looks: dict[str, Callable[[], str]] = {
            "desk settings": lambda: _overrides(overrides),
            "bots": lambda: self._bots(bots),
            "waiting": lambda: _waiting(backlog),
            "given up": lambda: _dead(backlog),
            "refused pages": lambda: self._refusals(refusals),
            "X": lambda: self._x(dsn),
        }
        return self._are_well(looks)

    async def _ask(self, dsn: str) -> tuple[list[BotLine], Backlog, CurrentService | None, Sequence[RefusedOrigin]]:
        async with open_store(dsn, size=2, name="relevo check", hears=()) as opened:
            living = await opened.store.bots.living(self.settings.bots.bot_lost_seconds)
            backlog = await opened.store.inbox.backlog(2 * self.settings.bots.silence_seconds)
            try:
                current = await current_service(opened, self._configuration().bot)
            except Remarkable:
                current = None
            return living, backlog, current, await opened.store.visits.refusals()

    def _bots(self, living: list[BotLine]) -> str:
        if not living:
            raise (Remarkable if self.occupant is None else ConfigurationError)("No bot process runs.")
        without = [f"{bot.name}: {bot.problem}" for bot in living if bot.problem]
        if without:
            raise ConfigurationError("\n".join(without))
        return "\n".join(f"{bot.name} answers with {bot.model}" for bot in living)


def _overrides(current: CurrentService | None) -> str:
    if current is None:
        raise Remarkable("Not looked at: the bot's files above must be right first.")
    if overrides := told(current):
        raise Remarkable(overrides)
    return "relevo.yml counts whole"


def _not_made_yet() -> str:
    raise Remarkable("The bundled PostgreSQL is made at the first start.")


def _reached(dsn: str, *, is_bundled: bool) -> str:
    found = reach(dsn)
    place = "bundled" if is_bundled else where(dsn)
    if found.missing_migrations:
        raise Remarkable(f"PostgreSQL {found.server}, {place}; the next start brings its tables forward.")
    return f"PostgreSQL {found.server}, {place}, tables up to date"


def _waiting(backlog: Backlog) -> str:
    if backlog.overdue_lanes and backlog.oldest_at is not None:
        minutes = (datetime.now(timezone.utc) - backlog.oldest_at).total_seconds() / 60
        raise ConfigurationError(
            f"{backlog.overdue_lanes} conversations wait too long, the oldest for {minutes:.0f} minutes: start more"
            " bots, or see the bots' logs."
        )
    return f"{backlog.waiting} messages, none for long"


def _dead(backlog: Backlog) -> str:
    if backlog.dead:
        raise Remarkable(f"{backlog.dead} messages that the bot gave up and a person got; see: relevo replay.")
    return "no message"
