"""Encrypted chat on the fake X: both sides really encrypt, and X passes on what it cannot read."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from chat_xdk import Chat

from tests.x_hook import PNG, Business, business

pytestmark = pytest.mark.anyio


class Desk:
    """The business's side: its keys, and what it reads and writes with them by X's API."""

    def __init__(self, here: Business) -> None:
        self.here = here
        self.chat: Any = Chat()
        self.chat.set_cache_keys(enabled=True)

    async def register(self) -> httpx.Response:
        made = self.chat.generate_keypairs().public_key
        names = ("public_key", "signing_public_key", "identity_public_key_signature", "registration_method")
        body = {"public_key": {name: getattr(made, name) for name in names}, "version": "7", "generate_version": False}
        self.chat.set_identity("1111", "7")
        return await self.here.post("/2/users/1111/public_keys", body)

    async def learn(self) -> None:
        found = []
        for user in ("1111", "2222"):
            for key in (await self.here.get(f"/2/users/{user}/public_keys")).json().get("data", ()):
                known = {"user_id": user, "public_key_version": key["public_key_version"]}
                known |= {"public_key": key["signing_public_key"], "identity_public_key": key["public_key"]}
                found.append(known | {"identity_public_key_signature": key["identity_public_key_signature"]})
        self.chat.set_signing_keys(found)

    async def read(self, number: int = -1) -> Any:
        await self.learn()
        payload = self.here.hook.events[number]["payload"]
        if change := payload.get("conversation_key_change_event"):
            assert self.chat.decrypt_events([change])["errors"] == {}
        return self.chat.decrypt_event(payload["encoded_event"])

    async def write(self, text: str, **more: Any) -> tuple[dict[str, str], httpx.Response]:
        made = self.chat.encrypt_message("1111:2222", text, **more)
        body = {"message_id": made.message_id, "encoded_message_create_event": made.encrypted_content}
        body["encoded_message_event_signature"] = made.encoded_event_signature
        return body, await self.here.post("/2/chat/conversations/1111-2222/messages", body)


async def test_two_talk_and_x_understands_nothing() -> None:
    """Keys are published, a message comes with the conversation's key, and the answer goes back by the same way."""
    async with business() as here:
        desk, ann = Desk(here), here.x.customer("2222", username="ann")
        assert (await desk.register()).json() == {"data": {"public_key_version": "7"}}
        await ann.writes("here is my passport", photo=PNG, transport="chat")
        told = here.hook.events[-1]
        assert told["event_type"] == "chat.received"
        assert b"passport" not in base64.b64decode(told["payload"]["encoded_event"])

        event = await desk.read()
        assert (event["content"]["text"], event["verified"]) == ("here is my passport", True)
        assert (event["id"], event["conversation_id"]) == (told["payload"]["id"], "1111:2222")
        keys = desk.chat.decrypt_events([told["payload"]["conversation_key_change_event"]])["conversation_keys"]
        name = event["attachments"][0]["media_hash_key"]
        file = (await here.get(f"/2/chat/media/1111-2222/{name}")).content
        assert file != PNG
        assert desk.chat.decrypt_stream(file, bytes(keys["keys"][event["key_version"]])) == PNG

        await desk.write("Thank you")
        await here.x.deliveries.settled()
        assert ann.heard() == ["Thank you"]
        said = here.x.mailbox.between("1111", "2222")
        assert [(one.sender_id, one.text) for one in said] == [("2222", "here is my passport"), ("1111", "Thank you")]
        assert here.hook.kinds == ["chat.received", "chat.sent"]
        assert here.x.chats.unreadable == []


async def test_the_same_message_id_is_one_message() -> None:
    """What was sent and not answered can be sent again as it is; other words under the same id are refused."""
    async with business() as here:
        desk, ann = Desk(here), here.x.customer("2222")
        await desk.register()
        await ann.writes("hi", transport="chat")
        await desk.read()
        body, first = await desk.write("once")
        again = await here.post("/2/chat/conversations/2222/messages", body)
        assert (again.status_code, again.json()) == (201, first.json())
        other, _ = await desk.write("another")
        changed = {**other, "message_id": body["message_id"]}
        assert (await here.post("/2/chat/conversations/2222/messages", changed)).status_code == 400
        assert ann.heard() == ["once", "another"]
        assert here.x.chats.repeated == [body["message_id"]]


async def test_quick_replies_are_chosen_and_messages_changed() -> None:
    """The answer carries what the option carried."""
    async with business() as here:
        desk, ann = Desk(here), here.x.customer("2222", transport="chat")
        await desk.register()
        said = await ann.writes("refund")
        await desk.read()
        options = [{"id": "o1", "label": "Refund", "metadata": "/refund"}, {"id": "o2", "label": "Track"}]
        await desk.write("Choose", quick_reply={"request": {"options": {"id": "m1", "options": options}}})
        assert ann.received[0].options == ("Refund", "Track")
        await ann.chooses("Refund")
        chosen = (await desk.read())["content"]["quick_reply"]["response"]["options"]
        assert (chosen["selected_option_id"], chosen["metadata"]) == ("o1", "/refund")
        await ann.edits(said, "refund please")
        edited = (await desk.read())["content"]
        assert (edited["content_type"], edited["new_text"]) == ("Edit", "refund please")


async def test_a_forged_message_is_not_believed_and_a_new_device_is() -> None:
    """New keys are known once they are fetched; a wrong signature stays wrong."""
    async with business() as here:
        desk, ann = Desk(here), here.x.customer("2222", transport="chat")
        await desk.register()
        await ann.writes("from the old device")
        await desk.read()
        ann.phone.new_keys()
        await ann.writes("from the new one")
        payload = here.hook.events[-1]["payload"]
        assert desk.chat.decrypt_events([payload["conversation_key_change_event"]])["errors"] != {}
        assert (await desk.read())["content"]["text"] == "from the new one"
        await ann.writes("give me all points", is_forged=True)
        with pytest.raises(ValueError, match="verif"):
            await desk.read()


async def test_what_the_business_signs_wrongly_is_counted() -> None:
    """The customer's device shows nothing of it."""
    async with business() as here:
        desk, ann = Desk(here), here.x.customer("2222", transport="chat")
        await desk.register()
        await ann.writes("hi")
        await desk.read()
        body, _ = await desk.write("right")
        wrong = {**body, "message_id": "11111111-0000-4000-8000-000000000000"}
        assert (await here.post("/2/chat/conversations/2222/messages", wrong)).status_code == 201
        assert ann.heard() == ["right"]
        assert len(here.x.chats.unreadable) == 1


async def test_the_business_begins_a_conversation_and_sends_a_file() -> None:
    """A new key with a share for each, ciphertext in pieces, typing, read up to here, and the history."""
    async with business() as here:
        desk, ann = Desk(here), here.x.customer("2222", transport="chat")
        await desk.register()
        keys = "/2/chat/conversations/2222/keys"
        assert (await here.post(keys, {"conversation_key_version": "1"})).status_code == 400
        assert (await here.get("/2/users/2222/public_keys")).json() == {"meta": {"result_count": 0}}
        ann.phone.new_keys()
        key = await begin(desk, keys)
        name = await uploaded(here, bytes(desk.chat.encrypt_stream(PNG, key)))
        file = {"attachment_type": "media", "media_hash_key": name, "width": 1, "height": 1}
        file |= {"filesize_bytes": len(PNG), "filename": "pass.png"}
        await desk.write("your pass", attachments=[file])
        picture = ann.received[0].picture
        assert picture is not None
        assert picture.data == PNG

        said = await ann.writes("thanks")
        talk = "/2/chat/conversations/1111-2222"
        history = (await here.get(f"{talk}/events", max_results="1")).json()
        assert len(history["meta"]["conversation_key_events"]) == 1
        assert (history["meta"]["has_more"], len(history["data"])) == (True, 1)
        assert (await here.post(f"{talk}/typing", {})).status_code == 200
        until = {"seen_until_sequence_id": history["data"][0]["id"]}
        assert (await here.post(f"{talk}/read", until)).status_code == 200
        kept = here.x.chats.conversations["1111:2222"]
        assert (kept.typed, kept.seen_until) == (["1111"], {"1111": kept.events[-1].sequence_id})
        assert kept.events[-1].message_id == said


async def begin(desk: Desk, place: str) -> bytes:
    """Give the conversation its first key."""
    await desk.learn()
    found = []
    for user in ("1111", "2222"):
        key = (await desk.here.get(f"/2/users/{user}/public_keys")).json()["data"][-1]
        found.append({"user_id": user, "public_key": key["public_key"], "key_version": key["public_key_version"]})
    made = desk.chat.prepare_conversation_key_change(found)
    shares = [
        {
            "user_id": each["user_id"],
            "encrypted_conversation_key": each["encrypted_key"],
            "public_key_version": each["public_key_version"],
        }
        for each in made["participant_keys"]
    ]
    body = {"conversation_key_version": made["conversation_key_version"], "conversation_participant_keys": shares}
    body["action_signatures"] = made["action_signatures"]
    assert (await desk.here.post(place, body)).json()["data"]["conversation_id"] == "1111:2222"
    kept = desk.here.x.chats.conversations["1111:2222"].key_events[0].encoded
    assert desk.chat.decrypt_events([kept])["errors"] == {}
    return bytes(made["conversation_key"])


async def uploaded(here: Business, data: bytes) -> str:
    """Upload ciphertext in pieces."""
    place, body = "/2/chat/media/upload", {"conversation_id": "1111:2222"}
    made = (await here.post(f"{place}/initialize", {**body, "total_bytes": len(data)})).json()["data"]
    body["media_hash_key"] = made["media_hash_key"]
    for index, piece in enumerate((data[:100], data[100:])):
        sent = {**body, "segment_index": str(index), "media": base64.b64encode(piece).decode()}
        assert (await here.post(f"{place}/{made['session_id']}/append", sent)).status_code == 200
    ended = await here.post(f"{place}/{made['session_id']}/finalize", {**body, "num_parts": "2"})
    assert ended.status_code == 200
    return str(made["media_hash_key"])
