"""Measures what the reference bot understands of lines by strangers, and of the same lines written in haste.

The lines were written apart from all training data, by scenario (tests/integration/understanding/apart). Trains the bot
of this folder first, where no model of its files is at hand. Run it with: make bench-nlu, or
.venv/bin/python -m bench.own_bot [--mistakes]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from bench.kit import noise, own_lines
from bench.kit.own_lines import NAMED, REFERENCES, Line, Read
from relevo.brain import lean
from relevo.brain.bot_files import BotFiles
from relevo.brain.models import Models

PROJECT = Path(__file__).parents[1]
LANGUAGES = ("es", "en")
Results = dict[str, list[Read]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mistakes", action="store_true", help="print each line that was not understood")
    chosen = parser.parse_args()
    lean.install()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(_model(Path(folder)), show_mistakes=chosen.mistakes))


def _model(folder: Path) -> Path:
    from relevo.brain.training import train

    print("Training the reference bot ...", flush=True)
    trained = train(BotFiles(PROJECT), Models(folder / "models"), folder / "log")
    print(f"trained in {trained.seconds:.0f} s\n")
    return trained.model


async def _measure(model: Path, *, show_mistakes: bool) -> None:
    from relevo.brain.rasa_brain import RasaBrain

    brain = RasaBrain(model)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    lines = {language: own_lines.lines(language) for language in LANGUAGES}
    began = time.perf_counter()
    heard = {language: await own_lines.read(brain.understand, lines[language]) for language in LANGUAGES}
    took = 1000 * (time.perf_counter() - began) / sum(map(len, lines.values()))
    for row in table(heard):
        print(row)
    print(f"{'one message, whole pipeline, ms':44}{took:8.1f}\n")
    for row in await _robustness(brain.understand, lines, heard):
        print(row)
    if show_mistakes:
        _show_mistakes(heard)


def table(heard: Mapping[str, Sequence[Read]]) -> list[str]:
    """Give one row for each measure, a column for each language."""
    rows = {
        "lines": [str(len(heard[code])) for code in LANGUAGES],
        "intent": [_share(own_lines.accuracy(heard[code])) for code in LANGUAGES],
        "intent done, or asked about": [_share(own_lines.near(heard[code])) for code in LANGUAGES],
        "not understood: asked about": [_share(own_lines.recovered(heard[code])) for code in LANGUAGES],
        "both of two requests": [_share(own_lines.both_found(heard[code])) for code in LANGUAGES],
        "out of scope: recall": [_share(own_lines.out_of_scope_recall(heard[code])) for code in LANGUAGES],
        "in scope: turned away or asked back": [_share(own_lines.false_rejections(heard[code])) for code in LANGUAGES],
        "in scope: done wrongly": [_share(own_lines.done_wrongly(heard[code])) for code in LANGUAGES],
        "references and amounts: F1": [_share(own_lines.facts_found(heard[code], REFERENCES).f1) for code in LANGUAGES],
        "places, days, names: F1": [_share(own_lines.facts_found(heard[code], NAMED).f1) for code in LANGUAGES],
        "language told": [_share(own_lines.languages_told(heard[code], code)[0]) for code in LANGUAGES],
        "another language told": [_share(own_lines.languages_told(heard[code], code)[1]) for code in LANGUAGES],
    }
    head = f"{'':44}{'es':>8}{'en':>8}"
    return [head, *(f"{name:44}{es:>8}{en:>8}" for name, (es, en) in rows.items())]


async def _robustness(parse: Any, lines: Mapping[str, Sequence[Line]], heard: Results) -> list[str]:
    rows = [f"{'intent, when the same lines have':44}{'es':>8}{'en':>8}    loss, points"]
    for name, change in noise.changes().items():
        shares = [own_lines.accuracy(await own_lines.read(parse, lines[code], change)) for code in LANGUAGES]
        losses = [100 * (own_lines.accuracy(heard[code]) - s) for code, s in zip(LANGUAGES, shares, strict=True)]
        rows.append(f"{name:44}{shares[0]:8.3f}{shares[1]:8.3f}    {losses[0]:.1f} / {losses[1]:.1f}")
    return rows


def _show_mistakes(heard: Mapping[str, Sequence[Read]]) -> None:
    for language in LANGUAGES:
        for one in heard[language]:
            if not one.is_right:
                print(f"{language}: {one.line.intents} taken for {one.intents}: {one.line.text}")


def _share(share: float) -> str:
    return f"{share:.3f}"


if __name__ == "__main__":
    main()
