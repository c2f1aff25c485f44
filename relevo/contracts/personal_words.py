"""What was begun, translated, said about it afterwards and taught in a conversation: parts of ``relevo.contact/1``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class HeldDraft(msgspec.Struct, kw_only=True):
    """What an agent has begun to write, or is about to send."""

    kind: str
    text: str
    updated_at: Moment


class HeldTranslation(msgspec.Struct, kw_only=True):
    """A message in another language, as a model made it for an agent who read it."""

    position: int
    language: str
    text: str
    model: str
    made_at: Moment


class HeldRating(msgspec.Struct, kw_only=True):
    """How they said that it was, when they were asked."""

    stretch: str
    case_id: str | None
    asked_at: Moment
    score: int | None
    comment: str | None
    answered_at: Moment | None


class HeldTeaching(msgspec.Struct, kw_only=True):
    """Words of theirs that the bot may learn from."""

    text: str
    language: str
    intent: str
    state: str
    proposed_at: Moment
    decided_at: Moment | None


class HeldPost(msgspec.Struct, kw_only=True):
    """What they wrote about the business where everybody reads it."""

    channel: str
    post_id: str
    username: str | None
    name: str | None
    followers: int | None
    text: str
    posted_at: Moment
    impressions: int
    language: str
    sort: str
    """What it was taken for: a complaint, a question and the like."""
    topic: str | None
    state: str
    case_id: str | None
