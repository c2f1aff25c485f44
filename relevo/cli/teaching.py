"""The command ``teach export``: what people taught the bot at the desk, as training data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relevo.cli.upkeep import with_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relevo.bootstrap.store import OpenStore
    from relevo.domain.teaching import Lesson

teach_commands = typer.Typer(no_args_is_help=True, help="What people taught the bot at the desk.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(teach_commands, name="teach")


@teach_commands.callback()
def _teach() -> None:
    """Keep “export” a word of its own, though it is the only command."""


@teach_commands.command("export")
def export(
    output: Annotated[Path, typer.Option(help="The file, such as data/nlu/es/taught.yml; what it held is replaced.")],
    language: Annotated[
        str | None, typer.Option(help="Of which language; that of the file's folder.", show_default=False)
    ] = None,
) -> None:
    """Write what was accepted at the desk as Rasa NLU data; the next training learns it.

    All of it each time, so that the file may be written anew whenever somebody likes.
    """
    from relevo.domain.teaching import nlu_yaml
    from relevo.errors import ConfigurationError

    code = language or output.absolute().parent.name
    if not output.absolute().parent.is_dir():
        raise ConfigurationError(f"{output.absolute().parent} is no folder; nothing was written. Make it first.")
    if len(code) != 2:
        raise ConfigurationError(f"Of which language? “{code}” is none; say it with --language es.")

    async def read(opened: OpenStore) -> Sequence[Lesson]:
        return await opened.store.teachings.accepted(code)

    lessons = with_store(read)
    output.write_text(nlu_yaml(lessons), encoding="utf-8")
    typer.echo(f"{len(lessons)} examples are in {output}. Have the bot learn them: relevo train.")
