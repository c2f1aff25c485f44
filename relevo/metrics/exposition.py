"""Numbers as Prometheus reads them, kept apart by family, so that several processes' can stand in one answer.

Each sample says which process counted it. Whoever is told the same bot's numbers by two web processes takes the
greatest of each process first (``max by (process, …)``), and has them once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Families = Mapping[str, str]
"""Text by family: the lines that describe it, then its samples."""


class _Labelled:
    """A registry whose samples say which process counted them."""

    def __init__(self, registry: CollectorRegistry, process: str) -> None:
        self._registry = registry
        self._process = process

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            labelled = Metric(metric.name, metric.documentation, metric.type)
            labelled.samples = [
                sample._replace(labels={**sample.labels, "process": self._process}) for sample in metric.samples
            ]
            yield labelled


class _Given:
    """A registry of numbers that are known already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def families(registry: CollectorRegistry, process: str) -> dict[str, str]:
    """Give a process's numbers by family."""
    return _by_family(_Labelled(registry, process))


def given(metrics: Iterable[Metric]) -> dict[str, str]:
    """Give numbers that no process counts for itself by family."""
    return _by_family(_Given(metrics))


def together(several: Iterable[Families]) -> str:
    """Put numbers of several processes into one answer, each family described once."""
    found: dict[str, list[str]] = {}
    for each in several:
        for family, text in each.items():
            if family in found:
                found[family].append(_samples(text))
            else:
                found[family] = [text]
    return "".join(part for parts in found.values() for part in parts)


def _by_family(registry: object) -> dict[str, str]:
    text = generate_latest(registry).decode()  # type: ignore[arg-type]
    return {part.split(" ", 1)[0]: f"# HELP {part}" for part in text.split("# HELP ") if part}


def _samples(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
