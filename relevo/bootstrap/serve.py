"""Everything on one machine: database, model, demo, one web process and several bots, kept running until told to stop.

files and settings checked ─► state folder and port ─► database ─┬► demo, first login ─┬► web + bots ─► ready
                                                   │             └► web + bots import ─┘
                                                   └─► training, beside all that, when the files changed

What a process needs longest until it is ready is its import. So this one's own is short until the others have begun
theirs, and they wait with it done until the database has what they need.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import msgspec
import structlog

from relevo import garbage
from relevo.bootstrap import LATER
from relevo.bootstrap.children import PROBLEM, Children, Program
from relevo.bootstrap.console import Console
from relevo.bootstrap.everything import Settings, read_bot_files
from relevo.bootstrap.occupancy import occupied
from relevo.bootstrap.places import shown
from relevo.bootstrap.training import Training
from relevo.deferred import deferring
from relevo.errors import ConfigurationError
from relevo.flow.waiting import stopped_within

if TYPE_CHECKING:
    from relevo.bootstrap.first_login import FirstLogin
    from relevo.store.postgres import PostgresServer

_READY_LOOK_SECONDS = 0.1
_REMINDER_SECONDS = 30.0
_DATABASE_LOOK_SECONDS = 1.0
_log = structlog.get_logger()


def serve(settings: Settings, console: Console, *, with_demo: bool) -> None:
    """Run everything until told to stop."""
    began = time.monotonic()
    read_bot_files(settings)
    with occupied(settings.places.state_folder, address(settings)) as lock:
        demand_free_port(settings)
        server = _Server(settings=settings, console=console, with_demo=with_demo, lock=lock, began=began)
        try:
            asyncio.run(server.run())
        finally:
            server.close()


@dataclass(kw_only=True)
class _Server:
    settings: Settings
    console: Console
    with_demo: bool
    lock: int
    began: float
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    is_ready: bool = False
    _database: PostgresServer | None = None
    _training: Training | None = None
    _children: Children | None = None

    async def run(self) -> None:
        self.stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop)
        if self.settings.database.url is None:
            self._training = Training.begin_if_needed(self.settings, self.console)
        dsn = await self._prepare_database()
        if not self.stop.is_set():
            await self._run_children(dsn)

    def close(self) -> None:
        """End what is left when everything else has ended."""
        if self._training is not None:
            self._training.end()
        if self._database is not None:
            self._database.stop()
        self.console.say("Stopped." if self.is_ready else "Stopped before it was ready.")

    async def _prepare_database(self) -> str:
        with deferring(LATER):
            from relevo.store.postgres import PostgresServer
            from relevo.store.reach import bring_forward, where

        began = time.monotonic()
        if self.settings.database.url is not None:
            dsn, kind = self.settings.database.url.reveal(), "DATABASE_URL"
        else:
            self._database = PostgresServer(self.settings.places.state_folder)
            with self.console.working("Starting PostgreSQL"):
                await asyncio.to_thread(self._database.start)
            dsn, kind = self._database.dsn, "bundled PostgreSQL"
        applied = await asyncio.to_thread(bring_forward, dsn)
        brought = f", {len(applied)} migrations applied" if applied else ""
        place = where(dsn) if kind == "DATABASE_URL" else shown(self.settings.places.state_folder)
        self.console.done("database", f"{kind}, {place}{brought}", time.monotonic() - began)
        return dsn

    async def _run_children(self, dsn: str) -> None:
        self._children = children = Children(
            environment=self._environment(dsn),
            kept_open=self.lock,
            tell=self._tell,
            stop_seconds=self.settings.bots.stop_seconds,
        )
        tasks: list[asyncio.Task[None]] = []
        try:
            for program in self._programs():
                process = await children.start(program)
                tasks.append(asyncio.create_task(children.keep(program, process, self.stop)))
            tasks.append(asyncio.create_task(self._keep_database()))
            tasks.append(asyncio.create_task(self._become_ready(children, dsn)))
            await self._first_failure(tasks)
        finally:
            self.stop.set()
            with self.console.working("Stopping"):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _prepare_content(self, dsn: str) -> FirstLogin:
        """Give the first login; a database that others use may have the model already, else it is trained."""
        with deferring(LATER):
            from relevo.bootstrap.content import fetch_model, prepare_content, publish_model
        garbage.settle()

        if self.settings.database.url is not None:
            await fetch_model(dsn, self.settings)
        if self.settings.database.url is not None and not self.stop.is_set():
            self._training = Training.begin_if_needed(self.settings, self.console)
        if self._training is None:
            await publish_model(dsn, self.settings)
        return await prepare_content(dsn, self.settings, self.console, with_demo=self.with_demo)

    async def _first_failure(self, tasks: list[asyncio.Task[None]]) -> None:
        pending = set(tasks)
        while pending and not self.stop.is_set():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    def _programs(self) -> list[Program]:
        logs, bots = self.settings.places.logs, self.settings.bots.bots
        listening = ["--host", self.settings.address.host, "--port", str(self.settings.address.port)]
        web = Program(name="web", arguments=["web", *listening], log=logs / "web.log")
        names = [f"bot-{number}" for number in range(1, bots + 1)]
        return [web, *(Program(name=name, arguments=["bot"], log=logs / f"{name}.log") for name in names)]

    def _environment(self, dsn: str) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": dsn, "RASA_TELEMETRY_ENABLED": "false", "PYTHONUNBUFFERED": "1"}

    async def _keep_database(self) -> None:
        """Start the bundled server again when it ends: committed is committed, and everybody connects again."""
        while self._database is not None and not await stopped_within(self.stop, _DATABASE_LOOK_SECONDS):
            if self._database.has_ended:
                self._tell("database", "! PostgreSQL ended and starts again. See postgres.log.")
                self._database.stop()
                await asyncio.to_thread(self._database.start)
            elif not self._database.is_owned:  # another process started it, and may end it
                await asyncio.to_thread(self._database.start)

    async def _become_ready(self, children: Children, dsn: str) -> None:
        login = await self._prepare_content(dsn)
        children.may_work.set()
        if self._training is not None and (trained := await self._training.finish(self.stop)):
            from relevo.bootstrap.content import publish_model

            await publish_model(dsn, self.settings, trained)
        waited_since, missing = time.monotonic(), ""
        with self.console.working("Starting web and bots"):
            while not self.stop.is_set():
                missing = await asyncio.to_thread(ask_ready, self.settings)
                if not missing:
                    break
                if time.monotonic() - waited_since > _REMINDER_SECONDS:
                    waited_since = time.monotonic()
                    self.console.remark("waiting", missing)
                await stopped_within(self.stop, _READY_LOOK_SECONDS)
        if not missing and not self.stop.is_set():
            self.is_ready = children.is_ready = True
            self._welcome(login)

    def _welcome(self, login: FirstLogin) -> None:
        seconds = time.monotonic() - self.began
        bots = self.settings.bots.bots
        self.console.done("processes", f"1 web, {bots} {'bot' if bots == 1 else 'bots'}")
        self.console.say()
        self.console.say(self.console.styled(f"Relevo is ready, after {seconds:.1f} s.", "bold"))
        self.console.say()
        for line in welcome_lines(self.settings, login, with_demo=self.with_demo):
            self.console.say(f"  {line}")
        self.console.say()
        self.console.say("Ctrl-C stops everything.")
        _log.info("serve.ready", seconds=round(seconds, 2))

    def _tell(self, name: str, sentence: str) -> None:
        _log.info("child.says", name=name, said=sentence)
        if sentence.startswith(PROBLEM):
            if self._training is None or self._training.is_over:
                self.console.remark(name, sentence.removeprefix(PROBLEM))
        elif self.is_ready:
            self.console.done(name, sentence)

    def _asked_to_stop(self) -> None:
        if self.stop.is_set() and self._children is not None:
            self._children.kill()  # asked twice: at once, then
        self.stop.set()


def address(settings: Settings) -> str:
    """Give the address that a browser on this machine opens."""
    host = settings.address.host
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - read, not bound
    name = everywhere.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{settings.address.port}"


def demand_free_port(settings: Settings) -> None:
    """Raise ConfigurationError when something else listens where the web process shall."""
    host, port = settings.address.host, settings.address.port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        # The system's own words: Python's add the address once more.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
        raise ConfigurationError(
            f"Cannot listen on {host} port {port}: {reason.lower()}. End what uses it, or choose another with --port,"
            " --host, RELEVO_PORT or RELEVO_HOST."
        ) from error


def ask_ready(settings: Settings) -> str:
    """Ask /ready and give the empty text when it is, else what is missing."""
    where_to, _, port = address(settings).removeprefix("http://").rpartition(":")
    connection = HTTPConnection(where_to.strip("[]"), int(port), timeout=5)
    try:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        body = answer.read()
        return "" if answer.status == 200 else _missing(body)
    except (OSError, HTTPException):
        return "The web process does not answer yet."
    finally:
        connection.close()


def _missing(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["error"]["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return "The web process is not ready."


def welcome_lines(settings: Settings, login: FirstLogin, *, with_demo: bool) -> list[str]:
    """Give what somebody needs to know to begin."""
    base = address(settings)
    file = settings.places.first_login
    lines = [f"Chat     {base}/"] if with_demo else []
    lines += [f"Desk     {base}/desk", f"REST     {base}/webhooks/rest/webhook"]
    if login.password is not None:
        lines += [f"Sign in  {login.email}   password  {login.password}"]
        lines += [f"         or as {', '.join(login.colleagues)}"] if login.colleagues else []
        lines += [f"         kept for you alone in {shown(file)}"]
    elif file.exists():
        lines.append(f"Sign in  {login.email}, password in {shown(file)}")
    else:
        lines.append(f"Sign in  {login.email} (a new password: relevo agent add {login.email})")
    return [*lines, f"Logs     {shown(settings.places.logs)}"]
