"""A day at the desk: taking, answering, noting, deciding, handing back; alone and two at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from relevo.contracts.clock import system_clock
from relevo.domain.conversations import Control, Conversation
from relevo.domain.effects import Decision
from tests.integration.desks import NOELIA, SARA, DeskOf, Request, at, desk_of, prepared, shown, spoken
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

HTML = "<img src=x onerror=alert(1)>\"'&"


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot prepares refunds and asks for people."""
    async with open_doors(database, Request()) as opened:
        opened.policies.decision = Decision.NEEDS_APPROVAL
        yield opened


@pytest.fixture
async def sara(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent with limits, at her desk."""
    async with desk_of(doors, "Sara Molina", powers=SARA) as desk:
        await desk.does("/presence", is_away=False)
        yield desk


@pytest.fixture
async def noelia(doors: Doors) -> AsyncIterator[DeskOf]:
    """A supervisor."""
    async with desk_of(doors, "Noelia Prat", "supervisor", NOELIA) as desk:
        yield desk


HERE = "Sara Molina is with you now and has everything you've written."
"""What the contact hears when she takes over."""


async def now(doors: Doors, address: str = "amina") -> Conversation:
    """Give a conversation as it is."""
    return await doors.conversation("rest", address)


async def test_an_agent_takes_over_answers_and_is_heard(doors: Doors, sara: DeskOf) -> None:
    """What waits is taken with its case, the bot is silent, and the agent's words reach the contact."""
    await doors.texts("amina", "a person please")
    assert (await now(doors)).control is Control.QUEUED
    conversation = await sara.takes("amina")
    assert (conversation.control, conversation.agent_id) == (Control.AGENT, sara.agent.id)
    (case,) = (await sara.get("/cases?show=mine"))["cases"]
    assert case["agent_name"] == "Sara Molina"
    await sara.says(conversation, "Sara here.")
    assert await doors.texts("amina", "hello?") == [HERE, "Sara here."]


async def test_of_two_who_take_over_at_once_one_wins_and_the_other_hears_who(
    doors: Doors, sara: DeskOf, noelia: DeskOf
) -> None:
    """Exactly one has control; the sentence names them, and nothing else was written."""
    await doors.texts("amina", "hello")
    conversation = await now(doors)
    desks = (sara, noelia)
    answers = await asyncio.gather(
        *(desk.post(f"{at(conversation)}/take-over", version=conversation.control_version) for desk in desks)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner = next(desk for desk, answer in zip(desks, answers, strict=True) if answer.status_code == 200)
    loser = next(answer.json()["error"] for answer in answers if answer.status_code == 409)
    assert (loser["code"], winner.agent.name in loser["message"]) == ("taken_over", True)
    assert (await now(doors)).agent_id == winner.agent.id
    assert len((await sara.get(at(conversation)))["handoffs"]) == 1


async def test_taking_what_one_has_changes_nothing(doors: Doors, sara: DeskOf) -> None:
    """A page that lost the answer may ask again."""
    await doors.texts("amina", "hello")
    before = await sara.takes("amina")
    await sara.does(f"{at(before)}/take-over", version=0)
    assert await now(doors) == before


async def test_only_who_has_control_writes_to_the_contact(doors: Doors, sara: DeskOf, noelia: DeskOf) -> None:
    """Not while the bot answers, not while a colleague does, not after handing back; nothing is sent."""
    await doors.texts("amina", "hello")
    reply = f"{at(await now(doors))}/replies"
    assert await sara.is_refused(reply, text="x", client_id="1") == (409, "not_in_control")
    conversation = await sara.takes("amina")
    assert await noelia.is_refused(reply, text="x", client_id="1") == (409, "not_in_control")
    await sara.does(f"{at(conversation)}/hand-back", version=conversation.control_version, outcome="resolved")
    assert await sara.is_refused(reply, text="x", client_id="2") == (409, "not_in_control")
    assert "message agent: x" not in spoken(await doors.timeline("rest", "amina"))


async def test_a_reply_sent_twice_is_said_once(doors: Doors, sara: DeskOf) -> None:
    """Whether one after the other or at the same moment; the same id for other words is refused."""
    await doors.texts("amina", "hello")
    conversation = await sara.takes("amina")
    client_id = uuid4().hex
    positions = await asyncio.gather(*(sara.says(conversation, "Once.", client_id) for _ in range(5)))
    assert len(set(positions)) == 1
    assert spoken(await doors.timeline("rest", "amina")).count("message agent: Once.") == 1
    other = {"text": "Other.", "client_id": client_id}
    assert await sara.is_refused(f"{at(conversation)}/replies", **other) == (409, "client_id_reused")
    assert await sara.is_refused(f"{at(conversation)}/notes", text="Once.", client_id=client_id) == (
        409,
        "client_id_reused",
    )


async def test_a_note_never_reaches_the_contact(doors: Doors, sara: DeskOf) -> None:
    """Neither by the REST door nor in the visitor's events nor in the outbox; agents see it with its writer."""
    token = (await doors.http.post("/widget/api/v1/session")).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    await doors.http.post("/widget/api/v1/messages", headers=bearer, json={"cid": "1", "text": "hello"})
    (line,) = (await sara.get("/conversations"))["conversations"]
    await doors.until("SELECT count(*) = 2 FROM entries")
    here = f"/conversations/{line['id']}"
    await sara.does(f"{here}/notes", text="She is nervous.", client_id="1")
    events = (await doors.http.get("/widget/api/v1/events?wait=0", headers=bearer)).json()["events"]
    assert [event["text"] for event in events] == ["hello", "You said hello"]
    assert await doors.opened.database.rows("SELECT count(*) FROM deliveries") == [(1,)]
    page = await sara.page(f"/desk{here}")
    assert "She is nervous." in page
    assert "Sara Molina · Note, for agents only" in page


async def test_the_bot_opens_with_what_was_decided_and_the_case_is_resolved(doors: Doors, sara: DeskOf) -> None:
    """Control is the bot's, it gets the record as a turn of its own, and nothing is left open."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    body = {"version": conversation.control_version, "outcome": "resolved", "told": "Found it.", "note": "Was easy."}
    for _ in range(2):  # sent again, it is the same
        answer = await sara.does(f"{at(conversation)}/hand-back", **body, slots={"flight": ["AU3411"]})
        assert answer["control"] == "bot"
    await doors.until("SELECT count(*) = 2 FROM entries WHERE author = 'bot' AND kind = 'message'")
    asked = doors.brain.asked[-1]
    assert (asked.text, asked.is_issued_payload) == ("/handed_back", True)
    (case,) = (await sara.get("/cases?show=closed"))["cases"]
    assert (case["status"], case["outcome"], case["agent_name"]) == ("resolved", "resolved", "Sara Molina")
    (episode,) = (await sara.get(at(conversation)))["handoffs"]
    assert episode["state"] == "ended"
    assert episode["handback"]["slot_updates"] == {"flight": ["AU3411"]}
    page = await sara.page(f"/desk{at(conversation)}")
    assert "Found it." in page
    assert "Was easy." in page


async def test_a_promise_leaves_the_case_with_who_made_it(doors: Doors, sara: DeskOf) -> None:
    """It stays open, and theirs."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    await sara.does(f"{at(conversation)}/hand-back", version=conversation.control_version, outcome="promised")
    (case,) = (await sara.get("/cases?show=mine"))["cases"]
    assert case["status"] == "open"


async def test_a_case_in_which_something_waits_is_not_resolved_by_handing_back(doors: Doors, sara: DeskOf) -> None:
    """Nor may it be closed; who has it in hand decides about the effect first."""
    effect = await prepared(doors, sara)
    conversation = await sara.takes("amina")
    await sara.does(f"{at(conversation)}/hand-back", version=conversation.control_version, outcome="resolved")
    close = f"/cases/{effect['case_id']}/close"
    assert await sara.is_refused(close, outcome="resolved") == (409, "undecided")
    assert (await sara.get(f"/cases/{effect['case_id']}"))["case"]["status"] == "open"
    await sara.does("/effects/decline", **shown(effect), reason="Paid back before")
    assert (await sara.get(f"/cases/{effect['case_id']}"))["case"]["status"] == "resolved"
    assert await sara.is_refused(close, outcome="resolved") == (409, "case_closed")


async def test_ending_without_the_bot_says_nothing_and_who_writes_again_is_the_bot_s(
    doors: Doors, sara: DeskOf
) -> None:
    """The case ends with its outcome; sent twice it is the same."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    body = {"version": conversation.control_version, "outcome": "nothing_to_do"}
    for _ in range(2):
        assert (await sara.does(f"{at(conversation)}/close", **body))["control"] == "closed"
    assert (await sara.get("/cases?show=open"))["cases"] == []
    assert "This conversation has ended" in await sara.page(f"/desk{at(conversation)}")
    assert await doors.texts("amina", "hello again") == [HERE, "You said hello again"]


async def test_an_ended_conversation_is_taken_up_again_to_keep_a_promise(doors: Doors, sara: DeskOf) -> None:
    """Without waiting for the customer to write first."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    await sara.does(f"{at(conversation)}/close", version=conversation.control_version, outcome="promised")
    await sara.says(await sara.takes("amina"), "I promised to write: it is found.")
    assert await doors.texts("amina", "thanks!") == [HERE, HERE, "I promised to write: it is found."]


async def test_what_is_put_back_waits_for_somebody_else(doors: Doors, sara: DeskOf, noelia: DeskOf) -> None:
    """One's own, or as a supervisor a colleague's; an agent frees nobody else's."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    await sara.does(f"{at(conversation)}/put-back", version=conversation.control_version)
    assert (await now(doors)).control is Control.QUEUED
    assert (await sara.get("/cases?show=mine"))["cases"] == []
    taken = await noelia.takes("amina")
    put_back = f"{at(conversation)}/put-back"
    assert await sara.is_refused(put_back, version=taken.control_version) == (409, "taken_over")
    await noelia.does(put_back, version=taken.control_version)
    again = await sara.takes("amina")
    await noelia.does(put_back, version=again.control_version)
    assert (await now(doors)).control is Control.QUEUED
    assert await sara.is_refused(put_back, version=again.control_version) == (409, "taken_over")


async def test_a_promised_time_is_kept_with_the_case(doors: Doors, sara: DeskOf) -> None:
    """It becomes the time by which somebody must answer; a closed case takes none."""
    await doors.texts("amina", "a person please")
    (case,) = (await sara.get("/cases"))["cases"]
    promised = (system_clock() + timedelta(hours=2)).replace(microsecond=0)
    answer = await sara.does(f"/cases/{case['id']}/promise", promised_at=promised.isoformat())
    assert answer["promised_at"] == answer["due_at"] == promised.isoformat().replace("+00:00", "Z")
    for _ in range(2):
        await sara.does(f"/cases/{case['id']}/close", outcome="nothing_to_do")
    late = {"promised_at": promised.isoformat()}
    assert await sara.is_refused(f"/cases/{case['id']}/promise", **late) == (409, "case_closed")


async def test_a_closed_case_leaves_its_conversation_to_who_has_it(doors: Doors, sara: DeskOf) -> None:
    """The customer may still be answered."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    (case,) = (await sara.get("/cases"))["cases"]
    await sara.does(f"/cases/{case['id']}/close", outcome="resolved")
    await sara.says(conversation, "One more thing.")
    assert await doors.texts("amina", "yes?") == [HERE, "One more thing."]


async def test_the_list_shows_what_is_due_first_and_filters(doors: Doors, sara: DeskOf) -> None:
    """Open ones by the time that is left, of those due at the same time the older one first; mine, closed."""
    for address in ("amina", "bilal", "chen"):
        await doors.texts(address, f"a person for {address}")
    await doors.opened.database.run("UPDATE cases SET due_at = now() - interval '1 hour' WHERE goal LIKE '%chen'")
    await doors.opened.database.run("UPDATE cases SET due_at = now() + interval '9 hours' WHERE due_at > now()")
    goals = [case["goal"].rpartition(" ")[2] for case in (await sara.get("/cases?show=open"))["cases"]]
    assert goals == ["chen", "amina", "bilal"]
    await sara.takes("bilal")
    assert [case["goal"] for case in (await sara.get("/cases?show=mine"))["cases"]] == ["a person for bilal"]
    page = await sara.page("/desk?show=mine")
    assert "a person for bilal" in page
    assert "a person for chen" not in page.partition('id="conversations"')[0]


async def test_being_away_or_gone_leaves_nobody_online(doors: Doors, sara: DeskOf) -> None:
    """Presence is what the bot asks before it hands a conversation over."""
    handoffs = doors.opened.store.handoffs
    assert await handoffs.colleagues(45)
    assert (await sara.does("/presence", is_away=True))["is_away"] is True
    assert not await handoffs.colleagues(45)
    assert (await sara.does("/presence"))["is_away"] is True, "saying that one is here does not end being away"
    await sara.does("/presence", is_away=False)
    assert await handoffs.colleagues(45)


async def test_html_in_every_field_stays_text(doors: Doors, sara: DeskOf, noelia: DeskOf) -> None:
    """Whatever a contact, an agent or a business system writes is shown as it is, on every page."""
    await doors.opened.store.accounts.seen(sara.agent.id)
    await doors.texts("amina", f"refund {HTML}")
    await doors.texts("amina", f"a person {HTML}")
    await doors.opened.database.run("UPDATE contacts SET display_name = %s", (HTML,))
    await doors.opened.database.run("UPDATE effects SET arguments = jsonb_build_object('order', %s::text)", (HTML,))
    await doors.opened.database.run("UPDATE agents SET name = %s WHERE id = %s", (HTML, sara.agent.id))
    await doors.opened.database.run("UPDATE cases SET reference = %s, type = %s", (HTML, HTML))
    conversation = await sara.takes("amina")
    await sara.says(conversation, HTML)
    await sara.does(f"{at(conversation)}/notes", text=HTML, client_id="n")
    body = {"version": conversation.control_version, "outcome": "<b>x</b>", "told": HTML, "note": HTML}
    await sara.does(f"{at(conversation)}/hand-back", **body, slots={"<i>": HTML})
    cases = (await sara.get("/cases"))["cases"]
    for path in ("/desk", f"/desk{at(conversation)}", *(f"/desk/cases/{case['id']}" for case in cases)):
        page = await noelia.page(path)
        assert "<img src=x" not in page
        assert "<i>" not in page
        assert "<b>x</b>" not in page
        assert "&lt;img src=x" in page


async def test_a_removed_agent_s_work_goes_back_to_the_queue(doors: Doors, sara: DeskOf, noelia: DeskOf) -> None:
    """Nobody waits for somebody who is gone; what they did keeps their name."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    await sara.says(conversation, "Sara here.")
    gone = await doors.opened.store.accounts.remove_agent(sara.agent.email)
    assert gone is not None
    assert await doors.opened.store.handoffs.release(gone.id) == [conversation.id]
    reply = {"text": "Still here?", "client_id": "late"}
    assert await sara.is_refused(f"{at(conversation)}/replies", **reply) == (401, "not_authenticated")
    page = await sara.http.get(f"/desk{at(conversation)}")
    assert (page.status_code, page.headers["location"]) == (303, f"/desk/login?next=/desk{at(conversation)}")
    assert (await now(doors)).control is Control.QUEUED
    assert (await noelia.get("/cases?show=open"))["cases"][0]["agent_name"] is None
    assert "Sara Molina" in await noelia.page(f"/desk{at(conversation)}")
