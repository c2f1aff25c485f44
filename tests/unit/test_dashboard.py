"""What operators look at is what there is: the dashboard and the alerts name metrics that /metrics tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from relevo.metrics import numbers
from relevo.metrics.load import Load, gauges
from tools.make_dashboard import FILE, text

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
WATCHING = ROOT / "docs" / "howto" / "watching.md"
_WORD = re.compile(r"\b(?:relevo|process)_[a-z_]+\b")
_SELECTED = re.compile(r"\b((?:relevo|process)_[a-z_]+)\{([^}]*)\}")
_GROUPED = re.compile(r"(?:max|sum|min) by \(([^)]*)\) \((?:rate|increase)\((\w+)")


def labels_by_sample() -> dict[str, set[str]]:
    """Give the labels of every sample that can be told, by its name."""
    found: dict[str, set[str]] = {}
    for each in vars(numbers).values():
        if isinstance(each, MetricWrapperBase):
            name, labels = next(iter(each.describe())).name, {"process", *each._labelnames}
            found |= {name + ("_total" if isinstance(each, Counter) else ""): labels}
            found |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
    load = Load(deliveries_waiting={"x": 1}, platform_events_waiting={"x": 1})
    families: list[Metric] = [*numbers.REGISTRY.collect(), *gauges(load)]
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, {"process", *sample.labels})
    return found


def queries() -> dict[str, str]:
    """Give every query by where it stands."""
    drawn: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    found = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in drawn["panels"]
        for target in panel.get("targets", ())
    }
    return found | {rule["alert"]: rule["expr"] for rule in alerts()}


def alerts() -> list[dict[str, Any]]:
    """Give the alert rules."""
    return [rule for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(("where", "query"), queries().items(), ids=queries())
def test_a_query_names_what_there_is(where: str, query: str) -> None:
    """Metrics and labels that nobody tells would be empty panels, and alerts that never come."""
    known = labels_by_sample()
    assert set(_WORD.findall(query)) <= set(known), where
    for name, selected in _SELECTED.findall(query):
        assert set(re.findall(r"(\w+)\s*(?:=|!)", selected)) <= known[name], where


@pytest.mark.parametrize(("where", "query"), queries().items(), ids=queries())
def test_every_process_counts_once(where: str, query: str) -> None:
    """The greatest of each process is taken by every label that the query does not fix: of fewer some would be lost."""
    known = labels_by_sample()
    for grouped, name in _GROUPED.findall(query):
        fixed = {
            label for of, chosen in _SELECTED.findall(query) if of == name for label in re.findall(r'(\w+)="', chosen)
        }
        assert {label.strip() for label in grouped.split(",")} | fixed >= known[name], where


def test_the_dashboard_is_what_its_tool_writes() -> None:
    """Whoever changes a panel runs: .venv/bin/python -m tools.make_dashboard."""
    assert FILE.read_text("utf-8") == text()


def test_the_dashboard_can_be_imported() -> None:
    """Each panel has a place of its own and an id; data sources are chosen on import."""
    panels = json.loads(FILE.read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert all(
        target["datasource"]["uid"] == "${datasource}" for panel in panels for target in panel.get("targets", ())
    )


def test_every_alert_is_explained() -> None:
    """Whoever is woken finds what it means and what to do."""
    headings = {line.removeprefix("### ").strip() for line in WATCHING.read_text("utf-8").splitlines()}
    for rule in alerts():
        assert rule["alert"] in headings
        assert rule["annotations"]["runbook"] == f"docs/howto/watching.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
