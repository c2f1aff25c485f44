"""What a chat shows beside its messages: who answers, where one waits, who types, what was read, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from relevo.contracts.mail import Posting
from relevo.domain.conversations import Control
from relevo.domain.messages import Arrival, Author, Content
from relevo.flow.mail import Mailer
from relevo.store.mails import PostgresMails
from relevo.web.origins import token_hash
from tests.databases import Databases
from tests.files import photo
from tests.integration.desks import DeskOf, Request, at, desk_of
from tests.integration.doors import Doors
from tests.integration.talking import Floor
from tests.integration.visiting import API, Page, asks_how_it_was, doors_for_all, forget, next_of, page_of, streaming

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def opened(databases: Databases, postgres: str) -> AsyncIterator[Doors]:
    """Doors whose bot asks for people."""
    async with doors_for_all(databases, postgres, Request()) as doors:
        yield doors


@pytest.fixture
async def doors(opened: Doors) -> Doors:
    """Nobody has been there yet."""
    return await forget(opened)


@pytest.fixture
async def kim(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent at their desk."""
    async with desk_of(doors, "Kim Doe", "supervisor") as desk:
        await desk.does("/presence", is_away=False)
        yield desk


@pytest.fixture
async def page(doors: Doors) -> Page:
    """A visitor."""
    return await page_of(doors)


async def _takes(kim: DeskOf, page: Page) -> str:
    conversation = await page.conversation()
    await kim.does(f"{at(conversation)}/take-over", version=conversation.control_version)
    return at(conversation)


async def test_a_wake_up_that_is_lost_costs_seconds(doors: Doors, page: Page) -> None:
    """Whoever wrote died before telling: pages hear of it all the same, also one that had no timeline yet."""
    other = await page_of(doors)
    await other.writes("hello", "c1")
    visit = await doors.opened.store.visits.find(token_hash(page.token))
    assert visit is not None
    async with streaming(page) as first, streaming(other, after=9) as second:
        await next_of(first, "state")
        assert (await next_of(second, "message"))["text"] == "hello"
        await next_of(second, "state")
        said = Arrival(channel="widget", address=visit.address, external_id="lost", text="from elsewhere")
        await doors.opened.store.inbox.receive([said])
        conversation = await other.conversation()
        await doors.opened.store.conversations.say(conversation.id, Author.AGENT, Content(text="nobody told"))
        assert (await next_of(first, "message"))["text"] == "from elsewhere"
        while (await next_of(second, "message"))["text"] != "nobody told":
            pass


async def test_the_state_follows_who_answers(doors: Doors, kim: DeskOf, page: Page) -> None:
    """Bot, the queue with place and wait as they were told, and the person by name."""
    assert (await page.polls())["state"]["by"] == "bot"
    await page.writes("a person please", "c1")
    await page.until(by="queue")
    (entry,) = await doors.opened.store.routing.line()
    await doors.opened.store.routing.tell(entry, 2, 180, "You are number 2.")
    doors.opened.live.changed(entry.conversation_id)
    assert (await page.until(by="queue", typing=False))["queue"] == {"position": 2, "wait_seconds": 180}
    await _takes(kim, page)
    assert (await page.until(by="person"))["person"] == {"name": "Kim Doe"}


async def test_both_sides_see_typing_and_reading(doors: Doors, kim: DeskOf, page: Page) -> None:
    """An agent's typing and looking reach the visitor; the visitor's reach the desk, and what they read is marked."""
    await page.writes("a person please", "c1")
    here = await _takes(kim, page)
    await kim.does(f"{here}/looking", is_typing=True)
    await page.until(typing=True)
    await kim.does(f"{here}/looking", is_typing=False)
    last = (await page.conversation()).last_position
    await kim.does(f"{here}/look", position=last)
    await page.until(typing=False, read_position=last)
    assert (await kim.does(f"{here}/looking"))["contact_types"] is False
    await page.does("typing")
    assert (await kim.does(f"{here}/looking"))["contact_types"] is True
    position = await kim.says(await page.conversation(), "Here I am.")
    await page.hears("Here I am.")
    await doors.until(f"SELECT state = 'delivered' FROM deliveries WHERE position = {position}")
    assert f'data-mark="{position}"> <span class="delivery is-delivered"' in await kim.page(f"/desk{here}")
    await page.does("read", position=position)
    assert f'data-mark="{position}"> <span class="delivery is-read"' in await kim.page(f"/desk{here}")
    assert (await kim.does(f"{here}/looking"))["read_position"] == position
    await page.writes("thanks", "c2")
    assert (await kim.does(f"{here}/looking"))["contact_types"] is False


async def test_typing_writes_one_row_however_often_it_is_told(doors: Doors, page: Page) -> None:
    """Keystrokes are worth nothing after a moment, and desks that show something else are not woken to read again."""
    await page.writes("hello", "c1")
    await page.hears("You said hello")
    with doors.opened.live.anything() as news, doors.opened.live.desk() as desk:
        await asyncio.sleep(0)
        news.heard()
        for _ in range(10):
            await page.does("typing")
        assert await desk.wait(5)
        assert not [about for about in news.heard() if about.startswith("~")]
    assert await doors.opened.database.rows("SELECT count(*) FROM typing_contacts") == [(1,)]
    before = await page_of(doors)
    await before.does("typing")
    await before.does("read", position=5)


async def test_an_agents_pages_hear_of_a_visitor_who_types(doors: Doors, kim: DeskOf, page: Page) -> None:
    """Which conversation, as an event of its own."""
    await page.writes("hello", "c1")
    await page.hears("You said hello")
    async with kim.http.stream("GET", "/desk/api/changes") as response:
        lines = response.aiter_lines()
        assert await asyncio.wait_for(anext(lines), 5) == "retry: 3000"
        await page.does("typing")

        async def stirred() -> str:
            async for line in lines:
                if line == "event: stirred":
                    return await anext(lines)
            raise AssertionError("the stream ended")

        assert str((await page.conversation()).id) in await asyncio.wait_for(stirred(), 10)


async def test_a_rating_is_kept_once_it_was_asked_for(doors: Doors, page: Page) -> None:
    """The first score stays; without a question there is nothing to rate, and a score that is none is refused."""
    await page.writes("hello", "c1")
    await page.hears("You said hello")
    assert (await page.post("rating", score=5)).json()["error"]["code"] == "no_rating"
    conversation = await page.conversation()
    await asks_how_it_was(doors, conversation)
    episode = conversation.last_position + 1
    assert (await page.polls())["state"]["rating"] == {"episode": episode}
    assert (await page.post("rating", score=6)).json()["error"]["code"] == "bad_score"
    await page.does("rating", score=4, comment="fine")
    await page.does("rating", score=1)
    assert "rating" not in (await page.polls())["state"]
    assert await doors.opened.database.rows("SELECT score, comment FROM csat") == [(4, "fine")]


async def test_ending_takes_one_out_of_the_queue_and_writing_begins_anew(doors: Doors, kim: DeskOf, page: Page) -> None:
    """Who waited waits no more and hears so; the state says that it is over until they write."""
    await page.does("end")
    await page.writes("a person please", "c1")
    await page.until(by="queue")
    await page.does("end")
    state = await page.until(by="bot", ended=True)
    assert (await kim.get("/queues"))["queues"][0]["waiting"] == []
    assert "queue" not in state
    await page.writes("hello again", "c2")
    await page.hears("You said hello again")
    await page.until(ended=False)


async def test_a_person_who_answers_keeps_what_the_visitor_has_ended(doors: Doors, kim: DeskOf, page: Page) -> None:
    """They see it, and wrap up as they do always; nothing is lost."""
    await page.writes("a person please", "c1")
    here = await _takes(kim, page)
    await page.does("end")
    assert (await page.until(ended=True))["by"] == "person"
    assert "The customer has ended the conversation" in await kim.page(f"/desk{here}")
    assert (await page.conversation()).control is Control.AGENT


async def test_what_was_said_can_be_saved_and_mailed_to_the_address_on_file_alone(doors: Doors, page: Page) -> None:
    """Plain text with who said what; by mail for those alone who have shown who they are, and to no other address."""
    assert (await page.post("transcript")).json()["error"]["code"] == "nothing_said"
    await page.post("messages", cid="c1", text="<b>hello</b>", language="en")
    await page.hears("You said <b>hello</b>")
    saved = await doors.http.get(f"{API}/transcript?format=txt", headers=page.headers)
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.headers["content-type"] == "text/plain; charset=utf-8"
    assert "You:\n<b>hello</b>" in saved.text
    assert "Relevo:\nYou said <b>hello</b>" in saved.text
    assert (await page.post("transcript")).json()["error"]["code"] == "not_verified"
    doors.business.people["C001"] = {"name": "Amina", "email": "amina@example.com"}
    await doors.opened.database.run(
        "UPDATE identities SET business_ref = 'C001', level = 1, verified_until = now() + interval '1 hour'"
    )
    assert (await page.post("transcript")).json()["error"]["code"] == Posting.MAIL_OFF.value
    mails = PostgresMails(doors.opened.database)
    mailer = Mailer(mails=mails, live=doors.opened.live, company="Aurora")
    doors.app.ctx.services = replace(doors.app.ctx.services, mailer=mailer)
    assert (await page.post("transcript", email="eve@example.com")).json()["error"]["code"] == "other_address"
    assert (await page.post("transcript", email="Amina@example.com")).status_code == 202
    ((address, text),) = await doors.opened.database.rows(
        "SELECT i.address, e.content ->> 'text' FROM entries e JOIN conversations c ON c.id = e.conversation_id"
        " JOIN identities i ON i.id = c.identity_id WHERE c.channel = 'email'"
    )
    assert (address, "<b>hello</b>" in text) == ("amina@example.com", True)


async def test_a_file_is_taken_back_before_it_is_sent_and_not_after(doors: Doors, page: Page) -> None:
    """Its sender alone may."""

    async def uploads() -> str:
        answer = await doors.http.post(f"{API}/attachments", content=photo(), headers=page.headers)
        return str(answer.json()["id"])

    async def deletes(identifier: str, by: Page = page) -> int:
        return (await doors.http.delete(f"{API}/attachments/{identifier}", headers=by.headers)).status_code

    first, second = await uploads(), await uploads()
    assert await deletes(first, await page_of(doors)) == 404
    assert (await deletes(first), await deletes(first)) == (204, 404)
    assert (await page.post("messages", cid="c1", attachments=[second])).status_code == 200
    assert await deletes(second) == 409
    assert await doors.opened.database.rows("SELECT count(*) FROM attachments") == [(1,)]


async def test_the_real_bot_begins_anew_after_an_end(floor: Floor) -> None:
    """What was open is forgotten: a yes is a yes to nothing."""
    lucia = floor.customer("lucia")
    await lucia.says("Hola, me faltan los puntos de mis vuelos a Dubái")
    assert "11.280" in await lucia.says("AU48207315, reserva RBL7Q2")
    conversation = await floor.opened.store.conversations.find("rest", "lucia")
    assert conversation is not None
    await floor.opened.store.chats.end(conversation.id, "Over.")
    await lucia.says("sí")
    assert await floor.opened.database.rows("SELECT count(*) FROM effects") == [(0,)]
    assert "11.280" in await lucia.says("me faltan los puntos de la reserva RBL7Q2"), "who she is stays known"
