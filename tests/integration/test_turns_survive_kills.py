"""The riskiest promise: whatever is killed whenever, nothing is lost, doubled, out of order or done twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(database: str) -> None:
    """Kill -9 at six named points of receive, turn, effect and commit leaves every conversation whole."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.spike.killer", database, "12", "25", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counts = json.loads(done.stdout.strip().splitlines()[-1])
    print(counts)
    assert all(kills > 0 for kills in counts["kills"].values()), f"a point was never reached: {counts['kills']}"
    assert (counts["lost"], counts["doubled"], counts["out_of_order"]) == (0, 0, 0), counts
    assert counts["effects"] == counts["conversations"], counts
