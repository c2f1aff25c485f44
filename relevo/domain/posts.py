"""What people write in public, to a business or about it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PostAuthor(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote it, as the platform names them."""

    id: str
    username: str | None = None
    name: str | None = None
    followers: int | None = None


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One public post as it stood when it was read."""

    channel: str
    id: str
    kind: str
    """``mention``, ``reply`` or ``quote``."""
    author: PostAuthor
    text: str
    created_at: datetime
    thread: str
    """The platform's conversation that it belongs to; its own id where it begins one."""
    language: str | None = None
    """As the platform guesses."""
    in_reply_to: str | None = None
    quotes: str | None = None
    is_summoning: bool = False
    """Whether its author named our account in it or quoted a post of ours: else nothing is answered by itself."""
    impressions: int = 0
    likes: int = 0
    reposts: int = 0
    replies: int = 0

    @property
    def url(self) -> str:
        """Where everybody reads it."""
        return f"https://x.com/{self.author.username or 'i'}/status/{self.id}"
