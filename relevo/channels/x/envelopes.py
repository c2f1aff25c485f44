"""Takes what X posts apart: each event by itself, under a key that is the same by whatever way it comes.

Two shapes are read: the X Activity API's envelope (``data`` with ``event_type`` and ``payload``) and the deprecated
Account Activity API's (``for_user_id`` and lists by kind). What is kept of both has one form, as ``told`` gives it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from relevo.contracts.platform import PlatformEvent
from relevo.contracts.x import X

MESSAGES, TYPING, READ = (
    "direct_message_events",
    "direct_message_indicate_typing_events",
    "direct_message_mark_read_events",
)
POSTS, DELETED_POSTS, OF_USER = "tweet_create_events", "tweet_delete_events", "user_event"
UNREADABLE = "unreadable"
_KINDS = {TYPING: "dm.indicate_typing", READ: "dm.read", POSTS: "post.create", DELETED_POSTS: "post.delete"}
_POST_KEYS = {"post.delete": "unpost", "post.mention.create": "mention", "post.repost.create": "repost"}
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_KIND = 60
Node = Mapping[str, Any]


def split(body: bytes, account_id: str) -> list[PlatformEvent]:
    """Give the events of a body, whatever it holds: what cannot be read at all is one event that says so."""
    try:
        said = list(_told(json.loads(body, parse_int=_whole)))
    except (ValueError, RecursionError):  # of bytes that are signed: X's own, so they are kept to be looked at
        said = []
    events = []
    for number, each in enumerate(said):
        try:
            events.append(_event(each, account_id))
        except RecursionError:  # nested so deeply that it was only just read
            events.append(_unreadable(body, number))
    return events or [_unreadable(body, 0)]


def told(kind: str, account_id: str | None, event: Any, **beside: Any) -> dict[str, Any]:
    """Give one event in the form that is kept: ``kind``, whose ``account`` it came to, itself, and what came beside."""
    return {"kind": kind, "account": account_id, "event": event, **{k: v for k, v in beside.items() if v}}


def kept(said: Node, account_id: str) -> PlatformEvent:
    """Give a told event as it is kept."""
    return _event(said, account_id)


def contact_of(message: Node, account_id: str) -> str | None:
    """Give who is at the other end of a direct message, typing or reading; None where it is not this account's."""
    inner = mapping(message.get("message_create")) or message
    sender, recipient = ident(inner.get("sender_id")), ident(mapping(inner.get("target")).get("recipient_id"))
    if account_id not in (sender, recipient) or sender == recipient:
        return None
    return recipient if sender == account_id else sender


def contact_of_chat(payload: Node, account_id: str) -> str | None:
    """Give who is at the other end of an encrypted conversation between two, whose id is ``A:B`` or ``A-B``."""
    members = re.split(r"[:-]", str(payload.get("conversation_id") or ""))
    others = [member for member in members if member != account_id]
    return ident(others[0]) if len(members) == 2 and len(others) == 1 else None


def mapping(value: Any) -> Node:
    """Give a mapping, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def ident(value: Any) -> str | None:
    """Give an id as text; None for what is none."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else None


def _whole(digits: str) -> int | str:
    """Give a number, or its digits where they are beyond all numbers: one of those spoils no batch."""
    return int(digits) if len(digits) <= 100 else digits


def _unreadable(body: bytes, number: int) -> PlatformEvent:
    key = f"{UNREADABLE}:{hashlib.sha256(body).hexdigest()}:{number}"
    return PlatformEvent(channel=X, key=key, lane="", kind=UNREADABLE, body=body)


def _told(document: Any) -> Iterator[dict[str, Any]]:
    root = mapping(document)
    if "for_user_id" in root or OF_USER in root:
        yield from _parts(root, ident(root.get("for_user_id")), "account.activity")
        return
    data = root.get("data", document)
    for each in data if isinstance(data, list) else [data]:
        envelope = mapping(each)
        account = ident(mapping(envelope.get("filter")).get("user_id"))
        kind = str(envelope.get("event_type") or "unknown")
        payload = envelope.get("payload")
        if isinstance(payload, Mapping) and any(name in payload for name in (MESSAGES, TYPING, READ)):
            yield from _parts(payload, account, kind)
        else:
            beside = {"includes": envelope.get("includes"), "uuid": envelope.get("event_uuid")}
            yield told(kind, account, each if payload is None else payload, **beside)


def _parts(root: Node, account: str | None, kind: str) -> Iterator[dict[str, Any]]:
    """Give each event of the lists by kind; of what is no list that is known, the whole."""
    users, is_any = root.get("users"), False
    for name, part in root.items():
        for each in part if isinstance(part, list) and name.endswith("_events") else ():
            is_any = True
            yield told(_KINDS.get(name, "dm" if name == MESSAGES else name[:_MOST_KIND]), account, each, users=users)
    if isinstance(root.get(OF_USER), Mapping):
        is_any = True
        yield told("oauth.revoke" if "revoke" in root[OF_USER] else OF_USER, account, root[OF_USER])
    if not is_any:
        yield told(kind, account, root)


def _event(said: Node, account_id: str) -> PlatformEvent:
    kind = re.sub(r"[^A-Za-z0-9._-]", "", str(said["kind"]))[:_MOST_KIND] or "unknown"
    is_ours = said.get("account") in (None, account_id)
    event = mapping(said["event"])
    key, lane = _place(kind, event, account_id) if is_ours else (None, None)
    body = json.dumps({**said, "kind": kind}, separators=(",", ":")).encode()
    return PlatformEvent(
        channel=X,
        key=key or _key_of_any(said, body),
        lane=lane or "",
        kind=kind,
        body=body,
        order=_when(event),
    )


def _place(kind: str, event: Node, account_id: str) -> tuple[str | None, str | None]:
    """Give the key of an event that is the same by every way, and the contact whose events keep their order."""
    own = ident(event.get("id_str")) or ident(event.get("id")) or ident(mapping(event.get("status")).get("id"))
    if kind.startswith("chat."):
        return own and f"chat:{own}", contact_of_chat(event, account_id)
    if kind.startswith("post."):
        # That somebody named the account is news, also of a post that was told before as a mere reply.
        return own and f"{_POST_KEYS.get(kind, 'post')}:{own}", None
    if kind.startswith("dm"):
        contact = contact_of(event, account_id)
        if kind == "dm.read" and (last := ident(event.get("last_read_event_id"))):
            return f"read:{contact}:{last}", contact
        return own and f"dm:{own}", contact
    return None, None


def _key_of_any(said: Node, body: bytes) -> str:
    uuid = ident(said.get("uuid"))
    return f"event:{uuid}" if uuid else f"body:{hashlib.sha256(body).hexdigest()}"


def _when(event: Node) -> int:
    """Give when it happened, in milliseconds, where that is said."""
    for name in ("created_timestamp", "created_at_msec"):
        text = str(event.get(name) or "")
        if text.isascii() and text.isdigit() and len(text) < 16:
            return int(text)
    return 0
