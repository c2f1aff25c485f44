"""Puts what X lists on being asked into the form in which it tells the same by itself, so that both are one event."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from relevo.channels.x.envelopes import Node, ident, kept, mapping, told
from relevo.contracts.platform import PlatformEvent

_OF_MEDIA = re.compile(r"/messages/media/|pic\.(twitter|x)\.com|/i/dm_media")


def message_told(listed: Node, page: Node, account_id: str) -> tuple[str, PlatformEvent] | None:
    """Give id and event of one line of ``/2/dm_events``; None of what is no message between two."""
    own, sender = ident(listed.get("id")), ident(listed.get("sender_id"))
    members = str(listed.get("dm_conversation_id") or "").split("-")
    if own is None or sender is None or len(members) != 2 or sender not in members:
        return None
    recipient = members[1] if members[0] == sender else members[0]
    data = {"text": listed.get("text"), "entities": listed.get("entities"), **_attachment(listed, page)}
    event = {
        "type": "message_create",
        "id": own,
        "created_timestamp": _milliseconds(listed.get("created_at")),
        "message_create": {"target": {"recipient_id": recipient}, "sender_id": sender, "message_data": data},
    }
    return own, kept(told("dm", account_id, event, includes=page.get("includes")), account_id)


def post_told(listed: Node, page: Node, account_id: str) -> tuple[str, PlatformEvent] | None:
    """Give id and event of one line of an account's mentions."""
    own = ident(listed.get("id"))
    if own is None:
        return None
    event = {**listed, "created_timestamp": _milliseconds(listed.get("created_at"))}
    return own, kept(told("post.create", account_id, event, includes=page.get("includes")), account_id)


def _attachment(listed: Node, page: Node) -> dict[str, Any]:
    keys = mapping(listed.get("attachments")).get("media_keys")
    media = mapping(page.get("includes")).get("media")
    for each in map(mapping, media if isinstance(media, list) else []):
        if isinstance(keys, list) and each.get("media_key") in keys:
            found = {
                "type": each.get("type"),
                "media_url_https": each.get("url") or each.get("preview_image_url"),
                "video_info": {"variants": each.get("variants")},
                "url": _own_link(listed),
            }
            return {"attachment": {"type": "media", "media": found}}
    return {}


def _own_link(listed: Node) -> Any:
    """Give the link that stands in the text for the attachment."""
    urls = mapping(listed.get("entities")).get("urls")
    for each in map(mapping, urls if isinstance(urls, list) else []):
        if _OF_MEDIA.search(f"{each.get('expanded_url')} {each.get('display_url')}"):
            return each.get("url")
    return None


def _milliseconds(created_at: Any) -> str | None:
    try:
        at = datetime.fromisoformat(str(created_at).replace("Z", "+00:00"))
    except ValueError:
        return None
    return str(round(at.timestamp() * 1000)) if at.tzinfo else None
