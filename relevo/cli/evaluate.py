"""The command ``evaluate``: how good the bot is that somebody has written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(evaluate)


def evaluate(
    folds: Annotated[int, typer.Option(min=2, max=50, help="Parts that are held back, one after the other.")] = 5,
    language: Annotated[
        list[str] | None,
        typer.Option(help="Measure this one only, such as es; may be given again.", show_default=False),
    ] = None,
    stories: Annotated[bool, typer.Option("--stories/--no-stories", help="Play the test stories too.")] = True,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the report; .relevo/evaluation.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed divides the same examples alike.")] = 0,
    fail_under: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Status 1 if accuracy in a language is less, such as 0.9.", show_default=False),
    ] = None,
) -> None:
    """Measure how well the bot understands, and play its test stories.

    Its own pipeline learns a part of the examples and reads the rest, each part once, by language. Running bots and
    their model are left alone. docs/howto/evaluating.md tells how to read the report and what to do about it.
    """
    from relevo.bootstrap.console import Console
    from relevo.bootstrap.evaluate import NUMBERS, PAGE, run_evaluation
    from relevo.bootstrap.everything import read_settings
    from relevo.bootstrap.places import shown
    from relevo.brain.examine import Wish
    from relevo.evaluation.summary import summary

    settings, console = read_settings(), Console()
    folder = (output or settings.places.state_folder / "evaluation").expanduser().resolve()
    wish = Wish(folds=folds, seed=seed, languages=tuple(language or ()), has_stories=stories)
    evaluation = run_evaluation(settings, wish, folder, console)
    for line in summary(evaluation, console.styled):
        console.say(line)
    console.say(f"\n  {console.styled('Report', 'bold')}  {shown(folder / PAGE)}\n          {shown(folder / NUMBERS)}")
    below = evaluation.below(fail_under) if fail_under is not None else []
    for group in below:
        told = f"In “{group.name}” the accuracy is {group.accuracy.value:.3f}, which is less than {fail_under:g}."
        typer.echo(told, err=True)
    if below:
        raise typer.Exit(1)
