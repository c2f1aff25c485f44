"""A customer who writes to the business on X is served as on any channel, through real doors against the fake X."""

from __future__ import annotations

from base64 import b64encode
from contextlib import AbstractAsyncContextManager

import pytest

from relevo.bootstrap.everything import read_settings
from relevo.bootstrap.remarks import Remarkable
from relevo.bootstrap.x import x_problem
from relevo.bootstrap.x_check import x_found
from relevo.bootstrap.x_setup import is_set_up, replay, set_up
from relevo.channels.x.marks import revoked
from relevo.contracts.brain import Question
from relevo.domain.conversations import Control
from relevo.domain.messages import Button, Content
from relevo.errors import ConfigurationError
from relevo.testing.x.account import account_on
from relevo.testing.x.server import fake_x
from tests.integration.doors import KEY, open_doors
from tests.integration.served_on_x import Served, served_on_x
from tests.integration.xs import picture

pytestmark = pytest.mark.anyio


def answer(question: Question) -> Content:
    """Speak by the script."""
    if question.text == "menu":
        return Content(
            text="Go on?", buttons=(Button(title="Sí", payload="/affirm"), Button(title="No", payload="/deny"))
        )
    return Content(text=f"You said: {question.text}, with {len(question.attachments)} files")


def served(dsn: str, *, tells: bool = True) -> AbstractAsyncContextManager[Served]:
    """Run it all; ``tells``: whether X can reach the door."""
    return served_on_x(dsn, answer, tells=tells)


async def test_words_a_photo_and_a_chosen_number_are_answered(database: str) -> None:
    """And what the bot sent comes back from X without any harm."""
    async with served(database) as on:
        await on.ann.writes("hola")
        assert await on.ann.until(1) == ["You said: hola, with 0 files"]
        await on.ann.writes("my passport", photo=picture())
        assert (await on.ann.until(2))[1] == "You said: my passport, with 1 files"
        await on.ann.writes("menu")
        assert (await on.ann.until(3))[2].startswith("Go on?\n\n1. Sí\n2. No")
        await on.ann.writes("2.")
        assert (await on.ann.until(4))[3] == "You said: /deny, with 0 files"
        await on.doors.until("SELECT count(*) = 8 FROM platform_events WHERE state = 'settled' AND kind = 'dm'")
        conversation = await on.doors.conversation("x", "2222")
        assert conversation.control is Control.BOT
        assert on.x.brand.sent_twice == []


async def test_who_answers_in_the_app_has_the_bot_be_silent(database: str) -> None:
    """The customer's next words wait for a person."""
    async with served(database) as on:
        await on.ann.writes("hola")
        await on.ann.until(1)
        await on.x.brand.writes("Sara here. Which flight was it?", on.ann)
        await on.doors.until("SELECT count(*) = 1 FROM conversations WHERE control = 'queued'")
        await on.ann.writes("AU3411")
        await on.doors.until("SELECT count(*) = 2 FROM inbox WHERE state = 'settled'")
        assert (await on.said())[2:] == [("agent", "Sara here. Which flight was it?"), ("contact", "AU3411")]
        assert len(on.ann.heard()) == 2


async def test_without_a_public_address_messages_are_asked_for(database: str) -> None:
    """So that a newcomer needs nothing but keys."""
    async with served(database, tells=False) as on:
        await on.doors.until("SELECT count(*) = 1 FROM platform_marks WHERE name = 'dm_events' AND value IS NOT NULL")
        await on.ann.writes("hola")
        await on.doors.opened.database.run("UPDATE platform_marks SET marked_at = now() - interval '1 hour'")
        assert await on.ann.until(1) == ["You said: hola, with 0 files"]


async def test_an_account_that_took_the_rights_away_is_told_of(database: str) -> None:
    """Until it gives them again."""
    async with served(database) as on:
        await on.x.brand.revokes()
        await on.doors.until("SELECT count(*) = 1 FROM platform_marks WHERE name = 'revoked' AND value = '1111'")
        assert "relevo x login" in str(await revoked(on.doors.opened.store.platform_marks))
        assert "relevo x login" in str(await x_problem(on.doors.opened, "1111"))


async def test_the_command_sets_up_once_shows_what_it_did_and_has_told_again(database: str) -> None:
    """And the check says how it stands, before and after."""
    async with fake_x() as x:
        account = account_on(x)
        async with open_doors(database, answer, x=account) as doors:
            settings = read_settings({"RELEVO_PUBLIC_URL": doors.url, "RELEVO_ATTACHMENT_KEY": b64encode(KEY).decode()})
            with pytest.raises(ConfigurationError, match="knows no webhook"):
                await x_found(account, settings, database)
            url, steps = await set_up(doors.opened, settings, account, None)
            assert (url, {step.done for step in steps}) == (f"{doors.url}/webhooks/x", {"added"})
            _, again = await set_up(doors.opened, settings, account, None)
            assert ({step.done for step in again}, is_set_up(again)) == ({"there"}, True)
            assert "tells what happens" in await x_found(account, settings, database)
            await replay(doors.opened, settings, account, "6h")
            assert len(x.calls("webhooks.replay", 200)) == 1
            with pytest.raises(ConfigurationError, match="24 hours"):
                await replay(doors.opened, settings, account, "30h")
            with pytest.raises(ConfigurationError, match="such as 90m"):
                await replay(doors.opened, settings, account, "yesterday")
            next(iter(x.webhooks.all.values())).is_valid = False
            with pytest.raises(ConfigurationError, match="cannot prove the webhook"):
                await x_found(account, settings, database)


async def test_without_an_account_or_an_address_the_check_says_what_that_means(database: str) -> None:
    """None of it is wrong."""
    settings = read_settings({"RELEVO_ATTACHMENT_KEY": b64encode(KEY).decode()})
    with pytest.raises(Remarkable, match="X is off"):
        await x_found(None, settings, database)
    async with fake_x() as x:
        with pytest.raises(Remarkable, match="once a minute"):
            await x_found(account_on(x), settings, database)
