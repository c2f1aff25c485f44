"""Public posts at the desk: the list by urgency with its reasons, what people do, and incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from relevo.configuration.x import XAccount
from relevo.contracts.accounts import AgentPowers, Duty
from relevo.contracts.posts import Wanted
from relevo.domain.post_urgency import PostState
from relevo.settings import Secret
from tests.integration.desks import DeskOf, desk_of
from tests.integration.doors import Doors, open_doors
from tests.integration.posted import BRAND, Square, named, post, square

pytestmark = pytest.mark.anyio

X = XAccount(account_id=BRAND, consumer_key="k", consumer_secret=Secret("s"), bearer_token=Secret("b"))


@dataclass(kw_only=True)
class Room:
    """A desk, and the square that it looks at."""

    doors: Doors
    kim: DeskOf
    plaza: Square

    async def posts(self, show: str = "waiting") -> list[dict[str, Any]]:
        """Give what is shown of them."""
        return list((await self.kim.get(f"/posts?show={show}"))["posts"])


@pytest.fixture
async def room(database: str) -> AsyncIterator[Room]:
    """A desk of this test alone."""
    async with open_doors(database, x=X) as doors, desk_of(doors) as kim:
        yield Room(doors=doors, kim=kim, plaza=square(doors.opened, answers=False))


async def test_posts_stand_by_urgency_with_their_reasons_in_words(room: Room) -> None:
    """In both languages, with numbers as each writes them; what has no unanswered contacts says nothing of them."""
    five_hours_ago = datetime.now(timezone.utc) - timedelta(hours=5, minutes=2)
    await room.plaza.sees(post("@AuroraAir two hours late again", "3333"))
    await room.plaza.sees(post(impressions=302_000, created_at=five_hours_ago, is_summoning=False))
    first, second = await room.posts()
    assert (first["username"], first["priority"], first["topic"]) == ("user2222", "urgent", "lost_baggage")
    assert (second["username"], second["topic"]) == ("user3333", "delay")
    page = await room.kim.page("/desk/posts")
    assert page.index("302,000 impressions") < page.index("two hours late")
    assert "60,000 an hour" in page
    assert "412 followers" in page
    assert "Does not name us" in page
    page = await room.kim.page("/desk/posts", "es")
    for words in ("302.000 impresiones", "60.000 por hora", "Equipaje perdido", "Esperan"):
        assert words in page


async def test_two_unanswered_contacts_are_a_reason_in_words(room: Room) -> None:
    """Of whoever the author's address is proven to be."""
    it = post()
    kept = await room.plaza.sees(it)
    database = room.doors.opened.database
    await database.run(
        "UPDATE contacts SET business_ref = 'C004', display_name = 'Priya' WHERE id = %s", (kept.contact_id,)
    )
    for number in range(2):
        await database.run(
            "INSERT INTO encounters (contact_id, source, external_id, kind, direction, summary, is_answered,"
            " happened_at) VALUES (%s, 'phone', %s, 'call', 'in', 'Rang', false, now())",
            (kept.contact_id, str(number)),
        )
    await room.plaza.sees(replace(it, impressions=1))
    assert "2 unanswered contacts in 24 h" in await room.kim.page("/desk/posts")
    assert "2 contactos sin respuesta en 24 h" in await room.kim.page("/desk/posts", "es")
    case = await room.kim.page(f"/desk/cases/{kept.case_id}")
    assert "2 unanswered contacts in 24 h +30" in case
    assert "Lost baggage +20" in case
    assert "Posted in public" in case
    contact = await room.kim.page(f"/desk/contacts/{kept.contact_id}")
    assert "Posted in public" in contact
    assert "1 impressions, 412 followers" in contact


async def test_an_agent_answers_in_public_counted_as_x_counts(room: Room) -> None:
    """Through the outbox, once; what is too long or empty is refused with a sentence."""
    kept = await room.plaza.sees(post(is_summoning=False))
    here = f"/posts/{kept.id}/answer"
    assert await room.kim.is_refused(here, text="x" * 281) == (400, "post_too_long")
    assert await room.kim.is_refused(here, text="日" * 141) == (400, "post_too_long")
    assert await room.kim.is_refused(here, text="  ") == (400, "no_text")
    told = await room.kim.does(here, text="日" * 100 + " https://x.com/" + "a" * 200)
    assert (told["state"], told["reply_state"], told["agent"]) == ("answered", "queued", "Kim Doe")
    assert told["case_id"] is not None
    assert await room.kim.is_refused(here, text="again") == (409, "answered")
    assert len(await room.plaza.posts()) == 1
    assert (await room.posts("answered"))[0]["reply_state"] == "sent"
    assert "Answered in public" in await room.kim.page(f"/desk/conversations/{told['conversation_id']}")


async def test_whoever_only_posted_is_shown_by_their_post_until_it_is_gone(room: Room) -> None:
    """In the list of conversations, by the name and the words that everybody reads."""
    it = post(impressions=302_000)
    kept = await room.plaza.sees(it)
    await room.kim.does(f"/posts/{kept.id}/case")
    desk = room.doors.opened.store.desk
    (line,) = await desk.conversations()
    assert (line.contact_name, line.preview) == (it.author.name, it.text)
    await room.plaza.watch.gone(it.id)
    (line,) = await desk.conversations()
    assert (line.contact_name, line.preview) == (None, None)


async def test_a_person_may_answer_whom_nobody_answers_by_itself(room: Room) -> None:
    """Twice within a day, and whoever wants no automatic answers."""
    await room.plaza.opened.store.posts.opt_out("x", "2222")
    for thread in ("a", "b"):
        kept = await room.plaza.sees(post(thread=thread))
        told = await room.kim.does(f"/posts/{kept.id}/invite")
        assert told["reply"].endswith(f"https://x.com/messages/compose?recipient_id={BRAND}")
    assert len(await room.plaza.posts()) == 2


async def test_a_case_is_opened_once_and_a_post_is_dealt_with(room: Room) -> None:
    """What is not for us goes out of the way, and comes back when somebody says so."""
    kept = await room.plaza.sees(post(is_summoning=False))
    case = (await room.kim.does(f"/posts/{kept.id}/case"))["case_id"]
    assert (await room.kim.does(f"/posts/{kept.id}/case"))["case_id"] == case
    assert (await room.kim.get(f"/cases/{case}"))["case"]["trigger"] == "public_post"
    await room.kim.does(f"/posts/{kept.id}/state", state="dismissed")
    assert await room.posts() == []
    assert [each["state"] for each in await room.posts("done")] == ["dismissed"]
    await room.kim.does(f"/posts/{kept.id}/state", state="waiting")
    assert len(await room.posts()) == 1
    assert await room.kim.is_refused(f"/posts/{kept.id}/state", state="quiet") == (400, "bad_state")
    assert (await room.kim.is_refused("/posts/999999/case"))[0] == 404


async def test_a_name_is_a_suggestion_and_the_page_says_that_it_proves_nothing(room: Room) -> None:
    """No contact is given where nothing is proven."""
    database = room.doors.opened.database
    await database.run("INSERT INTO contacts (business_ref, display_name) VALUES ('C004', 'Priya Anand')")
    await room.plaza.sees(named(post(), "Priya Anand"))
    (line,) = await room.posts()
    assert (line["contact_id"], [each["name"] for each in line["candidates"]]) == (None, ["Priya Anand"])
    assert "the same name, which proves nothing" in await room.kim.page("/desk/posts")


async def test_the_page_works_without_a_script(room: Room) -> None:
    """Forms are posted; a refusal is a sentence on the page, and whoever may only look has no forms."""
    kept = await room.plaza.sees(post(is_summoning=False))
    form = {"form_token": room.kim.token, "id": str(kept.id)}
    own = {"Origin": room.doors.url}
    refused = await room.kim.http.post("/desk/posts", data={**form, "do": "answer", "text": "x" * 300}, headers=own)
    assert refused.status_code == 400
    assert "longer than the 280 characters" in refused.text
    done = await room.kim.http.post("/desk/posts", data={**form, "do": "answer", "text": "Sorry."}, headers=own)
    assert (done.status_code, done.headers["Location"]) == (303, "/desk/posts")
    assert await room.plaza.posts() == ["Sorry."]
    again = await room.kim.http.post("/desk/posts?show=answered", data={**form, "do": "handled"}, headers=own)
    assert again.headers["Location"] == "/desk/posts?show=answered"
    assert (await room.plaza.opened.store.posts.get(kept.id)).state is PostState.HANDLED
    async with desk_of(room.doors, "Rea Doe", "readonly") as rea:
        page = await rea.page("/desk/posts?show=all")
        assert "Sorry." in page
        assert 'name="do"' not in page
        form["form_token"] = rea.token
        answer = await rea.http.post("/desk/posts", data={**form, "do": "handled"}, headers=own)
        assert answer.status_code == 403


async def test_an_agent_sees_a_post_like_its_case(room: Room) -> None:
    """What is in another queue's case is not theirs; what is in none is everybody's."""
    kept = await room.plaza.sees(post())
    await room.plaza.sees(post("@AuroraAir you never answered, shame on you", "3333", is_summoning=False))
    powers = AgentPowers(duty=Duty(queues=("money",)))
    async with desk_of(room.doors, "Lea Doe", powers=powers) as lea:
        seen = (await lea.get("/posts"))["posts"]
        assert [line["username"] for line in seen] == ["user3333"]
        assert (await lea.is_refused(f"/posts/{kept.id}/state", state="handled"))[0] == 404


TEXTS = {"en": "AU0417 leaves at 18:40. We are sorry.", "es": "El AU0417 sale a las 18:40. Lo sentimos."}


async def storm(room: Room) -> dict[str, Any]:
    """Have five people post about a flight, one of them without naming us, and give the incident."""
    room.plaza.watch.rules = replace(room.plaza.watch.rules, answers=True, storm_posts=3)
    for author in range(5):
        text = "@AuroraAir flight AU0417 is delayed again, no information" if author != 4 else "AU0417 delayed, shame"
        await room.plaza.sees(post(text, str(author), is_summoning=author != 4))
    (incident,) = (await room.kim.get("/incidents"))["incidents"]
    return dict(incident)


async def test_many_posts_about_one_flight_are_one_incident_and_nobody_is_answered_one_by_one(room: Room) -> None:
    """Those who were answered before it was one are not in it; another flight's are answered as ever."""
    incident = await storm(room)
    await room.plaza.sees(post("@AuroraAir can I bring a dog on AU0420?", "9"))
    await room.plaza.watch.step()
    assert len(await room.plaza.posts()) == 3
    assert (incident["flight"], incident["posts"], incident["summoning"]) == ("AU0417", 3, 2)
    page = await room.kim.page(f"/desk/posts?incident={incident['id']}")
    assert page.count("no information") == 2
    assert "Waits for a supervisor" in page
    here = f"/incidents/{incident['id']}/approve"
    assert await room.kim.is_refused(here, texts=TEXTS) == (403, "role")


async def test_a_supervisors_words_go_to_those_who_named_us_one_after_the_other(room: Room) -> None:
    """In the language of each, and to whoever comes later; until somebody ends it."""
    incident = await storm(room)
    here, before = f"/incidents/{incident['id']}", len(await room.plaza.posts())
    async with desk_of(room.doors, "Sam Doe", "supervisor") as sam:
        assert await sam.is_refused(f"{here}/approve", texts={"en": "x" * 281}) == (400, "post_too_long")
        assert "Approve for all" in await sam.page("/desk/posts")
        await sam.does(f"{here}/approve", texts=TEXTS)
        assert await sam.is_refused(f"{here}/approve", texts=TEXTS) == (409, "incident_decided")
        for sent in (1, 2, 2):
            await room.plaza.watch.step()
            assert (await room.plaza.posts())[before:] == [TEXTS["en"]] * sent
        assert "Approved by Sam Doe" in await sam.page("/desk/posts")
        await room.plaza.sees(post("@AuroraAir AU0417 cancelado, una vergüenza", "7"))
        await room.plaza.watch.step()
        assert (await room.plaza.posts())[-1] == TEXTS["es"]
        await sam.does(f"{here}/end")
        assert await sam.is_refused(f"{here}/end") == (409, "incident_ended")


async def test_an_ended_incident_is_over(room: Room) -> None:
    """Its posts are dealt with, and what comes is answered one by one again."""
    incident = await storm(room)
    await room.kim.does(f"/incidents/{incident['id']}/end")
    assert (await room.kim.get("/incidents"))["incidents"] == []
    left = await room.plaza.opened.store.posts.listed(Wanted(incident_id=incident["id"]))
    assert {each.state for each in left} == {PostState.HANDLED}
    before = len(await room.plaza.posts())
    await room.plaza.sees(post("@AuroraAir you lost my suitcase, shame", "8"))
    assert len(await room.plaza.posts()) == before + 1
