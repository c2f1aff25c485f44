"""Says what X tells about public posts: what people write to the account or about it, and what they take back.

A post is read alike from the Activity API and lookups (version 2) and from the deprecated Account Activity API (1.1).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from relevo.channels.x.envelopes import Node, ident, mapping
from relevo.channels.x.reading import moment, name_of, plain_text, string, user_of
from relevo.contracts.platform import Heard, Posted, Unposted
from relevo.contracts.x import X
from relevo.domain.posts import Post, PostAuthor

MENTION, REPLY, QUOTE = "mention", "reply", "quote"
_KINDS = {"post.mention.create": MENTION, "post.reply.create": REPLY, "post.quote.create": QUOTE}
_MOST_COUNTED = 2**53
_PREFIX = re.compile(r"^(@\w+\s+)+")


def read_post(told: Node, account_id: str) -> list[Heard]:
    """Read a post of somebody else's that names the account, answers it or quotes it; nothing of any other."""
    event = mapping(told.get("event"))
    post = post_of(event, told, account_id)
    return [Posted(post=post)] if post is not None else []


def read_deleted(told: Node, account_id: str) -> list[Heard]:
    """Read that a post is gone."""
    event = mapping(told.get("event"))
    post_id = ident(event.get("id")) or ident(mapping(event.get("status")).get("id"))
    return [Unposted(post_id=post_id)] if post_id else []


def post_of(event: Node, told: Node, account_id: str) -> Post | None:
    """Give a post; None for the account's own, for what is passed on unchanged, for what is not about it."""
    post_id = ident(event.get("id_str")) or ident(event.get("id"))
    author = _author(event, told)
    kind = _kind(string(told.get("kind")), event, account_id)
    if post_id is None or author is None or kind is None or author.id == account_id:
        return None
    metrics = mapping(event.get("public_metrics")) or event
    return Post(
        channel=X,
        id=post_id,
        kind=kind,
        author=author,
        text=_text(event),
        created_at=_created_at(event, post_id),
        thread=ident(event.get("conversation_id")) or post_id,
        language=string(event.get("lang"))[:20] or None,
        in_reply_to=_referenced(event, "in_reply_to_tweet_id", "in_reply_to_status_id_str", "replied_to"),
        quotes=_referenced(event, "quoted_tweet_id", "quoted_status_id_str", "quoted"),
        is_summoning=kind == QUOTE or told.get("kind") == "post.mention.create" or _is_summoned(event, account_id),
        impressions=count(metrics, "impression_count"),
        likes=count(metrics, "like_count", "favorite_count"),
        reposts=count(metrics, "retweet_count", "repost_count"),
        replies=count(metrics, "reply_count"),
    )


def count(metrics: Node, *names: str) -> int:
    """Give a counter by the first of its names, or by its twin that is a text."""
    for name in names:
        for value in (metrics.get(name), metrics.get(f"{name}_str")):
            text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
            if text.isascii() and text.isdigit() and len(text) < 17:
                return min(int(text), _MOST_COUNTED)
    return 0


def _author(event: Node, told: Node) -> PostAuthor | None:
    user = mapping(event.get("user"))
    author_id = ident(event.get("author_id")) or ident(user.get("id_str")) or ident(user.get("id"))
    if author_id is None:
        return None
    beside = {"users": {author_id: user}} if user else told
    user = user or user_of(told, author_id)
    metrics = mapping(user.get("public_metrics")) or user
    is_known = any(name in metrics for name in ("followers_count", "followers_count_str"))
    return PostAuthor(
        id=author_id,
        username=string(user.get("username") or user.get("screen_name"))[:50] or None,
        name=name_of(beside, author_id),
        followers=count(metrics, "followers_count") if is_known else None,
    )


def _kind(told: str, event: Node, account_id: str) -> str | None:
    """Give what the post is to the account; a post that is only passed on is nothing."""
    if "retweeted_status" in event or _reference(event, "retweeted") is not None:
        return None
    if told in _KINDS:
        return _KINDS[told]
    quoted = mapping(mapping(event.get("quoted_status")).get("user"))
    if ident(quoted.get("id_str")) == account_id:
        return QUOTE
    if account_id in (ident(event.get("in_reply_to_user_id")), ident(event.get("in_reply_to_user_id_str"))):
        return REPLY
    return MENTION if _names(event, account_id) else None


def _is_summoned(event: Node, account_id: str) -> bool:
    """Tell whether the account is named beyond the names that X writes before a reply by itself."""
    is_reply = _referenced(event, "in_reply_to_tweet_id", "in_reply_to_status_id_str", "replied_to") is not None
    text = string(event.get("text"))
    begin = len(text) - len(_PREFIX.sub("", text)) if is_reply else 0
    return any(_begins_at(mention) >= begin for mention in _mentions_of(event, account_id))


def _begins_at(mention: Node) -> int:
    indices = mention.get("indices")
    start = mention.get("start", indices[0] if isinstance(indices, list) and indices else 0)
    return start if isinstance(start, int) else 0


def _names(event: Node, account_id: str) -> bool:
    return bool(_mentions_of(event, account_id))


def _mentions_of(event: Node, account_id: str) -> list[Node]:
    entities = mapping(mapping(event.get("extended_tweet")).get("entities")) or mapping(event.get("entities"))
    named = entities.get("mentions") or entities.get("user_mentions")
    each = [mapping(one) for one in named] if isinstance(named, list) else []
    return [one for one in each if account_id in (ident(one.get("id_str")), ident(one.get("id")))]


def _text(event: Node) -> str:
    whole = mapping(event.get("note_tweet")) or mapping(event.get("extended_tweet"))
    text = string(whole.get("text") or whole.get("full_text")) or string(event.get("text") or event.get("full_text"))
    return plain_text({"text": text, "entities": whole.get("entities") or event.get("entities")})


def _created_at(event: Node, post_id: str) -> datetime:
    text = string(event.get("created_at"))
    for read in (_iso, _of_old):
        try:
            at = read(text)
        except ValueError:
            continue
        if at.tzinfo is not None:
            return at
    return moment(event.get("timestamp_ms"), post_id)


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _of_old(text: str) -> datetime:
    return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")


def _referenced(event: Node, name: str, name_of_old: str, kind: str) -> str | None:
    return ident(event.get(name)) or ident(event.get(name_of_old)) or _reference(event, kind)


def _reference(event: Node, kind: str) -> str | None:
    listed: Any = event.get("referenced_tweets")
    found = [mapping(each) for each in listed] if isinstance(listed, list) else []
    return next((ident(each.get("id")) for each in found if each.get("type") == kind), None)
