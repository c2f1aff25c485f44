"""Trains our model of the project's files, from nothing."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.kit.programs import PROJECT, BenchError, Program

_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class OurModel:
    """What came of it."""

    path: Path
    seconds: float


def train(folder: Path) -> OurModel:
    """Run `relevo train` with a fresh state folder."""
    state = folder / "training"
    training = Program(
        name="relevo train",
        command=[sys.executable, "-m", "relevo", "train"],
        folder=PROJECT,
        log=folder / "relevo-train.log",
        environment={"RELEVO_STATE": str(state), "RELEVO_PROJECT": str(PROJECT)},
    )
    print("Training Relevo …", flush=True)
    began = perf_counter()
    training.start()
    asyncio.run(_ended(training, began))
    seconds = perf_counter() - began
    model = next(iter((state / "models").glob("*.tar.gz")), None)
    if model is None:
        raise training.died()
    return OurModel(model, seconds)


async def _ended(training: Program, began: float) -> None:
    while training.is_running:
        if perf_counter() - began > _SECONDS:
            training.stop()
            raise BenchError(f"Relevo was not trained within {_SECONDS:.0f} s; see {training.log}.")
        await asyncio.sleep(0.02)
