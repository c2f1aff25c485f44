"""What is said of public posts: how far they go, and why one is urgent, with numbers as the reader writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relevo.domain.cases import PriorityReason
from relevo.domain.merging import UNANSWERED
from relevo.domain.post_urgency import AN_HOUR, FOLLOWERS, IMPRESSIONS, TOPIC
from relevo.flow.amounts import number
from relevo.web.languages import Words
from relevo.web.markup import text

_NUMBERS = {IMPRESSIONS: "posts.impressions", AN_HOUR: "posts.an_hour", FOLLOWERS: "posts.followers"}


def counted(words: Words, code: str, count: int) -> str:
    """Say how many, such as "302,000 impressions"."""
    return words[_NUMBERS[code]].format(count=number(words["tag"], count))


def public_reason(words: Words, reason: PriorityReason) -> str | None:
    """Say why a post, or the case that it made, is urgent; None for a reason that has nothing to do with posts."""
    detail = reason.detail or ""
    if reason.code in _NUMBERS and detail.isdigit():
        return counted(words, reason.code, int(detail))
    if reason.code == TOPIC:
        return words.get(f"post_topic.{detail}", detail)
    if reason.code == UNANSWERED and detail.isdigit():
        return words["posts.unanswered_one" if detail == "1" else "posts.unanswered"].format(count=detail)
    return None


def reach(words: Words, told: Mapping[str, Any]) -> str:
    """Say how far a post has come, by ``impressions``, ``an_hour`` and ``followers``, as far as they are known."""
    codes = (("impressions", IMPRESSIONS), ("an_hour", AN_HOUR), ("followers", FOLLOWERS))
    return ", ".join(counted(words, code, told[name]) for name, code in codes if isinstance(told.get(name), int))


def post_line(words: Words, told: Mapping[str, Any]) -> str:
    """Give what a timeline tells of a post beside its words, as HTML."""
    if told.get("is_gone"):
        return f'<p class="quiet">{text(words["posts.gone"])}</p>'
    url = str(told.get("url", ""))
    link = f'<a href="{text(url)}" rel="noreferrer noopener" target="_blank">{text(words["posts.look"])}</a>'
    return f'<p class="quiet">{text(reach(words, told))} · {link if url.startswith("https://x.com/") else ""}</p>'
