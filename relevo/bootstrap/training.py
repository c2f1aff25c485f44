"""Trains in a process of its own, beside the rest of the start, when there is no model of the present files."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from relevo.bootstrap.console import Console
from relevo.bootstrap.everything import Settings
from relevo.errors import ConfigurationError
from relevo.flow.waiting import stopped_within

_LOOK_SECONDS = 0.1


@dataclass(kw_only=True)
class Training:
    """A training that runs while other things start."""

    process: subprocess.Popen[str]
    console: Console
    began: float = field(default_factory=time.monotonic)
    is_over: bool = False
    models: Path
    """Folder that the model comes to."""

    @classmethod
    def begin_if_needed(cls, settings: Settings, console: Console) -> Training | None:
        """Begin unless a whole model of the present files is there."""
        began = time.monotonic()
        fingerprint = settings.files.fingerprint()
        if settings.models.has(fingerprint):
            console.done("model", settings.models.of(fingerprint).name, time.monotonic() - began)
            return None
        process = subprocess.Popen(
            [sys.executable, "-m", "relevo", "train", "--supervisor", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return cls(process=process, console=console, models=settings.models.folder)

    async def finish(self, stop: asyncio.Event) -> Path | None:
        """Wait for the model, or until told to stop; raises ConfigurationError with what is wrong in the files."""
        with self.console.working("Training the model"):
            while self.process.poll() is None:
                if await stopped_within(stop, _LOOK_SECONDS):
                    return None
        told, reasons = self.process.communicate()
        self.is_over = True
        if self.process.returncode != 0:
            raise ConfigurationError(reasons.strip() or "The model could not be trained.")
        for line in reasons.splitlines():
            self.console.say(line)
        self.console.done("model", told.strip(), time.monotonic() - self.began)
        return self.models / told.strip()

    def end(self) -> None:
        """End a training that nobody waits for any more."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
