"""Legacy direct messages: sent, listed, and the pictures in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from relevo.testing.x.door import Answer, Call, Door, Handler
from relevo.testing.x.messages import Event, Message, Picture, as_account_activity, conversation_of, payload
from relevo.testing.x.problems import bad_request, forbidden, not_found, unauthorized

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

LONGEST = 10_000
"""Characters of one message; vendors and libraries say so, X does not."""
_WRITE = ("dm.write", "dm.read", "tweet.read", "users.read")
_READ = ("dm.read", "tweet.read", "users.read")
_ROOT = "/2/dm_conversations"


def doors() -> list[Door]:
    """Give the endpoints."""
    send = {"/with/{id}/messages": _send_to, "/{id}/messages": _send_in}
    events = {"/with/{id}/dm_events": _events_with, "/{id}/dm_events": _events_in}
    media = "/media/{dm}/{media}/{resource}"
    return [
        *(_door("dm.send", "POST", _ROOT + path, verb, _WRITE) for path, verb in send.items()),
        _door("dm.events", "GET", "/2/dm_events", _events, _READ),
        *(_door("dm.events", "GET", _ROOT + path, verb, _READ) for path, verb in events.items()),
        _door("dm.media", "GET", _ROOT + media, _picture, ("dm.read",)),
        _door("dm.media", "GET", "/1.1/ton/data/dm/{dm}/{media}/{resource}", _picture_of_old, ()),
    ]


class Mailbox:
    """All messages of both transports, oldest first."""

    def __init__(self, x: FakeX) -> None:
        self._x = x
        self.messages: list[Message] = []
        self._between: dict[str, list[Message]] = defaultdict(list)
        self._of: dict[str, list[Message]] = defaultdict(list)

    def add(self, message: Message) -> None:
        """Keep a message."""
        self.messages.append(message)
        self._between[message.conversation_id].append(message)
        self._of[message.sender_id].append(message)
        self._of[message.recipient_id].append(message)

    def between(self, one: str, other: str) -> list[Message]:
        """Give what two users wrote to each other."""
        return self._between[conversation_of(one, other)]

    def of(self, user_id: str) -> list[Message]:
        """Give what one user wrote or got."""
        return self._of[user_id]

    def sent_by(self, user_id: str) -> list[Message]:
        """Give what one user wrote."""
        return [message for message in self._of[user_id] if message.sender_id == user_id]

    def sent_twice(self, account_id: str) -> list[Message]:
        """Give what one user wrote to somebody in the very same words more than once, without the first of each."""
        seen: set[tuple[str, str, str | None]] = set()
        twice = []
        for message in self.sent_by(account_id):
            words = (message.recipient_id, message.text, message.picture.id if message.picture else None)
            if words in seen:
                twice.append(message)
            seen.add(words)
        return twice

    def put(self, message: Message) -> Sequence[Event]:
        """Keep a legacy message, and give what X tells about it to the accounts on both sides."""
        self.add(message)
        users = [self._x.users[message.sender_id], self._x.users[message.recipient_id]]
        told = []
        for kind, about in (("dm.received", message.recipient_id), ("dm.sent", message.sender_id)):
            told.append(
                Event(
                    uuid=self._x.event_uuid(),
                    type=kind,
                    user_id=about,
                    payload=payload(message, users),
                    at=message.sent_at,
                    old=as_account_activity(about, message, users),
                )
            )
        return told

    def picture(self, account_id: str, dm: str, media: str, resource: str) -> Picture:
        """Find a picture of a message that an account may see. Raises Problem 404."""
        for picture in (message.picture for message in self._of[account_id] if message.picture):
            if (picture.dm_id, picture.id) == (dm, media) and resource in _names(picture):
                return picture
        raise not_found("the media")


def _names(picture: Picture) -> set[str]:
    """X's documentation does not say whether the ending belongs to the resource's id; both are taken."""
    return {picture.resource, picture.resource.partition(".")[0]}


def _door(kind: str, method: str, path: str, handler: Handler, scopes: tuple[str, ...]) -> Door:
    return Door(kind=kind, method=method, path=path, handler=handler, scopes=scopes)


async def _send_to(call: Call) -> Answer:
    return _sent(call, call.part("id"))


async def _send_in(call: Call) -> Answer:
    return _sent(call, _other(call))


def _other(call: Call) -> str:
    members = call.part("id").split("-")
    if len(members) != 2 or call.account_id not in members:
        raise not_found("the conversation")
    return members[1] if members[0] == call.account_id else members[0]


def _sent(call: Call, recipient_id: str) -> Answer:
    x, text = call.x, call.body.get("text")
    attachments = call.body.get("attachments")
    _demand_body(call, text, attachments)
    recipient = x.users.get(recipient_id)
    if recipient is None:
        raise not_found("the participant")
    if not recipient.takes_messages or call.account_id in recipient.blocks:
        raise forbidden("You do not have permission to DM one or more participants.")
    message_id = x.ids.next()
    media = x.uploads.used(call.account_id, str(attachments[0]["media_id"]), message_id) if attachments else None
    message = Message(
        id=message_id,
        sender_id=call.account_id,
        recipient_id=recipient_id,
        text=text or "",
        sent_at=x.clock(),
        picture=media,
    )
    x.happened(x.mailbox.put(message))
    return Answer(status=201, body={"data": {"dm_conversation_id": message.conversation_id, "dm_event_id": message.id}})


def _demand_body(call: Call, text: Any, attachments: Any) -> None:
    if unknown := sorted(set(call.body) - {"text", "attachments"}):
        raise bad_request(f"$.{unknown[0]}: is not defined in the schema and the schema does not allow additional ones")
    if not (text or attachments):
        raise bad_request("A message needs `text` or `attachments`.")
    if text is not None and (not isinstance(text, str) or not 1 <= len(text) <= LONGEST):
        raise bad_request(f"$.text: must be 1 to {LONGEST} characters long")
    if attachments is not None and not (
        isinstance(attachments, list)
        and len(attachments) == 1
        and isinstance(attachments[0], dict)
        and set(attachments[0]) == {"media_id"}
    ):
        raise bad_request("$.attachments: must be one object with `media_id`")


async def _events(call: Call) -> Answer:
    return _listed(call, call.x.mailbox.of(call.account_id))


async def _events_with(call: Call) -> Answer:
    return _listed(call, call.x.mailbox.between(call.account_id, call.part("id")))


async def _events_in(call: Call) -> Answer:
    return _listed(call, call.x.mailbox.between(call.account_id, _other(call)))


def _listed(call: Call, messages: Sequence[Message]) -> Answer:
    """Give a page, newest first; a page's token is the id that it begins below."""
    if call.asked("since_id") is not None:
        raise bad_request("The query parameter [since_id] is not one of those that this endpoint takes.")
    most, below = call.number("max_results", 100, 100), call.asked("pagination_token")
    newest = [
        each for each in reversed(messages) if each.transport == "dm" and (not below or int(each.id) < int(below))
    ]
    page = newest[:most]
    meta: dict[str, Any] = {"result_count": len(page)}
    if len(newest) > most:
        meta["next_token"] = page[-1].id
    body: dict[str, Any] = {"meta": meta}
    if page:
        body["data"] = [message.listed() for message in page]
        body["includes"] = _included(call, page)
    return Answer(body=body)


def _included(call: Call, page: Sequence[Message]) -> dict[str, Any]:
    expansions = (call.asked("expansions") or "").split(",")
    included: dict[str, Any] = {}
    if "sender_id" in expansions:
        senders = dict.fromkeys(message.sender_id for message in page)
        included["users"] = [call.x.users[sender].described() for sender in senders]
    if "attachments.media_keys" in expansions:
        pictures = [message.picture for message in page if message.picture]
        included["media"] = [{"media_key": one.key, "type": one.kind, "url": one.url} for one in pictures]
    return included


async def _picture(call: Call) -> Answer:
    wanted = (call.part("dm"), call.part("media"), call.part("resource"))
    return Answer(body=call.x.mailbox.picture(call.account_id, *wanted).data)


async def _picture_of_old(call: Call) -> Answer:
    """Give a picture at its own address, which opens to OAuth 1.0a alone."""
    if not call.request.headers.get("Authorization", "").startswith("OAuth "):
        raise unauthorized()
    return await _picture(call)
