"""Webhooks, subscriptions, posts and uploads on the fake X."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from relevo.testing.x.faults import Fault
from tests.x_hook import BEGIN, PNG, Business, business

pytestmark = pytest.mark.anyio


async def registered(here: Business, url: str | None = None) -> Any:
    """Register the webhook and give X's answer."""
    return (await here.http.post("/2/webhooks", json={"url": url or here.hook.url}, headers=here.app)).json()


async def test_a_webhook_is_registered_once_it_proves_that_it_knows_the_secret() -> None:
    """Checked, listed, checked again, removed."""
    async with business(is_subscribed=False) as here:
        made = (await registered(here))["data"]
        assert made["valid"] is True
        assert (await registered(here))["title"] == "DuplicateUrlFailed"
        assert (await here.http.get("/2/webhooks", headers=here.app)).json()["data"] == [made]
        assert here.x.webhooks.checks == [(here.hook.url, "valid")]

        here.hook.secret = "another"
        again = await here.http.put(f"/2/webhooks/{made['id']}", headers=here.app)
        assert (again.status_code, again.json()["title"]) == (400, "CrcValidationFailed")
        assert here.x.webhooks.all[made["id"]].is_valid is False
        here.hook.secret = "x-consumer-secret"
        again = await here.http.put(f"/2/webhooks/{made['id']}", headers=here.app)
        assert again.json() == {"data": {"valid": True}}
        gone = await here.http.delete(f"/2/webhooks/{made['id']}", headers=here.app)
        assert gone.json() == {"data": {"deleted": True}}
        assert (await here.http.put(f"/2/webhooks/{made['id']}", headers=here.app)).status_code == 404


@pytest.mark.parametrize("url", ["http://bot.example/x", "https://bot.example:8443/x", "ftp://127.0.0.1/", "x" * 201])
async def test_a_webhook_stands_where_x_can_reach_it(url: str) -> None:
    """By https and without a port, but for this machine's own addresses."""
    async with business(is_subscribed=False) as here:
        reason = "CrcValidationFailed" if url.startswith("ftp") else "UrlValidationFailed"
        assert (await registered(here, url))["title"] == reason


async def test_a_check_fails_on_demand() -> None:
    """As when a secret was changed on one side only."""
    async with business(is_subscribed=False) as here:
        here.x.faults.next("crc", Fault.CRC_INVALID)
        assert (await registered(here))["title"] == "CrcValidationFailed"


async def test_private_events_go_to_whom_the_account_itself_allowed_them() -> None:
    """The app alone may not subscribe to messages; what is not subscribed is not told."""
    async with business(is_subscribed=False) as here:
        hook = (await registered(here))["data"]["id"]
        wanted = {"event_type": "dm.received", "filter": {"user_id": "1111"}, "tag": "support", "webhook_id": hook}
        place = "/2/activity/subscriptions"
        assert (await here.http.post(place, json=wanted, headers=here.app)).status_code == 403
        made = (await here.post(place, wanted)).json()["data"]["subscription"]
        assert (await here.post(place, wanted)).status_code == 400
        await here.x.customer("2222").writes("hi")
        await here.sends("hello")
        await here.x.deliveries.settled()
        assert [(event["event_type"], event["tag"]) for event in here.hook.events] == [("dm.received", "support")]

        changed = await here.http.put(f"{place}/{made['subscription_id']}", json={"tag": "b"}, headers=here.user)
        assert changed.json()["data"]["subscription"]["tag"] == "b"
        listed = (await here.get(place)).json()
        assert (listed["data"][0]["tag"], listed["meta"]["total_subscriptions"]) == ("b", 1)
        gone = await here.http.delete(place, params={"ids": made["subscription_id"]}, headers=here.user)
        assert gone.json()["meta"]["total_subscriptions"] == 0


async def test_what_was_lost_in_an_outage_is_replayed() -> None:
    """By minutes of the last 24 hours, the first and the last included."""
    async with business() as here:
        here.hook.status = 503
        ann = here.x.customer("2222")
        await ann.writes("before")
        here.clock.forward(minutes=10)
        await ann.writes("during")
        here.clock.forward(minutes=10)
        here.hook.status = 200
        minute = (BEGIN + timedelta(minutes=10)).strftime("%Y%m%d%H%M")
        hook = next(iter(here.x.webhooks.all))
        asked = {"webhook_id": hook, "from_date": minute, "to_date": minute}
        answer = await here.http.post("/2/webhooks/replay", json=asked, headers=here.app)
        await here.x.deliveries.settled()
        assert answer.json()["data"]["job_id"]
        assert here.hook.texts() == ["during"]
        asked["from_date"] = (BEGIN - timedelta(days=2)).strftime("%Y%m%d%H%M")
        assert (await here.http.post("/2/webhooks/replay", json=asked, headers=here.app)).status_code == 400


async def test_a_post_that_names_the_account_is_told_and_found() -> None:
    """With its author, and with numbers that grow until it is looked at again."""
    async with business() as here:
        ann = here.x.customer("2222", followers=412)
        early = await ann.posts("first", impressions=3)
        post = await ann.posts("hey @aurora, lost my bag AGAIN", impressions=10)
        told = here.hook.events[1]
        assert told["event_type"] == "post.mention.create"
        assert told["payload"]["entities"]["mentions"] == [{"start": 4, "end": 11, "username": "Aurora", "id": "1111"}]
        assert told["includes"]["users"][0]["public_metrics"]["followers_count"] == 97

        post.impressions = 302_000
        found = await here.get("/2/users/1111/mentions", since_id=early.id, expansions="author_id")
        assert [line["id"] for line in found.json()["data"]] == [post.id]
        looked = (await here.get(f"/2/tweets/{post.id}")).json()["data"]
        assert looked["public_metrics"]["impression_count_str"] == "302000"
        post.is_deleted = True
        both = (await here.get("/2/tweets", ids=f"{early.id},{post.id}")).json()
        assert [line["id"] for line in both["data"]] == [early.id]
        assert [line["resource_id"] for line in both["errors"]] == [post.id]


async def test_an_app_answers_publicly_only_whom_named_the_account() -> None:
    """The rule of February 2026; answers below an own post, and quotes, are told as what they are."""
    async with business() as here:
        ann = here.x.customer("2222")
        named, other = await ann.posts("lost my bag"), await ann.posts("a rant", mentions=False)
        reply = {"text": "Sorry! Write us.", "reply": {"in_reply_to_tweet_id": named.id}}
        answer = await here.post("/2/tweets", reply)
        assert answer.status_code == 201
        assert [post.text for post in ann.answers] == ["Sorry! Write us."]
        reply["reply"] = {"in_reply_to_tweet_id": other.id}
        assert (await here.post("/2/tweets", reply)).status_code == 403

        own = here.x.brand.posted[0]
        await ann.posts("no thanks", mentions=False, replies_to=own)
        await ann.posts("look at that", mentions=False, quotes=own)
        assert here.hook.kinds == ["post.mention.create", "post.reply.create", "post.quote.create"]
        assert here.hook.events[1]["payload"]["in_reply_to_tweet_id"] == own.id
        gone = await here.http.delete(f"/2/tweets/{own.id}", headers=here.user)
        assert gone.json() == {"data": {"deleted": True}}
        assert ann.answers == []


async def test_an_upload_is_sent_within_a_day() -> None:
    """In one piece; of a category for messages; and never older than 24 hours."""
    async with business() as here:

        async def upload(category: str) -> str:
            files, data = {"media": ("a.png", PNG)}, {"media_category": category}
            answer = await here.http.post("/2/media/upload", headers=here.user, files=files, data=data)
            assert answer.status_code == 200, answer.text
            return str(answer.json()["data"]["id"])

        async def send(media_id: str) -> int:
            body = {"text": "your pass", "attachments": [{"media_id": media_id}]}
            return (await here.post("/2/dm_conversations/with/2222/messages", body)).status_code

        fresh, public, late = [await upload(kind) for kind in ("dm_image", "tweet_image", "dm_image")]
        assert (await send(fresh), await send(public), await send("77")) == (201, 403, 400)
        received = here.x.customer("2222").received[0].picture
        assert received is not None
        assert received.data == PNG
        here.clock.forward(hours=24)
        here.user = {"Authorization": f"Bearer {here.x.brand.grant().access_token}"}
        assert await send(late) == 400


async def test_an_upload_in_pieces_is_whole_or_refused() -> None:
    """Announced, appended, ended."""
    async with business() as here:
        place = "/2/media/upload"
        asked = {"media_type": "image/png", "total_bytes": len(PNG), "media_category": "dm_image"}
        made = (await here.post(f"{place}/initialize", asked)).json()["data"]["id"]
        sent = 0
        for index, piece in enumerate((PNG[:30], PNG[30:])):
            answer = await here.http.post(
                f"{place}/{made}/append",
                headers=here.user,
                files={"media": ("part", piece)},
                data={"segment_index": str(index)},
            )
            assert answer.status_code == 200
            sent += len(piece)
            ended = await here.post(f"{place}/{made}/finalize", {})
            assert ended.status_code == (200 if sent == len(PNG) else 400)
        state = (await here.get(place, command="STATUS", media_id=made)).json()["data"]["processing_info"]["state"]
        assert state == "succeeded"
