"""Every number that a process counts by itself; what is counted in the database is in ``load.py``.

Labels are words of ours, of the configuration or of ``policies.yml``; what may be any word passes through ``few``. A
histogram's unit is in its name; seconds are by this process's own clock.
"""

from __future__ import annotations

from collections import defaultdict

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
"""This process's numbers."""

NOT_UNDERSTOOD = frozenset({"nlu_fallback", "not_understandable"})
MOST_WORDS = 64
OTHER = "other"

ProcessCollector(registry=REGISTRY)

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DOOR = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)

turn_seconds = Histogram(
    "relevo_turn_seconds",
    "Seconds of a turn: claim_wait before it, then understanding, policies, actions and write, and the whole of it.",
    ["stage"],
    buckets=_FAST,
    registry=REGISTRY,
)
turns = Counter("relevo_turns", "Turns that ended, by what became of them.", ["channel", "outcome"], registry=REGISTRY)
claim_age = Gauge(
    "relevo_claim_age_seconds", "How long the oldest turn in hand has been going on; 0 when idle.", registry=REGISTRY
)
received = Counter(
    "relevo_messages_received", "Messages of contacts that were kept, each once.", ["channel"], registry=REGISTRY
)
understandings = Counter("relevo_nlu_messages", "Messages put to the NLU.", registry=REGISTRY)
fallbacks = Counter("relevo_nlu_fallbacks", "Messages that the NLU did not understand.", registry=REGISTRY)
nlu_confidence = Histogram(
    "relevo_nlu_confidence",
    "Confidence of the intent that a message was understood as, from 0 to 1.",
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0),
    registry=REGISTRY,
)
deliveries = Counter(
    "relevo_deliveries", "Attempts to deliver, by what became of them.", ["channel", "outcome"], registry=REGISTRY
)
delivery_seconds = Histogram(
    "relevo_delivery_seconds", "Seconds that an attempt to deliver took.", ["channel"], buckets=_FAST, registry=REGISTRY
)
platform_events = Counter(
    "relevo_platform_events_read",
    "What platforms told and was read, by what became of it.",
    ["channel", "outcome"],
    registry=REGISTRY,
)
effects = Counter("relevo_effects", "Effects by the state that they came to.", ["kind", "state"], registry=REGISTRY)
handoffs = Counter("relevo_handoffs", "Conversations that people were asked to take.", ["reason"], registry=REGISTRY)
told_slow = Counter("relevo_contacts_told_slow", "Contacts who were told that answers take longer.", registry=REGISTRY)
http_seconds = Histogram(
    "relevo_http_seconds",
    "Seconds until a request's answer began, by the pattern of its address.",
    ["route", "status"],
    buckets=_DOOR,
    registry=REGISTRY,
)
streams_open = Gauge("relevo_streams_open", "Event streams that are open.", ["of"], registry=REGISTRY)

_words: defaultdict[str, set[str]] = defaultdict(set)


def few(label: str, word: str) -> str:
    """Give a label's value, or ``other`` once the label has so many that one more would be no statistics."""
    known = _words[label]
    if word in known:
        return word
    if len(known) >= MOST_WORDS:
        return OTHER
    known.add(word)
    return word


def count_understood(intent: str | None, confidence: float) -> None:
    """Count a message that the NLU has looked at."""
    nlu_confidence.observe(confidence)
    understandings.inc()
    if intent is None or intent in NOT_UNDERSTOOD:
        fallbacks.inc()


def count_effect(kind: str, state: str) -> None:
    """Count an effect that came to a state."""
    effects.labels(few("kind", kind), state).inc()
