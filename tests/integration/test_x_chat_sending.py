"""An answer leaves by X's encrypted chat as one message, whatever becomes of its attempts."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from msgspec.structs import replace

from relevo.channels.x.chat_failures import NotOnChat
from relevo.errors import SendDeferred, SendDelayed, SendRefused, SendUnconfirmed
from tests.integration.chat_x import ANN
from tests.integration.chatting_on_x import PEER, begun, chatting, delivery, told

pytestmark = pytest.mark.anyio


async def test_a_retry_is_the_very_same_message(database: str) -> None:
    """Whatever becomes of an attempt, the customer sees one message: on this host or another."""
    async with chatting(database) as chat:
        host = await begun(chat)
        chat.x.faults += [lambda: httpx.Response(503)] * 2
        with pytest.raises(SendUnconfirmed):
            await host.sender.send(delivery(14, "Once."), PEER)
        receipt = await chat.host().sender.send(delivery(14, "Once.", attempts=2), PEER)
        assert [each["content"]["text"] for each in chat.ann.reads()] == ["Once."]
        assert {body["message_id"] for body in chat.x.paths("/messages")} == {receipt.external_id}
        assert len({str(body) for body in chat.x.paths("/messages")}) == 1


async def test_what_x_has_is_not_sent_again_under_another_id(database: str) -> None:
    """It took the first attempt and its answer was lost: that it refuses the second one means nothing."""
    async with chatting(database) as chat:
        host = await begun(chat)

        def lost() -> httpx.Response:
            chat.ann.changes_key()
            chat.x.failures.append("NonLatestKeyVersion")
            return httpx.Response(503)

        chat.x.faults.append(lost)
        receipt = await host.sender.send(delivery(29, "Once."), PEER)
        assert list(chat.x.messages) == [receipt.external_id]
        assert [each["content"]["text"] for each in chat.ann.reads()] == ["Once."]


async def test_two_hosts_at_once_send_one_message(database: str) -> None:
    """Whoever keeps what it encrypted first has said what leaves."""
    async with chatting(database) as chat:
        await begun(chat)
        sent = await asyncio.gather(*(chat.host().sender.send(delivery(30, "Once."), PEER) for _ in range(3)))
        assert len({receipt.external_id for receipt in sent}) == 1
        assert [each["content"]["text"] for each in chat.ann.reads()] == ["Once."]


async def test_without_keys_it_waits(database: str) -> None:
    """Nothing else on X is held up by it."""
    async with chatting(database) as chat:
        with pytest.raises(SendDelayed, match="relevo x keys"):
            await chat.host().sender.send(delivery(31, "Hello?"), PEER)
        assert chat.x.asked == []


async def test_an_old_key_is_replaced_once(database: str) -> None:
    """The customer changed the key and we have not heard of it; or their keys, and a new one is made."""
    async with chatting(database) as chat:
        host = await begun(chat)
        chat.ann.changes_key()
        chat.x.failures = ["NonLatestKeyVersion"]
        await host.sender.send(delivery(15, "Newer."), PEER)
        assert chat.ann.reads()[-1]["content"]["text"] == "Newer."
        assert chat.x.paths("/keys") == []
        chat.ann.joins(version="2")
        chat.x.failures = ["RecipientKeyChanged"]
        chat.x.messages.clear()
        chat.x.key_events.clear()
        await host.sender.send(delivery(16, "Anew."), PEER)
        assert [each["content"]["text"] for each in chat.ann.reads()] == ["Anew."]
        chat.x.failures = ["NonLatestKeyVersion"] * 2
        with pytest.raises(SendRefused, match="again and again"):
            await host.sender.send(delivery(17, "Never."), PEER)


@pytest.mark.parametrize(
    ("failure", "ending", "words"),
    [
        ("ContentsTooLarge", SendRefused, "send it in parts"),
        ("TooManyMessages", SendDelayed, "no more encrypted messages"),
        ("RecipientNotTrusted", SendRefused, "does not trust"),
        ("InvalidSenderSignature", SendRefused, "relevo x keys"),
        ("FlaggedAsSpam", SendRefused, "spam"),
        ("GenericError", SendDeferred, "no reason"),
        ("EmptyDetail", SendRefused, "EmptyDetail"),
    ],
)
async def test_what_x_does_not_take_is_said(database: str, failure: str, ending: type[Exception], words: str) -> None:
    """The desk reads why; a message that X refused is encrypted anew when somebody tries it again."""
    async with chatting(database) as chat:
        host = await begun(chat)
        chat.x.failures = [failure]
        with pytest.raises(ending, match=words):
            await host.sender.send(delivery(18, "Hm."), PEER)
        await host.sender.send(delivery(18, "Shorter."), PEER)
        assert [each["content"]["text"] for each in chat.ann.reads()] == ["Shorter."]


async def test_whoever_is_not_on_it_is_refused_by_name(database: str) -> None:
    """So that the channel can take the other way."""
    async with chatting(database) as chat:
        host = chat.host()
        await host.registrar.register()
        chat.x.keys.pop(ANN)
        with pytest.raises(NotOnChat):
            await host.sender.send(delivery(19, "Hello?"), PEER)


async def test_a_conversation_can_be_begun_by_the_business(database: str) -> None:
    """A key is made for both, and the customer reads the first word with it."""
    async with chatting(database) as chat:
        host = chat.host()
        await host.registrar.register()
        await host.sender.send(delivery(20, "Your bag is here."), replace(PEER, chat_conversation_id=None))
        assert [each["content"]["text"] for each in chat.ann.reads()] == ["Your bag is here."]
        assert await told(chat.host(), chat.ann.writes("thank you")) == ["thank you"]
