"""What all open desks show alike, read once for each change and not once for each desk.

A change wakes every page in the same moment; they ask within milliseconds, and whoever asks first reads for the others.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar, cast

from sanic.request import Request

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.desk import ConversationLine
from relevo.contracts.live import Subscription
from relevo.contracts.routing import QueueEntry
from relevo.contracts.worklist import CasePage, Marks, Tag
from relevo.domain.sight import Outlook, Sight
from relevo.domain.worklist import CaseQuery, Place
from relevo.web.services import WebServices, services_of

Kept = TypeVar("Kept")
Stamp = tuple[int, int]
"""Of what one agent sees: it is another one after every change."""
_OLD_SECONDS = 10.0
"""Nothing tells that time has passed: what is due, or snoozed, is looked at this often."""
_CHOICES_SECONDS = 30.0
_MOST_KEPT, _MOST_TAGS = 1_000, 5_000
_OWN = frozenset({"mine", "following"})


class Board:
    """Keeps what was read until something changes."""

    def __init__(self, services: WebServices) -> None:
        self._services = services
        self._lifetime = ExitStack()
        self._news: Subscription | None = None
        self._kept: dict[object, asyncio.Task[Any]] = {}
        self._drawn: dict[object, dict[object, str]] = {}
        self._choices: dict[Outlook | None, tuple[float, Mapping[str, Sequence[str]]]] = {}
        self._version, self._read_at = 0, 0.0
        self._versions: dict[int, int] = {}
        self._etags: OrderedDict[object, tuple[Stamp, str]] = OrderedDict()

    def forget(self, agent_id: int | None = None) -> None:
        """Read again what one agent sees, or everybody: somebody here has just changed it."""
        if agent_id is not None:
            self._versions[agent_id] = self._versions.get(agent_id, 0) + 1
            return
        self._version, self._read_at = self._version + 1, time.monotonic()
        self._kept.clear()
        self._drawn.clear()

    def stamp(self, agent_id: int) -> Stamp:
        """Give what stays as long as nothing changes."""
        if self._news is None:
            self._news = self._lifetime.enter_context(self._services.live.anything())
        if self._news.heard() or time.monotonic() - self._read_at > _OLD_SECONDS:
            self.forget()
        return self._version, self._versions.get(agent_id, 0)

    def etag(self, key: object, stamp: Stamp) -> str | None:
        """Give the tag of what was answered last at this stamp."""
        known = self._etags.get(key)
        return known[1] if known and known[0] == stamp else None

    def remember(self, key: object, stamp: Stamp, etag: str) -> None:
        """Keep a tag, so that nothing is read where nothing changed."""
        self._etags[key] = (stamp, etag)
        self._etags.move_to_end(key)
        if len(self._etags) > _MOST_TAGS:
            self._etags.popitem(last=False)

    async def page(self, query: CaseQuery, after: Place | None, until: Place | None, limit: int) -> CasePage:
        """Give a page of a list."""
        owner = query.agent_id if query.show in _OWN else 0
        key = (owner, query.sight, tuple(query.asked.items()), after, until, limit)
        return await self._once(key, lambda: self._services.store.worklist.page(query, after, until, limit))

    def drawn(self, query: CaseQuery, language: str) -> dict[object, str]:
        """Give where the rows of a list are kept as HTML until something changes: most are alike on every desk."""
        self.stamp(0)
        if len(self._drawn) >= _MOST_KEPT:
            self._drawn.clear()
        return self._drawn.setdefault((tuple(query.asked.items()), language), {})

    async def outlook(self, sight: Sight | None) -> Outlook | None:
        """Give what somebody sees of the open cases, by which it is kept for all who see the same; None: all."""
        return await self._services.store.sights.outlook(sight) if sight else None

    async def counts(self, agent_id: int, marks: Marks, outlook: Outlook | None = None) -> Mapping[str, int]:
        """Count for one agent."""
        counts = self._services.store.worklist.counts
        by_agent = await self._once(("counts", outlook), lambda: counts(outlook))
        views = ("queue", "breaching", "waiting", "snoozed", "open")
        totals = {view: sum(counted[view] for counted in by_agent.values()) for view in views}
        return {
            "mine": by_agent.get(agent_id, {}).get("open", 0),
            "unassigned": by_agent.get(None, {}).get("open", 0),
            "following": marks.follows,
            **totals,
        }

    async def choices(self, outlook: Outlook | None = None) -> Mapping[str, Sequence[str]]:
        """Give what lists may be filtered by; seldom is anything new, and it is much to look through."""
        choices = self._services.store.worklist.choices
        known = self._choices.get(outlook)
        if known is None or time.monotonic() - known[0] > _CHOICES_SECONDS:
            found = await self._once(("choices", outlook), lambda: choices(outlook))
            if len(self._choices) >= _MOST_KEPT:
                self._choices.clear()
            known = self._choices[outlook] = (time.monotonic(), found)
        return known[1]

    async def tags(self) -> Sequence[Tag]:
        """Give the known tags."""
        return await self._once("tags", self._services.store.worklist.tags)

    async def agents(self) -> Sequence[AgentAccount]:
        """Give everybody whom cases may be given to."""
        return await self._once("agents", self._services.store.accounts.agents)

    async def waiting(self) -> Sequence[QueueEntry]:
        """Give what waits for a person, and to whom it is offered."""
        return await self._once("waiting", self._services.store.routing.line)

    async def conversations(self, sight: Sight | None = None) -> Sequence[ConversationLine]:
        """Give the latest conversations."""
        latest = self._services.store.desk.conversations
        return await self._once(("conversations", sight), lambda: latest(sight=sight))

    async def _once(self, key: object, read: Callable[[], Awaitable[Kept]]) -> Kept:
        self.stamp(0)
        task = self._kept.get(key)
        if task is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            task = self._kept[key] = asyncio.ensure_future(_run(read))
        try:
            return cast(Kept, await asyncio.shield(task))
        except BaseException:
            if task.done() and self._kept.get(key) is task:
                del self._kept[key]
            raise


async def _run(read: Callable[[], Awaitable[Kept]]) -> Kept:
    return await read()


def board_of(request: Request) -> Board:
    """Give the board of the app that got this request."""
    app: Any = request.app
    if not hasattr(app.ctx, "desk_board"):
        app.ctx.desk_board = Board(services_of(request))
    return cast(Board, app.ctx.desk_board)
