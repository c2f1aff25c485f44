"""A short run of bench/chaos.py: whatever fails, nothing is lost, doubled, out of order or done twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.kit import hosts
from bench.kit.programs import PROJECT

pytestmark = [pytest.mark.processes, pytest.mark.timeout(480)]


def test_nothing_is_lost_or_done_twice_whatever_fails(trained: Path) -> None:
    """Thirty customers get their points once, and every answer once, while hosts, processes and the database fail."""
    where = ["--one-machine"] if (reason := hosts.why_not()) else []
    if reason:
        print(f"On one machine, where only processes are killed: {reason}.")
    command = [sys.executable, "-m", "bench.chaos", "--short", "--seed", "20", "--model", str(trained), *where]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=400, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
