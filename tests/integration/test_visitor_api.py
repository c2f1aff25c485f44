"""The visitor API: a token, messages that arrive once, and events by one cursor that survives everything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from relevo.contracts.brain import Question
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control
from relevo.domain.messages import Author, Button, Content
from relevo.web.settings import WebSettings
from tests.integration.doors import Doors, open_doors, raw_exchange

pytestmark = pytest.mark.anyio
API = "/widget/api/v1"


class Visitor:
    """A page that talks to the visitor API."""

    def __init__(self, doors: Doors, token: str) -> None:
        self.doors = doors
        self.headers = {"Authorization": f"Bearer {token}"}

    async def writes(self, text: str, cid: str, **rest: Any) -> dict[str, Any]:
        response = await self.tries({"cid": cid, "text": text, **rest})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def tries(self, body: dict[str, Any]) -> httpx.Response:
        return await self.doors.http.post(f"{API}/messages", json=body, headers=self.headers)

    async def polls(self, after: int = 0, wait: int = 10) -> dict[str, Any]:
        response = await self.doors.http.get(f"{API}/events?after={after}&wait={wait}", headers=self.headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    @asynccontextmanager
    async def streams(self, after: int = 0, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
        async with self.doors.http.stream(
            "GET", f"{API}/events?after={after}", headers={**self.headers, **headers}
        ) as response:
            assert response.status_code == 200
            yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    event: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            event[name] = value.removeprefix(" ")
        elif event:
            yield event
            event = {}


async def _next(events: AsyncIterator[dict[str, str]], kind: str = "message") -> dict[str, Any]:
    async def find() -> dict[str, Any]:
        async for event in events:
            if event.get("event") == kind:
                return {"id": event.get("id"), **json.loads(event["data"])}
        raise AssertionError("the stream ended")

    return await asyncio.wait_for(find(), 10)


async def _visitor(doors: Doors) -> Visitor:
    response = await doors.http.post(f"{API}/session", json={"language": "es"})
    assert response.status_code == 201, response.text
    return Visitor(doors, response.json()["token"])


async def test_a_message_is_answered_on_the_stream(database: str) -> None:
    """Writer and bot appear on the stream whole, in order, with the cursor as id and the page's own id."""

    def script(question: Question) -> Content:
        return Content(text="Is it you?", buttons=(Button(title="Yes", payload="/affirm"),))

    async with open_doors(database, script) as doors:
        visitor = await _visitor(doors)
        sent = await visitor.writes("hello", "c1")
        assert sent == {"id": "c1", "position": 1}
        async with visitor.streams() as events:
            mine, answer = await _next(events), await _next(events)
        assert (mine["id"], mine["position"], mine["author"], mine["cid"], mine["text"]) == (
            "1",
            1,
            "contact",
            "c1",
            "hello",
        )
        assert (answer["id"], answer["author"], answer["text"]) == ("2", "bot", "Is it you?")
        assert answer["buttons"] == [{"title": "Yes", "payload": "/affirm"}]


async def test_a_stream_opened_before_the_first_message_shows_it(database: str) -> None:
    """A page may listen before anybody has written."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        async with visitor.streams() as events:
            await visitor.writes("hello", "c1")
            assert (await _next(events))["cid"] == "c1"
            assert (await _next(events))["text"] == "hello"


async def test_a_stream_resumes_after_the_last_event_it_saw(database: str) -> None:
    """Last-Event-ID and ?after= are the same cursor: nothing comes twice, nothing is missed."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        async with visitor.streams() as events:
            await visitor.writes("one", "c1")
            await _next(events)
            seen = await _next(events)
        await visitor.writes("two", "c2")
        async with visitor.streams(0, **{"Last-Event-ID": seen["id"]}) as events:
            assert [(await _next(events))["text"], (await _next(events))["author"]] == ["two", "bot"]
        async with visitor.streams(int(seen["id"])) as events:
            assert (await _next(events))["cid"] == "c2"


async def test_the_same_cid_again_is_the_same_message(database: str) -> None:
    """A page that does not know whether it got through sends again; one copy is kept."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        assert await visitor.writes("hello", "c1") == await visitor.writes("hello", "c1")
        refused = await visitor.tries({"cid": "c1", "text": "other"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "message_id_reused")
        events = (await visitor.polls(1))["events"]
        assert [event["author"] for event in events] == ["bot"]


async def test_the_poll_waits_for_news_and_gives_the_same_cursor(database: str) -> None:
    """Where streams do not pass, JSON does: it waits, answers with what came, and says where to go on."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        empty = await visitor.polls(wait=0)
        assert empty == {"events": [], "position": 0, "reset": False}
        await visitor.writes("hello", "c1")
        found: list[dict[str, Any]] = []
        position = 0
        while len(found) < 2:
            answer = await visitor.polls(position)
            found, position = found + answer["events"], answer["position"]
        assert [(event["position"], event["author"]) for event in found] == [(1, "contact"), (2, "bot")]
        waiting = asyncio.create_task(visitor.polls(position))
        await visitor.writes("again", "c2")
        assert (await waiting)["events"][0]["text"] == "again"


async def test_a_cursor_beyond_the_end_is_reset(database: str) -> None:
    """A page that kept a cursor of another timeline is told to start over, and gets everything."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        assert (await visitor.polls(99, wait=0))["reset"] is True
        await visitor.writes("hello", "c1")
        async with visitor.streams(99) as events:
            assert (await _next(events, "reset"))["position"] == 0
            assert (await _next(events))["position"] == 1
        answer = await visitor.polls(99)
        assert answer["reset"] is True
        assert answer["events"][0]["position"] == 1


async def test_visitors_see_messages_and_nothing_else(database: str) -> None:
    """What is for agents alone (control, drafts, effects) never leaves by this door."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        await visitor.writes("hello", "c1")
        conversation_id = await _only_conversation(doors)
        store = doors.opened.store
        control = await store.conversations.get(conversation_id)
        await store.conversations.pass_control(conversation_id, control.control_version, Control.AGENT)
        await store.conversations.say(conversation_id, Author.AGENT, Content(text="Kim here."))
        found: list[dict[str, Any]] = []
        position = 0
        while not found or found[-1]["text"] != "Kim here.":
            answer = await visitor.polls(position)
            found, position = found + answer["events"], answer["position"]
        assert {entry.kind for entry in await store.conversations.entries(conversation_id, 0)} >= {"message", "control"}
        assert {event["author"] for event in found} <= {"contact", "bot", "agent"}


async def test_what_the_stream_hands_out_counts_as_delivered(database: str) -> None:
    """Nothing that a visitor has read waits in the outbox."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        await visitor.writes("hello", "c1")
        async with visitor.streams() as events:
            await _next(events)
            await _next(events)
            await doors.until("SELECT count(*) = 1 FROM deliveries WHERE state = 'delivered'")


async def test_the_language_of_the_page_becomes_the_conversations(database: str) -> None:
    """The bot knows from the first word which language the page speaks."""
    async with open_doors(database) as doors:
        visitor = await _visitor(doors)
        await visitor.writes("ok", "c1", language="es")
        await visitor.polls(1)
        assert doors.brain.asked[0].conversation.language == "es"
        assert doors.brain.asked[0].conversation.identity.level is Level.CLAIMED


async def test_a_payload_is_obeyed_only_when_it_was_offered(database: str) -> None:
    """A page may send any payload; it counts as one only when the bot has shown it here."""

    def script(question: Question) -> Content:
        return Content(text=str(question.is_issued_payload), buttons=(Button(title="Yes", payload="/affirm"),))

    async with open_doors(database, script) as doors:
        visitor = await _visitor(doors)
        for number, expected in ((1, "False"), (2, "True")):
            response = await visitor.tries({"cid": f"c{number}", "payload": "/affirm"})
            assert response.status_code == 200
            answer = await visitor.polls(2 * number - 1)
            assert answer["events"][-1]["text"] == expected


async def test_silence_is_broken_by_heartbeats(database: str) -> None:
    """Proxies and pages can tell a silent stream from a dead one."""
    async with open_doors(database, settings=WebSettings(heartbeat_seconds=0.05)) as doors:
        visitor = await _visitor(doors)
        await visitor.writes("hello", "c1")
        async with doors.http.stream("GET", f"{API}/events?after=1", headers=visitor.headers) as response:
            assert response.headers["x-accel-buffering"] == "no"
            assert response.headers["content-type"].startswith("text/event-stream")
            lines = response.aiter_lines()
            first = [await asyncio.wait_for(anext(lines), 5) for _ in range(20)]
        assert first[0] == "retry: 2000"
        assert first.count(": still here") >= 2


async def test_one_stream_too_many_ends_the_oldest(database: str) -> None:
    """Dead streams never lock a visitor out: the newest always works, and the oldest is told why it ends."""
    settings = WebSettings(streams_per_visitor=2, heartbeat_seconds=0.1)
    async with open_doors(database, settings=settings) as doors:
        visitor = await _visitor(doors)
        await visitor.writes("hello", "c1")
        async with visitor.streams() as oldest, visitor.streams() as second, visitor.streams() as third:
            await _next(oldest, "replaced")
            assert (await _next(second))["cid"] == (await _next(third))["cid"] == "c1"


async def test_streams_in_all_are_limited(database: str) -> None:
    """Beyond the limit of the process a stream is refused with a time to come back."""
    async with open_doors(database, settings=WebSettings(streams_in_all=1)) as doors:
        first, second = await _visitor(doors), await _visitor(doors)
        async with first.streams():
            response = await doors.http.get(f"{API}/events", headers=second.headers)
            assert response.status_code == 429
            assert int(response.headers["retry-after"]) >= 1
        for _ in range(200):
            if (await doors.http.get(f"{API}/events?wait=0", headers=second.headers)).status_code == 200:
                break
            await asyncio.sleep(0.3)
        else:
            raise AssertionError("the place was never freed")


async def test_without_a_valid_token_there_is_nothing(database: str) -> None:
    """No token, a made-up one, and one that has expired are all refused in the same words."""
    async with open_doors(database, settings=WebSettings(visit_lifetime_seconds=-1)) as doors:
        expired = await _visitor(doors)
        answers = [
            await doors.http.get(f"{API}/events?wait=0", headers=headers)
            for headers in ({}, {"Authorization": "Bearer made-up"}, {"Authorization": "Bearer"}, expired.headers)
        ]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.text for answer in answers}) == 1


async def test_a_visitor_never_reads_anothers_conversation(database: str) -> None:
    """A token stands for one visitor's timeline and no other."""
    async with open_doors(database) as doors:
        first, second = await _visitor(doors), await _visitor(doors)
        await first.writes("my secret", "c1")
        await second.writes("hello", "c1")
        events = (await second.polls())["events"] + (await second.polls(1))["events"]
        assert "my secret" not in json.dumps(events)


async def test_other_origins_get_in_only_by_the_list(database: str) -> None:
    """The page's own origin and listed ones may use the API; others are refused, and no origin is echoed unchecked."""
    shop = "https://shop.example"
    async with open_doors(database, settings=WebSettings(allowed_origins=(shop,))) as doors:
        for origin, status in ((doors.url, 201), (shop, 201), ("https://evil.example", 403), ("null", 403)):
            response = await doors.http.post(f"{API}/session", headers={"Origin": origin})
            assert response.status_code == status, origin
            assert response.headers.get("access-control-allow-origin") == (shop if origin == shop else None)
        asked = await doors.http.options(
            f"{API}/messages", headers={"Origin": shop, "Access-Control-Request-Method": "POST"}
        )
        assert asked.status_code == 204
        assert "authorization" in asked.headers["access-control-allow-headers"]
        refused = await doors.http.post(f"{API}/messages", json={}, headers={"Origin": shop})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, shop)


async def test_messages_and_sessions_are_limited(database: str) -> None:
    """A visitor who floods waits, and so does an address that opens chats without end."""
    settings = WebSettings(visitor_messages_per_second=0.1, visitor_burst=2, sessions_per_address=2)
    async with open_doors(database, settings=settings) as doors:
        visitor = await _visitor(doors)
        answers = [await visitor.tries({"cid": f"c{number}", "text": "hello"}) for number in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        await _visitor(doors)
        limited = await doors.http.post(f"{API}/session")
        assert limited.status_code == 429
        assert int(limited.headers["retry-after"]) >= 1


async def test_a_caller_who_hangs_up_leaves_nothing_open(database: str) -> None:
    """Closed pages free their place, and the server goes on."""
    async with open_doors(database, settings=WebSettings(streams_in_all=1, heartbeat_seconds=0.05)) as doors:
        visitor = await _visitor(doors)
        await visitor.writes("hello", "c1")
        for _ in range(5):
            head = f"GET {API}/events?after=0 HTTP/1.1\r\nHost: x\r\n"
            token = f"Authorization: {visitor.headers['Authorization']}\r\n\r\n"
            assert b"200 OK" in await _until_served(doors, (head + token).encode())


async def _until_served(doors: Doors, request: bytes) -> bytes:
    for _ in range(200):
        answer = await raw_exchange(doors.port, request)
        if b" 429 " not in answer[:20]:
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError("the place was never freed")


async def _only_conversation(doors: Doors) -> UUID:
    (line,) = await doors.opened.store.desk.conversations()
    return line.id
