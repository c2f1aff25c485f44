"""The REST door: Rasa's contract, answered once the turn is committed, and fetched again by the same id."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from relevo.contracts.brain import Question
from relevo.domain.conversations import Control
from relevo.domain.messages import Author, Button, Content
from relevo.errors import TurnFailed
from relevo.web.settings import WebSettings
from tests.integration.doors import REST, bot_of, open_doors

pytestmark = pytest.mark.anyio


async def test_the_answer_has_the_shape_of_rasas_rest_channel(database: str) -> None:
    """A client written for Rasa reads our answer: one object a message, and keys only where there is something."""

    def script(question: Question) -> list[Content]:
        choice = Button(title="Yes", payload="/affirm")
        return [
            Content(text="Credit 5,640 points?", buttons=(choice,)),
            Content(image="https://aurora.example/card.png"),
            Content(custom={"kind": "survey", "of": question.text}),
        ]

    async with open_doors(database, script) as doors:
        response = await doors.post("amina", "hello")
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.json() == [
            {
                "recipient_id": "amina",
                "text": "Credit 5,640 points?",
                "buttons": [{"title": "Yes", "payload": "/affirm"}],
            },
            {"recipient_id": "amina", "image": "https://aurora.example/card.png"},
            {"recipient_id": "amina", "custom": {"kind": "survey", "of": "hello"}},
        ]


async def test_the_same_id_gets_the_same_answer_and_one_turn(database: str) -> None:
    """A caller whose connection broke sends again, and the bot is asked once."""
    async with open_doors(database, lambda question: f"number {len(doors.brain.asked)}") as doors:
        first = await doors.texts("amina", "hello", message_id="m1")
        again = await doors.texts("amina", "hello", message_id="m1")
        assert first == again == ["number 1"]
        assert len(doors.brain.asked) == 1


async def test_the_same_id_at_the_same_moment_is_one_message(database: str) -> None:
    """Ten retries that race one another are one message with one answer."""
    async with open_doors(database) as doors:
        answers = await asyncio.gather(*(doors.texts("amina", "hello", message_id="m1") for _ in range(10)))
        assert answers == [["hello"]] * 10
        assert len(doors.brain.asked) == 1
        assert [entry.author for entry in await doors.timeline("rest", "amina")] == [Author.CONTACT, Author.BOT]


async def test_the_same_id_with_other_text_is_refused(database: str) -> None:
    """An id stands for one text; a client that reuses it is told so and loses nothing."""
    async with open_doors(database) as doors:
        await doors.texts("amina", "hello", message_id="m1")
        response = await doors.post("amina", "goodbye", message_id="m1")
        assert response.status_code == 409
        assert response.json()["error"]["code"] == "message_id_reused"
        assert len(await doors.timeline("rest", "amina")) == 2


async def test_ids_of_two_senders_never_meet(database: str) -> None:
    """Each sender numbers their messages as they like."""
    async with open_doors(database) as doors:
        assert await doors.texts("amina", "from amina", message_id="1") == ["from amina"]
        assert await doors.texts("bo", "from bo", message_id="1") == ["from bo"]


async def test_messages_without_an_id_are_each_a_message(database: str) -> None:
    """Without message_id every request is new, as with Rasa."""
    async with open_doors(database) as doors:
        assert await doors.texts("amina", "hello") == ["hello"]
        assert await doors.texts("amina", "hello") == ["hello"]
        assert len(doors.brain.asked) == 2


async def test_a_slow_turn_is_pending_and_its_answer_fetched_later(database: str) -> None:
    """After the wait the door answers 503 turn_pending, and the same id fetches the answer when it is there."""
    async with open_doors(database, settings=WebSettings(rest_wait_seconds=0.3), has_bot=False) as doors:
        pending = await doors.post("amina", "hello", message_id="m1")
        assert pending.status_code == 503
        assert pending.json()["error"]["code"] == "turn_pending"
        assert pending.headers["retry-after"] == "1"
        async with bot_of(doors):
            answer = await doors.post("amina", "hello", message_id="m1")
            while answer.status_code == 503:  # pytest-timeout is the deadline
                answer = await doors.post("amina", "hello", message_id="m1")
        assert [heard["text"] for heard in answer.json()] == ["hello"]


async def test_a_database_that_goes_away_for_a_while_costs_no_answer(database: str, postgres: str) -> None:
    """A caller who waits while the database is gone is answered when it is back; new messages are refused meanwhile."""
    async with open_doors(database, has_bot=False) as doors:
        asking = asyncio.create_task(doors.texts("amina", "hello", message_id="m1"))
        while not await doors.opened.store.conversations.find("rest", "amina"):
            await asyncio.sleep(0.01)
        _close(postgres, database)
        refused = await doors.post("amina", "again", message_id="m2")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
        assert not asking.done()
        _open(postgres, database)
        async with bot_of(doors):
            assert await asyncio.wait_for(asking, 20) == ["hello"]
            assert await doors.texts("amina", "again", message_id="m2") == ["again"]


def _close(postgres: str, database: str) -> None:
    """Let nobody into a database, and throw out who is in."""
    name = conninfo_to_dict(database)["dbname"]
    with psycopg.connect(make_conninfo(postgres, user="postgres", dbname="postgres"), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def _open(postgres: str, database: str) -> None:
    name = conninfo_to_dict(database)["dbname"]
    with psycopg.connect(make_conninfo(postgres, user="postgres", dbname="postgres"), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


async def test_a_turn_that_ends_while_the_caller_waits_is_answered_at_once(database: str) -> None:
    """The answer comes when the turn commits, not at the end of the wait."""
    may_answer = asyncio.Event()

    async def script(question: Question) -> str:
        await may_answer.wait()
        return "now"

    async with open_doors(database, script) as doors:
        asking = asyncio.create_task(doors.texts("amina", "hello"))
        while not doors.brain.asked:
            await asyncio.sleep(0.01)
        assert not asking.done()
        may_answer.set()
        assert await asyncio.wait_for(asking, 5) == ["now"]


async def test_what_an_agent_said_since_comes_with_the_next_post(database: str) -> None:
    """A REST caller has no stream: what a person said meanwhile arrives once, before the bot's answer."""
    async with open_doors(database) as doors:
        await doors.texts("amina", "hello")
        conversation = await doors.conversation("rest", "amina")
        await doors.opened.store.conversations.say(conversation.id, Author.AGENT, Content(text="Kim here."))
        assert await doors.texts("amina", "are you there?") == ["Kim here.", "are you there?"]
        assert await doors.texts("amina", "thanks") == ["thanks"]


async def test_while_an_agent_has_control_the_answer_is_empty(database: str) -> None:
    """The bot keeps silent, the message is kept for the agent, and the caller does not wait in vain."""
    async with open_doors(database) as doors:
        await doors.texts("amina", "hello")
        await doors.pass_control("rest", "amina", Control.AGENT)
        assert await doors.texts("amina", "are you a person?") == []
        assert len(doors.brain.asked) == 1


async def test_a_bot_that_fails_still_answers_in_a_sentence(database: str) -> None:
    """When the brain raises, the contact is told and no words of the error leave the house."""

    def script(question: Question) -> str:
        raise TurnFailed("KeyError: secret internals")

    async with open_doors(database, script) as doors:
        texts = await doors.texts("amina", "hello")
        assert len(texts) == 1
        assert "secret" not in texts[0]


async def test_a_button_of_the_answer_is_obeyed_as_payload(database: str) -> None:
    """Only a payload that the bot has shown counts as one."""

    def script(question: Question) -> Content:
        return Content(text=str(question.is_issued_payload), buttons=(Button(title="Yes", payload="/affirm"),))

    async with open_doors(database, script) as doors:
        assert await doors.texts("amina", "/affirm") == ["False"]
        assert await doors.texts("amina", "/affirm") == ["True"]
        assert await doors.texts("amina", "/restart") == ["False"]


async def test_metadata_reaches_the_brain_cleaned(database: str) -> None:
    """Metadata goes along, without what no database can hold."""
    async with open_doors(database) as doors:
        await doors.texts("amina", "hello", metadata={"page": "/club\x00", "tags": ["a", {"b": 1}], "attachments": []})
        assert dict(doors.brain.asked[0].metadata) == {"page": "/club", "tags": ["a", {"b": 1}]}


async def test_senders_do_not_hold_each_other_up(database: str) -> None:
    """While one sender's turn hangs, another is answered."""
    may_answer = asyncio.Event()

    async def script(question: Question) -> str:
        if question.text == "slow":
            await may_answer.wait()
        return question.text

    async with open_doors(database, script) as doors:
        slow = asyncio.create_task(doors.texts("amina", "slow"))
        assert await doors.texts("bo", "quick") == ["quick"]
        assert not slow.done()
        may_answer.set()
        assert await slow == ["slow"]


async def test_one_sender_who_floods_is_held_back_and_others_are_not(database: str) -> None:
    """Beyond the burst a sender gets 429 with the seconds to wait; another sender notices nothing."""
    settings = WebSettings(rest_messages_per_second=0.5, rest_burst=3)
    async with open_doors(database, settings=settings) as doors:
        answers = [await doors.post("amina", "hello") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["error"]["code"] == "too_many_requests"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
        assert (await doors.post("bo", "hello")).status_code == 200


async def test_only_programs_on_this_machine_may_name_a_sender(database: str) -> None:
    """Without a token, what a proxy forwards from elsewhere and what a web page sends is refused."""
    async with open_doors(database) as doors:
        for headers in (
            {"X-Forwarded-For": "203.0.113.7"},
            {"X-Forwarded-For": "127.0.0.1, 203.0.113.7"},
            {"X-Real-IP": "203.0.113.7"},
            {"Forwarded": 'for="[2001:db8::1]";proto=https'},
            {"Forwarded": "for=_hidden"},
            {"X-Forwarded-For": "nonsense"},
        ):
            response = await doors.http.post(REST, json={"sender": "a", "message": "b"}, headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (403, "not_local"), headers
        for headers in ({"Origin": doors.url}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-origin"}):
            response = await doors.http.post(REST, json={"sender": "a", "message": "b"}, headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (403, "browser"), headers
        local = await doors.http.post(
            REST, json={"sender": "a", "message": "b"}, headers={"X-Forwarded-For": "127.0.0.1"}
        )
        assert local.status_code == 200


async def test_with_a_token_set_everybody_must_send_it(database: str) -> None:
    """A token opens the door to other machines, and closes it to whoever does not hold it."""
    async with open_doors(database, settings=WebSettings(rest_token="door-key")) as doors:
        body = {"sender": "amina", "message": "hello"}
        for authorization in ("", "Bearer wrong", "Basic door-key", "Bearer", "Bearer dóor-key"):
            headers = [(b"Authorization", authorization.encode())] if authorization else []
            response = await doors.http.post(REST, json=body, headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (401, "not_authenticated")
        headers = [(b"Authorization", b"Bearer door-key"), (b"X-Forwarded-For", b"203.0.113.7")]
        assert (await doors.http.post(REST, json=body, headers=headers)).status_code == 200


async def test_what_is_not_offered_yet_is_said_in_a_sentence(database: str) -> None:
    """Streaming is refused before anything is kept."""
    async with open_doors(database) as doors:
        body = {"sender": "amina", "message": "hello"}
        stream = await doors.http.post(f"{REST}?stream=true", json=body)
        assert (stream.status_code, stream.json()["error"]["code"]) == (400, "stream_unsupported")
        assert await doors.opened.store.conversations.find("rest", "amina") is None
        assert (await doors.http.post(f"{REST}?stream=false", json=body)).status_code == 200


async def test_whatever_is_done_here_has_what_sleeps_look(database: str) -> None:
    """Whether its verb tells anybody or not; what only reads wakes nobody. Its own listening may begin meanwhile."""
    async with open_doors(database, lambda _: "hello") as doors:
        live, times = doors.opened.live, 20
        before = live.stirs
        for _ in range(times):
            await doors.http.get("/health")
        assert live.stirs < before + times
        before = live.stirs
        for _ in range(times):
            await doors.http.post("/desk/nothing-of-ours")
        assert live.stirs >= before + times
