"""Whatever X signs: never a failure, and never a message lost that came beside something broken.

``RELEVO_FUZZ_EXAMPLES=10000`` posts more, each time others; in the suite it is few, and always the same.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.fuzzing import ANYTHING
from tests.integration.xs import dm, message, on_x, signed

pytestmark = pytest.mark.anyio

MORE = int(os.environ.get("RELEVO_FUZZ_EXAMPLES", "0"))
VALID = "valid"
_MEDIA = {"id_str": "902", "type": "photo", "media_url_https": "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg"}
_POST = {
    "id": "900", "text": "hey @Airline", "author_id": "2222", "created_at": "2026-07-24T21:23:23.000Z",
    "entities": {"mentions": [{"start": 4, "id": "1111"}]}, "public_metrics": {"impression_count": 3},
    "referenced_tweets": [{"type": "quoted", "id": "5"}], "conversation_id": "900", "lang": "en",
}  # fmt: skip
_USERS = {"users": [{"data": {"id": "2222", "public_metrics": {"followers_count": 3}}}]}
_CHAT = {"id": "c1", "conversation_id": "2222:1111", "encoded_event": "AA=="}
_SIGN = {"sender_id": "2222", "target": {"recipient_id": "1111"}, "last_read_event_id": "5", "created_timestamp": "9"}
TEMPLATES = (
    message("hello", "b1", attachment={"type": "media", "media": _MEDIA}, quick_reply_response={"metadata": "/x"}),
    dm("hello", "b2"),
    {"data": {"event_type": "post.mention.create", "event_uuid": "-1", "payload": _POST, "includes": _USERS}},
    {"data": {"event_type": "chat.received", "payload": _CHAT}},
    {"data": {"event_type": "oauth.revoke", "filter": {"user_id": "1111"}, "payload": {"user_id": "1111"}}},
    {"for_user_id": "1111", "direct_message_mark_read_events": [_SIGN]},
    {"for_user_id": "1111", "tweet_create_events": [{"id_str": "7", "user": {"id_str": "2222"}, "text": "x"}]},
    {"for_user_id": "1111", "tweet_delete_events": [{"status": {"id": "7"}}], "user_event": {"revoke": {"source": {}}}},
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """Give something that X might say, with a part of it replaced, left out or added."""
    whole = copy.deepcopy(draw(st.sampled_from(TEMPLATES)))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = whole
        for _ in range(draw(st.integers(0, 6))):
            inner = list(place) if isinstance(place, dict) else list(range(len(place)))
            inner = [key for key in inner if isinstance(place[key], (dict, list)) and place[key]]
            if not inner:
                break
            place = place[draw(st.sampled_from(inner))]
        if isinstance(place, dict):
            place[draw(st.sampled_from([*place, "extra"]))] = draw(ANYTHING)
        else:
            place[draw(st.integers(0, len(place) - 1))] = draw(ANYTHING)
    return whole


def batches() -> st.SearchStrategy[Any]:
    """Give bodies: some hold messages that are as they should be, beside anything else."""
    events = st.lists(st.just(VALID) | broken() | ANYTHING, max_size=4)
    beside = st.dictionaries(st.sampled_from(["users", "apps", "something_new", "odd_events"]), ANYTHING | broken())
    of_old = st.tuples(events, beside).map(
        lambda drawn: {**drawn[1], "for_user_id": "1111", "direct_message_events": drawn[0]}
    )
    of_new = st.tuples(events, beside, ANYTHING).map(
        lambda drawn: {
            "data": {
                "event_type": "dm.received",
                "event_uuid": drawn[2],
                "filter": {"user_id": "1111"},
                "payload": {**drawn[1], "direct_message_events": drawn[0]},
            }
        }
    )
    several = st.lists(of_new.map(lambda one: one["data"]) | ANYTHING, max_size=3).map(lambda data: {"data": data})
    return of_old | of_new | several | broken() | ANYTHING | st.binary(max_size=60)


# The server, in the same process, draws lots meanwhile; that changes nothing of what is made up.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@pytest.mark.timeout(7_200 if MORE else 120)
async def test_nothing_that_x_signs_fails_and_no_message_is_lost(database: str) -> None:
    """Of every batch."""
    async with on_x(database, has_bot=False) as x:
        sent = await asyncio.to_thread(fuzz, x.doors.url)
        await x.read()
        found = await x.doors.opened.database.rows(
            "SELECT content ->> 'text' FROM entries WHERE content ->> 'text' LIKE 'v%%' ORDER BY position"
        )
        assert sorted(text for (text,) in found) == sorted(sent)
        assert set((await x.events()).values()) <= {"settled", "dead"}
        assert len(sent) > 20


def fuzz(url: str) -> list[str]:
    """Post what is made up, and give the words of every message in it that was as it should be."""
    sent: list[str] = []
    numbers = count(1)
    with httpx.Client(base_url=url, timeout=30) as http:

        @settings(
            max_examples=MORE or 80,
            deadline=None,
            database=None,
            derandomize=not MORE,
            suppress_health_check=list(HealthCheck),
        )
        @given(batches())
        def post(batch: Any) -> None:
            words: list[str] = []
            body = batch if isinstance(batch, bytes) else json.dumps(filled(batch, numbers, words)).encode()
            answer = http.post("/webhooks/x", content=body, headers={"x-twitter-webhooks-signature": signed(body)})
            assert answer.status_code == 200, answer.text
            sent.extend(words)

        post()
    return sent


def filled(batch: Any, numbers: Iterator[int], words: list[str]) -> Any:
    """Put messages in their places, each with an id and words of its own."""
    if isinstance(batch, list):
        return [filled(each, numbers, words) for each in batch]
    if not isinstance(batch, dict):
        return batch
    made = {key: filled(each, numbers, words) for key, each in batch.items()}
    events = made.get("direct_message_events")
    if isinstance(events, list) and VALID in events:
        made["direct_message_events"] = [_next(numbers, words) if each == VALID else each for each in events]
    return made


def _next(numbers: Iterator[int], words: list[str]) -> dict[str, Any]:
    number = next(numbers)
    words.append(f"v{number}")
    return message(f"v{number}", str(10**6 + number), sender=str(5000 + number % 7))
