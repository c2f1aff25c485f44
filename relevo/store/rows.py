"""Between rows and nouns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from relevo.domain.attachments import Attachment
from relevo.domain.contacts import Identity, Level
from relevo.domain.conversations import Control, Conversation
from relevo.domain.messages import Author, Button, Content, Entry, clean_text
from relevo.domain.ratings import AskedRating, Stage

CONVERSATION_COLUMNS = """
    c.id, c.channel, c.control, c.control_version, c.tracker_version, c.language, c.last_position, c.issued_payloads,
    i.id, i.contact_id, i.address, i.business_ref, i.level, i.verified_until, i.failed_tries, c.agent_id,
    i.verified_facts, c.rating_position, c.rating_stage
"""

_ATTACHMENT = ("id", "name", "mime", "size_bytes", "sha256", "width", "height")


def conversation(row: tuple[Any, ...]) -> Conversation:
    """Make a conversation of CONVERSATION_COLUMNS."""
    identity = Identity(
        id=row[8],
        contact_id=row[9],
        channel=row[1],
        address=row[10],
        business_ref=row[11],
        level=Level(row[12]),
        verified_until=row[13],
        failed_tries=row[14],
        verified_facts=row[16],
    )
    return Conversation(
        id=row[0],
        channel=row[1],
        identity=identity,
        control=Control(row[2]),
        control_version=row[3],
        tracker_version=row[4],
        language=row[5],
        last_position=row[6],
        issued_payloads=tuple(row[7]),
        agent_id=row[15],
        rating=AskedRating(position=row[17], stage=Stage(row[18])) if row[18] else None,
    )


def json_text(value: Any) -> str:
    """Encode for a jsonb parameter, cleaned of what it cannot hold: a business system may have said anything."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_cleaned(value)).decode()
    return msgspec.json.encode(_cleaned(value)).decode() if _has_nul(text) else text


def _has_nul(text: str) -> bool:
    # Pairs of backslashes are a backslash; only an odd one begins an escape.
    return "\\u0000" in text and "\\u0000" in text.replace("\\\\", "")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value


def content_document(content: Content) -> dict[str, Any]:
    """Give what of a content is set, as stored and as shown by the APIs."""
    document: dict[str, Any] = {}
    if content.text is not None:
        document["text"] = content.text
    if content.buttons:
        document["buttons"] = [{"title": button.title, "payload": button.payload} for button in content.buttons]
    if content.image is not None:
        document["image"] = content.image
    if content.custom is not None:
        document["custom"] = dict(content.custom)
    if content.attachments:
        document["attachments"] = [attachment_document(attachment) for attachment in content.attachments]
    if content.subject is not None:
        document["subject"] = content.subject
    return document


def attachment_document(attachment: Attachment) -> dict[str, Any]:
    """Give an attachment as stored with messages."""
    return {name: getattr(attachment, name) for name in _ATTACHMENT if getattr(attachment, name) is not None}


def attachments(documents: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    """Read attachments as stored with messages."""
    return tuple(Attachment(**{**document, "id": UUID(document["id"])}) for document in documents)


def content(document: Mapping[str, Any]) -> Content:
    """Read a content as stored."""
    return Content(
        text=document.get("text"),
        buttons=tuple(Button(title=b["title"], payload=b["payload"]) for b in document.get("buttons", ())),
        image=document.get("image"),
        custom=document.get("custom"),
        attachments=attachments(document.get("attachments", ())),
        subject=document.get("subject"),
    )


def entry(row: tuple[Any, ...]) -> Entry:
    """Make an entry of position, kind, author, content, created_at, external_id."""
    return Entry(
        position=row[0],
        kind=row[1],
        author=Author(row[2]),
        content=content(row[3]),
        created_at=row[4],
        external_id=row[5],
    )
