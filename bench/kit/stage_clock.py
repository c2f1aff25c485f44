"""Counts the processor time that one thread spends in each stage of a turn; what a stage calls is not its own."""

from __future__ import annotations

import functools
import inspect
from collections import defaultdict
from collections.abc import Callable
from time import thread_time_ns
from typing import Any

Measured = dict[str, float]
"""Milliseconds of each stage."""


class StageClock:
    """Runs while one message is answered; nothing else may run in the thread meanwhile."""

    def __init__(self, rest: str) -> None:
        self._rest = rest
        self._open: list[str] = []
        self._spent: defaultdict[str, int] = defaultdict(int)
        self._since = 0

    def start(self) -> None:
        """Begin with a message; all that is in no stage is the rest."""
        self._spent.clear()
        self._open = [self._rest]
        self._since = thread_time_ns()

    def stop(self) -> Measured:
        """Give what was spent since the start."""
        self._note()
        self._open = []
        return {stage: spent / 1e6 for stage, spent in self._spent.items()}

    def watch(self, owner: Any, name: str, stage: str) -> None:
        """Count a method of a class, or a function of a module, as a stage from now on."""
        raw = inspect.getattr_static(owner, name)
        function = raw.__func__ if isinstance(raw, staticmethod) else raw
        counted = self._counted(function, stage)
        setattr(owner, name, staticmethod(counted) if isinstance(raw, staticmethod) else counted)

    def _counted(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def waiting(*args: Any, **more: Any) -> Any:
                self._enter(stage)
                try:
                    return await function(*args, **more)
                finally:
                    self._leave()

            return waiting

        @functools.wraps(function)
        def calling(*args: Any, **more: Any) -> Any:
            self._enter(stage)
            try:
                return function(*args, **more)
            finally:
                self._leave()

        return calling

    def _enter(self, stage: str) -> None:
        if self._open:
            self._note()
            self._open.append(stage)

    def _leave(self) -> None:
        if len(self._open) > 1:
            self._note()
            self._open.pop()

    def _note(self) -> None:
        now = thread_time_ns()
        self._spent[self._open[-1]] += now - self._since
        self._since = now
