"""The endpoints of XChat."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

from relevo.testing.x.access import Who
from relevo.testing.x.chat import Conversation, Posting, PublicKey
from relevo.testing.x.door import Answer, Call, Door, Handler
from relevo.testing.x.ids import milliseconds
from relevo.testing.x.problems import bad_request, forbidden, not_found

_WRITE, _READ = ("dm.write", "tweet.read", "users.read"), ("dm.read", "tweet.read", "users.read")
_LARGEST_PIECE = 5 << 20
_LARGEST_TEXT = 200_000
"""Characters of ciphertext in base64. X's own limit is not known."""


@dataclass(kw_only=True)
class Session:
    """Ciphertext on its way."""

    account_id: str
    conversation: str
    total_bytes: int
    hash_key: str
    pieces: dict[int, bytes] = field(default_factory=dict)


def doors() -> list[Door]:
    """Give the endpoints."""
    keys, talk, media = "/2/users/{id}/public_keys", "/2/chat/conversations/{id}", "/2/chat/media"
    return [
        Door(kind="chat.register", method="POST", path=keys, handler=_register, scopes=_WRITE),
        Door(kind="chat.public_keys", method="GET", path=keys, handler=_public_keys, who=Who.EITHER, scopes=_READ),
        _door("chat.conversations", "GET", "/2/chat/conversations", _conversations, _READ),
        _door("chat.events", "GET", f"{talk}/events", _events, _READ),
        _door("chat.keys", "POST", f"{talk}/keys", _change_key, _WRITE),
        _door("chat.send", "POST", f"{talk}/messages", _send, _WRITE),
        _door("chat.typing", "POST", f"{talk}/typing", _typing, _WRITE),
        _door("chat.read", "POST", f"{talk}/read", _read, _WRITE),
        _door("chat.upload", "POST", f"{media}/upload/initialize", _begin_file, ("media.write",)),
        _door("chat.upload", "POST", f"{media}/upload/{{session}}/append", _append_file, ("media.write",)),
        _door("chat.upload", "POST", f"{media}/upload/{{session}}/finalize", _end_file, ("media.write",)),
        _door("chat.media", "GET", f"{media}/{{id}}/{{hash}}", _file, _READ),
    ]


def _door(kind: str, method: str, path: str, handler: Handler, scopes: tuple[str, ...]) -> Door:
    return Door(kind=kind, method=method, path=path, handler=handler, scopes=scopes)


async def _register(call: Call) -> Answer:
    if call.part("id") != call.account_id:
        raise forbidden("Keys can be registered for oneself only.")
    given = call.body.get("public_key")
    names = ("public_key", "signing_public_key", "identity_public_key_signature")
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in names):
        raise bad_request(f"`public_key` needs {', '.join(names)}.")
    made = str(milliseconds(call.x.clock())) if call.body.get("generate_version") else None
    version = str(call.body.get("version") or made or "1")
    if any(key.version == version for key in call.x.chats.keys.get(call.account_id, ())):
        raise bad_request("This version is registered.")
    key = PublicKey(
        version=version,
        public_key=given["public_key"],
        signing_public_key=given["signing_public_key"],
        identity_signature=given["identity_public_key_signature"],
    )
    call.x.chats.register(call.x.users[call.account_id], key)
    return Answer(status=201, body={"data": {"public_key_version": version}})


async def _public_keys(call: Call) -> Answer:
    if call.part("id") not in call.x.users:
        raise not_found("the user")
    found = [key.described() for key in call.x.chats.keys.get(call.part("id"), ())]
    return Answer(body={"data": found} if found else {"meta": {"result_count": 0}})


async def _conversations(call: Call) -> Answer:
    mine = [each for each in call.x.chats.conversations.values() if call.account_id in each.members]
    found = [{"conversation_id": each.id, "participant_ids": list(each.members)} for each in mine]
    return Answer(body={"data": found, "meta": {"result_count": len(found), "has_more": False}})


async def _events(call: Call) -> Answer:
    """Give a page, newest first; keys apart from messages, as X does."""
    conversation = call.x.chats.named(call.account_id, call.part("id"))
    most, below = call.number("max_results", 50, 100), int(call.asked("pagination_token") or 0)
    found = [each for each in reversed(conversation.events) if not below or int(each.sequence_id) < below]
    page, has_more = found[:most], len(found) > most
    meta: dict[str, Any] = {
        "result_count": len(page),
        "has_more": has_more,
        "conversation_key_events": [each.encoded for each in conversation.key_events],
    }
    if has_more:
        meta["next_token"] = page[-1].sequence_id
    data = [
        {
            "id": each.sequence_id,
            "sender_id": each.sender_id,
            "conversation_id": conversation.id,
            "created_at_msec": str(each.at_milliseconds),
            "encoded_event": each.encoded,
        }
        for each in page
    ]
    return Answer(body={"data": data, "meta": meta})


async def _change_key(call: Call) -> Answer:
    conversation = call.x.chats.named(call.account_id, call.part("id"))
    version = call.body.get("conversation_key_version")
    shares, actions = call.body.get("conversation_participant_keys"), call.body.get("action_signatures")
    if not isinstance(version, str) or not isinstance(shares, list) or not isinstance(actions, list) or not actions:
        raise bad_request("A new key needs its version, a share for each participant and its signatures.")
    _demand_shares(call, conversation, shares)
    sequence_id = call.x.chats.change_key(call.account_id, conversation, version, actions[0])
    return Answer(status=201, body={"data": {"conversation_id": conversation.id, "sequence_id": sequence_id}})


def _demand_shares(call: Call, conversation: Conversation, shares: list[Any]) -> None:
    for member in conversation.members:
        known = call.x.chats.keys.get(member)
        if not known:
            raise bad_request(f"User {member} has no public keys: they are not on XChat.")
        shared = {str(each.get("public_key_version")) for each in shares if str(each.get("user_id")) == member}
        if known[-1].version not in shared:
            raise bad_request(f"RecipientKeyChanged: there is no share for the latest key of user {member}.")


async def _send(call: Call) -> Answer:
    conversation = call.x.chats.named(call.account_id, call.part("id"))
    names = ("message_id", "encoded_message_create_event", "encoded_message_event_signature")
    given = [call.body.get(name) for name in names]
    if not all(isinstance(each, str) and each for each in given):
        raise bad_request(f"A message needs {', '.join(names)}.")
    if call.body.get("conversation_token") not in {None, conversation.token}:
        raise bad_request("`conversation_token` belongs to another conversation.")
    message_id, content, signature = map(str, given)
    if len(content) > _LARGEST_TEXT:
        raise bad_request("ContentsTooLarge")
    _demand_open(call, conversation)
    posting = Posting(message_id=message_id, content=content, signature=signature)
    made, told = call.x.chats.take(call.account_id, conversation, posting)
    call.x.happened(told)
    return Answer(status=201, body={"data": {"encoded_message_event": made.encoded}})


def _demand_open(call: Call, conversation: Conversation) -> None:
    other = next(each for each in conversation.members if each != call.account_id)
    recipient = call.x.users[other]
    if not recipient.takes_messages or call.account_id in recipient.blocks:
        raise forbidden("You do not have permission to DM one or more participants.")


async def _typing(call: Call) -> Answer:
    conversation = call.x.chats.named(call.account_id, call.part("id"))
    conversation.typed.append(call.account_id)
    conversation.typed_after = len(conversation.events)
    call.x.happened(())
    return Answer(body={"data": {"success": True}})


async def _read(call: Call) -> Answer:
    conversation = call.x.chats.named(call.account_id, call.part("id"))
    until = call.body.get("seen_until_sequence_id")
    if until not in {each.sequence_id for each in conversation.events}:
        raise bad_request("`seen_until_sequence_id` names no event of this conversation.")
    conversation.seen_until[call.account_id] = str(until)
    call.x.happened(())
    return Answer(body={"data": {"success": True}})


async def _begin_file(call: Call) -> Answer:
    total = call.body.get("total_bytes")
    conversation = call.x.chats.named(call.account_id, str(call.body.get("conversation_id")))
    if not isinstance(total, int) or total < 1:
        raise bad_request("`total_bytes` is needed.")
    session_id, hash_key = call.x.ids.next(), token_urlsafe(18)
    call.x.chat_sessions[session_id] = Session(
        account_id=call.account_id, conversation=conversation.id, total_bytes=total, hash_key=hash_key
    )
    return Answer(body={"data": {"session_id": session_id, "media_hash_key": hash_key}})


def _session(call: Call) -> Session:
    found = call.x.chat_sessions.get(call.part("session"))
    if found is None or found.account_id != call.account_id:
        raise not_found("the upload")
    named = call.x.chats.named(call.account_id, str(call.body.get("conversation_id"))).id
    if (named, call.body.get("media_hash_key")) != (found.conversation, found.hash_key):
        raise bad_request("`conversation_id` and `media_hash_key` are those of another upload.")
    return found


async def _append_file(call: Call) -> Answer:
    session, index = _session(call), str(call.body.get("segment_index"))
    try:
        piece = base64.b64decode(str(call.body.get("media")), validate=True)
    except binascii.Error as error:
        raise bad_request("`media` is not base64.") from error
    if not index.isdecimal() or not 1 <= len(piece) <= _LARGEST_PIECE:
        raise bad_request(f"A segment has an index and at most {_LARGEST_PIECE} bytes.")
    session.pieces[int(index)] = piece
    return Answer(body={"data": {"success": True}})


async def _end_file(call: Call) -> Answer:
    session = _session(call)
    data = b"".join(session.pieces[index] for index in sorted(session.pieces))
    if str(call.body.get("num_parts")) != str(len(session.pieces)) or len(data) != session.total_bytes:
        raise bad_request("The segments are not what was announced.")
    call.x.chats.files[session.hash_key] = data
    return Answer(body={"data": {"success": True, "media_hash_key": session.hash_key}})


async def _file(call: Call) -> Answer:
    call.x.chats.named(call.account_id, call.part("id"))
    if call.part("hash") not in call.x.chats.files:
        raise not_found("the media")
    return Answer(body=call.x.chats.files[call.part("hash")])
