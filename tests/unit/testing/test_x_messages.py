"""Messages on the fake X: delivered and signed, listed as X lists them, and every fault on the way."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from oauthlib.oauth1 import Client

from relevo.testing.x.faults import Fault
from relevo.testing.x.signing import signature
from tests.x_hook import PNG, business

pytestmark = pytest.mark.anyio


def test_checks_and_bodies_are_signed_as_x_signs_them() -> None:
    """Both vectors were computed by hand from X's documentation."""
    secret, body = "x-consumer-secret", b'{"data":{"event_uuid":"1","event_type":"dm.received"}}'
    assert signature(secret, b"crc-token-123") == "sha256=YUsT0aLbF0VtFGcLCND1EU/aQP0sjPL19cPulVY7Wes="
    assert signature(secret, body) == "sha256=GE1GaU4B3jfITE7WreH8pMs5dLV8Q13fZYNDKR7Nyno="


async def test_a_message_reaches_the_webhook_and_its_answer_the_customer() -> None:
    """Written, delivered and signed, answered, echoed."""
    async with business() as here:
        ann = here.x.customer("2222")
        await ann.writes("my flight was cancelled")
        answer = await here.sends("We are sorry")
        assert await ann.until(1) == ["We are sorry"]
        await here.x.deliveries.settled()

        assert answer.status_code == 201
        assert answer.json()["data"]["dm_conversation_id"] == "1111-2222"
        assert here.hook.kinds == ["dm.received", "dm.sent"]
        assert here.hook.texts() == ["my flight was cancelled", "We are sorry"]
        assert here.hook.is_signed == [True, True]
        echo = here.hook.events[1]["payload"]["direct_message_events"][0]
        assert echo["id"] == answer.json()["data"]["dm_event_id"]


async def test_a_photo_travels_with_a_message_and_opens_to_the_account_alone() -> None:
    """The attachment has three ids that open it; its own address opens to OAuth 1.0a."""
    async with business() as here:
        await here.x.customer("2222").writes("my passport", photo=PNG)
        data = here.hook.events[0]["payload"]["direct_message_events"][0]["message_create"]["message_data"]
        media = data["attachment"]["media"]
        assert data["text"] == f"my passport {media['url']}"
        assert data["text"][slice(*media["indices"])] == media["url"]

        dm, media_id, resource = media["media_url_https"].split("/")[-3:]
        place = f"/2/dm_conversations/media/{dm}/{media_id}/"
        assert (await here.get(place + resource)).content == PNG
        assert (await here.get(place + resource.partition(".")[0])).content == PNG
        assert (await here.get(place + "another.jpg")).status_code == 404
        assert (await here.http.get(place + resource)).status_code == 401
        url = media["media_url_https"]
        assert (await here.http.get(url, headers=here.user)).status_code == 401
        signer = Client("x-consumer-key", "x-consumer-secret", *here.x.brand.signer())
        assert (await here.http.get(url, headers=signer.sign(url)[1])).content == PNG


async def test_messages_are_listed_newest_first_in_pages() -> None:
    """There is no since_id: one pages back to what one knows."""
    async with business() as here:
        ann = here.x.customer("2222")
        for number in range(5):
            await ann.writes(f"message {number}", photo=PNG if number == 4 else None)
        asked = {"max_results": "3", "expansions": "sender_id,attachments.media_keys"}
        first = (await here.get("/2/dm_events", **asked)).json()
        token = first["meta"]["next_token"]
        second = (await here.get("/2/dm_conversations/with/2222/dm_events", pagination_token=token)).json()

        assert [line["text"].split(" https")[0] for line in first["data"]] == ["message 4", "message 3", "message 2"]
        assert [line["text"] for line in second["data"]] == ["message 1", "message 0"]
        assert "next_token" not in second["meta"]
        assert first["data"][0]["attachments"]["media_keys"] == [first["includes"]["media"][0]["media_key"]]
        assert first["includes"]["users"][0]["username"] == "ann"
        assert (await here.get("/2/dm_events", since_id="1")).status_code == 400


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": "x" * 10_001}, {"text": "a", "quick_reply": {}}, {"attachments": [{"media_id": "1"}]}],
)
async def test_what_x_refuses_is_refused(body: dict[str, object]) -> None:
    """A message needs a text of 1 to 10,000 characters or one known file, and has nothing else."""
    async with business() as here:
        answer = await here.post("/2/dm_conversations/with/2222/messages", body)
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert set(answer.json()) == {"type", "title", "detail", "status"}
        assert here.x.brand.sent == []


async def test_who_takes_no_messages_gets_none() -> None:
    """403 for closed messages and for a block, 404 for nobody."""
    async with business() as here:
        here.x.customer("2222").takes_messages = False
        here.x.customer("3333").blocks.add("1111")
        answers = [await here.sends("hi", to) for to in ("2222", "3333", "4444")]
        assert [answer.status_code for answer in answers] == [403, 403, 404]


async def test_what_is_sent_twice_is_counted() -> None:
    """X itself knows no idempotency: the same words to the same person are two messages."""
    async with business() as here:
        await here.sends("hello")
        await here.sends("hello", (here.x.customer("3333")).id)
        await here.sends("hello")
        assert [message.recipient_id for message in here.x.brand.sent] == ["2222", "3333", "2222"]
        assert [message.recipient_id for message in here.x.brand.sent_twice] == ["2222"]


@pytest.mark.parametrize(
    ("fault", "status", "is_accepted"),
    [
        (Fault.LIMITED, 429, False),
        (Fault.BROKEN_BEFORE, 503, False),
        (Fault.BROKEN_AFTER, 503, True),
        (Fault.REQUEST_LOST, None, False),
        (Fault.RESPONSE_LOST, None, True),
        (Fault.TOKEN_EXPIRED, 401, False),
        (Fault.NO_CREDITS, 402, False),
        (Fault.DM_CLOSED, 403, False),
        (Fault.GONE, 404, False),
    ],
)
async def test_a_send_goes_wrong_as_it_is_told_and_the_next_one_well(
    fault: Fault, status: int | None, is_accepted: bool
) -> None:
    """Whether it was accepted is what a sender must find out."""
    async with business() as here:
        here.x.faults.next("dm.send", fault)
        try:
            answered = (await here.sends("once")).status_code
        except httpx.TransportError:
            answered = None
        assert answered == status
        assert here.x.customer("2222").heard() == (["once"] if is_accepted else [])
        assert (await here.sends("again")).status_code == 201
        assert here.x.faults.happened == {("dm.send", fault): 1}


async def test_a_slow_answer_comes_when_it_is_let_go() -> None:
    """It was accepted long before."""
    async with business() as here:
        here.x.faults.next("dm.send", Fault.SLOW)
        sending = asyncio.create_task(here.sends("slowly"))
        await here.x.customer("2222").until(1)
        assert not sending.done()
        here.x.faults.release()
        assert (await sending).status_code == 201


async def test_deliveries_come_twice_out_of_order_late_or_never() -> None:
    """What never comes is found by polling."""
    async with business() as here:
        ann = here.x.customer("2222")
        here.x.faults.next("delivery", Fault.DUPLICATE, Fault.REORDERED, None, Fault.DELAYED, Fault.LOST)
        for text in ("twice", "late", "on time", "held", "lost"):
            await ann.writes(text)
        assert here.hook.texts() == ["twice", "twice", "on time", "late"]
        assert here.hook.events[0]["event_uuid"] == here.hook.events[1]["event_uuid"]
        here.x.faults.release()
        await here.x.deliveries.settled()
        listed = (await here.get("/2/dm_events")).json()["data"]

        assert here.hook.texts() == ["twice", "twice", "on time", "late", "held"]
        assert [line["text"] for line in listed] == ["lost", "held", "on time", "late", "twice"]


async def test_what_a_webhook_does_not_take_can_be_tried_again() -> None:
    """As X does for some minutes."""
    async with business() as here:
        here.hook.status = 503
        await here.x.customer("2222").writes("hello?")
        assert len(here.x.deliveries.not_taken) == 1
        here.hook.status = 200
        await here.x.deliveries.retry()
        assert here.hook.texts() == ["hello?"]
        assert here.x.deliveries.not_taken == []


async def test_some_deliveries_are_wrongly_signed_or_of_the_old_shape() -> None:
    """A wrong signature is somebody else's; the Account Activity shape is deprecated and still comes."""
    async with business() as here:
        here.x.faults.next("delivery", Fault.BAD_SIGNATURE, Fault.ACCOUNT_ACTIVITY)
        await here.x.customer("2222").writes("forged")
        await here.x.customer("2222").writes("old")
        assert here.hook.is_signed == [False, True]
        old = here.hook.heard[1]
        assert old["for_user_id"] == "1111"
        assert old["users"]["2222"]["screen_name"] == "ann"
        assert old["direct_message_events"][0]["message_create"]["message_data"]["text"] == "old"


async def test_faults_by_chance_are_the_same_in_each_run() -> None:
    """A failure that was seen once can be looked for."""
    happened = []
    for _ in range(2):
        async with business() as here:
            here.x.faults.rate("delivery", Fault.DUPLICATE, 0.3)
            for number in range(20):
                await here.x.customer("2222").writes(str(number))
            happened.append(here.hook.texts())
    assert happened[0] == happened[1]
    assert len(happened[0]) > 20


async def test_somebody_writes_in_the_account_s_name_reads_types_and_takes_rights_away() -> None:
    """Everything else that a business hears of its messages."""
    async with business() as here:
        ann = here.x.customer("2222")
        await here.x.brand.writes("I am Sara of Aurora", to=ann)
        await ann.types()
        await ann.reads()
        await here.x.brand.revokes()
        assert here.hook.kinds == ["dm.sent", "dm.indicate_typing", "dm.read", "oauth.revoke"]
        assert here.hook.events[-1]["filter"] == {}
        assert (await here.get("/2/users/me")).status_code == 401
