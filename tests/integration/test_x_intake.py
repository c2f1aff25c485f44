"""What X tells becomes what it means: messages with their photos, answers to menus, receipts, people's own words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from relevo.contracts.platform import Corrected
from relevo.domain.conversations import Control
from relevo.domain.posts import Post
from relevo.flow.intake import Intake
from relevo.flow.remote_files import why
from tests.integration.desks import desk_of
from tests.integration.xs import OnX, dm, message, on_x, picture

pytestmark = pytest.mark.anyio

PHOTO = "https://ton.twitter.com/1.1/ton/data/dm/901/902/Res0urce.jpg"
LINK = "https://t.co/AbC123"


@dataclass
class Sent:
    """Which messages of the account Relevo sent, by their ids."""

    ids: set[str] = field(default_factory=set)

    async def confirm(self, address: str, message_id: str, text: str, sent_at: datetime) -> bool:
        return message_id in self.ids


@dataclass
class Watch:
    """Who looks after posts."""

    seen_posts: list[Post] = field(default_factory=list)
    gone_posts: list[str] = field(default_factory=list)

    async def seen(self, post: Post) -> None:
        self.seen_posts.append(post)

    async def gone(self, post_id: str) -> None:
        self.gone_posts.append(post_id)


def with_photo(text: str, message_id: str = "901", *, kind: str = "photo", link: str = LINK) -> dict[str, Any]:
    """Give a message with a photo, as X tells it: its own link behind the words."""
    media = {"id": 902, "id_str": "902", "type": kind, "media_url_https": PHOTO, "url": link}
    return dm(f"{text} {link}".strip(), message_id, attachment={"type": "media", "media": media})


async def test_a_photo_arrives_with_its_message(database: str) -> None:
    """Fetched by its three ids, without the link that X adds, and safe to look at."""
    async with on_x(database) as x:
        x.files.kept["/2/dm_conversations/media/901/902/Res0urce.jpg"] = picture()
        await x.take(with_photo("here is my passport &amp; ticket"))
        first = (await x.timeline())[0]
        assert first.content.text == "here is my passport & ticket"
        assert [(each.name, each.mime) for each in first.content.attachments] == [("photo.jpg", "image/jpeg")]
        assert x.doors.brain.asked[0].attachments == first.content.attachments


@pytest.mark.parametrize("address", ["/2/dm_conversations/media/901/902/Res0urce", PHOTO])
async def test_a_photo_is_looked_for_where_else_it_may_be(database: str, address: str) -> None:
    """Without its ending, and at its own address."""
    async with on_x(database) as x:
        x.files.kept[address] = picture()
        await x.take(with_photo(""))
        first = (await x.timeline())[0]
        assert (first.content.text, len(first.content.attachments)) == (None, 1)


async def test_a_file_that_is_refused_leaves_the_words_and_the_bot_says_what_to_do(database: str) -> None:
    """In the very turn that answers them."""
    async with on_x(database) as x:
        x.files.kept[PHOTO] = b"MZ no picture at all"
        await x.take(with_photo("my passport"))
        said = await x.said()
        assert said[0] == ("contact", "my passport")
        assert "can't open the file" in str(said[1][1])
        assert said[2] == ("bot", "my passport")


async def test_a_message_of_nothing_but_a_lost_file_is_answered_once_and_without_the_brain(database: str) -> None:
    """There is nothing to understand."""
    async with on_x(database) as x:
        await x.take(with_photo(""))
        assert await x.said() == [
            ("contact", "[photo.jpg]"),
            ("bot", "Your file did not arrive. Please send it once more."),
        ]
        assert x.doors.brain.asked == []


async def test_a_message_waits_a_little_for_its_photo_and_then_goes_without(database: str) -> None:
    """While X cannot be reached; what the contact writes meanwhile waits behind it."""
    async with on_x(database) as x:
        x.files.is_away = True
        await x.take(with_photo("first"), dm("second", "902"))
        assert await x.events() == {"dm:901": "waiting", "dm:902": "waiting"}
        await x.doors.opened.database.run("UPDATE platform_events SET received_at = now() - interval '6 minutes'")
        await _is_due(x)
        said = [text for author, text in await x.said() if author == "contact"]
        assert said == ["first", "second"]
        assert "did not arrive" in str((await x.said())[1][1]) or "did not arrive" in str((await x.said())[2][1])


async def test_a_person_who_serves_and_the_contact_both_see_that_a_file_was_refused(database: str) -> None:
    """There is no turn that would say it."""
    async with on_x(database) as x:
        await x.take(dm("hello", "1"))
        await x.doors.pass_control("x", "2222", Control.AGENT)
        x.files.kept[PHOTO] = b"MZ no picture at all"
        await x.take(with_photo("my passport"))
        assert (await x.said())[2:] == [
            ("contact", "my passport"),
            ("system", why("en", ["unsupported_file"])),
        ]


async def test_a_correction_is_an_answer_to_the_bot_and_is_called_one_to_a_person(database: str) -> None:
    """As a message of its own."""
    async with on_x(database) as x:
        await x.take(dm("AU3411", "1"))
        hear = x.intake.hearing.hear
        await hear(x.intake.platforms["x"], _corrected("2", "AU3412"), timedelta())
        await x.take()
        await x.doors.pass_control("x", "2222", Control.AGENT)
        await hear(x.intake.platforms["x"], _corrected("3", "AU3413"), timedelta())
        await x.take()
        assert [question.text for question in x.doors.brain.asked] == ["AU3411", "AU3412"]
        assert (await x.said())[-1] == ("contact", "Correction: AU3413")


async def test_what_relevo_sent_is_no_news_and_what_a_person_wrote_in_the_app_silences_the_bot(database: str) -> None:
    """Once, however often it is told; whoever writes next reaches a person."""
    async with on_x(database, echoes=Sent({"50"})) as x:
        await x.take(dm("hello", "40"))
        await x.take(dm("hello", "50", sender="1111", recipient="2222"))
        assert (await x.doors.conversation("x", "2222")).control is Control.BOT
        own = dm("Hi, this is Sara. Which flight?", "51", sender="1111", recipient="2222")
        await x.take(own)
        await x.doors.opened.database.run("DELETE FROM platform_events")
        await x.take(own, dm("AU3411", "60"))
        assert await x.said() == [
            ("contact", "hello"),
            ("bot", "hello"),
            ("agent", "Hi, this is Sara. Which flight?"),
            ("contact", "AU3411"),
        ]
        assert (await x.doors.conversation("x", "2222")).control is Control.QUEUED
        assert [question.text for question in x.doors.brain.asked] == ["hello"]
        assert await _waits(x) == [(True, True)]


async def test_a_person_may_write_first_in_the_app(database: str) -> None:
    """To somebody whom nobody knows yet."""
    async with on_x(database, echoes=Sent()) as x:
        await x.take(dm("Good morning", "51", sender="1111", recipient="2222"))
        assert await x.said() == [("agent", "Good morning")]
        conversation = await x.doors.conversation("x", "2222")
        assert conversation.control is Control.QUEUED
        async with desk_of(x.doors) as desk:
            assert "Agent · in X&#x27;s app" in await desk.page(f"/desk/conversations/{conversation.id}")
            await desk.does(f"/conversations/{conversation.id}/take-over", version=conversation.control_version)
        assert (await x.doors.conversation("x", "2222")).control is Control.AGENT


async def test_reading_and_typing_are_seen_at_the_desk(database: str) -> None:
    """As in the web chat."""
    signs = {
        "for_user_id": "1111",
        "direct_message_mark_read_events": [
            {"sender_id": "2222", "target": {"recipient_id": "1111"}, "last_read_event_id": "77"}
        ],
        "direct_message_indicate_typing_events": [
            {"created_timestamp": "1784928224372", "sender_id": "2222", "target": {"recipient_id": "1111"}}
        ],
    }
    async with on_x(database) as x:
        await x.take(dm("hello", "1"))
        await x.doors.opened.database.run("UPDATE deliveries SET state = 'sent', external_id = '77'")
        await x.take(signs)
        conversation = await x.doors.conversation("x", "2222")
        seen = await x.doors.opened.store.chats.signs(conversation.id, 10)
        assert (seen.is_typing, seen.read_position) == (True, 2)


async def test_posts_about_the_account_go_to_who_watches_them(database: str) -> None:
    """Once each, however they are told; the account's own are nobody's business."""
    mention = {
        "id": "900", "text": "hey @Airline, lost my bag AGAIN &amp; again", "author_id": "2222", "lang": "en",
        "created_at": "2026-07-24T21:23:23.000Z", "conversation_id": "900",
        "entities": {"mentions": [{"username": "Airline", "id": "1111"}]},
        "public_metrics": {"impression_count": 302000, "like_count_str": "12"},
    }  # fmt: skip
    author = {"id": "2222", "username": "ann", "name": "Ann", "public_metrics": {"followers_count_str": "120345"}}
    old = {
        "for_user_id": "1111",
        "tweet_create_events": [
            {"id_str": "901", "text": "@Airline still nothing", "created_at": "Fri Jul 24 21:25:00 +0000 2026",
             "in_reply_to_user_id_str": "1111", "in_reply_to_status_id_str": "800",
             "user": {"id_str": "2222", "screen_name": "ann", "name": "Ann", "followers_count": 97}},
            {"id_str": "902", "text": "Thank you", "user": {"id_str": "1111", "screen_name": "Airline"}},
        ],
        "tweet_delete_events": [{"status": {"id": "700", "user_id": "2222"}}],
    }  # fmt: skip
    watch = Watch()
    async with on_x(database, posts=watch) as x:
        told = _post_event("post.mention.create", mention, {"users": [{"data": author}]})
        await x.take(told, _post_event("post.reply.create", mention, {"users": [author]}), old)
        first, again, second = watch.seen_posts
        assert (again.id, again.kind) == (first.id, "reply")
        assert (first.kind, first.text, first.is_summoning) == (
            "mention",
            "hey @Airline, lost my bag AGAIN & again",
            True,
        )
        assert (first.impressions, first.likes, first.author.followers) == (302000, 12, 120345)
        assert (first.author.name, first.created_at.isoformat()) == ("Ann", "2026-07-24T21:23:23+00:00")
        assert (second.kind, second.in_reply_to, second.is_summoning) == ("reply", "800", False)
        assert watch.gone_posts == ["700"]


async def test_an_account_that_was_revoked_is_noted(database: str) -> None:
    """For whoever looks why nothing goes any more."""
    async with on_x(database) as x:
        await x.take(_post_event("oauth.revoke", {"user_id": "1111"}, {}))
        mark = await x.doors.opened.store.platform_marks.get("x", "revoked")
        assert mark is not None
        assert mark.value == "1111"


async def test_several_hosts_read_each_message_once_and_in_order(database: str) -> None:
    """Whichever of them takes which."""
    async with on_x(database, has_bot=False) as x:
        for number in range(1, 61):
            sender = str(2000 + number % 5)
            await x.post(dm(f"{number:02}", str(number), sender=sender))
        hosts = [replace(x.intake) for _ in range(3)]
        await asyncio.gather(*map(_read_all, hosts))
        for sender in map(str, range(2000, 2005)):
            said = [str(text) for _, text in await x.said(sender)]
            assert said == sorted(said)
            assert len(said) == 12


async def test_what_a_host_was_reading_when_it_was_killed_is_read_again_and_is_one(database: str) -> None:
    """Once its lease has run out, whatever of it was done."""
    async with on_x(database, echoes=Sent()) as x:
        await x.post(dm("hello", "1"))
        await x.post(dm("I am Sara", "2", sender="1111", recipient="2222"))
        for _ in range(2):
            (claimed,) = await x.intake.events.claim(["x"], 1)
            for heard in await x.intake.platforms["x"].read(claimed.event):
                await x.intake.hearing.hear(x.intake.platforms["x"], heard, timedelta())
            await x.doors.opened.database.run("UPDATE platform_events SET lease_until = now() WHERE state = 'held'")
            assert await x.intake.step() == 1
        assert [said for said in await x.said() if said[0] != "bot"] == [("contact", "hello"), ("agent", "I am Sara")]
        assert set((await x.events()).values()) == {"settled"}


async def test_a_message_beyond_all_length_is_cut_and_kept_whole_beside(database: str) -> None:
    """Between two characters; what comes after it is as ever."""
    long = "é" * 40_000
    async with on_x(database) as x:
        batch = {"for_user_id": "1111", "direct_message_events": [message(long, "1"), message("hello", "2")]}
        await x.take(batch)
        assert [len(str(text)) for author, text in await x.said() if author == "contact"] == [32_768, 5]
        raws = await x.doors.opened.database.rows("SELECT raw FROM inbox ORDER BY id")
        assert [raw and bytes(raw).decode() for (raw,) in raws] == [long, None]


async def test_a_contact_is_shown_by_their_name_with_the_handle_that_only_they_have(database: str) -> None:
    """Which is no name on file, so nobody takes it for one."""
    told = dm("hello", "1")
    told["data"]["payload"]["users"] = {"2222": {"data": {"id": "2222", "name": "Ann", "username": "ann"}}}
    async with on_x(database) as x:
        await x.take(told)
        assert await x.doors.opened.database.rows("SELECT display_name FROM contacts") == [("Ann (@ann)",)]


def _corrected(message_id: str, text: str) -> Corrected:
    at = datetime.now(timezone.utc)
    return Corrected(address="2222", message_id=message_id, of="1", text=text, written_at=at)


async def _read_all(intake: Intake) -> None:
    while await intake.step():
        pass


async def _is_due(x: OnX) -> None:
    """Let what waits for its time be read now, one after the other."""
    for _ in range(2):
        await x.doors.opened.database.run("UPDATE platform_events SET due_at = now() WHERE state = 'waiting'")
        await x.take()


def _post_event(kind: str, payload: dict[str, Any], includes: dict[str, Any]) -> dict[str, Any]:
    data = {"event_uuid": f"{kind}-{payload.get('id')}", "event_type": kind, "filter": {"user_id": "1111"}}
    return {"data": {**data, "payload": payload, "includes": includes}}


async def _waits(x: OnX) -> list[tuple[Any, ...]]:
    """Tell of each handoff whether it lasts a day, and whether nobody is told to wait."""
    return await x.doors.opened.database.rows(
        "SELECT expires_at > now() + interval '23 hours', told_at > now() FROM handoffs ORDER BY episode"
    )
