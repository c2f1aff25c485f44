"""Interest in what is told within one process: who is subscribed to a topic is woken."""

from __future__ import annotations

import asyncio

from relevo.contracts.live import MOVED

Topic = tuple[str, str]
"""A channel of NOTIFY and its payload: a conversation for timelines, a bot for bots, or nothing, which means any."""
_MOST_TOLD = 50
"""Conversations that are told apart; more at once are anything."""


class Subscription:
    """Interest in some topics since it was made; one at a time waits for it. Thousands are open, so each is small."""

    __slots__ = ("_about", "_is_news", "_waiting", "position")

    def __init__(self) -> None:
        self.position: int | None = None
        self._is_news = False
        self._waiting: asyncio.Future[None] | None = None
        self._about: set[str] | None = None

    async def wait(self, seconds: float) -> bool:
        """Return True when something happened since the last wait, False after so many seconds."""
        if not self._is_news:
            loop = asyncio.get_running_loop()
            waiting = self._waiting = loop.create_future()
            timer = loop.call_later(seconds, end_wait, waiting)  # asyncio.wait_for would cost a task more
            try:
                await waiting
            finally:
                timer.cancel()
                self._waiting = None if self._waiting is waiting else self._waiting
        was_news, self._is_news = self._is_news, False
        return was_news

    def heard(self) -> frozenset[str]:
        """Give, once, which conversations it was about since this was last asked; "" stands for anything."""
        about, self._about = frozenset(self._about or ()), None
        return about

    def wake(self, about: str = "") -> None:
        """Say that something happened, and to which conversation."""
        self._about = _added(self._about or set(), about)
        self._is_news = True
        if self._waiting is not None:
            end_wait(self._waiting)


def _added(known: set[str], about: str) -> set[str]:
    """Add one; of too many, those where nothing grew are left out first: a keystroke has nobody read all again."""
    if about in known or len(known) < _MOST_TOLD:
        return {*known, about}
    if about.startswith(MOVED):
        return known
    grown = {each for each in known if not each.startswith(MOVED)}
    return {*grown, about} if len(grown) < _MOST_TOLD else {""}


def end_wait(waiting: asyncio.Future[None]) -> None:
    """Have whoever waits go on, unless they do already."""
    if not waiting.done():
        waiting.set_result(None)


class Subscribed:
    """A subscription for as long as somebody is within it."""

    __slots__ = ("_by_topic", "_subscription", "_topics")

    def __init__(self, by_topic: dict[Topic, list[Subscription]], *topics: Topic) -> None:
        self._by_topic, self._topics = by_topic, topics
        self._subscription = Subscription()

    def __enter__(self) -> Subscription:
        for topic in self._topics:
            self._by_topic.setdefault(topic, []).append(self._subscription)
        return self._subscription

    def __exit__(self, *_: object) -> None:
        for topic in self._topics:
            others = self._by_topic[topic]
            others.remove(self._subscription)
            if not others:
                del self._by_topic[topic]
