"""Answers posts on X where everybody reads it, and looks posts up again.

``POST /2/tweets``, ``GET /2/tweets`` and ``GET /2/users/:id/tweets`` (docs.x.com, 2026-08): X knows no idempotency key,
so what went out without an answer is looked for among the account's own posts before it is posted again. Up to 100
posts are looked up at once, and what is gone is told as not found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from relevo.channels.x.answers import XError, XRefused, XUnanswered
from relevo.channels.x.envelopes import Node, ident, mapping
from relevo.channels.x.lookup import SETTLE
from relevo.channels.x.reading_posts import post_of
from relevo.contracts.channel import Delivery, Receipt
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.posts import PUBLIC, Looked
from relevo.contracts.x import Part, Parts
from relevo.domain.echoes import fingerprint
from relevo.domain.posts import Post
from relevo.errors import PlatformAway, SendDeferred, SendRefused, SendUnconfirmed

_FIELDS = {
    "expansions": "author_id",
    "tweet.fields": "author_id,created_at,conversation_id,lang,public_metrics,entities,referenced_tweets",
    "user.fields": "username,name,public_metrics",
}
_NOT_FOUND = "resource-not-found"
_AS_ANY = "post.reply.create"
"""How a post is read that is about us in whatever way: whether it summons us was told when it came."""
_CLOCKS_DIFFER = timedelta(minutes=5)
_MOST_PAGES = 3
_NAMES_BEFORE = re.compile(r"\A(?:@\w+\s+)+")
"""X puts the name of whom it answers before an answer's words."""


class Posting(Protocol):
    """What is needed of XApi."""

    async def get(self, path: str, *, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Ask for something."""
        ...

    async def post(self, path: str, *, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Have something done."""
        ...


class XPosts:
    """Public answers, as a channel that can look up, and look-ups of posts.

    See contracts.channel.Channel and LooksUp, and contracts.posts.PostLookup.
    """

    name = PUBLIC
    is_duplicate_safe = False
    most_at_once = 100

    def __init__(self, api: Posting, account_id: str, parts: Parts, *, clock: Clock = system_clock) -> None:
        self._api = api
        self._account_id = account_id
        self._parts = parts
        self._clock = clock

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one answer."""
        text = delivery.content.text or ""
        body = {"text": text, "reply": {"in_reply_to_tweet_id": _answered(delivery)}}
        await self._parts.begin(delivery, Part(number=0, of=1, fingerprint=_words(text), begun_at=self._clock()))
        try:
            told = await self._api.post("/2/tweets", body=body)
        except XUnanswered as error:
            raise SendUnconfirmed(str(error)) from error
        except XError as error:
            await self._parts.end(delivery.id, 0, None)
            if isinstance(error, XRefused):
                raise SendRefused(str(error)) from error
            raise PlatformAway(str(error)) from error  # mended by time or people, not by giving up
        return await self._posted(delivery, str(ident(mapping(told.get("data")).get("id"))))

    async def look_up(self, delivery: Delivery) -> Receipt | None:
        """Find out whether an answer stands below its post; raises SendDeferred while that cannot be told."""
        part = (await self._parts.of(delivery.id)).get(0)
        if part is None or part.begun_at is None:
            return None
        if part.external_id:
            return Receipt(external_id=part.external_id)
        asked_at = self._clock()
        if found := await self._own_answer(delivery, part.begun_at - _CLOCKS_DIFFER):
            return await self._posted(delivery, found)
        if asked_at < part.begun_at + SETTLE:
            raise SendDeferred("X did not say whether it was posted.", until=part.begun_at + SETTLE)
        await self._parts.end(delivery.id, 0, None)
        return None

    async def _posted(self, delivery: Delivery, post_id: str) -> Receipt:
        await self._parts.end(delivery.id, 0, post_id)
        return Receipt(external_id=post_id)

    async def _own_answer(self, delivery: Delivery, since: datetime) -> str | None:
        """Give the own post since then that says a delivery's words below the post that it answers."""
        words, answered = _words(delivery.content.text or ""), _answered(delivery)
        token: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._own_page(since, token)
            below = [each for each in _list(page.get("data")) if answered in _replied_to(each)]
            found = [str(ident(each.get("id"))) for each in below if _words(str(each.get("text"))) == words]
            ours = await self._parts.are_ours(found)
            if fresh := [each for each in found if each not in ours]:
                return fresh[-1]
            if not (token := mapping(page.get("meta")).get("next_token")):
                return None
        raise SendDeferred("More was posted than can be looked through.")

    async def _own_page(self, since: datetime, token: str | None) -> Mapping[str, Any]:
        start = since.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = {"start_time": start, "max_results": 100, "tweet.fields": "referenced_tweets"}
        try:
            return await self._api.get(
                f"/2/users/{self._account_id}/tweets", params={**params, "pagination_token": token}
            )
        except XError as error:
            raise PlatformAway(str(error)) from error

    async def look(self, post_ids: Sequence[str]) -> Looked:
        """Give posts as they are now."""
        try:
            told = await self._api.get("/2/tweets", params={"ids": ",".join(post_ids), **_FIELDS})
        except XRefused as error:
            if not error.errors or error.status >= 400:
                raise PlatformAway(str(error)) from error
            told = {"errors": error.errors}  # none of them is there any more
        except XError as error:
            raise PlatformAway(str(error)) from error
        listed = told.get("data")
        found = [post for each in _list(listed) if (post := self._post(each, told)) is not None]
        return Looked(found=found, gone=[each for each in map(_gone, _list(told.get("errors"))) if each in post_ids])

    def _post(self, event: Node, told: Mapping[str, Any]) -> Post | None:
        return post_of(event, {"kind": _AS_ANY, "includes": told.get("includes")}, self._account_id)


def _answered(delivery: Delivery) -> str:
    return str((delivery.content.custom or {}).get("in_reply_to"))


def _words(text: str) -> bytes:
    return fingerprint(_NAMES_BEFORE.sub("", text))


def _replied_to(post: Node) -> list[str]:
    return [
        str(ident(each.get("id"))) for each in _list(post.get("referenced_tweets")) if each.get("type") == "replied_to"
    ]


def _list(value: Any) -> list[Node]:
    return [mapping(each) for each in value] if isinstance(value, list) else []


def _gone(error: Node) -> str:
    is_gone = _NOT_FOUND in str(error.get("type")) and error.get("resource_type", "tweet") == "tweet"
    return str(ident(error.get("resource_id")) or ident(error.get("value"))) if is_gone else ""
