"""Where a turn's time goes: a stopwatch that travels with the turn's task, so that nobody hands it on.

    with timed() as turn:            the verb
        with stage("policies"): …    wherever that is done, however deep; several of one turn are added up
    turn.seconds                     {"policies": 0.002, …}

A stage within a stage belongs to the outer one, so that stages add up to at most the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

from relevo.metrics.numbers import claim_age, turn_seconds

CLAIM_WAIT, UNDERSTANDING, POLICIES, ACTIONS, WRITE, WHOLE = (
    "claim_wait",
    "understanding",
    "policies",
    "actions",
    "write",
    "whole",
)
_OBSERVED = {name: turn_seconds.labels(name) for name in (CLAIM_WAIT, UNDERSTANDING, POLICIES, ACTIONS, WRITE, WHOLE)}


class Timed:
    """One turn's seconds by stage."""

    __slots__ = ("began", "is_inside", "seconds")

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.is_inside = False
        self.began = perf_counter()

    def fields(self) -> dict[str, float]:
        """Give what a log line says of it: ``seconds``, and ``policies_seconds`` and so on."""
        named = {name if name == WHOLE else f"{name}_seconds": value for name, value in self.seconds.items()}
        return {"seconds" if name == WHOLE else name: round(value, 4) for name, value in named.items()}


_timed: ContextVar[Timed | None] = ContextVar("timed", default=None)
_in_hand: set[Timed] = set()


def _oldest_seconds() -> float:
    # A copy, for it is asked in another thread.
    now = perf_counter()
    return now - min((turn.began for turn in tuple(_in_hand)), default=now)


claim_age.set_function(_oldest_seconds)


@contextmanager
def timed(claim_wait_seconds: float) -> Iterator[Timed]:
    """Time a turn from its claim on, in a task of its own, and count its stages when it ends."""
    turn = Timed()
    turn.seconds[CLAIM_WAIT] = max(0.0, claim_wait_seconds)
    before = _timed.set(turn)
    _in_hand.add(turn)
    try:
        yield turn
    finally:
        _in_hand.discard(turn)
        _timed.reset(before)
        turn.seconds[WHOLE] = perf_counter() - turn.began
        for name, seconds in turn.seconds.items():
            _OBSERVED[name].observe(seconds)


class stage:  # noqa: N801 - reads as the statement that it is
    """Add the time spent within to a stage of the turn that is going on; outside of a turn it does nothing."""

    __slots__ = ("_began", "_name", "_turn")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        turn = _timed.get()
        if turn is None or turn.is_inside:
            self._turn = None
            return
        turn.is_inside, self._turn = True, turn
        self._began = perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._turn is not None:
            seconds = self._turn.seconds
            seconds[self._name] = seconds.get(self._name, 0.0) + perf_counter() - self._began
            self._turn.is_inside = False
