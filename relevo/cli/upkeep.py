"""The commands that look after an installation: ``check``, ``agent``, ``demo``, ``replay``, ``reset``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from relevo.bootstrap import OpenStore
    from relevo.contracts.store import DeadLetter

Result = TypeVar("Result")
ROLES = ("agent", "supervisor", "admin")

demo_commands = typer.Typer(no_args_is_help=True, help="Load or reset the demo company.")
agent_commands = typer.Typer(no_args_is_help=True, help="The people who work at the desk.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(check)
    app.add_typer(agent_commands, name="agent")
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


@agent_commands.command("add")
def add_agent(
    email: Annotated[str, typer.Argument(help="What they sign in with.")],
    name: Annotated[str | None, typer.Option(help="How colleagues and customers see them.")] = None,
    role: Annotated[str, typer.Option(help="agent, supervisor or admin.")] = "agent",
) -> None:
    """Make an account for the desk, or give an existing one a new name, role and password.

    Asks for a password; an empty one, or no terminal to ask on, has one made and printed once. Whoever was signed in
    with the old password is signed out.
    """
    from relevo.bootstrap.first_login import new_password
    from relevo.errors import ConfigurationError
    from relevo.web.passwords import MIN_CHARACTERS, hash_password

    if role not in ROLES:
        raise ConfigurationError(f"“{role}” is no role; choose one of {', '.join(ROLES)}.")
    if "@" not in email.strip("@") or any(character.isspace() for character in email):
        raise ConfigurationError(f"“{email}” is no e-mail address.")
    asked = _ask_password() if sys.stdin.isatty() else ""
    if asked and len(asked) < MIN_CHARACTERS:
        raise ConfigurationError(f"A password needs {MIN_CHARACTERS} characters or more.")
    password = asked or new_password()

    async def add(opened: OpenStore) -> None:
        await opened.store.accounts.add_agent(email, name or email.partition("@")[0], role, hash_password(password))

    _with_store(add)
    typer.echo(f"{email.strip().lower()} may sign in at /desk as {role}.")
    if not asked:
        typer.echo(f"Password: {password}   (kept nowhere; write it down now)")


@demo_commands.command("load")
def load_demo() -> None:
    """Load Aurora with dates counted from now, unless something was done in it since."""
    from relevo.bootstrap import business

    fresh = _with_store(lambda opened: business.load_demo(opened, afresh=False))
    typer.echo(
        "Aurora is loaded, dates counted from now. Processes that run take it up when they start again."
        if fresh
        else "Something was done in Aurora since it was loaded, so it stays as it is. Start afresh: relevo demo reset."
    )


@demo_commands.command("reset")
def reset_demo() -> None:
    """Load Aurora afresh and forget what was done in it; conversations and cases stay."""
    from relevo.bootstrap import business

    _with_store(lambda opened: business.load_demo(opened, afresh=True))
    typer.echo("Aurora is as new, dates counted from now.")


def replay(
    id: Annotated[int | None, typer.Argument(help="Number of the message, as listed.", show_default=False)] = None,  # noqa: A002 - the command's own word
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """List what the bot gave up, or have it answered again.

    A person got each of them as a case, which stays. The answer goes to the customer as a new message.
    """
    if id is None and not every:
        _list(_with_store(lambda opened: opened.store.inbox.dead_letters()))
        return

    async def put_back(opened: OpenStore) -> int:
        count = await opened.store.inbox.replay(id)
        opened.live.wake_bots()
        return count

    count = _with_store(put_back)
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


def _ask_password() -> str:
    from relevo.errors import ConfigurationError

    password = _hidden("Password (empty: one is made)")
    if password and _hidden("Again") != password:
        raise ConfigurationError("The two passwords differ; nothing was changed.")
    return password


def _hidden(question: str) -> str:
    answer: str = typer.prompt(question, default="", show_default=False, hide_input=True)
    return answer


def _with_store(work: Callable[[OpenStore], Awaitable[Result]]) -> Result:
    """Do something with the database of this installation, which is started for it where none runs."""
    from relevo.bootstrap import open_store
    from relevo.bootstrap.console import Console
    from relevo.bootstrap.database import ready_database
    from relevo.bootstrap.everything import read_settings
    from relevo.bootstrap.logs import configure_command_logs

    settings = read_settings()
    configure_command_logs(settings.logs, settings.places.logs)

    async def run(dsn: str) -> Result:
        async with open_store(dsn, size=2, name="relevo command", hears=()) as opened:
            return await work(opened)

    with Console().working("Opening the database"), ready_database(settings) as dsn:
        return asyncio.run(run(dsn))
