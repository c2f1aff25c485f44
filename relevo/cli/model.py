"""The commands about the model: ``train``, and Rasa's own by ``rasa …``."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(train)
    app.command(
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
        add_help_option=False,
    )(rasa)


def train(supervisor: Annotated[int | None, typer.Option(hidden=True)] = None) -> None:
    """Train a model of config.yml, domain.yml and data/.

    It is published in the database that DATABASE_URL names, or in the bundled one if that runs here: bots on any
    machine take it up by themselves within seconds, or where the actions changed too, when they are started again.
    The last three models are kept.
    """
    from relevo.bootstrap.console import Console
    from relevo.bootstrap.everything import read_settings
    from relevo.bootstrap.lifetime import end_with
    from relevo.bootstrap.model_supply import publish_by_itself
    from relevo.bootstrap.places import shown
    from relevo.brain.training import train as train_model

    settings = read_settings()
    if supervisor is not None:
        end_with(supervisor, settings.bots.stop_seconds)
    console = Console()
    if supervisor is None:
        with console.working("Training the model"):
            trained = train_model(settings.files, settings.models, settings.places.logs / "train.log")
            publish_by_itself(settings, trained.model)
    else:
        trained = train_model(settings.files, settings.models, settings.places.logs / "train.log")
    for warning in trained.warnings:
        typer.echo(f"  ! {warning}", err=True)
    if supervisor is None:
        console.done("model", shown(trained.model), trained.seconds)
    else:
        typer.echo(trained.model.name)


def rasa(context: typer.Context) -> None:
    """Run any command of Rasa.

    Such as relevo rasa data validate, relevo rasa test --stories tests/stories, relevo rasa shell. Relevo stands in for
    the packages that Rasa imports and this bot does not use. For the shell, run the actions in another terminal with:
    relevo rasa run actions.
    """
    from relevo.bootstrap.everything import read_settings
    from relevo.brain.rasa_cli import run_rasa

    settings = read_settings()
    run_rasa(context.args, settings.places.project_folder, settings.models)
