"""A short run of bench/x_events.py: whatever X doubles, swaps, loses or breaks, each message is answered once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.x_events import XEvents, report, run

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

SHORT = XEvents(events=250, customers=25, at_once=25, kills=1, seed=3, trouble=4.0)


def test_each_message_is_answered_once_and_in_order_whatever_goes_wrong(postgres: str, tmp_path: Path) -> None:
    """By 25 customers on a fake X whose time is driven, with the web process killed among them."""
    outcome = asyncio.run(run(SHORT, tmp_path, postgres))
    told = report(SHORT, outcome)
    assert outcome.did["web process killed"] == SHORT.kills, told
    assert outcome.is_clean, told
    print(told)
