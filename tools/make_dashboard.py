"""Writes deploy/grafana/relevo.json from the list of panels below; a test tells when the file is another one.

    .venv/bin/python -m tools.make_dashboard

Numbers of processes are taken as the greatest of each ``process`` first, so that those which two web processes tell
count once; what waits in the database is the same from everywhere.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from prometheus_client.metrics import MetricWrapperBase

from relevo.metrics import numbers

FILE = Path(__file__).parents[1] / "deploy" / "grafana" / "relevo.json"
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT, _ACROSS = 8, 7, 3


class Panel(NamedTuple):
    """One panel: queries by legend."""

    title: str
    queries: dict[str, str]
    unit: str = "short"
    says: str = ""


def rate(metric: str, *by: str, where: str = "") -> str:
    """Give a rate for each value of the labels, every process counted once."""
    inside = f"max by ({', '.join(('process', *labels_of(metric)))}) (rate({metric}{where}[$__rate_interval]))"
    return f"sum by ({', '.join(by)}) ({inside})" if by else f"sum({inside})"


def labels_of(metric: str) -> list[str]:
    """Give every label of a metric's samples but the process: the greatest of fewer would leave some out."""
    for each in vars(numbers).values():
        if isinstance(each, MetricWrapperBase) and metric.startswith(next(iter(each.describe())).name):
            return [*each._labelnames, *(["le"] if metric.endswith("_bucket") else [])]  # noqa: SLF001
    raise LookupError(metric)


def quantile(share: float, metric: str, *by: str, where: str = "") -> str:
    """Give a quantile of a histogram for each value of the labels."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', 'le', *by, where=where)})"


def ratio(part: str, whole: str) -> str:
    """Give a share of what happened; nothing where nothing did."""
    return f"{part} / {whole}"


_WHOLE = '{stage="whole"}'
ROWS: dict[str, list[Panel]] = {
    "What customers feel": [
        Panel(
            "Waiting for a turn",
            {"longest wait": "max(relevo_lane_wait_seconds)"},
            "s",
            "How long the longest waiting conversation has been waiting for a bot. Scale bots by this.",
        ),
        Panel(
            "Waiting",
            {
                "conversations": "max(relevo_lanes_waiting)",
                "messages": "max(relevo_messages_waiting)",
                "in hand": "max(relevo_messages_held)",
                "contacts told, per second": rate("relevo_contacts_told_slow_total"),
            },
        ),
        Panel(
            "Turn, whole",
            {
                "p50": quantile(0.5, "relevo_turn_seconds", where=_WHOLE),
                "p95": quantile(0.95, "relevo_turn_seconds", where=_WHOLE),
                "p99": quantile(0.99, "relevo_turn_seconds", where=_WHOLE),
            },
            "s",
        ),
        Panel("Messages received", {"{{channel}}": rate("relevo_messages_received_total", "channel")}, "reqps"),
        Panel("Turns by outcome", {"{{outcome}}": rate("relevo_turns_total", "outcome")}, "reqps"),
        Panel(
            "Turn, p95 by stage",
            {"{{stage}}": quantile(0.95, "relevo_turn_seconds", "stage")},
            "s",
            "claim_wait is before the turn; the others are parts of it.",
        ),
    ],
    "What the bot understands and does": [
        Panel(
            "Not understood",
            {"share": ratio(rate("relevo_nlu_fallbacks_total"), rate("relevo_nlu_messages_total"))},
            "percentunit",
        ),
        Panel(
            "Confidence",
            {
                "p10": quantile(0.1, "relevo_nlu_confidence"),
                "p50": quantile(0.5, "relevo_nlu_confidence"),
            },
            "percentunit",
        ),
        Panel("Handoffs by reason", {"{{reason}}": rate("relevo_handoffs_total", "reason")}, "reqps"),
        Panel("Effects", {"{{kind}} {{state}}": rate("relevo_effects_total", "kind", "state")}, "reqps"),
        Panel(
            "Dead letters", {"{{of}}": "max by (of) (relevo_dead_letters)"}, says="relevo replay has them tried again."
        ),
        Panel("Overloaded", {"overloaded": "max(relevo_overloaded)"}),
    ],
    "Channels and doors": [
        Panel(
            "Deliveries by outcome",
            {"{{channel}} {{outcome}}": rate("relevo_deliveries_total", "channel", "outcome")},
            "reqps",
        ),
        Panel(
            "Deliveries waiting",
            {
                "{{channel}}": "max by (channel) (relevo_deliveries_waiting)",
                "age of the oldest, s": "max(relevo_delivery_wait_seconds)",
            },
        ),
        Panel("Delivery, p95", {"{{channel}}": quantile(0.95, "relevo_delivery_seconds", "channel")}, "s"),
        Panel(
            "Platform events",
            {
                "{{channel}} {{outcome}}": rate("relevo_platform_events_read_total", "channel", "outcome"),
                "{{channel}} waiting": "max by (channel) (relevo_platform_events_waiting)",
            },
        ),
        Panel("Requests by status", {"{{status}}": rate("relevo_http_seconds_count", "status")}, "reqps"),
        Panel(
            "Doors, p99",
            {"{{route}}": f"topk(8, {quantile(0.99, 'relevo_http_seconds', 'route')})"},
            "s",
            "Until the answer begins. The REST door waits for the turn, streams and polls for news.",
        ),
    ],
    "Processes": [
        Panel("Bots", {"ready: {{ready}}": "max by (ready) (relevo_bots)", "database": "min(relevo_database_up)"}),
        Panel("Oldest turn in hand", {"{{process}}": "max by (process) (relevo_claim_age_seconds)"}, "s"),
        Panel("Streams open", {"{{of}}": "sum by (of) (max by (process, of) (relevo_streams_open))"}),
        Panel(
            "Processor",
            {"{{process}}": "max by (process) (rate(process_cpu_seconds_total[$__rate_interval]))"},
            "percentunit",
        ),
        Panel("Memory", {"{{process}}": "max by (process) (process_resident_memory_bytes)"}, "bytes"),
        Panel("Open files", {"{{process}}": "max by (process) (process_open_fds)"}),
    ],
}


def dashboard() -> dict[str, Any]:
    """Give the dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS.items():
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
             "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}}
        )  # fmt: skip
        y += 1
        for n, panel in enumerate(row):
            place = {"h": _HEIGHT, "w": _WIDTH, "x": n % _ACROSS * _WIDTH, "y": y + n // _ACROSS * _HEIGHT}
            panels.append(_drawn(panel, len(panels) + 1, place))
        y += -(-len(row) // _ACROSS) * _HEIGHT
    return {
        "uid": "relevo",
        "title": "Relevo",
        "tags": ["relevo"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}]
        },
        "annotations": {"list": []},
        "panels": panels,
    }


def _drawn(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": chr(ord("A") + n),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "range": True,
            }
            for n, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


def text() -> str:
    """Give the file's text."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
