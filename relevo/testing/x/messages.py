"""Direct messages on the fake X, and how X tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from relevo.testing.x.ids import iso, milliseconds
from relevo.testing.x.users import User


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A file that hangs on a message."""

    id: str
    data: bytes = field(repr=False)
    mime: str
    resource: str
    """Its name on X's servers."""
    dm_id: str
    base: str

    @property
    def kind(self) -> str:
        """Name its kind as X does."""
        if self.mime == "image/gif":
            return "animated_gif"
        return "video" if self.mime.startswith("video/") else "photo"

    @property
    def key(self) -> str:
        """Give X's media key."""
        return f"3_{self.id}"

    @property
    def url(self) -> str:
        """Where it lies; only the account's own signature opens it."""
        return f"{self.base}/1.1/ton/data/dm/{self.dm_id}/{self.id}/{self.resource}"

    @property
    def short(self) -> str:
        """Give the link that X puts behind the text."""
        return f"https://t.co/{self.id[-10:]}"

    def attachment(self, begin: int) -> dict[str, Any]:
        """Describe it as an event does."""
        described: dict[str, Any] = {
            "id": int(self.id),
            "id_str": self.id,
            "indices": [begin, begin + len(self.short)],
            "type": self.kind,
            "media_url": self.url,
            "media_url_https": self.url,
            "url": self.short,
            "display_url": f"pic.twitter.com/{self.id[-10:]}",
            "expanded_url": f"https://twitter.com/messages/media/{self.dm_id}",
            "sizes": {"thumb": {"w": 150, "h": 150, "resize": "crop"}},
        }
        if self.kind != "photo":
            described["video_info"] = {"variants": [{"content_type": self.mime, "bitrate": 2176000, "url": self.url}]}
        return {"type": "media", "media": described}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One direct message, of either transport."""

    id: str
    sender_id: str
    recipient_id: str
    text: str
    """As its writer wrote it."""
    sent_at: datetime
    picture: Picture | None = None
    transport: str = "dm"
    metadata: str | None = None
    """What the chosen quick reply carries."""
    options: tuple[str, ...] = ()
    """Quick replies that it offers."""
    changes: str | None = None
    """The message whose text it replaces."""

    @property
    def conversation_id(self) -> str:
        """Name the conversation of these two."""
        return conversation_of(self.sender_id, self.recipient_id)

    @property
    def shown(self) -> str:
        """Give the text with the link that X adds to an attachment."""
        return f"{self.text} {self.picture.short}".strip() if self.picture else self.text

    def event(self) -> dict[str, Any]:
        """Give it as one of ``direct_message_events``."""
        data: dict[str, Any] = {"text": self.shown, "entities": self._entities()}
        if self.metadata is not None:
            data["quick_reply_response"] = {"type": "options", "metadata": self.metadata}
        if self.picture is not None:
            data["attachment"] = self.picture.attachment(self._begin)
        created = {"target": {"recipient_id": self.recipient_id}, "sender_id": self.sender_id, "message_data": data}
        return {
            "type": "message_create",
            "id": self.id,
            "created_timestamp": str(milliseconds(self.sent_at)),
            "message_create": created,
        }

    def listed(self) -> dict[str, Any]:
        """Give it as one line of ``GET /2/dm_events``."""
        line: dict[str, Any] = {
            "id": self.id,
            "event_type": "MessageCreate",
            "text": self.shown,
            "sender_id": self.sender_id,
            "dm_conversation_id": self.conversation_id,
            "created_at": iso(self.sent_at),
        }
        if self.picture is not None:
            line["attachments"] = {"media_keys": [self.picture.key]}
            line["entities"] = {"urls": self._entities()["urls"]}
        return line

    @property
    def _begin(self) -> int:
        return len(self.shown) - len(self.picture.short) if self.picture else 0

    def _entities(self) -> dict[str, list[Any]]:
        urls = []
        if self.picture is not None:
            media = self.picture.attachment(self._begin)["media"]
            urls = [{name: media[name] for name in ("url", "expanded_url", "display_url", "indices")}]
        return {"hashtags": [], "symbols": [], "user_mentions": [], "urls": urls}


def conversation_of(one: str, other: str) -> str:
    """Name the conversation of two users: the smaller number first."""
    return "-".join(sorted((one, other), key=int))


def payload(message: Message, users: Iterable[User]) -> dict[str, Any]:
    """Give the payload of ``dm.received`` and ``dm.sent``."""
    return {
        "direct_message_events": [message.event()],
        "users": {user.id: {"data": user.described()} for user in users},
    }


def as_account_activity(for_user: str, message: Message, users: Iterable[User]) -> dict[str, Any]:
    """Give the same in the deprecated shape."""
    return {
        "for_user_id": for_user,
        "direct_message_events": [message.event()],
        "apps": {},
        "users": {user.id: user.described_of_old() for user in users},
    }


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that X tells whoever subscribed to it."""

    uuid: str
    type: str
    user_id: str
    """Whom it is about: the account that is watched."""
    names_user: bool = True
    """Whether its filter says so: that of ``oauth.revoke`` may be empty."""
    payload: Mapping[str, Any]
    at: datetime
    includes: Mapping[str, Any] | None = None
    old: Mapping[str, Any] | None = msgspec.field(default=None)
    """The same in the shape of the Account Activity API, where there is one."""

    def envelope(self, tag: str | None) -> dict[str, Any]:
        """Wrap it as the X Activity API does."""
        data: dict[str, Any] = {
            "event_uuid": self.uuid,
            "filter": {"user_id": self.user_id} if self.names_user else {},
            "event_type": self.type,
        }
        if tag is not None:
            data["tag"] = tag
        data["payload"] = self.payload
        if self.includes is not None:
            data["includes"] = self.includes
        return {"data": data}
