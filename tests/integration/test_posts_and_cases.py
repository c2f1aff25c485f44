"""A public post, and the direct message that goes on with it: one conversation, one case, one person once proven."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from relevo.contracts.brain import Question
from relevo.contracts.contacts import Wanted
from relevo.contracts.handoff import HandoffRecord
from relevo.contracts.runtime import current
from relevo.domain.cases import Case, Trigger
from relevo.domain.handoff import HandoffRequest
from relevo.flow.contacts import raise_unanswered
from relevo.flow.receive import arrival, receive
from tests.integration.desks import desk_of
from tests.integration.doors import Doors, open_doors
from tests.integration.posted import QUESTION, Square, post, square

pytestmark = pytest.mark.anyio

PRIYA = {"loyalty_number": "AU96140378", "booking_code": "PAN1X9", "name": "Priya Anand"}


async def bot(question: Question) -> str:
    """Identify by “AU…”, find or open a case for a lost suitcase, ask for a person for “person”."""
    turn = current()
    assert turn is not None
    text = question.text
    if "AU96140378" in text:
        await turn.identify({"loyalty_number": "AU96140378", "booking_code": "PAN1X9"})
    if "suitcase" in text:
        if case := await turn.find_case("lost_baggage"):
            turn.came_again(case)
            return f"You have {case.id} already."
        return "It is " + await turn.open_case("lost_baggage", Trigger.POLICY_RULE, goal=text, reference="MADAU00417")
    if "person" in text:
        number = await turn.open_case("lost_baggage", Trigger.USER_REQUEST, goal=text)
        trigger = Trigger.USER_REQUEST
        await turn.hand_off(HandoffRequest(case_id=number, case_type="lost_baggage", trigger=trigger, goal=text))
    return "All right."


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose business knows Priya."""
    async with open_doors(database, bot) as opened:
        opened.business.people["C004"] = PRIYA
        yield opened


@pytest.fixture
def plaza(doors: Doors) -> Square:
    """The square over the same store."""
    return square(doors.opened)


async def writes(doors: Doors, text: str, address: str = "2222") -> None:
    """Have somebody write a direct message on X, and wait until the bot has answered."""
    store = doors.opened.store
    message = arrival(channel="x", address=address, message_id=f"{text}{datetime.now(timezone.utc)}", text=text)
    await receive(store.inbox, doors.opened.live, message)
    await doors.until("SELECT count(*) = 0 FROM inbox WHERE state IN ('waiting', 'held')")


async def cases(doors: Doors) -> dict[str, Case]:
    """Give all cases by number."""
    return {case.id: case for case in await doors.opened.store.desk.cases()}


async def test_a_direct_message_of_the_author_goes_on_with_the_posts_case(doors: Doors, plaza: Square) -> None:
    """What the bot would open is that case; its conversation tells of post, invitation and message in one order."""
    kept = await plaza.sees(post())
    await plaza.posts()
    await writes(doors, "My suitcase is lost, you told me to write")
    ((number, case),) = (await cases(doors)).items()
    assert (number, case.trigger, case.reference) == (kept.case_id, "public_post", "MADAU00417")
    assert {reason.code for reason in case.priority.reasons} >= {"public_topic"}
    kinds = [entry.kind for entry in await doors.timeline("x", "2222")]
    assert kinds == ["post", "case", "public_reply", "message", "message", "case"]


async def test_a_question_turns_out_to_be_about_something(doors: Doors, plaza: Square) -> None:
    """A case of which nobody knew what it is about is of the type that the bot finds."""
    await plaza.sees(post(QUESTION))
    await writes(doors, "It is about my suitcase")
    (case,) = (await cases(doors)).values()
    assert case.type == "lost_baggage"


async def test_a_post_joins_the_case_that_its_author_turns_out_to_have(doors: Doors, plaza: Square) -> None:
    """Proven by two facts in the DM: the older case goes on, with the post's reasons; two unanswered contacts count."""
    kept = await plaza.sees(post(impressions=302_000))
    database = doors.opened.database
    await database.run("INSERT INTO contacts (business_ref, display_name) VALUES ('C004', 'Priya Anand')")
    await database.run(
        "INSERT INTO cases (id, type, trigger, business_ref, reference) VALUES"
        " ('CASE-7002', 'lost_baggage', 'user_request', 'C004', 'MADAU00417')"
    )
    for kind in ("call", "email"):
        await database.run(
            "INSERT INTO encounters (contact_id, source, external_id, kind, direction, summary, is_answered,"
            " happened_at) SELECT id, 'phone', %s, %s, 'in', 'Nobody answered', false, now() - interval '1 hour'"
            " FROM contacts WHERE business_ref = 'C004'",
            (kind, kind),
        )
    assert (await plaza.opened.store.posts.author(kept.id)).unanswered == 0  # nobody knows yet who that is
    await writes(doors, "My suitcase! AU96140378, PAN1X9")
    found = await cases(doors)
    kept = await plaza.opened.store.posts.get(kept.id)
    assert kept.case_id == "CASE-7002"
    merged = [case for case in found.values() if case.trigger == "public_post"]
    assert [(case.status, case.outcome) for case in merged] == [("closed", "merged")]
    await raise_unanswered(doors.opened.store.contacts, doors.opened.live)
    reasons = {r.code: r.detail for r in (await cases(doors))["CASE-7002"].priority.reasons}
    assert reasons["unanswered_contacts"] == "2"
    assert reasons["impressions"] == "302000"
    timeline = await doors.opened.store.contacts.timeline(kept.contact_id, Wanted())
    assert [line.kind for line in timeline.lines if line.group == "elsewhere"] == [
        *("call", "email", "post", "public_reply")
    ]
    known = await plaza.opened.store.posts.author(kept.id)
    assert (known.is_proven, known.unanswered) == (True, 2)
    again = await plaza.sees(post("@AuroraAir still no suitcase, shame on you", thread="t"))
    assert again.case_id == "CASE-7002"
    assert {r.code for r in again.priority.reasons} >= {"unanswered_contacts"}


async def test_the_case_of_a_post_is_of_whom_its_author_turns_out_to_be(doors: Doors, plaza: Square) -> None:
    """Where they had none; what they tried elsewhere makes it more urgent."""
    kept = await plaza.sees(post())
    assert kept.case_id is not None
    assert (await cases(doors))[kept.case_id].business_ref is None
    await writes(doors, "I am AU96140378, PAN1X9")
    assert (await cases(doors))[kept.case_id].business_ref == "C004"


async def test_the_handoffs_record_carries_the_post(doors: Doors, plaza: Square) -> None:
    """With its address and how far it goes; its words are on the transcript."""
    it = post(impressions=302_000, created_at=datetime.now(timezone.utc) - timedelta(hours=5, minutes=2))
    await plaza.sees(it)
    await writes(doors, "a person, please")
    conversation = await doors.conversation("x", "2222")
    (episode,) = await doors.opened.store.desk.episodes(conversation.id)
    (told,) = msgspec.convert(episode.record, HandoffRecord).public_posts
    assert (told.id, told.url, told.impressions, told.followers) == (it.id, it.url, 302_000, 412)
    assert 59_000 < (told.an_hour or 0) < 61_000
    await plaza.watch.gone(it.id)
    (episode,) = await doors.opened.store.desk.episodes(conversation.id)
    assert "third day" not in msgspec.json.encode(episode.record).decode()


async def test_a_name_proves_nothing(doors: Doors, plaza: Square) -> None:
    """Whoever goes by a customer's name is that customer's suggestion to agents, and no more."""
    await doors.opened.database.run("INSERT INTO contacts (business_ref, display_name) VALUES ('C004', 'User 2222')")
    kept = await plaza.sees(post())
    assert (kept.business_ref, kept.contact_name) == (None, None)
    (candidate,) = await plaza.opened.store.posts.candidates(kept.id)
    assert (candidate.name, candidate.business_ref) == ("User 2222", "C004")
    assert candidate.contact_id != kept.contact_id


async def test_who_writes_on_x_is_proven_by_facts_and_an_agent_may_undo_it(doors: Doors, plaza: Square) -> None:
    """Both stand on the timeline: by which facts, and by whom it was undone and why."""
    await plaza.sees(post())
    known = "INSERT INTO contacts (business_ref, display_name) VALUES ('C004', 'Priya Anand') RETURNING id"
    ((priya,),) = await doors.opened.database.rows(known)
    await writes(doors, "I am AU96140378, PAN1X9")
    async with desk_of(doors) as kim:
        conversation = await doors.conversation("x", "2222")
        assert (conversation.identity.level.name, conversation.identity.business_ref) == ("TWO_FACTS", "C004")
        here = f"/conversations/{conversation.id}"
        assert (await kim.is_refused(f"{here}/unverify", version=0, reason="x"))[0] == 409
        await kim.does(f"{here}/take-over", version=conversation.control_version)
        conversation = await doors.conversation("x", "2222")
        version = conversation.control_version
        assert await kim.is_refused(f"{here}/unverify", version=version, reason=" ") == (400, "bad_merge_reason")
        await kim.does(f"{here}/unverify", version=version, reason="It was her brother.")
        assert await kim.is_refused(f"{here}/unverify", version=version, reason="again") == (409, "not_verified")
        page = await kim.page(f"/desk/conversations/{conversation.id}")
        assert "Verification undone" in page
        assert "It was her brother." in page
        stranger = await doors.opened.store.contacts.get(conversation.identity.contact_id)
        assert (stranger.business_ref, stranger.display_name, stranger.merges) == (None, None, ())
        assert (await doors.opened.store.contacts.get(priya)).business_ref == "C004"
    identity = (await doors.conversation("x", "2222")).identity
    assert (identity.level.name, identity.business_ref) == ("CLAIMED", None)
    told = [e.content.custom for e in await doors.timeline("x", "2222") if e.kind == "verification"]
    assert told[0] == {"level": "two_facts", "ref": "C004", "by": ["booking_code", "loyalty_number"]}
    assert told[1] == {"level": "undone", "ref": "C004", "agent_id": kim.agent.id, "reason": "It was her brother."}


async def test_whoever_only_posted_gets_no_direct_message(doors: Doors, plaza: Square) -> None:
    """Not even that an agent is there; once they have written, an agent answers them there."""
    await plaza.sees(post())
    await plaza.posts()
    queued = "SELECT count(*) = {} FROM deliveries WHERE channel = 'x'"
    async with desk_of(doors) as kim:
        conversation = await doors.conversation("x", "2222")
        here = f"/conversations/{conversation.id}"
        await kim.does(f"{here}/take-over", version=conversation.control_version)
        refused = await kim.is_refused(f"{here}/replies", text="Hello?", client_id="1")
        assert refused == (409, "way_not_written")
        assert (await doors.opened.database.rows(queued.format(0)))[0][0]
        await writes(doors, "here I am")
        await kim.does(f"{here}/replies", text="Good that you write.", client_id="2")
        assert (await doors.opened.database.rows(queued.format(1)))[0][0]
