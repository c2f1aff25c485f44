"""Trains a model with Rasa, quietly: what Rasa prints goes to a log, what matters comes back as sentences.

Run it in a process of its own: afterwards Rasa's modules and their memory stay.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import msgspec

from relevo.brain.bot_files import BotFiles
from relevo.brain.lean import importing_rasa
from relevo.brain.models import Models
from relevo.brain.remarks import Remarks, sentence_of
from relevo.errors import ConfigurationError


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a training."""

    model: Path
    seconds: float
    warnings: tuple[str, ...]
    """What Rasa found odd in the bot's files, one sentence each."""


def train(files: BotFiles, models: Models, log: Path) -> Trained:
    """Train a model of the bot's files and make it the newest; raises ConfigurationError with Rasa's reasons."""
    began = time.monotonic()
    if mistakes := files.mistakes():
        raise ConfigurationError("\n".join(mistakes))
    _prepare(models.folder)
    fingerprint = files.fingerprint()
    remarks = Remarks()
    with tempfile.TemporaryDirectory(prefix=".training-", dir=models.folder) as unfinished:
        with printing_to(log), remarks.gathered(), in_sentences(files, log, remarks):
            finished = _train(files, Path(unfinished), log)
        model = models.put(finished, fingerprint)
    return Trained(model=model, seconds=time.monotonic() - began, warnings=remarks.sentences(files.project))


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for left_behind in folder.glob(".training-*"):
        if time.time() - left_behind.stat().st_mtime > 86_400:
            shutil.rmtree(left_behind, ignore_errors=True)
    os.environ.setdefault("RASA_CACHE_DIRECTORY", str(folder.parent / "rasa-cache"))
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("TQDM_DISABLE", "1")


def _train(files: BotFiles, output: Path, log: Path) -> Path:
    result = _train_with_rasa(files, output)
    if result is None:
        raise ConfigurationError(f"No model came of the training. See {log}.")
    return result


@contextmanager
def in_sentences(files: BotFiles, log: Path, remarks: Remarks) -> Iterator[None]:
    """Make whatever Rasa raises in this block a ConfigurationError that says what is wrong with which file."""
    try:
        yield
    except ConfigurationError:
        raise
    except MemoryError as error:
        raise ConfigurationError("There is not enough memory to train the model.") from error
    except (Exception, SystemExit) as error:  # Rasa raises anything, and exits: here it becomes a sentence
        told = [*remarks.sentences(files.project), sentence_of(error, files.project, log)]
        raise ConfigurationError("\n".join(_placed(sentence, files) for sentence in dict.fromkeys(told))) from error


def _placed(sentence: str, files: BotFiles) -> str:
    """Rasa names an action or a reply that the domain does not have, and not where it is used."""
    named = re.search(r"'((?:action|utter)_\w+)'", sentence)
    place = files.place_of(named[1]) if named else None
    return f"{place}: {sentence}" if place else sentence


def _train_with_rasa(files: BotFiles, output: Path) -> Path | None:
    sys.path.insert(0, str(files.project))  # components of the bot's own
    with importing_rasa():
        import_module("rasa.engine.recipes.default_components")  # Rasa does so in the middle of it
        import rasa.model_training
        from rasa.shared.core.domain import Domain

        from relevo.brain.lighter import lighten

    lighten()
    # Rasa's importer goes on with an empty domain when this one is wrong, and trains half a bot.
    Domain.load(str(files.domain))
    _validate(files)
    result = rasa.model_training.train(
        domain=str(files.domain),
        config=str(files.config),
        training_files=[str(files.data)],
        output=str(output),
        fixed_model_name="model",
    )
    return Path(result.model) if result.model else None


def _validate(files: BotFiles) -> None:
    """Have Rasa look for what does not fit together; it says so in warnings, which are gathered."""
    with importing_rasa():
        from rasa.shared.importers.importer import TrainingDataImporter
        from rasa.shared.nlu.training_data.training_data import TrainingData
        from rasa.validator import Validator

    importer = TrainingDataImporter.load_from_config(str(files.config), str(files.domain), [str(files.data)])
    # None of these looks at the examples, which take seconds to be put together.
    validator = Validator(importer.get_domain(), TrainingData(), importer.get_stories(), importer.get_config())
    for look in (
        validator.verify_actions_in_stories_rules,
        validator.verify_forms_in_stories_rules,
        validator.verify_form_slots,
        validator.verify_slot_mappings,
    ):
        look()


@contextmanager
def printing_to(log: Path) -> Iterator[None]:
    """Send what this process prints to a log, native libraries included."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in enumerate(kept, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
