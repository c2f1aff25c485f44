"""Says what X's direct messages, signs and posts mean; takes them in every shape in which X writes them down.

Shapes as docs.x.com shows them (August 2026): the Activity API, the deprecated Account Activity API (1.1), and what the
lookups of direct messages give.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from relevo.channels.x.envelopes import Node, contact_of, ident, mapping
from relevo.channels.x.files import file_of
from relevo.contracts.platform import Echo, Heard, Seen, Typing, Written
from relevo.contracts.x import DM

_EPOCH_MS = 1288834974657
"""When X began to count ids by the clock: the upper bits of an id are the milliseconds since then."""


def read_message(told: Node, account_id: str) -> list[Heard]:
    """Read a direct message of the account: a contact's, or its own; nothing of one that is neither's."""
    event = mapping(told.get("event"))
    contact, message_id = contact_of(event, account_id), ident(event.get("id"))
    message = mapping(event.get("message_create"))
    if contact is None or message_id is None or not message:
        return []
    data = mapping(message.get("message_data"))
    file = file_of(mapping(mapping(data.get("attachment")).get("media")))
    text = plain_text(data, mapping(mapping(data.get("attachment")).get("media")).get("url"))
    at = moment(event.get("created_timestamp"), message_id)
    if ident(message.get("sender_id")) == account_id:
        return [Echo(address=contact, message_id=message_id, text=text, sent_at=at)]
    answer = mapping(data.get("quick_reply_response")).get("metadata")
    return [
        Written(
            address=contact,
            message_id=message_id,
            text=text,
            written_at=at,
            files=(file,) if file else (),
            name=_shown_name(told, contact),
            payload=answer if isinstance(answer, str) and answer else None,
            transport=DM,
        )
    ]


def read_typing(told: Node, account_id: str) -> list[Heard]:
    """Read that a contact writes."""
    event = mapping(told.get("event"))
    contact = contact_of(event, account_id)
    is_theirs = contact is not None and ident(event.get("sender_id")) == contact
    return [Typing(address=contact)] if contact and is_theirs else []


def read_seen(told: Node, account_id: str) -> list[Heard]:
    """Read up to where a contact has read."""
    event = mapping(told.get("event"))
    contact, last = contact_of(event, account_id), ident(event.get("last_read_event_id"))
    is_theirs = contact is not None and ident(event.get("sender_id")) == contact
    return [Seen(address=contact, up_to=last)] if contact and last and is_theirs else []


def plain_text(data: Node, own_link: Any = None) -> str:
    """Give a message's words: short links written out, the attachment's own left out, ``&amp;`` and its like undone."""
    text = decoded(string(data.get("text")))
    if isinstance(own_link, str) and own_link and text.rstrip().endswith(own_link):
        text = text.rstrip().removesuffix(own_link).rstrip()
    urls = mapping(data.get("entities")).get("urls")
    for each in urls if isinstance(urls, list) else ():
        short, long = string(mapping(each).get("url")), string(mapping(each).get("expanded_url"))
        if short and long and len(long) <= 2_000:
            text = text.replace(short, long)
    return text


def decoded(text: str) -> str:
    """Undo what X does to three characters, once."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def name_of(told: Node, user_id: str) -> str | None:
    """Give what a user calls themselves."""
    user = user_of(told, user_id)
    return string(user.get("name"))[:100].strip() or string(user.get("username") or user.get("screen_name")) or None


def _shown_name(told: Node, user_id: str) -> str | None:
    """Give a name that nobody takes for one on file: with the handle that only its owner has."""
    user = user_of(told, user_id)
    handle, name = string(user.get("username") or user.get("screen_name")), name_of(told, user_id)
    return f"{name} (@{handle[:50]})" if handle and name != handle else f"@{handle[:50]}" if handle else name


def user_of(told: Node, user_id: str) -> Node:
    """Give what came of a user beside an event; X wraps users, or does not."""
    users = mapping(told.get("users"))
    listed = mapping(told.get("includes")).get("users")
    found = [users.get(user_id), *(listed if isinstance(listed, list) else ())]
    bare = [mapping(mapping(each).get("data")) or mapping(each) for each in found]
    return next((user for user in bare if ident(user.get("id_str") or user.get("id")) == user_id), {})


def moment(milliseconds: Any, snowflake: str) -> datetime:
    """Give when something was written: as it says itself, else as its id does."""
    text = str(milliseconds or "")
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 14):
        number = int(snowflake) if snowflake.isascii() and snowflake.isdigit() and len(snowflake) <= 19 else 0
        text = str((number >> 22) + _EPOCH_MS)
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=int(text))


def string(value: Any) -> str:
    """Give a text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""
