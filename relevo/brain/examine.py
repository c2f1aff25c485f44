"""Evaluates a bot: how it understands what it has not learnt, and whether it takes its test stories as written.

Run it in a process of its own, as training. Neither the bot's models nor its cache are touched.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import msgspec
from msgspec.structs import replace

from relevo.brain.bot_files import BotFiles
from relevo.brain.held_back import Progress, readings_of, threshold_of
from relevo.brain.models import Models, is_whole
from relevo.brain.remarks import Remarks
from relevo.brain.story_tests import place_of_stories, play_stories
from relevo.brain.taught import Taught
from relevo.brain.training import in_sentences, printing_to, train
from relevo.errors import ConfigurationError
from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.examples import NO_LANGUAGE, Example, StoryTest
from relevo.evaluation.folds import divide, thin


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be evaluated, and how."""

    folds: int = 5
    seed: int = 0
    languages: tuple[str, ...] = ()
    """Only these; empty for all. What is learnt is in every language all the same."""

    has_stories: bool = True


def examine(files: BotFiles, models: Models, wish: Wish, workplace: Path, progress: Progress) -> Evaluation:
    """Evaluate a bot; raises ConfigurationError with what is wrong with its files, or with the wish."""
    if mistakes := files.mistakes():
        raise ConfigurationError("\n".join(mistakes))
    log = workplace / "evaluate.log"
    with printing_to(log):
        with _guarded(files, log):
            progress("Reading the examples", None)
            exam = _Exam(files, wish)
        # Before the folds, which take longer: what is wrong with rules and stories is told sooner.
        began = time.monotonic()
        stories = _stories(files, models, workplace, progress) if wish.has_stories else None
        told = time.monotonic()
        with _guarded(files, log):
            understood = exam.held(progress)
    return replace(
        understood, understanding_seconds=time.monotonic() - told, stories=stories, stories_seconds=told - began
    )


@contextmanager
def _guarded(files: BotFiles, log: Path) -> Iterator[None]:
    remarks = Remarks()
    with remarks.gathered(), in_sentences(files, log, remarks):
        yield


class _Exam:
    """The examples, read and divided: whatever is wrong with them has been told by then."""

    def __init__(self, files: BotFiles, wish: Wish) -> None:
        os.environ.setdefault("MPLBACKEND", "agg")
        os.environ.setdefault("TQDM_DISABLE", "1")
        sys.path.insert(0, str(files.project))  # components of the bot's own
        self._bot, self._wish = files.project.name, wish
        self._taught = Taught(files)
        _demand_known(wish.languages, self._taught.examples)
        self._divided = divide(self._taught.examples, wish.folds, wish.seed)

    def held(self, progress: Progress) -> Evaluation:
        """Hold one fold back after the other."""
        examples, wish = self._taught.examples, self._wish
        asked = {number for number, example in enumerate(examples) if _is_asked(example, wish)}
        return Evaluation(
            bot=self._bot,
            made_at=datetime.now(timezone.utc),
            folds=wish.folds,
            seed=wish.seed,
            threshold=threshold_of(self._taught.config),
            readings=readings_of(self._taught, self._divided, asked, progress),
            thin=thin(examples, wish.folds),
            only=wish.languages,
        )


def _is_asked(example: Example, wish: Wish) -> bool:
    return not wish.languages or bool({*wish.languages} & {*example.languages})


def _demand_known(languages: Sequence[str], examples: Sequence[Example]) -> None:
    known = sorted({code for example in examples for code in example.languages})
    for code in languages:
        if known == [NO_LANGUAGE] != [code]:
            raise ConfigurationError(
                f"Nothing tells which examples are in “{code}”: put them in a folder such as data/nlu/{code}, or leave"
                " --language out."
            )
        if code not in known:
            raise ConfigurationError(f"There are no examples in “{code}”, only in {', '.join(known)}.")


def _stories(files: BotFiles, models: Models, workplace: Path, progress: Progress) -> list[StoryTest]:
    place = place_of_stories(files)
    if place is None:
        return []
    trained = models.of(files.fingerprint())
    if is_whole(trained):
        return _played(files, place, trained, workplace, progress)
    progress("Learning everything, for the stories", None)
    with tempfile.TemporaryDirectory(prefix=".stories-", dir=workplace) as folder:
        # In a folder of its own: running bots would take up what lies beside their model.
        own = Models(Path(folder) / "models")
        model = train(files, own, workplace / "evaluate-train.log").model
        return _played(files, place, model, workplace, progress)


def _played(files: BotFiles, place: Path, model: Path, workplace: Path, progress: Progress) -> list[StoryTest]:
    with _guarded(files, workplace / "evaluate.log"):
        return play_stories(files, place, model, progress)
