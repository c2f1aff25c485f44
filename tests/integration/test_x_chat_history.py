"""What no webhook told of X's encrypted chat is found in its history, once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from relevo.channels.x.chat_history import NOT_OLDER, ChatHistory
from relevo.channels.x.envelopes import kept, told
from relevo.contracts.platform import Written
from relevo.store.live import PostgresLive
from relevo.store.platform_events import PostgresPlatformEvents
from relevo.store.platform_marks import PostgresPlatformMarks
from tests.integration.chat_x import OWN
from tests.integration.chatting_on_x import SEALING_KEY, Chatting, Host, begun, chatting

pytestmark = pytest.mark.anyio


async def test_what_was_missed_is_read_once(database: str) -> None:
    """With the keys that came meanwhile; nothing is asked for where nothing changed, and nothing old is answered."""
    async with chatting(database) as chat:
        host = await begun(chat)
        chat.x.events.clear()
        now = chat.x.now
        chat.x.now = now - NOT_OLDER - timedelta(minutes=1)
        chat.ann.writes("from long ago")
        chat.x.now = now
        chat.ann.changes_key()
        missed = chat.ann.writes("did you get this?")
        live = PostgresLive(chat.database)
        events, marks = PostgresPlatformEvents(chat.database, SEALING_KEY), PostgresPlatformMarks(chat.database)
        await marks.put("x", "chat_history", "looked")
        await chat.database.run("UPDATE platform_marks SET marked_at = now() - interval '1 hour'")
        history, another = (ChatHistory(host.ring, events, marks, live) for _ in range(2))
        assert await history.step() == 1
        asked = len(chat.x.asked)
        assert await another.step() == 0
        assert len(chat.x.asked) == asked, "one host at a time"
        assert await history.look() == 0
        assert len(chat.x.asked) == asked + 1, "only whether anything changed"
        assert await events.keep([kept(told("chat.received", OWN, missed), OWN)]) == 0, "a webhook says the same"
        (written,) = await _read(chat, host)
        assert isinstance(written, Written)
        assert (written.text, written.message_id) == ("did you get this?", missed["id"])


async def _read(chat: Chatting, host: Host) -> list[object]:
    events = PostgresPlatformEvents(chat.database, SEALING_KEY)
    claimed = await events.claim(["x"], 10)
    return [heard for each in claimed for heard in await host.reader.read(json.loads(each.event.body)["event"])]
