"""What recording numbers costs a turn and a request, and what telling them costs: medians, in microseconds."""

from __future__ import annotations

import os
import timeit
from collections.abc import Callable
from statistics import median

from relevo.metrics.exposition import families, together
from relevo.metrics.numbers import REGISTRY, count_understood, deliveries, few, http_seconds, turns
from relevo.metrics.stages import ACTIONS, POLICIES, UNDERSTANDING, WRITE, stage, timed


def a_turn() -> None:
    """Record what an ordinary turn records: it is understood, predicted four times, acts twice, writes."""
    with timed(0.01):
        with stage(UNDERSTANDING):
            pass
        count_understood("greet", 0.93)
        for _ in range(4):
            with stage(POLICIES):
                pass
        for _ in range(3):
            with stage(ACTIONS):
                pass
        with stage(WRITE):
            pass
    turns.labels(few("channel", "rest"), "answered").inc()


def a_request() -> None:
    http_seconds.labels("/webhooks/rest/webhook", 200).observe(0.012)


def a_delivery() -> None:
    deliveries.labels(few("channel", "x"), "sent").inc()


def telling() -> None:
    families(REGISTRY, "host-bot-1")


def hundred_bots() -> None:
    together([_OWN] * 100)


def microseconds(what: Callable[[], None], number: int) -> float:
    return median(timeit.repeat(what, number=number, repeat=9)) / number * 1e6


if __name__ == "__main__":
    for channel in ("rest", "widget", "x", "email"):  # as many samples as a busy bot has
        for outcome in ("answered", "handed_off", "given_up", "kept_for_agent"):
            turns.labels(channel, outcome).inc()
    a_turn()
    _OWN = families(REGISTRY, "host-bot-1")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {sum(map(len, _OWN.values()))} bytes a process")
    for name, what, number in (
        ("a turn", a_turn, 2000),
        ("a request", a_request, 5000),
        ("a delivery", a_delivery, 5000),
        ("telling one process's numbers", telling, 50),
        ("putting 100 bots' together", hundred_bots, 20),
    ):
        print(f"{name:<32}{microseconds(what, number):>10.1f} us")
