"""What waits in the database, as gauges: whoever is asked tells the same, so it is read with ``max``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from prometheus_client.metrics_core import GaugeMetricFamily, Metric


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How much waits, and for how long."""

    messages_waiting: int = 0
    lanes_waiting: int = 0
    """Conversations whose next message no bot has taken yet."""
    oldest_wait_seconds: float = 0.0
    """How long the first of them has been waiting since its message came or the one before it was answered."""
    messages_held: int = 0
    platform_events_waiting: Mapping[str, int] = msgspec.field(default_factory=dict)
    deliveries_waiting: Mapping[str, int] = msgspec.field(default_factory=dict)
    oldest_delivery_seconds: float = 0.0
    dead_messages: int = 0
    dead_platform_events: int = 0
    is_overloaded: bool = False
    """Whether customers are told that answers take longer, or were within the last minute."""
    bots_ready: int = 0
    bots_not_ready: int = 0


def gauges(load: Load | None) -> Iterator[Metric]:
    """Give the gauges; without a load only that the database cannot be reached."""
    yield _gauge("relevo_database_up", "1 when the database answers this process, else 0.", float(load is not None))
    if load is None:
        return
    yield _gauge("relevo_overloaded", "1 while contacts are told that answers take longer.", load.is_overloaded)
    yield _gauge("relevo_messages_waiting", "Messages that wait for a bot.", load.messages_waiting)
    yield _gauge("relevo_messages_held", "Messages that a bot has in hand.", load.messages_held)
    yield _gauge("relevo_lanes_waiting", "Conversations whose next message no bot has taken yet.", load.lanes_waiting)
    yield _gauge(
        "relevo_lane_wait_seconds",
        "How long the longest waiting conversation has been waiting for its turn.",
        load.oldest_wait_seconds,
    )
    yield _gauge("relevo_delivery_wait_seconds", "Age of the oldest delivery that waits.", load.oldest_delivery_seconds)
    yield _gauges("relevo_deliveries_waiting", "Deliveries that wait.", "channel", load.deliveries_waiting)
    yield _gauges(
        "relevo_platform_events_waiting", "Platform events not read yet.", "channel", load.platform_events_waiting
    )
    dead = {"message": load.dead_messages, "platform_event": load.dead_platform_events}
    yield _gauges("relevo_dead_letters", "What was given up and waits for relevo replay.", "of", dead)
    yield _gauges("relevo_bots", "Bot processes.", "ready", {"yes": load.bots_ready, "no": load.bots_not_ready})


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=float(value))


def _gauges(name: str, what: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=[label])
    for word, value in values.items():
        family.add_metric([word], float(value))
    return family
