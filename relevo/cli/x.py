"""The commands about the account on X: ``x play``."""

from __future__ import annotations

import os
import sys

import typer

from relevo.cli.x_keys import keys

x_commands = typer.Typer(no_args_is_help=True, help="The business's account on X.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    x_commands.command()(keys)
    app.add_typer(x_commands, name="x")


@x_commands.callback()
def _x() -> None:
    """The business's account on X."""


@x_commands.command()
def play() -> None:
    """Run a fake X on this machine until Ctrl-C, and say what a bot needs to take it for X."""
    os.execv(sys.executable, [sys.executable, "-m", "relevo.testing.x"])  # noqa: S606 - the kit stands above the commands
