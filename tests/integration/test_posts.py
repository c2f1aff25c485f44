"""What is posted about the business: kept once, rated by how far it goes, answered once or never, and forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from unittest.mock import AsyncMock

import pytest
from msgspec.structs import replace

from relevo.bootstrap.store import open_store
from relevo.contracts.posts import Wanted
from relevo.domain.post_text import LONGEST, weighted_length
from relevo.domain.post_urgency import PostState
from relevo.domain.posts import PostAuthor
from relevo.errors import SendRefused, Unavailable
from tests.integration.posted import BRAND, COMPLAINT, QUEJA, QUESTION, Square, post, square

pytestmark = pytest.mark.anyio


@pytest.fixture
async def plaza(database: str) -> AsyncIterator[Square]:
    """A square of this test alone."""
    async with open_store(database, size=4, name="relevo tests") as opened:
        yield square(opened)


async def test_a_complaint_that_names_us_is_answered_once_however_often_it_is_seen(plaza: Square) -> None:
    """Webhook, poll and replay tell of one post: one case, one invitation."""
    it = post()
    for _ in range(2):
        await plaza.watch.seen(it)
    kept = await plaza.sees(it)
    texts = await plaza.posts()
    assert len(texts) == 1
    assert kept.state is PostState.ANSWERED
    assert kept.case_id is not None
    assert plaza.wall.posted[0].content.custom == {"in_reply_to": it.id}
    assert plaza.wall.posted[0].address == "2222"


async def test_the_invitation_says_sorry_in_the_authors_language_and_nothing_about_anybody(plaza: Square) -> None:
    """No name, no case, nothing of what they wrote: a link to a direct message."""
    await plaza.sees(post(COMPLAINT, "1"))
    await plaza.sees(post(QUEJA, "2"))
    await plaza.sees(post(QUESTION, "3"))
    complaint, queja, question = await plaza.posts()
    link = f"https://x.com/messages/compose?recipient_id={BRAND}"
    assert complaint == (
        "We're sorry about this. Please send us a direct message so that we can look into it with you; please don't"
        f" share personal details here. {link}"
    )
    assert (queja or "").startswith("Sentimos mucho lo ocurrido.")
    assert (question or "").startswith("Sorry you had to ask here.")
    for text in (complaint, queja, question):
        assert text is not None
        assert "CASE" not in text
        assert weighted_length(text) <= LONGEST


async def test_an_invitation_has_no_link_where_links_cost_too_much(plaza: Square) -> None:
    """By a setting."""
    plaza.watch.rules = replace(plaza.watch.rules, link=False)
    await plaza.sees(post())
    (text,) = await plaza.posts()
    assert "http" not in (text or "")


async def test_what_does_not_name_us_is_never_answered_by_itself(plaza: Square) -> None:
    """It waits for people, however urgent it is."""
    kept = await plaza.sees(post(is_summoning=False, impressions=302_000))
    assert await plaza.posts() == []
    assert kept.state is PostState.WAITING
    assert kept.case_id is None
    assert [each.id for each in await plaza.opened.store.posts.listed(Wanted(states=(PostState.WAITING,)))] == [kept.id]


@pytest.mark.parametrize(
    "text", ["Huge thanks to @AuroraAir, wonderful crew", "WIN a free iPhone, click the link in bio"]
)
async def test_praise_and_spam_are_not_answered(plaza: Square, text: str) -> None:
    """Nor do they stand among what waits."""
    kept = await plaza.sees(post(text))
    assert await plaza.posts() == []
    assert kept.state is PostState.QUIET
    assert kept.priority.score == 0


async def test_what_we_post_ourselves_is_no_post_about_us(plaza: Square) -> None:
    """Not even when it names the account."""
    await plaza.watch.seen(post(author=BRAND))
    assert await plaza.opened.store.posts.listed(Wanted()) == []


async def test_nobody_is_answered_twice_in_a_thread_nor_within_a_day(plaza: Square) -> None:
    """A second post of the author joins the case that the first one opened; another author in the thread waits."""
    first = post()
    kept = await plaza.sees(first)
    again = await plaza.sees(post("@AuroraAir where is my suitcase? answer me", thread="other"))
    other = await plaza.sees(post("@AuroraAir they lost my suitcase too, shame", "3333", thread=first.thread))
    assert len(await plaza.posts()) == 1
    assert (again.state, again.case_id) == (PostState.WAITING, kept.case_id)
    assert other.state is PostState.WAITING
    assert other.case_id not in (None, kept.case_id)


async def test_two_posts_of_one_moment_are_answered_once(plaza: Square) -> None:
    """Of one author, and of two authors in one thread, whichever host sees them."""
    other = square(plaza.opened)
    for first, second in (
        (post(author="5"), post(author="5")),
        (post(author="6", thread="t"), post(author="7", thread="t")),
    ):
        await asyncio.gather(plaza.watch.seen(first), other.watch.seen(second))
    assert len(await plaza.posts()) == 2


async def test_whoever_dies_after_answering_leaves_nothing_to_repair(
    plaza: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is read again: the answer stays the only one, with the only case."""
    it = post()
    with monkeypatch.context() as dies:
        dies.setattr(plaza.opened.store.posts, "decide", AsyncMock(side_effect=Unavailable))
        with pytest.raises(Unavailable):
            await plaza.watch.seen(it)
    kept = await plaza.sees(it)
    assert len(await plaza.posts()) == 1
    assert kept.state is PostState.ANSWERED
    assert len(await plaza.opened.store.desk.cases()) == 1


async def test_an_author_may_be_answered_again_after_a_day(plaza: Square) -> None:
    """In another thread."""
    await plaza.sees(post())
    await plaza.opened.database.run("UPDATE post_answers SET answered_at = answered_at - interval '25 hours'")
    await plaza.sees(post("@AuroraAir you lost my suitcase again"))
    assert len(await plaza.posts()) == 2


async def test_whoever_wants_no_answers_gets_none_for_good(plaza: Square) -> None:
    """What is queued for them is not sent any more; it holds though the post is deleted."""
    await plaza.sees(post(thread="t"))
    stop = post("@AuroraAir no me escribáis más", thread="t")
    await plaza.sees(stop)
    assert await plaza.posts() == []
    await plaza.watch.gone(stop.id)
    await plaza.opened.database.run("UPDATE post_answers SET answered_at = answered_at - interval '3 days'")
    kept = await plaza.sees(post("@AuroraAir you lost my suitcase again"))
    assert await plaza.posts() == []
    assert kept.state is PostState.WAITING


async def test_nothing_is_answered_by_itself_where_the_business_says_so(plaza: Square) -> None:
    """The case is opened all the same."""
    plaza.watch.rules = replace(plaza.watch.rules, answers=False)
    kept = await plaza.sees(post())
    assert await plaza.posts() == []
    assert kept.state is PostState.WAITING
    assert kept.case_id is not None


async def test_an_answer_that_did_not_get_through_is_for_people(plaza: Square) -> None:
    """The author closed their replies, say."""
    it = post()
    await plaza.sees(it)
    plaza.wall.error = SendRefused("X refuses it.")
    assert await plaza.posts() == []
    await plaza.watch.step()
    assert (await plaza.kept(it)).state is PostState.WAITING


async def test_two_readings_tell_impressions_an_hour_and_that_is_a_reason(plaza: Square) -> None:
    """A post of somebody whom few follow travels far: its case becomes urgent while it does."""
    it = post()
    kept = await plaza.sees(it)
    assert kept.priority.level == "normal"
    await plaza.opened.database.run("UPDATE post_readings SET read_at = read_at - interval '30 minutes'")
    kept = await plaza.sees(replace(it, impressions=30_000))
    assert kept.an_hour is not None
    assert 59_000 < kept.an_hour <= 60_000
    assert {reason.code: reason.points for reason in kept.priority.reasons} == {
        "public_topic": 20, "impressions": 20, "impressions_an_hour": 30,
    }  # fmt: skip
    assert kept.case_id is not None
    case = await plaza.opened.store.desk.case(kept.case_id)
    assert case.trigger == "public_post"
    assert case.priority.level == "urgent"
    assert (case.goal, case.type) == (COMPLAINT, "lost_baggage")


async def test_the_same_numbers_told_again_are_no_second_reading(plaza: Square) -> None:
    """A replayed webhook knows nothing of how far a post has come since."""
    it = post(impressions=5_000)
    await plaza.sees(it)
    await plaza.opened.database.run("UPDATE post_readings SET read_at = read_at - interval '30 minutes'")
    kept = await plaza.sees(replace(it, impressions=4_000))
    assert len(kept.readings) == 1
    assert kept.post.impressions == 5_000


async def test_the_timeline_of_the_author_tells_of_post_case_and_answer(plaza: Square) -> None:
    """With how far the post has come by now."""
    it = post(impressions=1_200)
    kept = await plaza.sees(it)
    await plaza.sees(replace(it, impressions=302_000))
    assert kept.conversation_id is not None
    entries = await plaza.opened.store.conversations.entries(kept.conversation_id, 0)
    assert [entry.kind for entry in entries] == ["post", "case", "public_reply"]
    told = (entries[0].content.custom or {})["post"]
    assert (told["impressions"], told["followers"], told["url"]) == (302_000, 412, it.url)
    found = await plaza.opened.store.conversations.find("x", "2222")
    assert found is not None
    assert found.id == kept.conversation_id


async def test_a_post_that_is_gone_leaves_neither_words_nor_author(plaza: Square) -> None:
    """Every table is looked through; what we said ourselves stays. No moment or key reads like the author's number."""
    quiet = post("Just saw an Aurora plane over Cuenca", "777700007777", is_summoning=False)
    loud = replace(post(), author=PostAuthor(id="2222", username="ann_lost", name="Ann Lost"))
    for it in (quiet, loud):
        await plaza.sees(it)
        await plaza.watch.gone(it.id)
    tables = await plaza.opened.database.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for (table,) in tables:
        told = "\n".join(row[0] for row in await plaza.opened.database.rows(f"SELECT t::text FROM {table} t"))
        for needle in ("Cuenca", "777700007777", "ann_lost", "Ann Lost", "third day", loud.id):
            if (table, needle) == ("entries", loud.id):  # what our answer answered
                continue
            assert needle not in told, (table, needle)


async def test_posts_are_kept_for_as_long_as_the_business_says(plaza: Square) -> None:
    """Older ones are forgotten, by and by."""
    old, new = post(), post(author="3333")
    for it in (old, new):
        await plaza.sees(it)
    await plaza.opened.database.run(
        "UPDATE posts SET posted_at = now() - interval '91 days' WHERE post_id = %s", (old.id,)
    )
    await plaza.watch.step()
    assert [each.post.id for each in await plaza.opened.store.posts.listed(Wanted())] == [new.id]
