"""A clock for each host that can be stepped without touching the machine's: a library that its programs load first.

A time namespace cannot do it: it moves what passes (CLOCK_MONOTONIC), not the time of day.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")
_SECONDS = struct.Struct("q")


def compiled(folder: Path) -> Path | None:
    """Compile the library; None where there is no C compiler, and then no clock is stepped."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "stepped_clock.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
    library.chmod(0o755)
    return library


@dataclass
class SteppedClock:
    """How far one host's clock is off."""

    library: Path
    file: Path
    seconds_off: int = 0

    def __post_init__(self) -> None:
        self.file.write_bytes(_SECONDS.pack(0))
        self.file.chmod(0o644)

    def environment(self) -> Mapping[str, str]:
        """Give what the host's programs are started with."""
        return {"LD_PRELOAD": str(self.library), "BENCH_STEPPED_CLOCK": str(self.file)}

    def step(self, seconds: int) -> None:
        """Put it forward, or back."""
        self.seconds_off += seconds
        with self.file.open("r+b") as written:
            written.write(_SECONDS.pack(self.seconds_off))
