"""The command line: what it prints is for people, what it says in errors is what to do next.

Each command imports what it needs when it runs, so that ``web`` stays light and ``--help`` is quick.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from relevo import __version__
from relevo.cli import agents, contacts, evaluate, model, processes, teaching, upkeep, x
from relevo.errors import RelevoError

app = typer.Typer(
    help="Relevo: chat support bots that solve routine requests and hand the rest to people.",
    epilog="Begin with: relevo serve --demo. Settings are RELEVO_… variables; relevo check shows them all.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
processes.add_to(app)
model.add_to(app)
evaluate.add_to(app)
upkeep.add_to(app)
agents.add_to(app)
contacts.add_to(app)
teaching.add_to(app)
x.add_to(app)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"relevo {__version__}")
        raise typer.Exit


@app.callback()
def _relevo(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Chat support bots that solve routine requests and hand the rest to people."""


def main() -> None:
    """Run a command; a failure is a sentence on stderr, and status 2 for what a person can mend, 1 for our own."""
    try:
        app(prog_name="relevo")
    except RelevoError as error:
        processes.tell_supervisor(f"! {error}")
        _leave(str(error), 2)
    except KeyboardInterrupt:
        _leave("Interrupted.", 130)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _leave(f"The system refused: {error.strerror or error}{where}. Make room or give access there. {_kept()}", 1)
    except Exception as error:  # noqa: BLE001 - whatever it is, a user gets a sentence and we get the traceback
        _leave(f"Something went wrong in Relevo ({type(error).__name__}). {_kept()}", 1)


def _leave(sentence: str, status: int) -> NoReturn:
    typer.echo(sentence, err=True)
    sys.exit(status)


def _kept() -> str:
    """Write the present exception where somebody can look it up, and say where that is."""
    trace = traceback.format_exc()
    for folder in (processes.log_folder(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / "relevo-error.log"
            file.write_text(trace, encoding="utf-8")
        except OSError:
            continue
        return f"What happened is in {file}."
    return "No place was found to write down what happened."
