"""What agents write goes out to X first, with photos; and a whole turn of the bot is one message there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from relevo.channels.x.media import Uploads
from relevo.contracts.brain import Question
from relevo.contracts.reaching import Reach
from relevo.domain.messages import Author, Button, Content
from relevo.flow.joining import joined
from relevo.testing.scripted import Said, Script, echo
from relevo.testing.x.faults import Fault
from tests.files import PDF, photo
from tests.integration.desks import DeskOf, desk_of
from tests.integration.doors import Doors, open_doors
from tests.integration.hands import written
from tests.integration.sending_on_x import Sending, sending

pytestmark = pytest.mark.anyio
NOTICE = "Kim Doe is with you now and has everything you've written."


@dataclass(kw_only=True)
class Office:
    """A business on X, with a bot and somebody at the desk."""

    on_x: Sending
    doors: Doors
    kim: DeskOf

    async def takes(self, conversation_id: UUID) -> str:
        """Take over whoever writes there, and give where that is in the API."""
        conversation = await self.doors.opened.store.conversations.get(conversation_id)
        here = f"/conversations/{conversation_id}"
        await self.kim.does(f"{here}/take-over", version=conversation.control_version)
        return here

    async def attaches(self, here: str, name: str, data: bytes) -> str:
        """Upload a file, and give its id."""
        headers = {**self.kim.own, "X-File-Name": name}
        answer = await self.kim.http.post(f"/desk/api{here}/attachments", content=data, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["attachment"]["id"])

    async def replies(self, here: str, text: str = "", *files: str) -> Any:
        """Write to the contact."""
        return await self.kim.does(f"{here}/replies", text=text, client_id=f"{text}{files}", attachments=list(files))


@asynccontextmanager
async def office(database: str, script: Script | None = None) -> AsyncIterator[Office]:
    """Open one; its bot answers by a script, where there is one."""
    doors_of = open_doors(database, script or echo, reaches={"x": Reach(joins_turns=True)}, has_bot=script is not None)
    async with sending(database) as on_x, doors_of as doors, desk_of(doors) as kim:
        yield Office(on_x=on_x, doors=doors, kim=kim)


async def test_an_agents_reply_goes_out_when_answers_have_to_wait(database: str) -> None:
    """Before them, by the part that is kept for agents, and with what waits before it in its own conversation."""
    async with office(database) as here:
        x = here.on_x
        for number in range(12):
            await x.answer(f"Answer {number}", to=x.x.customer(f"60{number}").id)
        await x.send()
        await x.answer("I wait", to=x.x.customer("700").id)
        mine = await x.answer("I wait, too")
        await x.send()
        assert len(x.x.brand.sent) == 12
        await here.replies(await here.takes(mine), "It is Kim.")
        await x.send()
        assert x.ann.heard() == ["I wait, too", NOTICE, "It is Kim."]
        assert len(x.x.brand.sent) == 15
        assert x.x.limits.exceeded["dm.send"] == 0
        await here.replies(f"/conversations/{mine}", "One more.")
        await here.replies(f"/conversations/{mine}", "And another.")
        await x.send()
        assert len(x.x.brand.sent) == 15
        page = await here.kim.page(f"/desk/conversations/{mine}")
        assert page.count("delayed until") == 2  # what is behind it waits as long
        await x.later(905)
        await x.send()
        assert x.ann.heard()[3:] == ["One more.", "And another."]
        assert x.x.customer("700").heard() == ["I wait"]


async def test_agents_words_come_before_answers_and_those_before_all_else(database: str) -> None:
    """Whatever was written first."""
    async with office(database) as here:
        x = here.on_x
        proactive = await x.answer(to="801")
        await x.opened.store.conversations.say(proactive, Author.SYSTEM, Content(text="By the way"))
        await x.answer("An answer", to="802")
        mine = await x.answer(to="803")
        await here.replies(await here.takes(mine), "It is Kim.")
        for number in ("801", "802", "803"):
            x.x.customer(number)
        while await x.host.deliverer.step(1):
            pass
        assert [message.text for message in x.x.brand.sent] == [NOTICE, "It is Kim.", "An answer", "By the way"]


async def test_photos_go_out_and_what_x_does_not_carry_is_told(database: str) -> None:
    """One in each message, the first with the words; a PDF is refused whole, with what to do instead."""
    async with office(database) as here:
        x = here.on_x
        there = await here.takes(await x.answer("Hello"))
        files = [await here.attaches(there, name, photo(80, 60)) for name in ("a.jpg", "b.jpg")]
        await here.replies(there, "Your bag, twice", *files)
        await here.replies(there, "And the form", await here.attaches(there, "form.pdf", PDF))
        await x.send()
        heard = [(message.text, bool(message.picture)) for message in x.ann.received]
        assert heard == [("Hello", False), (NOTICE, False), ("Your bag, twice", True), ("", True)]
        assert [state for state, _ in await x.states()] == ["sent", "sent", "sent", "refused"]
        page = await here.kim.page(f"/desk{there}")
        assert "carry photos and no other files" in page
        assert "form.pdf" in page


async def test_a_photo_that_x_has_forgotten_is_uploaded_anew_and_sent_once(database: str) -> None:
    """An upload is good for a day; what waited longer is uploaded again."""
    async with office(database) as here:
        x = here.on_x
        there = await here.takes(await x.answer())
        file = await here.attaches(there, "a.jpg", photo(80, 60))
        await x.send()
        x.x.faults.next("dm.send", Fault.LIMITED)
        await here.replies(there, "Your bag", file)
        await x.send()
        assert len(x.x.uploads.all) == 1
        await x.later(120)
        x.x.uploads.all.clear()  # forgotten before its time
        await x.send()
        assert [(message.text, bool(message.picture)) for message in x.ann.received[1:]] == [("Your bag", True)]
        x.x.faults.next("dm.send", Fault.LIMITED)
        await here.replies(there, "Again", await here.attaches(there, "b.jpg", photo(60, 80)))
        await x.send()
        uploaded = len(x.x.calls("media.upload"))
        await x.later(timedelta(hours=25).total_seconds())
        await x.send()
        assert len(x.x.calls("media.upload")) == uploaded + 1
        assert [message.text for message in x.ann.received[1:]] == ["Your bag", "Again"]


CARDS = {
    "kind": "cards",
    "cards": [
        {"title": "AO-1", "text": "9 May", "buttons": [{"title": "This one", "payload": "/order{1}"}]},
        {"title": "AO-2", "buttons": [{"title": "That one", "payload": "/order{2}"}]},
    ],
}
FORM = {
    "kind": "form",
    "title": "Your bag",
    "fields": [
        {"name": "colour", "label": "Colour", "type": "choice", "options": [{"title": "black"}, {"title": "red"}]},
        {"name": "tag", "label": "Tag", "type": "text"},
    ],
}


def test_what_cannot_be_drawn_is_written() -> None:
    """Cards and forms as text, their buttons in one menu; what is one text already stays as it is."""
    alone = (Content(text="Hello", buttons=(Button(title="Yes", payload="/y"),)),)
    assert joined(alone) == alone
    assert joined(()) == ()
    (one,) = joined((Content(text="Which?"), Content(custom=CARDS), Content(custom=FORM), *alone))
    assert one.text == "Which?\n\nAO-1\n9 May\n\nAO-2\n\nYour bag\n– Colour (black, red)\n– Tag\n\nHello"
    assert [button.payload for button in one.buttons] == ["/order{1}", "/order{2}", "/y"]
    assert one.custom is None


async def test_all_that_a_turn_says_is_one_message_and_the_others_stay_many(database: str) -> None:
    """On X, where few are taken; the number that a contact answers with is that of the menu."""

    def speak(question: Question) -> Said:
        return ["First.", Content(text="Which?", buttons=(Button(title="Yes", payload="/y"),))]

    async with office(database, speak) as here:
        x = here.on_x
        await here.doors.opened.store.inbox.receive([written(by="2222", channel="x")])
        await here.doors.opened.store.inbox.receive([written(by="2222", channel="push")])
        await here.doors.until("SELECT count(*) = 3 FROM deliveries")
        await x.send()
        assert x.ann.heard() == ["First.\n\nWhich?\n\n1. Yes\nReply with the number."]


async def test_a_large_file_goes_up_in_pieces(database: str) -> None:
    """As many as it takes, put together in their order."""
    async with sending(database) as here:
        picture = b"GIF89a" + bytes(range(256)) * 10_000
        uploaded = await Uploads(here.host.api, clock=here.time).upload("a.gif", "image/gif", picture)
        assert here.x.uploads.all[uploaded.media_id].data == picture
        assert len(here.x.calls("media.upload")) == 1 + 3 + 1
        assert uploaded.usable_until - here.time.now == timedelta(hours=23)
