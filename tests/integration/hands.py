"""What the store's tests do by hand: write as somebody, let time pass, look at everything that is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from relevo.bootstrap.store import OpenStore
from relevo.contracts.store import Claim, Inbox
from relevo.domain.messages import Arrival, Content, Entry
from relevo.store.pool import Database, NotAtOnce

TABLES = (
    "contacts",
    "identities",
    "conversations",
    "entries",
    "inbox",
    "deliveries",
    "tracker_events",
    "effects",
    "cases",
)


def written(text: str = "hello", *, number: int = 1, by: str = "amina", channel: str = "push") -> Arrival:
    """Give a message of a contact; its number makes it another one."""
    return Arrival(channel=channel, address=by, external_id=f"{by}/{number}", text=text)


def lines(*texts: str) -> tuple[Content, ...]:
    """Give messages that carry these texts."""
    return tuple(Content(text=text) for text in texts)


async def claimed(inbox: Inbox, arrival: Arrival | None = None) -> Claim:
    """Receive a message and take it."""
    (received,) = await inbox.receive([arrival or written()])
    (claim,) = [claim for claim in await inbox.claim(100) if claim.inbox_id == received.inbox_id]
    return claim


def do_nothing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything that can be done in one round trip go the long way."""

    async def refuse(*_: object, **__: object) -> NoReturn:
        raise NotAtOnce

    monkeypatch.setattr(Database, "at_once", refuse)


async def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "this never came true"
        await asyncio.sleep(0.005)


async def let_leases_expire(database: Database) -> None:
    """Let time pass for whoever holds something."""
    for table in ("inbox", "deliveries"):
        await database.run(
            f"UPDATE {table} SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"
        )


async def let_all_be_due(database: Database) -> None:
    """Let time pass for what was deferred."""
    for table in ("inbox", "deliveries"):
        await database.run(f"UPDATE {table} SET due_at = now() - interval '1 second'")


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Give every row of every table that a message may change."""
    return {table: await database.rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in TABLES}


async def timeline(opened: OpenStore, claim: Claim) -> list[Entry]:
    """Give the whole timeline of a claim's conversation."""
    return await opened.store.conversations.entries(claim.conversation.id, 0)


def spoken(entries: list[Entry]) -> list[str]:
    """Give a timeline as ``kind author: text`` lines."""
    return [f"{entry.kind} {entry.author.value}: {entry.content.text}" for entry in entries]
