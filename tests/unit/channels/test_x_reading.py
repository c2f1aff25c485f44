"""Everything that X documents is read as what it means, in either shape and by whatever way it comes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import pytest

from relevo.channels.x.envelopes import split
from relevo.channels.x.files import lookups
from relevo.channels.x.listed import message_told, post_told
from relevo.channels.x.platform import XPlatform
from relevo.channels.x.reading_posts import count, read_post
from relevo.configuration.x import XAccount
from relevo.contracts.platform import Echo, Heard, PlatformEvent, Posted, Revoked, Seen, Typing, Unposted, Written
from relevo.settings import Secret
from tests.x_payloads import payload

pytestmark = pytest.mark.anyio

SECRET = Secret("x")
ACCOUNT = XAccount(account_id="1111", consumer_key="k", consumer_secret=SECRET, bearer_token=SECRET)
WHEN = datetime(2026, 7, 24, 21, 23, 23, tzinfo=timezone.utc)


class Nothing:
    """A place without files."""

    async def download(self, path_or_url: str, *, limit_bytes: int) -> bytes:
        raise NotImplementedError


async def meanings(events: Sequence[PlatformEvent]) -> list[Heard]:
    """Give what events mean."""
    platform = XPlatform(ACCOUNT, Nothing())
    return [heard for event in events for heard in await platform.read(event)]


async def read(name: str) -> list[Heard]:
    """Give what a documented delivery means."""
    return await meanings(split(json.dumps(payload(name)).encode(), "1111"))


@pytest.mark.parametrize("name", ["dm.received", "aaa.direct_message"])
async def test_a_message_is_read_in_either_shape(name: str) -> None:
    """With who wrote it, how they go by, and when."""
    (written,) = await read(name)
    assert isinstance(written, Written)
    assert (written.address, written.name, written.transport) == ("2222", "Ann (@ann)", "dm")
    assert written.written_at.year == 2026
    assert written.text
    assert written.files == ()


async def test_every_message_of_a_batch_is_read() -> None:
    """Each as an event of its own, in the lane of its writer."""
    events = split(json.dumps(payload("aaa.direct_messages")).encode(), "1111")
    assert len(events) > 1
    assert len({event.key for event in events}) == len(events)
    assert len(await meanings(events)) == len(events)


async def test_a_number_beyond_all_numbers_spoils_no_batch() -> None:
    """It is only one event's."""
    (valid,) = payload("aaa.direct_message")["direct_message_events"]
    body = f'{{"for_user_id":"1111","direct_message_events":[{{"id":{"9" * 5_000}}},{json.dumps(valid)}]}}'
    events = split(body.encode(), "1111")
    assert len(events) == 2
    assert len(await meanings(events)) == 1


async def test_a_photo_is_a_file_and_its_link_is_no_words() -> None:
    """Also where there are no words beside it."""
    (beside,), (alone,) = await read("dm.received.photo"), await read("dm.received.photo_alone")
    assert isinstance(beside, Written)
    assert isinstance(alone, Written)
    assert "t.co" not in beside.text
    assert alone.text == ""
    for written in (beside, alone):
        (file,) = written.files
        assert (file.name, file.claimed_mime) == ("photo.jpg", "image/jpeg")
        assert lookups(file.reference)[0].startswith("/2/dm_conversations/media/")
        assert len(lookups(file.reference)) == 3


async def test_a_film_is_the_smallest_that_there_is() -> None:
    """Whether it is taken is decided elsewhere."""
    (written,) = await read("dm.received.video")
    assert isinstance(written, Written)
    assert [(file.name, file.claimed_mime) for file in written.files] == [("video.mp4", "video/mp4")]
    assert written.files[0].reference.endswith(".mp4")


async def test_a_chosen_quick_reply_carries_what_it_stands_for() -> None:
    """Beside its label."""
    (written,) = await read("dm.received.quick_reply")
    assert isinstance(written, Written)
    assert (written.text, written.payload) == ("Refund", "opaque-string")


async def test_an_own_message_is_an_echo() -> None:
    """In the lane of whom it went to."""
    (echo,) = await read("dm.sent")
    assert isinstance(echo, Echo)
    assert (echo.address, bool(echo.text)) == ("2222", True)


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("dm.read", Seen(address="2222", up_to="2080763914820927863")),
        ("aaa.read", Seen(address="2222", up_to="2080763914820927863")),
        ("dm.indicate_typing", Typing(address="2222")),
        ("aaa.typing", Typing(address="2222")),
        ("post.delete", Unposted(post_id="2080761269309813134")),
        ("oauth.revoke", Revoked(account_id="1111")),
        ("aaa.user_event", Revoked(account_id="1111")),
    ],
)
async def test_signs_are_read(name: str, heard: Heard) -> None:
    """Each by its kind."""
    assert await read(name) == [heard]


async def test_what_means_nothing_here_is_nothing() -> None:
    """Such as another biography, and rights over somebody else's account."""
    assert await read("profile.update.bio") == []
    other = payload("aaa.user_event")
    other["user_event"]["revoke"]["source"]["user_id"] = "9999"
    assert await meanings(split(json.dumps(other).encode(), "1111")) == []


@pytest.mark.parametrize(
    ("name", "kind", "is_summoning", "followers"),
    [
        ("post.mention.create", "mention", True, 412),
        ("post.reply.create", "reply", False, 412),
        ("post.quote.create", "quote", True, 412),
        ("aaa.tweet_create", "mention", True, 412),
    ],
)
async def test_posts_are_read(name: str, kind: str, is_summoning: bool, followers: int) -> None:
    """What they are to the account, and whether they ask for an answer."""
    (heard,) = await read(name)
    assert isinstance(heard, Posted)
    post = heard.post
    assert (post.kind, post.is_summoning, post.author.followers) == (kind, is_summoning, followers)
    assert (post.author.id, post.author.username, post.language) == ("2222", "ann", "en")
    assert post.created_at == WHEN
    assert not post.text.endswith("…")


async def test_what_is_listed_is_the_same_event_as_what_is_told() -> None:
    """By key, and by what it means."""
    page = payload("api.dm_events")
    found = [message_told(each, page, "1111") for each in page["data"]]
    heard = await meanings([line[1] for line in found if line is not None])
    written = [each for each in heard if isinstance(each, Written)]
    assert [(each.text, len(each.files), each.name) for each in written] == [
        ("see", 1, "Ann (@ann)"),
        ("Hi", 0, "Ann (@ann)"),
    ]
    assert [line[1].key for line in found if line] == [f"dm:{each['id']}" for each in page["data"]]
    page = payload("api.mentions")
    (line,) = [post_told(each, page, "1111") for each in page["data"]]
    assert line is not None
    (posted,), (told,) = await meanings([line[1]]), await read("post.mention.create")
    assert isinstance(posted, Posted)
    assert isinstance(told, Posted)
    assert (posted.post.id, posted.post.kind, posted.post.is_summoning) == (told.post.id, "mention", True)


def test_a_reply_summons_only_by_a_name_that_its_author_wrote() -> None:
    """Not by those that X writes before every reply."""

    def summons(text: str, start: int) -> bool:
        event: dict[str, Any] = {
            "id": "1", "text": text, "author_id": "2222", "in_reply_to_tweet_id": "5", "in_reply_to_user_id": "1111",
            "entities": {"mentions": [{"start": start, "id": "1111"}]},
        }  # fmt: skip
        line = post_told(event, {}, "1111")
        assert line is not None
        (heard,) = read_post(json.loads(line[1].body), "1111")
        assert isinstance(heard, Posted)
        return heard.post.is_summoning

    assert not summons("@Aurora thank you", 0)
    assert not summons("@ann @Aurora thank you", 5)
    assert summons("@ann what does @Aurora say?", 15)


def test_counters_are_read_by_number_or_by_their_twin() -> None:
    """And are none where they are neither."""
    assert count({"like_count": 3, "like_count_str": "4"}, "like_count") == 3
    assert count({"like_count": 1e30, "like_count_str": "4"}, "like_count") == 4
    assert count({"favorite_count": "7"}, "like_count", "favorite_count") == 7
    assert count({"like_count": True, "like_count_str": "-1"}, "like_count") == 0
    assert count({"like_count": 10**40}, "like_count") == 0
