"""What two have encrypted is read and answered as any message; what nobody signed never is."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from typing import Any

import pytest
from chat_xdk import Chat
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo.channels.x import chat_crypto as crypto
from relevo.channels.x.chat_crypto import NoConversationKey, NotSigned
from relevo.contracts.platform import Corrected, Echo, Seen, Typing, Written
from relevo.domain.messages import Button
from relevo.errors import SendRefused, Unreadable
from relevo.testing.x import wire
from tests.integration.chat_x import ANN, CONVERSATION, NOW, OWN
from tests.integration.chatting_on_x import PEER, Chatting, Customer, begun, chatting, delivery, told

pytestmark = pytest.mark.anyio


async def test_text_goes_both_ways(database: str) -> None:
    """A customer's words are read, the answer is what the customer decrypts, and it goes back by the same way."""
    async with chatting(database) as chat:
        host = await begun(chat)
        (written,) = await host.reader.read(payload := chat.ann.writes("¿Dónde está mi maleta?"))
        assert isinstance(written, Written)
        assert (written.address, written.text, written.transport) == (ANN, "¿Dónde está mi maleta?", "chat")
        assert written.message_id == payload["id"]
        assert host.peers.told[-1] == (ANN, "chat", "token-1")
        receipt = await host.sender.send(delivery(7, "En Madrid."), PEER)
        (answer,) = chat.ann.reads()
        assert (answer["content"]["text"], answer["verified"], answer["sender_id"]) == ("En Madrid.", True, OWN)
        assert receipt.external_id == answer["id"]
        assert chat.x.paths("/messages")[-1]["conversation_token"] == "token-1"
        assert chat.x.paths("/read") == [{"seen_until_sequence_id": str(int(answer["sequence_id"]) - 1)}]


async def test_a_photo_goes_both_ways(database: str) -> None:
    """X keeps ciphertext; the file is opened with the key of the message's own version, not of the newest."""
    photo = b"\xff\xd8\xff\xe0" + b"passport" * 100_000
    async with chatting(database) as chat:
        host = await begun(chat)
        shown = chat.ann.shows("photo1", photo)
        (written,) = await host.reader.read(chat.ann.writes("", attachments=shown))
        assert isinstance(written, Written)
        (file,) = written.files
        assert (file.name, file.reference.startswith("chat:")) == ("passport.jpg", True)
        await told(host, chat.ann.writes("a newer key", change=chat.ann.changes_key()))
        assert await host.reader.fetch(file.reference) == photo
        chat.x.media["photo1"] = chat.x.media["photo1"][:-1]
        with pytest.raises(Unreadable, match="changed on its way"):
            await host.reader.fetch(file.reference)
        del chat.x.media["photo1"]
        with pytest.raises(Unreadable, match="send it again"):
            await host.reader.fetch(file.reference)

        document = _attachment(chat, b"%PDF-1.7" + bytes(3_000_000))
        await host.sender.send(delivery(8, None, attachments=(document,)), PEER)
        (answer,) = chat.ann.reads()
        (media,) = answer["attachments"]
        assert (media["filename"], media["filesize_bytes"]) == ("boarding pass.pdf", document.size_bytes)
        sealed = chat.x.media[media["media_hash_key"]]
        assert bytes(chat.ann.chat.decrypt_stream(sealed, chat.ann.key[1])) == chat.files[document.id]
        assert len(chat.x.paths("/append")) == 2


async def test_a_chosen_button_is_its_payload(database: str) -> None:
    """The answer is taken by what was offered to this contact, whatever else it says it stands for."""
    buttons = (Button(title="Refund", payload="/refund"), Button(title="Track", payload="/track"))
    async with chatting(database) as chat:
        host = await begun(chat)
        await host.sender.send(delivery(9, "What is it about?", buttons=buttons), PEER)
        asked = chat.ann.reads()[0]["content"]["quick_reply"]["request"]["options"]
        assert [option["label"] for option in asked["options"]] == ["Refund", "Track"]

        async def chooses(**answer: Any) -> str | None:
            reply = {"response": {"options": answer}}
            (written,) = await host.reader.read(chat.ann.writes("Refund", quick_reply=reply))
            assert isinstance(written, Written)
            return written.payload

        assert await chooses(request_id=asked["id"], selected_option_id=asked["options"][0]["id"]) == "/refund"
        assert await chooses(request_id=asked["id"], metadata="/track") == "/track"
        assert await chooses(request_id=asked["id"], metadata="/restart") is None
        assert await chooses(request_id="10", selected_option_id="1") is None
        assert await chooses(request_id="nonsense", metadata="/refund") is None


async def test_an_edit_names_what_it_changes(database: str) -> None:
    """By its place, of the customer's own messages only."""
    async with chatting(database) as chat:
        host = await begun(chat)
        first = chat.ann.writes("Refudn")
        await host.reader.read(first)
        edit = _edit(chat.ann, first["encoded_event"], "Refund")
        (corrected,) = await host.reader.read(edit)
        assert isinstance(corrected, Corrected)
        assert (corrected.of, corrected.text, corrected.message_id) == (first["id"], "Refund", edit["id"])
        await host.sender.send(delivery(11, "Yes."), PEER)
        ours = next(iter(chat.x.messages.values()))
        assert await host.reader.read(_edit(chat.ann, ours, "No.")) == ()


async def test_reactions_and_signs_are_no_messages(database: str) -> None:
    """Nobody answers a heart; somebody who types is told of."""
    async with chatting(database) as chat:
        host = await begun(chat)
        version, key = chat.ann.key
        target = chat.ann.writes("thanks")
        heart = chat.ann.chat.encrypt_add_reaction(
            target["encoded_event"], "❤️", conversation_key=key, conversation_key_version=version
        )
        assert await host.reader.read(chat.ann.told(heart)) == ()
        typing = _unsigned(chat, wire.typing_detail(CONVERSATION))
        assert await host.reader.read(typing) == [Typing(address=ANN)]
        assert await host.reader.read({"conversation_id": "g123", "encoded_event": "x"}) == ()
        assert await host.reader.read({"conversation_id": f"{ANN}:{OWN}"}) == ()


async def test_what_was_read_names_our_message(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By X's place of it, or all of them. No library makes such an event, so it is put in by hand, decrypted."""
    async with chatting(database) as chat:
        host = await begun(chat)
        first, second = [await host.sender.send(delivery(number, "Hm."), PEER) for number in (40, 41)]
        (place, message_id) = await host.records.last(CONVERSATION, is_ours=True) or ("", "")
        assert message_id == second.external_id
        signed = {"sender_id": ANN, "conversation_id": CONVERSATION, "sequence_id": "900", "id": "m", "verified": True}
        before = {"type": "ReadReceipt", "seen_until_id": str(int(place) - 1)}
        everything = {"type": "Message", "content": {"content_type": "MarkRead"}}
        for said, read in ((before, first), (everything, second)):
            monkeypatch.setattr(crypto, "opened", lambda *_, said=said: {**signed, **said})
            assert await host.reader.read(_of("x")) == [Seen(address=ANN, up_to=read.external_id or "")]


async def test_own_messages_are_told_apart(database: str) -> None:
    """What left here is no news; what somebody wrote in X's app with the account's keys is."""
    async with chatting(database) as chat:
        host = await begun(chat)
        await host.sender.send(delivery(12, "From here."), PEER)
        (event,) = chat.x.messages.values()
        assert await host.reader.read(_of(event)) == ()
        (pair,) = await host.keys.pairs(OWN)
        app = Chat()
        app.import_keys(pair.secret, pair.version)
        app.set_identity(OWN, pair.version or "")
        version, key = chat.ann.key
        sent = app.encrypt_message(
            CONVERSATION, "From the app.", conversation_key=key, conversation_key_version=version
        )
        (heard,) = await host.reader.read(chat.ann.told(sent, sender=OWN))
        assert isinstance(heard, Echo)
        assert (heard.address, heard.text, heard.message_id) == (ANN, "From the app.", sent.message_id)


async def test_a_key_that_changes_midway_is_followed(database: str) -> None:
    """What was said before and after it is read, in whatever order the two arrive; answers take the newest."""
    async with chatting(database) as chat:
        host = await begun(chat)
        before = chat.ann.writes("before")
        after = chat.ann.writes("after", change=chat.ann.changes_key())
        assert await told(host, after) == ["after"]
        assert await told(host, before) == ["before"]
        await host.sender.send(delivery(13, "Both came."), PEER)
        assert chat.ann.reads()[-1]["key_version"] == chat.ann.key[0]


async def test_a_key_whose_change_never_came_is_in_the_history(database: str) -> None:
    """X is asked for it once."""
    async with chatting(database) as chat:
        host = await begun(chat)
        chat.ann.changes_key()
        assert await told(host, chat.ann.writes("and now?")) == ["and now?"]
        chat.ann.changes_key()
        chat.x.key_events.clear()
        with pytest.raises(Unreadable, match="never reached"):
            await host.reader.read(chat.ann.writes("lost"))


async def test_nobody_speaks_for_another(database: str) -> None:
    """A message under somebody else's name, or in another conversation, or with a key that they signed, is given up."""
    async with chatting(database) as chat:
        host = await begun(chat)
        eve = Customer(chat.x, user_id=ANN)
        eve.chat.generate_keypairs()
        eve.chat.set_identity(ANN, "1")
        eve.key = chat.ann.key
        before = len(chat.x.asked)
        with pytest.raises(Unreadable, match="not signed by who"):
            await host.reader.read(eve.writes("it is me, Ann"))
        assert [path for _, path, _ in chat.x.asked[before:]] == [
            f"/2/users/{OWN}/public_keys",
            f"/2/users/{ANN}/public_keys",
        ], "keys are asked for once"
        with pytest.raises(Unreadable):
            await host.reader.read(chat.ann.told(_sent(chat.ann, "as the business"), sender=OWN))
        elsewhere = chat.ann.writes("hello") | {"conversation_id": f"3333:{OWN}"}
        with pytest.raises(Unreadable):
            await host.reader.read(elsewhere)
        known = await host.keys.conversation_keys(CONVERSATION)
        forged = eve.changes_key()
        assert await told(host, chat.ann.writes("still me", change=forged)) == ["still me"]
        assert await host.keys.conversation_keys(CONVERSATION) == known


async def test_whoever_changed_their_keys_is_heard(database: str) -> None:
    """A signature that does not fit has X asked for the keys of its writer once more."""
    async with chatting(database) as chat:
        host = await begun(chat)
        chat.ann.joins(version="2")
        assert await told(host, chat.ann.writes("with a new phone")) == ["with a new phone"]


async def test_keys_that_nobody_vouches_for_are_not_used(database: str) -> None:
    """X itself cannot put a key of its own in place of a customer's."""
    async with chatting(database) as chat:
        host = await begun(chat)
        mallory = Chat().generate_keypairs().public_key
        chat.x.keys[ANN][0]["public_key"] = mallory.public_key
        assert await host.ring.public_keys(ANN, afresh=True) == []
        with pytest.raises(SendRefused, match="no keys"):
            await chat.host().sender._changed(ANN)


async def test_no_byte_of_a_message_can_be_changed(database: str) -> None:
    """Whatever is changed of a message on its way, it is given up, or it says what its writer wrote."""
    async with chatting(database) as chat:
        host = await begun(chat)
        payload = chat.ann.writes("pay 10 to Bob")
        raw = base64.b64decode(payload["encoded_event"])
        keys, signers = await host.ring.conversation_keys(ANN), await host.ring.signers(ANN)
        for place in range(len(raw)):
            changed = base64.b64encode(_changed(raw, place)).decode()
            try:
                event = crypto.opened(changed, keys, signers)
            except (NotSigned, NoConversationKey, Unreadable):
                continue
            said = event.get("content", {}).get("text"), event.get("id"), event.get("sender_id")
            assert event["type"] != "Message" or said == ("pay 10 to Bob", payload["id"], ANN), place
        places = range(0, len(raw), 23)
        for broken in [*(raw[:place] for place in places), *(_changed(raw, place) for place in places)]:
            try:
                heard = await told(host, payload | {"encoded_event": base64.b64encode(broken).decode()})
            except Unreadable:
                continue
            assert heard in ([], ["pay 10 to Bob"])


def _sent(customer: Customer, text: str) -> Any:
    version, key = customer.key
    return customer.chat.encrypt_message(CONVERSATION, text, conversation_key=key, conversation_key_version=version)


def _edit(customer: Customer, target: str, text: str) -> dict[str, Any]:
    version, key = customer.key
    sent = customer.chat.encrypt_edit(target, text, conversation_key=key, conversation_key_version=version)
    return customer.told(sent)


def _changed(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


def _of(event: str) -> dict[str, Any]:
    return {"conversation_id": f"{OWN}-{ANN}", "encoded_event": event}


def _unsigned(chat: Chatting, detail: bytes) -> dict[str, Any]:
    return _of(
        wire.event(
            sequence_id=chat.x.number(),
            message_id="sign",
            sender_id=ANN,
            conversation_id=CONVERSATION,
            created_at_msec=NOW,
            detail=detail,
        )
    )


def _attachment(chat: Chatting, body: bytes) -> Any:
    from uuid import uuid4

    from relevo.domain.attachments import Attachment

    made = Attachment(
        id=uuid4(), name="boarding pass.pdf", mime="application/pdf", size_bytes=len(body), sha256="0" * 64
    )
    chat.files[made.id] = body
    return made


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([ANN, OWN, CONVERSATION, "AAAA"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
_NAMES = ("conversation_id", "encoded_event", "conversation_key_change_event", "conversation_key_version", "sender_id")


async def test_whatever_comes_is_read_or_given_up(database: str) -> None:
    """Nothing that X may say makes the reader fail otherwise."""
    async with chatting(database) as chat:
        host = await begun(chat)
        whole = chat.ann.writes("hola")

        async def reads(payload: dict[str, Any]) -> None:
            with suppress(Unreadable):
                assert all(isinstance(each, (Written, Typing)) for each in await host.reader.read(payload))

        loop = asyncio.get_running_loop()

        @settings(max_examples=40, deadline=None, database=None, derandomize=True)
        @given(st.dictionaries(st.sampled_from(_NAMES), _ANY, min_size=1))
        def tries(odd: dict[str, Any]) -> None:
            asyncio.run_coroutine_threadsafe(reads({**whole, **odd}), loop).result(20)

        await asyncio.to_thread(tries)
