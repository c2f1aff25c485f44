"""A short run of bench/chaos.py: whatever is killed, nothing is lost, doubled, out of order or done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.chaos import Chaos, report, run
from bench.kit.programs import bench_folder
from bench.kit.relevo_serve import KINDS

pytestmark = [pytest.mark.processes, pytest.mark.timeout(480)]

SHORT = Chaos(conversations=20, seconds=20.0, seed=20, pauses=(0.2, 1.0))


def test_nothing_is_lost_or_done_twice_whatever_is_killed(trained: Path) -> None:
    """Twenty customers get their points once, and every answer once, while every kind of process is killed."""
    with bench_folder() as folder:
        outcome = asyncio.run(run(SHORT, folder, trained))
    told = report(SHORT, outcome)
    assert all(outcome.kills[kind] for kind in KINDS), told
    assert outcome.is_clean, told
    print(told)
