"""Reads ``posts`` of relevo.yml: how public posts are answered, when many are a storm, and how long they stay."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from relevo.configuration.documents import Spot


class PostRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the business lets happen by itself."""

    answers: bool = True
    """Whether whoever summons the account is invited to a direct message."""
    link: bool = True
    """Whether the invitation carries a link; X takes more for posts with one."""
    storm_posts: int = 8
    """From how many authors about one flight or topic on they are answered together,"""
    storm_minutes: int = 10
    """within so long."""
    keep_days: int = 90


def read_posts(spot: Spot) -> PostRules:
    """Read the section; what is wrong is noted, and its default stands in."""
    parts = spot.fields(optional=("answers", "link", "storm", "keep_days"))
    given: dict[str, object] = {
        name: said for name in ("answers", "link") if name in parts and (said := parts[name].switch()) is not None
    }
    if "keep_days" in parts and (days := parts["keep_days"].whole_number(least=1)):
        given["keep_days"] = days
    storm = parts["storm"].fields(optional=("posts", "minutes")) if "storm" in parts else {}
    given |= {
        f"storm_{name}": number
        for name, least in (("posts", 2), ("minutes", 1))
        if name in storm and (number := storm[name].whole_number(least=least))
    }
    return replace(PostRules(), **given)
