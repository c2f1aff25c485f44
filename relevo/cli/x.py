"""The commands about the account on X: ``x login``, ``x setup``, ``x replay``, ``x play``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from relevo.cli.upkeep import with_store
from relevo.cli.x_keys import keys
from relevo.cli.x_login import login
from relevo.cli.x_play import play

if TYPE_CHECKING:
    from relevo.bootstrap.everything import Settings
    from relevo.configuration.x import XAccount

x_commands = typer.Typer(no_args_is_help=True, help="The business's account on X.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    x_commands.command()(keys)
    x_commands.command()(login)
    x_commands.command()(play)
    app.add_typer(x_commands, name="x")


@x_commands.callback()
def _x() -> None:
    """The business's account on X."""


@x_commands.command()
def setup(
    url: Annotated[
        str | None, typer.Option(help="Where X reaches this installation; else RELEVO_PUBLIC_URL.", show_default=False)
    ] = None,
) -> None:
    """Have X tell what happens: register or repair the webhook and its subscriptions.

    Doing it again changes nothing that is well. Status 1 when messages will not come by themselves.
    """
    from relevo.bootstrap.x_setup import is_set_up, set_up

    settings, account = _account()
    door, steps = with_store(lambda opened: set_up(opened, settings, account, url))
    typer.echo(f"{door}\n")
    for step in steps:
        typer.echo(f"  {step.what:<26} {step.done:<14} {step.why}".rstrip())
    if not is_set_up(steps):
        typer.echo(
            "\nX does not tell of messages yet, so they are asked for once a minute. Mend what is refused above."
        )
        raise typer.Exit(1)
    typer.echo("\nX tells what happens. Whether it still does: relevo check.")


@x_commands.command()
def replay(
    since: Annotated[
        str | None, typer.Option(help="Since when: 90m, 6h or 2026-11-26T10:00Z.", show_default=False)
    ] = None,
    given_up: Annotated[bool, typer.Option("--given-up", help="What came and could not be read.")] = False,
) -> None:
    """Have X tell again what happened since, at most of 24 hours, or try again to read what was given up.

    What is known already stays as it is.
    """
    from relevo.bootstrap.x_setup import replay as have_told_again
    from relevo.errors import ConfigurationError

    if (since is None) is not given_up:
        raise ConfigurationError("Choose one of --since and --given-up.")
    settings, account = _account()
    if since is not None:
        began = with_store(lambda opened: have_told_again(opened, settings, account, since))
        typer.echo(f"X tells again what happened since {began:%Y-%m-%d %H:%M} UTC; that takes it a few minutes.")
    else:
        number = with_store(lambda opened: opened.store.platform_events.replay(None))
        typer.echo(f"{number} events are read again.")


def _account() -> tuple[Settings, XAccount]:
    from relevo.bootstrap.everything import read_bot_files, read_settings
    from relevo.errors import ConfigurationError

    settings = read_settings()
    account = read_bot_files(settings).x
    if account is None:
        raise ConfigurationError("X is off: add 'x' to credentials.yml, as docs/howto/x.md shows.")
    return settings, account
