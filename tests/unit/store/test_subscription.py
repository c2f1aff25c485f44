"""What one subscription tells: about which conversations, and never everything because of a keystroke."""

from __future__ import annotations

import asyncio

import pytest

from relevo.store.subscribing import Subscription

pytestmark = pytest.mark.anyio


async def test_it_waits_for_news_once_and_no_longer_than_it_was_told() -> None:
    """News from before the wait counts; without any it gives up."""
    news = Subscription()
    assert not await news.wait(0.01)
    news.wake("a")
    assert await news.wait(5)
    assert not await news.wait(0.01)
    waiting = asyncio.create_task(news.wait(5))
    await asyncio.sleep(0)
    news.wake("b")
    assert await waiting
    assert news.heard() == {"a", "b"}
    assert news.heard() == frozenset()


def test_too_many_conversations_are_anything_and_too_many_who_type_are_left_out() -> None:
    """Whoever grew is told before whoever types."""
    news = Subscription()
    for number in range(60):
        news.wake(f"~{number}")
    typing = news.heard()
    assert len(typing) == 50
    assert "" not in typing
    for number in range(60):
        news.wake(f"~{number}")
    news.wake("grown")
    assert news.heard() == {"grown"}
    for number in range(60):
        news.wake(str(number))
    assert "" in news.heard()
