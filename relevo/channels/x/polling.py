"""Asks X for what it may not have told: direct messages and mentions, within its limits, one host at a time.

It is the safety net below the webhook, and the only way where X cannot reach us. X gives direct messages newest first
and takes no id to begin from: so pages are turned back to the last one that is known, and kept oldest first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import structlog

from relevo.channels.x.answers import XError, XRefused
from relevo.channels.x.api import XApi
from relevo.channels.x.envelopes import Node, ident, mapping
from relevo.channels.x.limits import MENTIONS, READ_DMS
from relevo.channels.x.listed import message_told, post_told
from relevo.channels.x.marks import is_healthy
from relevo.channels.x.waiting import stopped_within
from relevo.contracts.channel import Priority
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.platform import REVOKED, Mark, PlatformEvent, PlatformEvents, PlatformMarks
from relevo.contracts.x import Limits, X
from relevo.errors import Unavailable

OFTEN_SECONDS = 65.0
"""X takes 15 calls in 15 minutes."""
SELDOM_SECONDS = 900.0
"""While the webhook tells us everything."""
FIRST_REACH = timedelta(minutes=10)
"""How far back the very first look goes: what is older was written before anybody could expect an answer here."""
_LOOK_SECONDS = 2.0
_MOST_PAGES = 10
_Line = tuple[str, PlatformEvent]
"""An id, and what stands under it."""
_log = structlog.get_logger()


class _Poll(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing that is asked for."""

    name: str
    endpoint: str
    path: str
    params: Mapping[str, Any]
    told: Callable[[Node, Node, str], _Line | None]
    takes_since: bool = False


_MESSAGES = _Poll(
    name="dm_events",
    endpoint=READ_DMS,
    path="/2/dm_events",
    told=message_told,
    params={
        "max_results": 100,
        "event_types": "MessageCreate",
        "dm_event.fields": "attachments,created_at,dm_conversation_id,entities,event_type,id,text",
        "expansions": "sender_id,attachments.media_keys",
        "user.fields": "username,public_metrics",
        "media.fields": "type,url,variants",
    },
)
_MENTIONS = _Poll(
    name="mentions",
    endpoint=MENTIONS,
    path="/2/users/{account}/mentions",
    told=post_told,
    takes_since=True,
    params={
        "max_results": 100,
        "expansions": "author_id",
        "user.fields": "public_metrics,verified_type",
        "tweet.fields": "created_at,conversation_id,lang,public_metrics,entities,in_reply_to_user_id,referenced_tweets,"
        "note_tweet",
    },
)


class _Reached(msgspec.Struct, frozen=True, kw_only=True):
    """How far one kind of thing was asked for."""

    known: str | None = None
    """Up to this id everything is kept."""
    newest: str | None = None
    """This becomes known when the pages behind ``token`` are turned, too."""
    token: str | None = None


@dataclass(kw_only=True)
class XPoller:
    """Polls for one account."""

    api: XApi
    events: PlatformEvents
    marks: PlatformMarks
    live: Live
    limits: Limits | None = None
    clock: Clock = field(default=system_clock)
    often_seconds: float = OFTEN_SECONDS
    seldom_seconds: float = SELDOM_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Ask when it is time until told to stop."""
        while not stop.is_set():
            try:
                await self.step()
            except Unavailable:
                _log.warning("x.polling.database_unreachable")
            await stopped_within(stop, _LOOK_SECONDS)

    async def step(self) -> int:
        """Ask for what it is time to ask for, and give how much was new."""
        every = self.seldom_seconds if await is_healthy(self.marks, self.clock()) else self.often_seconds
        found = 0
        for poll in (_MESSAGES, _MENTIONS):
            mark = await self.marks.turn(X, poll.name, every)
            if mark is not None:
                found += await self._tried(poll, _reached(mark))
        return found

    async def _tried(self, poll: _Poll, reached: _Reached) -> int:
        try:
            found = await self._ask(poll, reached)
        except XRefused as error:
            _log.warning("x.polling.refused", what=poll.name, status=error.status)
            await self._put(poll, _Reached(known=reached.known))  # the page that it had come to is no more
        except XError as error:
            _log.warning("x.polling.failed", what=poll.name, why=error.code)
        else:
            await self._note_rights()
            return found
        return 0

    async def _note_rights(self) -> None:
        """Take back that the account lets us not act: it has just let us."""
        mark = await self.marks.get(X, REVOKED)
        if mark is not None and mark.value:
            await self.marks.put(X, REVOKED, None)

    async def _ask(self, poll: _Poll, reached: _Reached) -> int:
        """Turn pages back to what is known, or as far as X lets us now: then the rest comes the next time."""
        events: list[_Line] = []
        newest, token, is_done = reached.newest, reached.token, False
        for _ in range(_MOST_PAGES):
            if not await self._may_ask(poll):
                break
            lines, token = await self._page(poll, reached.known, token)
            events += lines
            newest = newest or max((own for own, _ in lines), key=_number, default=reached.known or "0")
            is_done = (
                token is None
                or reached.known is None
                or any(_number(own) <= _number(reached.known) for own, _ in lines)
            )
            if is_done:
                break
        kept = await self._keep([event for own, event in events if self._is_new(own, event, reached)])
        unfinished = _Reached(known=reached.known, newest=newest, token=token)
        await self._put(poll, _Reached(known=newest) if is_done else unfinished)
        return kept

    async def _may_ask(self, poll: _Poll) -> bool:
        if self.limits is None:
            return True
        return await self.limits.reserve(self.api.account.account_id, poll.endpoint, Priority.PROACTIVE) is None

    async def _page(self, poll: _Poll, known: str | None, token: str | None) -> tuple[list[_Line], str | None]:
        account_id = self.api.account.account_id
        since = {"since_id": known} if poll.takes_since and known not in {None, "0"} else {}
        path = poll.path.format(account=account_id)
        page = await self.api.get(path, params={**poll.params, **since, "pagination_token": token})
        listed = page.get("data")
        told = [poll.told(mapping(each), page, account_id) for each in (listed if isinstance(listed, list) else ())]
        after = mapping(page.get("meta")).get("next_token")
        return [line for line in told if line is not None], after if isinstance(after, str) and after else None

    def _is_new(self, own: str, event: PlatformEvent, reached: _Reached) -> bool:
        if reached.known is None:
            return event.order >= (self.clock() - FIRST_REACH).timestamp() * 1000
        return _number(own) > _number(reached.known)

    async def _keep(self, events: Sequence[PlatformEvent]) -> int:
        kept = await self.events.keep(events[::-1]) if events else 0
        if kept:
            self.live.wake_intakes()
            _log.info("x.polling.found", events=kept)
        return kept

    async def _put(self, poll: _Poll, reached: _Reached) -> None:
        said = {"known": reached.known, "newest": reached.newest, "token": reached.token}
        await self.marks.put(X, poll.name, json.dumps(said))


def _reached(mark: Mark) -> _Reached:
    try:
        said = mapping(json.loads(mark.value or "{}"))
    except ValueError:
        said = {}
    token = said.get("token")
    return _Reached(
        known=ident(said.get("known")),
        newest=ident(said.get("newest")),
        token=token if isinstance(token, str) else None,
    )


def _number(own: str | None) -> int:
    """Give an id as a number: later ones are greater."""
    return int(own) if own and own.isascii() and own.isdigit() else 0
