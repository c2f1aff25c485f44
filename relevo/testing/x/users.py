"""Who is on the fake X, and how X describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from relevo.testing.x.ids import iso, milliseconds

if TYPE_CHECKING:
    from relevo.testing.x.chat import ChatEvent

_JOINED = datetime(2020, 4, 20, 19, 55, 59, tzinfo=timezone.utc)


@dataclass(kw_only=True, eq=False)
class User:
    """Somebody with an account."""

    id: str
    username: str
    name: str
    followers: int = 0
    verified_type: str = "none"
    is_protected: bool = False
    takes_messages: bool = True
    """Whether others may write to them at all."""
    blocks: set[str] = field(default_factory=set)
    """Ids of those whom they want to hear nothing of."""

    def chat_event(self, event: ChatEvent) -> None:
        """Take notice of an event of XChat; those whom the app speaks for hear of it by webhook."""

    def described(self) -> dict[str, Any]:
        """Describe them as API v2 does."""
        return {
            "id": self.id,
            "username": self.username,
            "name": self.name,
            "verified": self.verified_type != "none",
            "verified_type": self.verified_type,
            "protected": self.is_protected,
            "created_at": iso(_JOINED),
            "public_metrics": counted(followers_count=self.followers, following_count=1, tweet_count=50),
        }

    def described_of_old(self) -> dict[str, Any]:
        """Describe them as v1.1 and the Account Activity API do."""
        return {
            "id": self.id,
            "screen_name": self.username,
            "name": self.name,
            "followers_count": self.followers,
            "friends_count": 1,
            "verified": self.verified_type != "none",
            "protected": self.is_protected,
            "created_timestamp": str(milliseconds(_JOINED)),
        }


def counted(**counts: int) -> dict[str, Any]:
    """Give numbers as X does: each has a twin in words, for readers that cannot hold large ones."""
    return {**counts, **{f"{name}_str": str(count) for name, count in counts.items()}}
