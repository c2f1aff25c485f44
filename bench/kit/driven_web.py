"""Runs `relevo web` by the clock that a bench drives."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.kit.driven_clock import FILE, driven_by
from relevo.contracts import clock

clock.system_clock = driven_by(Path(os.environ[FILE]))  # before anybody else has taken it

from relevo.cli import app  # noqa: E402

if __name__ == "__main__":
    sys.argv = ["relevo", "web"]
    app()
