"""A desk to search at: contacts who wrote, agents who noted, and what an agent finds of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from psycopg.conninfo import make_conninfo

from relevo.domain.messages import Author, Content
from relevo.store import rows
from relevo.store.pool import Database
from relevo.web.settings import WebSettings
from tests.databases import Databases
from tests.integration.desks import DeskOf, Request, desk_of
from tests.integration.doors import Doors, open_doors

_CONTACT = """
WITH k AS (INSERT INTO contacts (workspace_id, display_name) VALUES (%(workspace)s, %(name)s) RETURNING id),
i AS (INSERT INTO identities (workspace_id, contact_id, channel, address, verified_facts)
    SELECT %(workspace)s, id, 'rest', %(address)s, %(facts)s::jsonb FROM k RETURNING id)
INSERT INTO conversations (workspace_id, identity_id, channel, last_position)
SELECT %(workspace)s, id, 'rest', 1 FROM i RETURNING id
"""
_ENTRY = """
WITH grown AS (UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE id = %(id)s RETURNING workspace_id, id, last_position)
INSERT INTO entries (workspace_id, conversation_id, position, kind, author, content)
SELECT workspace_id, id, last_position, %(kind)s, %(author)s, %(content)s::jsonb FROM grown
"""


_FORGET = """
DELETE FROM search_documents; DELETE FROM tracker_events; DELETE FROM deliveries;
DELETE FROM inbox; DELETE FROM entries; DELETE FROM handoffs;
DELETE FROM cases; DELETE FROM conversations; DELETE FROM identities; DELETE FROM contacts
"""


@dataclass(kw_only=True)
class Archive:
    """What was written, and an agent who looks for it."""

    desk: DeskOf

    @property
    def database(self) -> Database:
        """Where it is kept."""
        return self.desk.doors.opened.database

    async def forget(self) -> None:
        """Have nothing written yet."""
        for statement in _FORGET.split(";"):
            await self.database.run(statement)

    async def somebody(
        self, name: str | None = None, *, workspace: int = 1, facts: dict[str, str] | None = None
    ) -> Any:
        """Give the conversation of a new contact."""
        values = {"workspace": workspace, "name": name, "address": f"a-{uuid4()}", "facts": rows.json_text(facts or {})}
        return (await self.database.rows(_CONTACT, values))[0][0]

    async def writes(
        self, conversation: Any, text: str, author: Author = Author.CONTACT, kind: str = "message"
    ) -> None:
        """Put something on a timeline."""
        content = rows.json_text(rows.content_document(Content(text=text)))
        values = {"id": conversation, "kind": kind, "author": author.value, "content": content}
        await self.database.run(_ENTRY, values)

    async def wrote(self, text: str, name: str | None = None) -> Any:
        """Have somebody new write, and give their conversation."""
        conversation = await self.somebody(name)
        await self.writes(conversation, text)
        return conversation

    async def answer(self, query: str, **more: Any) -> httpx.Response:
        """Search, whatever comes of it."""
        return await self.desk.http.get("/desk/api/search", params={"q": query, **more})

    async def results(self, query: str, **more: Any) -> dict[str, Any]:
        """Search for something that may be searched for."""
        answer = await self.answer(query, **more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def hits(self, query: str) -> list[dict[str, Any]]:
        """Give what is found."""
        return list((await self.results(query))["hits"])

    async def texts(self, query: str) -> list[str]:
        """Give the snippets of what is found."""
        return [hit["snippet"]["text"] for hit in await self.hits(query)]

    async def page(self, query: str, language: str = "en") -> httpx.Response:
        """Open the page of results."""
        return await self.desk.http.get("/desk/search", params={"q": query}, headers={"Accept-Language": language})


@asynccontextmanager
async def open_archive(databases: Databases, postgres: str) -> AsyncIterator[Archive]:
    """Open doors whose bot repeats and opens cases for people, for several tests."""
    name, often = databases.take(), WebSettings(desk_reads_per_second=1_000, desk_reads_burst=10_000)
    dsn = make_conninfo(postgres, dbname=name)
    async with open_doors(dsn, Request(), settings=often) as doors, desk_of(doors) as desk:
        yield Archive(desk=desk)
    databases.give_back(name)


def marked(hit: dict[str, Any]) -> list[str]:
    """Give the words of a snippet that are marked."""
    snippet = hit["snippet"]
    return [snippet["text"][mark["start"] : mark["end"]] for mark in snippet["marks"]]


@pytest.fixture(scope="module")
async def opened(databases: Databases, postgres: str) -> AsyncIterator[Archive]:
    """An archive for all these tests."""
    async with open_archive(databases, postgres) as archive:
        yield archive


@pytest.fixture
async def archive(opened: Archive) -> Archive:
    """Nothing written yet."""
    await opened.forget()
    return opened


@pytest.fixture
def doors(opened: Archive) -> Doors:
    """The doors of all these tests."""
    return opened.desk.doors
