"""Limits inside a process: buckets that refill, and places for streams."""

from __future__ import annotations

import pytest

from relevo.errors import TooMany
from relevo.web.limits import Rate, Streams, whole_seconds


class Time:
    """A clock that stands still until it is told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """Burst at once, then one for each interval; a full rest gives the whole burst back, and no more."""
    time = Time()
    rate = Rate(2.0, 3, clock=time)
    assert [rate.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rate.take("a") == pytest.approx(0.5)
    time.now += 0.5
    assert rate.take("a") == 0.0
    assert rate.take("a") == pytest.approx(0.5)
    time.now += 1000
    assert [rate.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_waiting_as_long_as_told_is_always_enough() -> None:
    """The seconds that are told are the truth."""
    time = Time()
    rate = Rate(0.3, 2, clock=time)
    for _ in range(50):
        time.now += rate.take("a")
        assert rate.take("a") in (0.0, pytest.approx(1 / 0.3))


def test_keys_do_not_share_a_bucket() -> None:
    """One who floods leaves the others their rate."""
    rate = Rate(1.0, 1, clock=Time())
    assert rate.take("a") == 0.0
    assert rate.take("a") > 0.0
    assert rate.take("b") == 0.0


def test_a_bucket_forgets_who_was_quiet_longest() -> None:
    """Memory is bounded however many keys are made up."""
    rate = Rate(1.0, 1, max_keys=2, clock=Time())
    for key in ("a", "b", "c"):
        assert rate.take(key) == 0.0
    assert len(rate._full_at) == 2
    assert rate.take("c") > 0.0


def test_demand_says_how_long_to_wait_in_whole_seconds() -> None:
    """A caller gets the sentence and a Retry-After that is long enough."""
    rate = Rate(0.4, 1, clock=Time())
    rate.demand("a", "Slower.")
    with pytest.raises(TooMany, match="Slower") as refused:
        rate.demand("a", "Slower.")
    assert refused.value.retry_after_seconds == 3


@pytest.mark.parametrize(("wait", "seconds"), [(0.001, 1), (1.0, 1), (1.01, 2), (59.5, 60)])
def test_seconds_are_rounded_up(wait: float, seconds: int) -> None:
    """Coming back after the told time never comes too early."""
    assert whole_seconds(wait) == seconds


def test_a_visitors_oldest_stream_gives_way() -> None:
    """The newest stream always has a place; the oldest is told to end."""
    streams = Streams(per_visitor=2, in_all=10)
    with streams.place("a") as first, streams.place("a") as second, streams.place("a") as third:
        assert (first.is_replaced, second.is_replaced, third.is_replaced) == (True, False, False)
        with streams.place("b") as other:
            assert not other.is_replaced


def test_places_in_all_are_limited_and_come_back() -> None:
    """Beyond the limit a stream is refused; one that ends makes room."""
    streams = Streams(per_visitor=2, in_all=2)
    with streams.place("a"):
        with streams.place("b"), pytest.raises(TooMany), streams.place("c"):
            pass
        with streams.place("c"):
            pass
