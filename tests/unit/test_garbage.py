"""Garbage is looked for once a process has settled, and not through what it is made of."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from relevo import garbage


class _Ring:
    """Refers to itself, so that only a look for garbage finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the tests' own process as it was."""
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()
    gc.enable()


def test_nothing_is_looked_through_while_a_process_starts() -> None:
    """Most of what it makes stays."""
    garbage.postpone()
    assert not gc.isenabled()
    garbage.settle()
    assert gc.isenabled()


def test_what_a_process_has_when_it_settles_is_not_looked_through() -> None:
    """What comes later is."""
    garbage.postpone()
    before = _Ring()
    garbage.settle()
    after = _Ring()
    seen = [weakref.ref(before), weakref.ref(after)]
    del before, after
    gc.collect()
    assert [each() is None for each in seen] == [False, True]


def test_what_was_replaced_goes_when_a_process_settles_again() -> None:
    """A bot that takes a new model does not keep the old one."""
    garbage.postpone()
    model = _Ring()
    garbage.settle()
    seen = weakref.ref(model)
    model = _Ring()
    garbage.settle()
    assert seen() is None
    assert model.itself is model


def test_what_stays_is_looked_through_on_demand_alone() -> None:
    """A bot that keeps thousands of conversations does not stop to look through them for nothing."""
    looks: list[int] = []

    def note(phase: str, told: dict[str, int]) -> None:
        looks.append(told["generation"])

    garbage.look_at_the_young_alone()
    gc.callbacks.append(note)
    try:
        kept = [[number] for number in range(1_000_000)]
        assert len(kept) > len(looks) > 0
        assert max(looks) == 1
        garbage.settle()
        assert max(looks) == 2
    finally:
        gc.callbacks.remove(note)
