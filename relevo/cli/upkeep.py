"""The commands that look after an installation: ``check``, ``migrate``, ``demo``, ``replay``, ``reset``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import IO, TYPE_CHECKING, Annotated, TypeVar

import typer

from relevo.cli.written_down import write_down

if TYPE_CHECKING:
    from relevo.bootstrap.store import OpenStore
    from relevo.contracts.store import DeadLetter

Result = TypeVar("Result")
_DATABASE_SECONDS = 60.0
"""How long ``migrate`` waits for a database that starts beside it."""

demo_commands = typer.Typer(no_args_is_help=True, help="Load or reset the demo company.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(check)
    app.command()(migrate)
    app.add_typer(demo_commands, name="demo")
    app.command()(replay)
    app.command()(reset)


def check() -> None:
    """Look at the configuration and at what it can reach.

    Prints the effective settings without secrets and every mistake in the bot's files. Status 2 when something is
    wrong.
    """
    from relevo.bootstrap.check import run_check
    from relevo.bootstrap.console import Console
    from relevo.bootstrap.everything import read_settings
    from relevo.bootstrap.logs import configure_command_logs

    settings = read_settings()
    configure_command_logs(settings.logs, settings.places.logs)
    if not run_check(settings, Console()):
        raise typer.Exit(2)


def migrate() -> None:
    """Bring the database forward to this version, and leave.

    Every process does that at its start; this is for a deployment that wants it done first, and once.
    """
    from relevo.bootstrap.database import ready_database
    from relevo.bootstrap.everything import read_settings
    from relevo.bootstrap.logs import configure_command_logs

    settings = read_settings()
    configure_command_logs(settings.logs, settings.places.logs)
    with ready_database(settings, patience_seconds=_DATABASE_SECONDS):
        typer.echo("The database is at this version.")


@demo_commands.command("load")
def load_demo() -> None:
    """Load Aurora with dates counted from now, unless something was done in it since."""
    fresh = with_store(lambda opened: _load(opened, "demo_load"))
    typer.echo(
        "Aurora is loaded, dates counted from now. Processes that run take it up when they start again."
        if fresh
        else "Something was done in Aurora since it was loaded, so it stays as it is. Start afresh: relevo demo reset."
    )


@demo_commands.command("reset")
def reset_demo() -> None:
    """Load Aurora afresh and forget what was done in it; conversations and cases stay."""
    with_store(lambda opened: _load(opened, "demo_reset"))
    typer.echo("Aurora is as new, dates counted from now.")


async def _load(opened: OpenStore, operation: str) -> bool:
    from relevo.bootstrap import business

    is_fresh = await business.load_demo(opened, afresh=operation == "demo_reset")
    await write_down(opened, operation, after={"is_fresh": is_fresh})
    return is_fresh


def replay(
    id: Annotated[int | None, typer.Argument(help="Number of the message, as listed.", show_default=False)] = None,  # noqa: A002 - the command's own word
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """List what the bot gave up, or have it answered again.

    A person got each of them as a case, which stays. The answer goes to the customer as a new message.
    """
    if id is None and not every:
        _list(with_store(lambda opened: opened.store.inbox.dead_letters()))
        return

    async def put_back(opened: OpenStore) -> int:
        count = await opened.store.inbox.replay(id)
        opened.live.wake_bots()
        await write_down(opened, "replay", None if id is None else f"message:{id}", after={"messages": count})
        return count

    count = with_store(put_back)
    if not count and id is not None:
        from relevo.errors import NotFound

        raise NotFound(f"No given-up message has the number {id}; list them with: relevo replay.")
    typer.echo(f"{count} {'message is' if count == 1 else 'messages are'} answered again as soon as a bot is free.")


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove everything that Relevo made here.

    That is the bundled database, models, logs and the first login. A database that DATABASE_URL names is left as it is.
    """
    from relevo.bootstrap.everything import read_settings
    from relevo.bootstrap.reset import demand_idle, reset_everything

    settings = read_settings()
    demand_idle(settings)
    if not yes:
        typer.confirm(f"Remove conversations, accounts and models in {settings.places.state_folder}?", abort=True)
    reset_everything(settings)
    typer.echo(f"{settings.places.state_folder} is as new.")
    if settings.database.url is not None:
        typer.echo("The database that DATABASE_URL names was left as it is.")


def _list(letters: list[DeadLetter]) -> None:
    if not letters:
        typer.echo("No message was given up.")
        return
    for letter in letters:
        when = letter.received_at.astimezone().strftime("%Y-%m-%d %H:%M")
        typer.echo(f"{letter.inbox_id:>8}  {when}  {letter.channel:<8} {letter.conversation_id}  {letter.reason}")
    typer.echo("Have one answered again: relevo replay NUMBER. All of them: relevo replay --all.")


def with_store(
    work: Callable[[OpenStore], Awaitable[Result]], *, opens_attachments: bool = False, tells: IO[str] | None = None
) -> Result:
    """Do something with the database of this installation, which is started for it where none runs.

    What attachments hold can be read only where that is asked for. ``tells`` is where progress is told: stdout, unless
    that is for what the command gives.
    """
    from relevo.bootstrap.attachments import attachment_key
    from relevo.bootstrap.console import Console
    from relevo.bootstrap.database import ready_database
    from relevo.bootstrap.everything import read_settings
    from relevo.bootstrap.logs import configure_command_logs
    from relevo.bootstrap.store import open_store

    settings = read_settings()
    configure_command_logs(settings.logs, settings.places.logs)

    key = attachment_key(settings) if opens_attachments else None

    async def run(dsn: str) -> Result:
        async with open_store(dsn, size=2, name="relevo command", hears=(), attachment_key=key) as opened:
            return await work(opened)

    with Console(tells).working("Opening the database"), ready_database(settings) as dsn:
        return asyncio.run(run(dsn))
