"""People at the desk: who writes, what happens to them elsewhere, and every row that merging them may change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from relevo.domain.effects import Decision
from relevo.store.pool import Database
from relevo.web.settings import WebSettings
from tests.integration.desks import SARA, DeskOf, Request, desk_of
from tests.integration.doors import Doors, open_doors

NOBODY = "6c1e1b1e-6f0f-4b9c-9d3e-3f6f4f6f4f6f"
BECAUSE = "They said so on the phone."


@asynccontextmanager
async def office(database: str) -> AsyncIterator[tuple[Doors, DeskOf]]:
    """Doors whose bot prepares refunds and asks for people, and an agent."""
    settings = WebSettings(desk_writes_burst=200)
    async with (
        open_doors(database, Request(), settings=settings) as doors,
        desk_of(doors, "Sara Molina", powers=SARA) as sara,
    ):
        doors.policies.decision = Decision.NEEDS_APPROVAL
        yield doors, sara


async def contact_of(doors: Doors, address: str, channel: str = "rest") -> str:
    """Give the contact who writes from an address."""
    return str((await doors.conversation(channel, address)).identity.contact_id)


def happened(minutes_ago: float = 5, **more: Any) -> dict[str, Any]:
    """Give a call that nobody answered, or what else is said of it."""
    moment = datetime.now(timezone.utc) - timedelta(minutes=minutes_ago)
    return {
        "source": "telephony",
        "external_id": uuid4().hex,
        "kind": "call",
        "at": moment.isoformat(),
        "direction": "in",
        "summary": "Rang for two minutes.",
        "answered": False,
        "contact": {"channel": "rest", "address": "amina"},
        **more,
    }


async def three_people(doors: Doors, sara: DeskOf) -> list[str]:
    """Give three contacts with four cases, one of them known to the business, whom nobody answered elsewhere."""
    for address in ("amina", "bilal", "chen"):
        await doors.texts(address, "refund my order" if address == "amina" else "a person please")
        await sara.does("/contacts/events", **happened(contact={"channel": "rest", "address": address}))
    await doors.texts("amina", "a person please")
    ids = [await contact_of(doors, address) for address in ("amina", "bilal", "chen")]
    await doors.opened.database.run(
        "UPDATE contacts SET business_ref = 'C001', display_name = 'Bilal' WHERE id = %s", (ids[1],)
    )
    await doors.opened.database.run("INSERT INTO tags (name, colour) VALUES ('kettle', 'red')")
    await doors.opened.database.run("INSERT INTO case_tags (case_id, tag) SELECT id, 'kettle' FROM cases")
    return ids


async def paged(sara: DeskOf, contact: str) -> list[dict[str, Any]]:
    """Read a timeline two lines at a time, from the newest page to the first."""
    seen: list[dict[str, Any]] = []
    before: str | None = ""
    while before is not None:
        page = await sara.get(f"/contacts/{contact}/timeline?limit=2&before={before}")
        seen, before = [*page["lines"], *seen], page["earlier"]
    return seen


async def kept(database: Database) -> dict[str, list[str]]:
    """Give every row of what merging may change, but its own log."""
    tables = (
        *("contacts", "identities", "conversations", "entries", "cases", "case_conversations", "effects"),
        *("handoffs", "attachments", "encounters", "case_sla", "case_tags", "case_followers"),
    )
    return {t: [row[0] for row in await database.rows(f"SELECT t::text FROM {t} t ORDER BY 1")] for t in tables}
