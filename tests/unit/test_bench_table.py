"""What the table of `make bench` says of numbers, how a training of stock Rasa is read, and what is drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from bench.kit.plot import Chart, svg_of
from bench.kit.stock_model import epoch_seconds
from bench.kit.table import Line, Target, at_least, at_most, part_of_stock, table_of, times_stock

BARS = (
    "Starting to train component 'DIETClassifier'.\n"
    "Epochs:   0%|          | 0/2 [00:00<?, ?it/s]\rEpochs:  50%|#####     | 1/2 [00:50<00:50, 50.00s/it, t_loss=3]"
    "\rEpochs: 100%|##########| 2/2 [01:30<00:00, 45.0s/it]\rEpochs: 100%|##########| 2/2 [01:30<00:00, 45.0s/it]\n"
    "Starting to train component 'TEDPolicy'.\n"
    "Epochs: 100%|##########| 2/2 [1:00:10<00:00, 1805.0s/it]\n"
    "Starting to train component 'RulePolicy'.\n"
    "Processed rules: 100%|##########| 40/40 [00:40<00:00, 1.0it/s]\n"
)


@pytest.mark.parametrize(
    ("ours", "stock", "targets", "verdict"),
    [
        (10.0, 90.0, [part_of_stock(8)], "reached"),
        (12.0, 90.0, [part_of_stock(8)], "MISSED"),
        (12.0, None, [part_of_stock(8)], "not compared"),
        (300.0, 29.0, [times_stock(10)], "reached"),
        (280.0, 29.0, [times_stock(10)], "MISSED"),
        (9.0, 120.0, [part_of_stock(10), at_most(8, "s")], "MISSED"),
        (7.5, 120.0, [part_of_stock(10), at_most(8, "s")], "reached"),
        (1.6, None, [at_least(1.7, "≥ 1.7")], "MISSED"),
        (1.6, None, [], ""),
    ],
)
def test_a_line_says_whether_its_targets_were_reached(
    ours: float, stock: float | None, targets: list[Target], verdict: str
) -> None:
    """All targets must hold; one that needs stock Rasa is not judged without it."""
    assert Line(name="", ours=ours, stock=stock, targets=targets).verdict == verdict


def test_the_table_is_markdown_with_ratios() -> None:
    """Less is a part, more is a multiple, and what was not measured is empty."""
    lines = [
        Line(name="p50", ours=10.0, stock=85.0),
        Line(name="rate", ours=300.0, stock=30.0),
        Line(name="x", ours=1.0),
    ]
    head, rule, *rows = table_of(lines)
    assert head.count("|") == rule.count("|") == 7
    assert [row.split("|")[4].strip() for row in rows] == ["1/8.5", "10.0 ×", ""]


def test_an_epochs_seconds_are_read_off_progress_bars() -> None:
    """Each component's last bar counts, other bars do not."""
    assert epoch_seconds(BARS) == 45 + 1805


def test_a_plot_is_whole_xml_and_reads_in_the_dark() -> None:
    """Names are escaped, every point is there, and dark backgrounds have colours of their own."""
    curve = ("rate & more", [1.0, 0.9, 0.86])
    drawn = svg_of(
        "What <it> costs", [Chart(title="t", steps=["1", "2", "3"], curves=[curve], limit=0.85, limit_word="85 %")]
    )
    root = ET.fromstring(drawn)  # noqa: S314 - made here
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == 4
    assert "prefers-color-scheme: dark" in drawn
