"""The door of X takes what X proves to have sent, once, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relevo.channels.x.signing import signature
from tests.integration.xs import OnX, dm, message, on_x, signed

pytestmark = pytest.mark.anyio

CRC = "sha256=YUsT0aLbF0VtFGcLCND1EU/aQP0sjPL19cPulVY7Wes="
BODY = b'{"data":{"event_uuid":"1","event_type":"dm.received"}}'
SIGNED = "sha256=GE1GaU4B3jfITE7WreH8pMs5dLV8Q13fZYNDKR7Nyno="


async def test_a_signed_message_is_answered(database: str) -> None:
    """From the door to the outbox."""
    async with on_x(database, lambda question: f"You said: {question.text}", is_reading=True) as x:
        assert (await x.post(dm("my flight was cancelled"))).status_code == 200
        await x.doors.until("SELECT count(*) = 1 FROM deliveries WHERE channel = 'x'")
        assert await x.said() == [
            ("contact", "my flight was cancelled"),
            ("bot", "You said: my flight was cancelled"),
        ]


async def test_the_challenge_is_answered_as_x_computes_it(database: str) -> None:
    """By vectors that were computed elsewhere."""
    async with on_x(database) as x:
        answer = await x.doors.http.get("/webhooks/x", params={"crc_token": "crc-token-123"})
        assert (answer.status_code, answer.json()) == (200, {"response_token": CRC})
        assert answer.headers["content-type"] == "application/json"
        assert (await x.doors.http.get("/webhooks/x")).status_code == 400
    assert signature("x-consumer-secret", BODY) == SIGNED


async def test_nobody_has_a_body_signed_by_way_of_the_challenge(database: str) -> None:
    """X signs both with one key and in one way."""
    async with on_x(database) as x:
        for token in (BODY.decode(), "{}", '"text"', "[1]", "{ }", "a" * 201, ""):
            answer = await x.doors.http.get("/webhooks/x", params={"crc_token": token})
            assert (answer.status_code, "response_token" in answer.text) == (400, False)


async def test_one_changed_byte_anywhere_is_refused(database: str) -> None:
    """Each byte of the body, and each of the signature."""
    async with on_x(database) as x:
        for number in range(len(BODY)):
            changed = BODY[:number] + bytes([BODY[number] ^ 1]) + BODY[number + 1 :]
            assert await _status(x, changed, SIGNED) == 403
        for number in range(len(SIGNED)):
            other = "A" if SIGNED[number] != "A" else "B"
            assert await _status(x, BODY, SIGNED[:number] + other + SIGNED[number + 1 :]) == 403
        assert await x.events() == {}
        assert await _status(x, BODY, SIGNED) == 200
        assert await x.events() == {"event:1": "waiting"}


async def test_without_the_right_signature_nothing_is_kept(database: str) -> None:
    """Missing, empty, without its algorithm or with another one."""
    async with on_x(database) as x:
        for header in (None, "", "sha256=", SIGNED[7:], "sha1=" + SIGNED[7:], SIGNED.upper(), "\u00e9"):
            assert await _status(x, BODY, header) == 403
        assert (await x.post(dm("hello"), secret="another secret")).status_code == 403
        assert await x.events() == {}


async def test_a_body_that_is_too_large_is_refused(database: str) -> None:
    """Before it is kept anywhere."""
    async with on_x(database) as x:
        assert (await x.post(b" " * 2_000_001)).status_code == 413


async def test_while_the_database_is_away_x_is_told_to_come_again(database: str) -> None:
    """Nothing is said to be kept that is not."""
    async with on_x(database, has_bot=False) as x:
        await x.doors.opened.database.close()
        answer = await x.post(dm("hello"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


async def test_a_replayed_body_is_one_message(database: str) -> None:
    """However often it comes, also after it was answered."""
    async with on_x(database) as x:
        await x.take(dm("hello"), dm("hello"))
        await x.take(dm("hello"))
        assert await x.said() == [("contact", "hello"), ("bot", "hello")]
        assert await x.events() == {"dm:2080765901528535096": "settled"}


async def test_the_same_message_in_either_shape_is_one(database: str) -> None:
    """By the Activity API and by the deprecated Account Activity API."""
    old = {"for_user_id": "1111", "direct_message_events": [message("hello", "2080765901528535096")], "users": {}}
    async with on_x(database) as x:
        await x.take(dm("hello"), old)
        assert await x.said() == [("contact", "hello"), ("bot", "hello")]


async def test_every_event_of_a_batch_is_taken_and_a_broken_one_spoils_none(database: str) -> None:
    """In the order in which they happened."""
    batch = {
        "for_user_id": "1111",
        "direct_message_events": [
            message("first", "1"),
            {"type": "message_create", "id": "2", "message_create": "broken"},
            None,
            7,
            message("second", "3"),
        ],
        "something_new_events": [{"a": 1}],
    }
    async with on_x(database) as x:
        await x.take(batch)
        assert [text for author, text in await x.said() if author == "contact"] == ["first", "second"]
        states = await x.events()
        assert len(states) == 6
        assert set(states.values()) == {"settled"}


async def test_what_happened_first_is_read_first_though_it_came_later(database: str) -> None:
    """As far as both wait."""
    early = dm("first", "1")
    early["data"]["payload"]["direct_message_events"][0]["created_timestamp"] = "1784928224000"
    async with on_x(database) as x:
        await x.take(dm("second", "2"), early)
        assert [text for author, text in await x.said() if author == "contact"] == ["first", "second"]


async def test_events_of_another_account_are_kept_and_mean_nothing(database: str) -> None:
    """Of an app that serves two."""
    async with on_x(database) as x:
        await x.take(dm("not for us", account="9999", recipient="9999"), dm("nor this", "5", recipient="3333"))
        assert list((await x.events()).values()) == ["settled", "settled"]
        assert await x.doors.opened.store.conversations.find("x", "2222") is None


STRANGE = (
    b"", b"not json", b"[" * 100_000, b'"text"', b"null", b"[]", b"{}", b'{"data": []}', b'{"data": [1, null, {}]}',
    b'{"data": {"payload": {"direct_message_events": {}}}}', b'{"for_user_id": null}', b"\xff\xfe\x00", b"1e999",
)  # fmt: skip


async def test_whatever_x_signs_is_taken(database: str) -> None:
    """X would only send it again."""
    async with on_x(database) as x:
        for number, body in enumerate(STRANGE):
            assert (await x.post(body)).status_code == 200
            assert len(await x.events()) > number
        await x.read()
        assert set((await x.events()).values()) == {"settled", "dead"}


async def test_what_waits_is_sealed_and_forgotten_when_it_was_read(database: str) -> None:
    """Nothing that a customer wrote lies open beside the timeline."""
    async with on_x(database) as x:
        await x.post(dm("a secret of mine"))
        assert await _bodies(x) != [None]
        assert b"secret" not in (await _bodies(x))[0]
        await x.read()
        assert await _bodies(x) == [None]


async def test_an_event_that_was_given_up_is_kept_and_can_be_read_again(database: str) -> None:
    """With why."""
    async with on_x(database) as x:
        await x.post(b"not json")
        await x.read()
        ((state, reason),) = await x.doors.opened.database.rows("SELECT state, reason FROM platform_events")
        assert (state, "cannot be read" in reason) == ("dead", True)
        assert await x.doors.opened.store.platform_events.replay(None) == 1


async def _status(x: OnX, body: bytes, header: str | None) -> int:
    headers = {} if header is None else {b"x-twitter-webhooks-signature": header.encode()}
    return (await x.doors.http.post("/webhooks/x", content=body, headers=headers)).status_code


async def _bodies(x: OnX) -> list[Any]:
    return [row[0] for row in await x.doors.opened.database.rows("SELECT body FROM platform_events ORDER BY id")]


def test_the_signature_of_our_tests_is_x_s_own() -> None:
    """So that the other tests prove something."""
    assert signed(BODY) == SIGNED
    assert json.loads(BODY)
