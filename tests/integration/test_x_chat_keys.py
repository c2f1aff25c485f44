"""The account's keys for X's encrypted chat are made once, and come back from what was saved."""

from __future__ import annotations

import base64

import pytest

from relevo.errors import Conflict, Unreadable
from tests.integration.chat_x import OWN
from tests.integration.chatting_on_x import PEER, begun, chatting, delivery, told

pytestmark = pytest.mark.anyio


async def test_keys_are_made_once(database: str) -> None:
    """Two who register at once, or one who was killed after X heard of it, end with the pair that X has."""
    async with chatting(database) as chat:
        first, second = chat.host(), chat.host()
        pair = await first.registrar.register()
        assert await second.registrar.register() == await first.registrar.register() != None  # noqa: E711
        assert len(chat.x.keys[OWN]) == 1
        await chat.database.run("UPDATE x_chat_pairs SET version = NULL")
        assert (await second.registrar.register()).public_key == pair.public_key
        assert len(chat.x.keys[OWN]) == 1
        assert (await first.keys.pairs(OWN))[0].version == pair.version
        assert pair.secret not in b"".join((await chat.database.rows("SELECT sealed FROM x_chat_pairs"))[0])


async def test_keys_that_are_lost_come_back_from_the_saved_file(database: str) -> None:
    """Without them nothing is read, and nothing is lost. X's other keys are not replaced by mistake."""
    async with chatting(database) as chat:
        host = await begun(chat)
        saved = await host.registrar.save("correct horse battery")
        (pair,) = await host.keys.pairs(OWN)
        assert base64.b64encode(pair.secret) not in saved
        await chat.database.run("TRUNCATE x_chat_pairs")
        payload = chat.ann.writes("are you there?", change=chat.ann.changes_key())
        with pytest.raises(Unreadable, match="relevo x keys"):
            await host.reader.read(payload)
        with pytest.raises(Conflict, match="--restore"):
            await host.registrar.register()
        with pytest.raises(Unreadable, match="passphrase"):
            await host.registrar.restore(saved, "another passphrase")
        with pytest.raises(Unreadable, match="holds no keys"):
            await host.registrar.restore(b"{}", "correct horse battery")
        await host.registrar.restore(saved, "correct horse battery")
        assert await told(host, payload) == ["are you there?"]


async def test_rotated_keys_still_open_what_was_said_before(database: str) -> None:
    """X's history was encrypted for the old pair."""
    async with chatting(database) as chat:
        host = await begun(chat)
        old = chat.ann.writes("for the old pair")
        await host.registrar.register(replaces=True)
        assert len(await host.keys.pairs(OWN)) == 2
        await chat.database.run("TRUNCATE x_chat_keys")
        assert await told(host, old) == ["for the old pair"]
        assert await told(host, chat.ann.writes("for the new", change=chat.ann.changes_key())) == ["for the new"]
        await host.sender.send(delivery(21, "Signed anew."), PEER)
        assert chat.ann.reads()[-1]["content"]["text"] == "Signed anew."
