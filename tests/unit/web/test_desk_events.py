"""What stands between messages tells what people have words for, and leaves the rest to the rule's own sentence."""

from __future__ import annotations

from datetime import datetime, timezone

from relevo.domain.messages import Author, Content, Entry
from relevo.web.desk_events import event_body
from relevo.web.languages import WORDS


def test_what_waits_is_told_with_its_rule_and_without_the_rules_own_numbers() -> None:
    """Names that nobody has words for are a program's."""
    told = {"key": "refund:AO-50017", "state": "prepared", "rule": "own.rule", "most_days": 3, "order": "AO-50017"}
    entry = Entry(
        position=1,
        kind="effect",
        author=Author.SYSTEM,
        content=Content(custom=told),
        created_at=datetime(2026, 5, 4, tzinfo=timezone.utc),
    )
    shown = event_body(WORDS["en"], entry)
    assert shown.startswith("<p><b>Refund</b> <code>AO-50017</code>")
    assert "own.rule" in shown
    assert "most_days" not in shown
    assert "<dt>Order</dt><dd>AO-50017</dd>" in shown
