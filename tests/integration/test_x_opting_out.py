"""Whoever writes that they want nothing from a program is heard at once."""

from __future__ import annotations

import pytest

from relevo.contracts.brain import Question
from relevo.domain.messages import Button, Content
from relevo.store.x import PostgresXPeers
from tests.integration.posted import square
from tests.integration.xs import OnX, dm, on_x

pytestmark = pytest.mark.anyio
MENU = Content(text="Shall I cancel it?", buttons=(Button(title="Yes", payload="/affirm"),))


def answer(question: Question) -> Content:
    """Offer a menu where it is asked for, else repeat."""
    return MENU if question.text == "cancel" else Content(text=question.text)


async def test_stop_is_answered_once_by_nobodys_cleverness_and_ends_what_is_not_asked_for(database: str) -> None:
    """In the words' own language if nothing else is known; whoever writes anything else is served as ever."""
    async with on_x(database, answer) as x:
        peers = listening(x)
        for number, text in enumerate(("hello", "Stop!", "Please stop messaging me", "where is my bag?")):
            await x.take(dm(text, str(number + 1)))
            is_out = (await peers.of("2222")).opted_out_at is not None
            assert is_out is (number in (1, 2)), text
        assert [question.text for question in x.doors.brain.asked] == ["hello", "where is my bag?"]
        rows = await x.doors.opened.database.rows(
            "SELECT content ->> 'text' FROM entries WHERE author = 'bot' ORDER BY position"
        )
        assert [text.split(" here ")[0] for (text,) in rows] == [
            "hello", "You won't hear from us", "You won't hear from us", "where is my bag?"
        ]  # fmt: skip
        assert await x.doors.opened.database.rows("SELECT count(*) FROM post_opt_outs") == [(1,)]


async def test_a_bare_stop_below_a_question_answers_the_question(database: str) -> None:
    """More words than that say what they say, menu or not."""
    async with on_x(database, answer) as x:
        peers = listening(x)
        await x.take(dm("cancel", "1"))
        await x.take(dm("stop", "2"))
        assert (await peers.of("2222")).opted_out_at is None
        await x.take(dm("cancel", "3"))
        await x.take(dm("leave me alone", "4"))
        assert (await peers.of("2222")).opted_out_at is not None
        assert [question.text for question in x.doors.brain.asked] == ["cancel", "stop", "cancel"]


def listening(x: OnX) -> PostgresXPeers:
    """Have it heard who wants nothing."""
    peers = PostgresXPeers(x.doors.opened.database)
    x.intake.hearing.posts, x.intake.hearing.peers = square(x.doors.opened).watch, peers
    return peers
