"""Answers posts on X where everybody reads it, and looks posts up again.

``POST /2/tweets`` and ``GET /2/tweets`` (docs.x.com, 2026-08): X knows no idempotency key, so what went out without an
answer is left to a person; up to 100 posts are looked up at once, and what is gone is told as not found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from relevo.channels.x.answers import XError, XRefused, XUnanswered
from relevo.channels.x.envelopes import Node, ident, mapping
from relevo.channels.x.reading_posts import post_of
from relevo.contracts.channel import Delivery, Receipt
from relevo.contracts.posts import PUBLIC, Looked
from relevo.domain.posts import Post
from relevo.errors import PlatformAway, SendRefused, SendUnconfirmed

_FIELDS = {
    "expansions": "author_id",
    "tweet.fields": "author_id,created_at,conversation_id,lang,public_metrics,entities,referenced_tweets",
    "user.fields": "username,name,public_metrics",
}
_NOT_FOUND = "resource-not-found"
_AS_ANY = "post.reply.create"
"""How a post is read that is about us in whatever way: whether it summons us was told when it came."""


class Posting(Protocol):
    """What is needed of XApi."""

    async def get(self, path: str, *, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Ask for something."""
        ...

    async def post(self, path: str, *, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Have something done."""
        ...


class XPosts:
    """Public answers, as a channel, and look-ups; see contracts.channel.Channel and contracts.posts.PostLookup."""

    name = PUBLIC
    is_duplicate_safe = False
    most_at_once = 100

    def __init__(self, api: Posting, account_id: str) -> None:
        self._api = api
        self._account_id = account_id

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one answer."""
        answered = (delivery.content.custom or {}).get("in_reply_to")
        body = {"text": delivery.content.text or "", "reply": {"in_reply_to_tweet_id": str(answered)}}
        try:
            told = await self._api.post("/2/tweets", body=body)
        except XRefused as error:
            raise SendRefused(str(error)) from error
        except XUnanswered as error:
            raise SendUnconfirmed(str(error)) from error
        except XError as error:  # limits, credits and tokens are mended by time or people, not by giving up
            raise PlatformAway(str(error)) from error
        return Receipt(external_id=ident(mapping(told.get("data")).get("id")))

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


def _list(value: Any) -> list[Node]:
    return [mapping(each) for each in value] if isinstance(value, list) else []


def _gone(error: Node) -> str:
    is_gone = _NOT_FOUND in str(error.get("type")) and error.get("resource_type", "tweet") == "tweet"
    return str(ident(error.get("resource_id")) or ident(error.get("value"))) if is_gone else ""
