"""A customer of X's encrypted chat is served as on any channel, through real doors against the fake X."""

from __future__ import annotations

import base64
from contextlib import AbstractAsyncContextManager

import pytest

from relevo.bootstrap.x_chat import chat_on_x, registrar_of
from relevo.contracts.brain import Question
from relevo.domain.messages import Author, Button, Content
from relevo.store.personal import PostgresPersonalData
from relevo.store.x import PostgresXPeers
from relevo.store.x_chat_keys import PostgresChatKeys
from relevo.store.x_limits import PostgresXLimits
from relevo.testing.x.faults import Fault
from tests.integration.doors import KEY
from tests.integration.served_on_x import Served, served_on_x
from tests.integration.xs import picture

pytestmark = pytest.mark.anyio


def answer(question: Question) -> tuple[Content, ...]:
    """Speak by the script."""
    if question.text == "menu":
        return (Content(text="What is it?", buttons=(Button(title="Refund", payload="/refund"),)),)
    return (Content(text=f"You said: {question.text}, with {len(question.attachments)} files"),)


def served(dsn: str) -> AbstractAsyncContextManager[Served]:
    """Run it all; Ann writes encrypted."""
    return served_on_x(dsn, answer, "chat")


async def test_a_conversation_is_encrypted_both_ways(database: str) -> None:
    """Words, a photo, an edit and a chosen button arrive; X has seen none of them."""
    async with served(database) as on:
        await on.ann.writes("hola")
        assert await on.heard(1) == ["You said: hola, with 0 files"]
        await on.ann.writes("my passport", photo=picture())
        assert (await on.heard(2))[1] == "You said: my passport, with 1 files"
        await on.ann.writes("menu")
        await on.heard(3)
        await on.ann.chooses("Refund")
        assert (await on.heard(4))[3] == "You said: /refund, with 0 files"
        assert on.x.chats.unreadable == []
        assert on.x.brand.sent_twice == []
        conversation = on.x.chats.between("1111", "2222")
        last = [each for each in conversation.events if each.sender_id == "2222"][-1]
        await on.x.until(lambda: conversation.seen_until.get("1111") == last.sequence_id)


async def test_lost_answers_of_x_are_no_second_message(database: str) -> None:
    """X has it, nobody was told so, and the very same message goes out again."""
    async with served(database) as on:
        faults = (Fault.RESPONSE_LOST, Fault.BROKEN_AFTER, Fault.REQUEST_LOST)
        for count, fault in enumerate(faults, start=1):
            on.x.faults.next("chat.send", fault)
            await on.ann.writes(fault.value)
            assert (await on.heard(count))[-1] == f"You said: {fault.value}, with 0 files"
            await on.doors.until(f"SELECT count(*) = {count} FROM deliveries WHERE state = 'sent'")
        assert len(on.x.chats.repeated) == 2
        assert len(on.ann.received) == 3


async def test_a_forged_message_is_given_up_with_its_reason(database: str) -> None:
    """It is no message; who really writes is answered; new keys on either side are followed."""
    async with served(database) as on:
        await on.ann.writes("hola")
        await on.heard(1)
        await on.ann.writes("I am Ann", is_forged=True)
        await on.doors.until("SELECT count(*) = 1 FROM platform_events WHERE state = 'dead'")
        (reason,) = (await on.doors.opened.database.rows("SELECT reason FROM platform_events WHERE state = 'dead'"))[0]
        assert "not signed by who" in reason
        on.ann.phone.new_keys()
        await on.ann.writes("with a new phone")
        assert (await on.heard(2))[1] == "You said: with a new phone, with 0 files"
        assert ("contact", "I am Ann") not in await on.said()


async def test_who_leaves_encrypted_chat_is_answered_by_direct_message(database: str) -> None:
    """Nobody on XChat any more: the answer takes the way that is left."""
    async with served(database) as on:
        await on.ann.writes("hola")
        await on.heard(1)
        on.x.chats.keys.pop("2222")
        await on.doors.opened.database.run("TRUNCATE x_chat_keys, x_chat_public_keys")
        conversation = await on.doors.conversation("x", "2222")
        await on.doors.opened.store.conversations.say(conversation.id, Author.SYSTEM, Content(text="Still there?"))
        await on.heard(2)
        assert on.ann.received[-1].transport == "dm"


async def test_nothing_of_it_is_logged(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No words, no keys: neither where it goes well, nor where it does not."""
    async with served(database) as on:
        await on.ann.writes("my secret suitcase")
        await on.heard(1)
        await on.ann.writes("a forged suitcase", is_forged=True)
        await on.doors.until("SELECT count(*) = 1 FROM platform_events WHERE state = 'dead'")
        (pair,) = await PostgresChatKeys(on.doors.opened.database, KEY).pairs("1111")
        keys = await PostgresChatKeys(on.doors.opened.database, KEY).conversation_keys("1111:2222")
    logged = capsys.readouterr()
    for secret in (pair.secret, *keys.values()):
        assert base64.b64encode(secret).decode()[:-4] not in logged.out + logged.err
        assert secret.hex() not in logged.out + logged.err
    assert "suitcase" not in logged.out + logged.err
    assert "intake" in logged.out, "the log was not heard"


async def test_who_is_erased_leaves_no_keys(database: str) -> None:
    """Keys, ciphertext and places of messages go with the person; the account's own keys stay."""
    async with served(database) as on:
        await on.ann.writes("hola")
        await on.heard(1)
        await on.doors.until("SELECT count(*) = 1 FROM deliveries WHERE state = 'sent'")
        database_of = on.doors.opened.database
        tables = ("x_chat_encrypted", "x_chat_keys", "x_chat_messages", "x_chat_public_keys")
        held = {table: len(await database_of.rows(f"SELECT 1 FROM {table}")) for table in tables}
        assert all(held.values()), held
        data = PostgresPersonalData(database_of)
        (subject,) = await data.find("x:2222", None)
        await data.erase(subject)
        left = {table: len(await database_of.rows(f"SELECT 1 FROM {table}")) for table in tables}
        assert left == {**dict.fromkeys(tables, 0), "x_chat_public_keys": 1}, "one's own public keys are nobody else's"
        await on.ann.writes("hola again")
        assert (await on.heard(2))[1] == "You said: hola again, with 0 files"


async def test_it_is_shown_who_writes(database: str) -> None:
    """While the bot answers, and while the agent who has the conversation types; not again while it is shown."""
    async with served(database) as on:
        await on.ann.writes("hola")
        await on.heard(1)
        typed = on.x.chats.between("1111", "2222").typed
        before = len(typed)
        conversation = await on.doors.conversation("x", "2222")
        database_of = on.doors.opened.database
        await database_of.run("UPDATE conversations SET control = 'agent', agent_id = 7")
        signs = chat_on_x(
            on.doors.opened, on.on_x.api, PostgresXPeers(database_of), PostgresXLimits(database_of), KEY
        ).typing
        await signs.look()
        assert len(typed) == before
        await database_of.run(
            "INSERT INTO lookers (conversation_id, agent_id, is_typing) VALUES (%s, 7, true)", (conversation.id,)
        )
        await signs.look()
        await signs.look()
        assert len(typed) == before + 1


async def test_what_came_before_the_keys_is_read_with_them(database: str) -> None:
    """It is given up with what to do, holds up no direct message, and is answered once the keys are back."""
    async with served(database) as on:
        await on.ann.writes("hola")
        await on.heard(1)
        opened = on.doors.opened
        registrar = registrar_of(opened, on.on_x.api, KEY)
        saved = await registrar.save("correct horse battery")
        await opened.database.run("TRUNCATE x_chat_pairs, x_chat_keys")
        await on.ann.writes("encrypted, and nobody can read it")
        given_up = "state = 'dead' AND kind = 'chat.received' AND reason LIKE '%x keys%'"
        await on.doors.until(f"SELECT count(*) = 1 FROM platform_events WHERE {given_up}")
        await on.ann.writes("can you read this?", transport="dm")
        assert (await on.heard(2))[1] == "You said: can you read this?, with 0 files"
        await registrar.restore(saved, "correct horse battery")
        await opened.store.platform_events.replay(None)
        opened.live.wake_intakes()
        assert "You said: encrypted, and nobody can read it, with 0 files" in await on.heard(3)
