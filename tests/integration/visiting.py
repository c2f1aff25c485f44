"""Visitors of the web chat for tests: a page that talks to the visitor API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import httpx
import jwt
from psycopg.conninfo import make_conninfo

from relevo.domain.conversations import Conversation
from relevo.domain.messages import Content
from relevo.domain.ratings import DueRating
from relevo.domain.reports import Stretch
from relevo.errors import Unavailable
from tests.databases import Databases
from tests.integration.doors import Doors, open_doors

API = "/widget/api/v1"
KEY = "a key that nobody can guess, of 32 bytes or more"


_FORGET = """
TRUNCATE contacts, identities, conversations, cases, attachments, agents, visits, typing_contacts, refused_origins,
    rate_limits CASCADE
"""


@asynccontextmanager
async def doors_for_all(databases: Databases, postgres: str, *script: Any, **services: Any) -> AsyncIterator[Doors]:
    """Open doors for all tests of a module; each begins with ``forget``."""
    name = databases.take()
    async with open_doors(make_conninfo(postgres, dbname=name), *script, **services) as doors:
        yield doors
    databases.give_back(name)


async def forget(doors: Doors) -> Doors:
    """Give doors at which nobody has been yet."""
    for _ in range(50):
        try:
            async with doors.opened.database.connection() as connection, connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '100ms'")  # else what the last test left is cut off
                await connection.execute(_FORGET)
        except Unavailable:
            continue
        doors.brain.asked.clear()
        return doors
    raise AssertionError("What the last test left does not end.")


@dataclass(kw_only=True)
class Page:
    """One browser on one site."""

    doors: Doors
    token: str
    known: Mapping[str, Any]
    """What the session's answer said of its visitor."""

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, path: str, **body: Any) -> httpx.Response:
        """Post something that may be refused."""
        return await self.doors.http.post(f"{API}/{path}", json=body, headers=self.headers)

    async def does(self, path: str, **body: Any) -> None:
        """Post something that has no answer."""
        answer = await self.post(path, **body)
        assert answer.status_code == 204, answer.text

    async def writes(self, text: str, cid: str) -> int:
        """Write, and give the position."""
        answer = await self.post("messages", cid=cid, text=text)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["position"])

    async def polls(self, after: int = 0, wait: int = 0, **query: Any) -> dict[str, Any]:
        """Ask for events and the state."""
        asked = {"after": after, "wait": wait, "state": 1, **query}
        answer = await self.doors.http.get(f"{API}/events", params=asked, headers=self.headers)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def hears(self, text: str) -> dict[str, Any]:
        """Wait until something was said, and give it."""
        told = await self.polls()
        while True:
            for event in told["events"]:
                if event.get("text") == text and event["author"] != "contact":
                    return dict(event)
            told = await self.polls(told["position"], wait=10, state="")
            assert told["events"], "nothing came"

    async def until(self, **expected: Any) -> dict[str, Any]:
        """Wait until the state is so, and give all of it."""
        told = await self.polls(10**6)
        for _ in range(40):
            state: dict[str, Any] = told["state"]
            if all(state.get(name) == value for name, value in expected.items()):
                return state
            told = await self.polls(told["position"], wait=2, seen=state["tag"])
        raise AssertionError(f"{told['state']} is not {expected}")

    async def identifies(self, token: str) -> httpx.Response:
        """Say who the visitor is; a page takes the new token."""
        answer = await self.post("identify", jwt=token)
        if answer.status_code == 200:
            self.token, self.known = answer.json()["token"], answer.json()["visitor"]
        return answer

    async def conversation(self) -> Conversation:
        """Give what is kept of the page's conversation."""
        visit = await self.doors.opened.store.visits.find(sha256(self.token.encode()).digest())
        assert visit is not None
        return await self.doors.conversation("widget", visit.address)


async def page_of(doors: Doors, **body: Any) -> Page:
    """Open a browser and begin a session."""
    answer = await doors.http.post(f"{API}/session", json=body)
    assert answer.status_code == 201, answer.text
    return Page(doors=doors, token=answer.json()["token"], known=answer.json()["visitor"])


def signed(sub: Any = "C001", key: str = KEY, algorithm: str = "HS256", **claims: Any) -> str:
    """Sign an identity as a business's own server does; a claim that is None is left out."""
    now = datetime.now(timezone.utc)
    said = {"sub": sub, "aud": "shop", "iat": now, "exp": now + timedelta(minutes=5), "name": "Amina Noor", **claims}
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(kept, key if algorithm != "none" else None, algorithm=algorithm)  # type: ignore[arg-type]


@asynccontextmanager
async def streaming(page: Page, after: int = 0) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """Open a stream, and give its events as kind and data."""
    url = f"{API}/events?after={after}"
    async with page.doors.http.stream("GET", url, headers=page.headers) as response:
        assert response.status_code == 200
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    kind = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


async def next_of(events: AsyncIterator[tuple[str, Any]], kind: str) -> Any:
    """Give the next event of a kind."""

    async def find() -> Any:
        async for found, data in events:
            if found == kind:
                return data
        raise AssertionError("the stream ended")

    return await asyncio.wait_for(find(), 10)


async def asks_how_it_was(doors: Doors, conversation: Conversation) -> None:
    """Have a contact asked how it was, as is done once something is settled."""
    due = DueRating(
        conversation_id=conversation.id,
        last_position=conversation.last_position,
        language="en",
        stretch=Stretch.BOT,
        agent_id=None,
        agent_name=None,
        case_id=None,
    )
    assert await doors.opened.store.ratings.ask(due, Content(text="How was it?"))
