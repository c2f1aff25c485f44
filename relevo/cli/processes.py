"""The commands that run: ``serve`` everything, or one ``web`` or ``bot`` process."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from relevo import garbage
from relevo.bootstrap import LATER
from relevo.deferred import deferring

if TYPE_CHECKING:
    from relevo.bootstrap.everything import Settings

Host = Annotated[
    str | None, typer.Option(help="Address to listen on. [RELEVO_HOST, else 127.0.0.1]", show_default=False)
]
Port = Annotated[
    int | None, typer.Option(help="Port to listen on. [RELEVO_PORT, else 8080]", min=1, max=65535, show_default=False)
]
Name = Annotated[str | None, typer.Option(hidden=True)]
Supervisor = Annotated[int | None, typer.Option(hidden=True)]

_notices: list[IO[str]] = []
"""Where a child tells its supervisor; empty in a process that nobody supervises."""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(serve)
    app.command()(web)
    app.command()(bot)


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Load Aurora, the demo company, and open its page.")] = False,
    bots: Annotated[
        int | None, typer.Option(help="Bot processes. [RELEVO_BOTS, else 2]", min=1, max=256, show_default=False)
    ] = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """Run everything on this machine until Ctrl-C.

    Starts the bundled PostgreSQL unless DATABASE_URL names a server, brings the database forward, trains when the bot's
    files changed, and keeps one web process and the bots running.
    """
    garbage.postpone()
    from relevo import __version__

    with deferring(LATER):
        from relevo.bootstrap.console import Console
        from relevo.bootstrap.logs import configure_logs
        from relevo.bootstrap.places import demand_writable
        from relevo.bootstrap.serve import serve as run_everything

    settings = _settings(bots=bots, host=host, port=port)
    console = Console()
    console.say(f"Relevo {__version__}")
    demand_writable(settings)
    configure_logs(settings.logs, settings.places.logs / "serve.log", takes_stderr=False)
    run_everything(settings, console, with_demo=demo)


def web(host: Host = None, port: Port = None, name: Name = None, supervisor: Supervisor = None) -> None:
    """Run one web process, without any bot.

    It has the doors for customers, agents and platforms. Any number may run, on any machines, against one DATABASE_URL.
    Without it, the bundled database that runs here is used, or started.
    """
    garbage.postpone()
    settings = _settings(host=host, port=port)
    _become_process(settings, name, supervisor)

    with deferring(LATER):
        from relevo.bootstrap.database import ready_database
        from relevo.bootstrap.everything import read_business_files
        from relevo.bootstrap.lifetime import run
        from relevo.bootstrap.web import run_web

    configuration = read_business_files(settings)
    _wait_until_it_may_work(supervisor)
    with ready_database(settings, patience_seconds=_patience_seconds(supervisor)) as dsn:
        run(run_web(settings, configuration, dsn, tell_supervisor))


def bot(name: Name = None, supervisor: Supervisor = None) -> None:
    """Run one bot process, without any web.

    It takes messages, answers them with the newest model, and finishes what it began when it is stopped. Any number may
    run, on any machines, against one DATABASE_URL.
    """
    garbage.postpone()
    settings = _settings()
    _become_process(settings, name, supervisor)

    with deferring(LATER):
        from relevo.bootstrap.bot import import_brain, run_bot
        from relevo.bootstrap.database import ready_database
        from relevo.bootstrap.everything import read_business_files
        from relevo.bootstrap.lifetime import process_name, run

    configuration = read_business_files(settings)
    import_brain(settings)
    _wait_until_it_may_work(supervisor)
    with ready_database(settings, patience_seconds=_patience_seconds(supervisor)) as dsn:
        run(run_bot(settings, configuration, dsn, process_name(name or str(os.getpid())), tell_supervisor))


def _wait_until_it_may_work(supervisor: int | None) -> None:
    """Wait until the supervisor has prepared the database, with everything imported; leave when it gives up."""
    if supervisor is not None and not sys.stdin.readline():
        raise typer.Exit


def _patience_seconds(supervisor: int | None) -> float:
    """How long a database that does not answer is waited for: ``serve`` has just used it and is starting it again."""
    return 0.0 if supervisor is None else 30.0


def tell_supervisor(sentence: str) -> None:
    """Tell whoever supervises this process, if anybody does; what begins with "! " is a problem."""
    try:
        for notices in _notices:
            notices.write(" ".join(sentence.split("\n")) + "\n")
            notices.flush()
    except OSError:  # the supervisor is gone, and this process is about to follow
        _notices.clear()


def log_folder() -> Path:
    """Give the folder of logs, also when the settings cannot be read."""
    from relevo.bootstrap.everything import read_settings
    from relevo.errors import ConfigurationError

    try:
        return read_settings().places.logs
    except ConfigurationError:
        return Path(".relevo/logs")


def _become_process(settings: Settings, name: str | None, supervisor: int | None) -> None:
    """Log where it belongs; under a supervisor, end with it and keep its line for sentences."""
    with deferring(LATER):
        from relevo.bootstrap.lifetime import end_with
        from relevo.bootstrap.logs import configure_logs

    if supervisor is None or name is None:
        configure_logs(settings.logs)
        return
    end_with(supervisor, settings.bots.stop_seconds)
    _notices.append(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    configure_logs(settings.logs, settings.places.logs / f"{name}.log")
    os.dup2(2, 1)
    sys.stdout.flush()


def _settings(*, bots: int | None = None, **address: Any) -> Settings:
    with deferring(LATER):
        from relevo.bootstrap.everything import read_settings

    settings = read_settings()
    given = {key: value for key, value in address.items() if value is not None}
    changed = replace(settings, address=replace(settings.address, **given))
    return changed if bots is None else replace(changed, bots=replace(changed.bots, bots=bots))
