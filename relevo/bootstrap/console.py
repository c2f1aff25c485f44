"""Speaks to the person who started a command: plain lines, a tick for what is done, seconds for what takes long."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 28
_COLOURS = {"green": "32", "red": "31", "yellow": "33", "bold": "1", "dim": "2"}


@dataclass
class Work:
    """What is being done, for a person to read; whoever does it may change it."""

    what: str
    share: float | None = None
    """How much of it is done, if that is known."""

    def move(self, what: str, share: float | None) -> None:
        """Say what is done now, and how much of all is done, if that is known."""
        self.what, self.share = what, share

    def shown(self, seconds: float) -> str:
        """Give it as a line, with a bar where there is a share."""
        if self.share is None:
            return f"{self.what} {seconds:.0f} s"
        full = round(self.share * _BAR)
        return f"{'━' * full}{'╌' * (_BAR - full)} {self.share:4.0%}  {self.what}  {seconds:.0f} s"


class Console:
    """One command's voice; its own copy of the stream, so that libraries' output can be sent elsewhere."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        source = stream or sys.stdout
        self._is_terminal = source.isatty() and os.environ.get("TERM") != "dumb"
        self._is_coloured = self._is_terminal and not os.environ.get("NO_COLOR")
        self._stream = os.fdopen(os.dup(source.fileno()), "w", encoding="utf-8", errors="replace")
        self._turn = threading.RLock()
        self._doing: str | None = None

    def say(self, line: str = "") -> None:
        """Print a line."""
        with self._turn:
            self._clear()
            self._write(f"{line}\n")

    def done(self, part: str, detail: str, seconds: float | None = None) -> None:
        """Say that a part is ready."""
        self._row("✓", "green", part, detail, seconds)

    def failed(self, part: str, detail: str) -> None:
        """Say that a part is not as it should be."""
        self._row("✗", "red", part, detail)

    def remark(self, part: str, detail: str) -> None:
        """Say that a part deserves a look."""
        self._row("!", "yellow", part, detail)

    @contextmanager
    def working(self, what: str) -> Iterator[Work]:
        """Show what is being done for as long as it lasts, with its seconds where the terminal can."""
        ended, work = threading.Event(), Work(what)
        began = time.monotonic()
        ticking = threading.Thread(target=self._tick, args=(work, began, ended), daemon=True)
        if self._is_terminal:
            ticking.start()
        else:
            self.say(f"  … {what}")
        try:
            yield work
        finally:
            ended.set()
            if self._is_terminal:
                ticking.join()
                with self._turn:
                    self._clear()
                    self._doing = None

    def styled(self, text: str, colour: str) -> str:
        """Give a text in a colour, where there are colours."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._is_coloured else text

    def _row(self, mark: str, colour: str, part: str, detail: str, seconds: float | None = None) -> None:
        first, *more = detail.splitlines() or [""]
        took = self.styled(f"  {seconds:.1f} s", "dim") if seconds is not None else ""
        self.say(f"  {self.styled(mark, colour)} {part:<14} {first}{took}")
        for line in more:
            self.say(f"    {'':<14} {line}")

    def _tick(self, work: Work, began: float, ended: threading.Event) -> None:
        frame = 0
        while not ended.wait(0.1):
            frame += 1
            with self._turn:
                self._doing = f"  {_FRAMES[frame % len(_FRAMES)]} {work.shown(time.monotonic() - began)}"
                self._write(f"\r{self._doing}\x1b[K")

    def _clear(self) -> None:
        if self._doing:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:  # nobody reads any more; the work goes on
            self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - stays open like stdout
