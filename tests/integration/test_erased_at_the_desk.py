"""What the doors show of somebody who was erased: a case without a person, and nothing of what was said."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relevo.contracts.personal import Subject
from relevo.domain.effects import Decision
from relevo.store.personal import PostgresPersonalData
from tests.integration.desks import SARA, DeskOf, Request, at, desk_of, prepared, shown
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot prepares refunds."""
    async with open_doors(database, Request()) as opened:
        opened.policies.decision = Decision.NEEDS_APPROVAL
        yield opened


@pytest.fixture
async def sara(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent with limits."""
    async with desk_of(doors, "Sara Molina", powers=SARA) as desk:
        yield desk


async def test_a_paid_refund_of_an_erased_person_is_still_in_the_books_of_the_desk(doors: Doors, sara: DeskOf) -> None:
    """The case opens with its number, amount and end; words, name and conversation are not there any more."""
    effect = await prepared(doors, sara)
    await sara.does("/effects/approve", **shown(effect))
    conversation = await doors.conversation("rest", "amina")
    subject = Subject(contact_id=conversation.identity.contact_id, known_as="rest:amina")
    erasure = await PostgresPersonalData(doors.opened.database).erase(subject)
    (number,) = erasure.kept_cases
    page = await sara.page(f"/desk/cases/{number}")
    assert number in page
    assert "€90.00" in page
    assert "refund my order" not in page
    assert number in await sara.page("/desk?show=closed")
    assert (await sara.get(f"/cases/{number}"))["case"]["outcome"] == "approved"
    assert (await sara.http.get(f"/desk/conversations/{conversation.id}")).status_code == 404
    assert (await sara.http.get(f"/desk/api{at(conversation)}")).status_code == 404


async def test_a_page_that_was_open_in_the_browser_of_an_erased_person_begins_anew(doors: Doors) -> None:
    """Its token is worth nothing any more; a new session is a stranger's."""
    token = (await doors.http.post("/widget/api/v1/session", json={})).json()["token"]
    mine = {"Authorization": f"Bearer {token}"}
    await doors.http.post("/widget/api/v1/messages", json={"cid": "1", "text": "hello"}, headers=mine)
    ((contact_id,),) = await doors.opened.database.rows("SELECT contact_id FROM identities WHERE channel = 'widget'")
    await doors.until("SELECT NOT EXISTS (SELECT FROM inbox WHERE state <> 'settled')")
    await PostgresPersonalData(doors.opened.database).erase(Subject(contact_id=contact_id))
    again = await doors.http.post("/widget/api/v1/messages", json={"cid": "2", "text": "hello"}, headers=mine)
    assert (again.status_code, again.json()["error"]["code"]) == (401, "not_authenticated")
    assert await doors.opened.database.rows("SELECT count(*) FROM entries") == [(0,)]
