"""What people decide about prepared effects at the desk: within their limits, once, and with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from relevo.contracts.accounts import AgentPowers
from relevo.domain.conversations import Control
from relevo.domain.effects import Decision
from tests.integration.desks import NOELIA, SARA, DeskOf, Request, desk_of, prepared, shown
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


@pytest.fixture
async def noelia(doors: Doors) -> AsyncIterator[DeskOf]:
    """A supervisor with more."""
    async with desk_of(doors, "Noelia Prat", "supervisor", NOELIA) as desk:
        yield desk


async def test_an_approval_is_done_and_the_contact_hears_it(doors: Doors, sara: DeskOf) -> None:
    """Exactly what was shown, once; whoever comes second hears by whom it was decided."""
    effect = await prepared(doors, sara)
    assert (effect["amount"], effect["unit"], effect["may_not_approve"]) == (9_000, "EUR", None)
    answers = await asyncio.gather(*(sara.post("/effects/approve", **shown(effect)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert doors.business.asked[effect["key"]] == 1
    assert (await sara.get("/cases?show=closed"))["cases"][0]["outcome"] == "approved"
    assert (await doors.conversation("rest", "amina")).control is Control.BOT
    assert any("approved" in text for text in await doors.texts("amina", "and?"))


async def test_beyond_the_limit_it_is_for_somebody_else(doors: Doors, noelia: DeskOf) -> None:
    """The page says who may; the API says no; a smaller amount needs yet another person."""
    async with desk_of(doors, "Leo Sanz", powers=AgentPowers(limits={"money": 5_000})) as leo:
        effect = await prepared(doors, leo)
        assert effect["may_not_approve"] == "limit"
        page = await leo.page(f"/desk/cases/{effect['case_id']}")
        assert "Beyond your limit. May approve: Noelia Prat." in page
        assert await leo.is_refused("/effects/approve", **shown(effect)) == (403, "limit")
        assert await leo.is_refused("/effects/change", **shown(effect), amount=9_001) == (400, "bad_amount")
        changed = await leo.does("/effects/change", **shown(effect), amount=4_000)
        assert (changed["amount"], changed["may_not_approve"]) == (4_000, "four_eyes")
        assert await leo.is_refused("/effects/approve", **shown(changed)) == (409, "four_eyes")
        assert await noelia.is_refused("/effects/approve", **shown(effect)) == (409, "changed")
        assert (await noelia.does("/effects/approve", **shown(changed)))["state"] == "done"
    assert doors.business.booked[effect["key"]].amount == 4_000


async def test_nobody_decides_about_their_own(doors: Doors) -> None:
    """An agent who is the contact too is told so, and refused."""
    async with desk_of(doors, "Tom Ash", powers=AgentPowers(limits={"money": 99_999}, business_ref="C001")) as tom:
        effect = await prepared(doors, tom)
        await doors.opened.database.run("UPDATE effects SET business_ref = 'C001'")
        (effect,) = (await tom.get(f"/cases/{effect['case_id']}"))["effects"]
        assert effect["may_not_approve"] == "own_contact"
        assert await tom.is_refused("/effects/approve", **shown(effect)) == (409, "own_contact")


async def test_a_declined_effect_is_told_with_its_reason(doors: Doors, sara: DeskOf) -> None:
    """In the contact's conversation, once, as the system's words."""
    effect = await prepared(doors, sara)
    await sara.does("/effects/decline", **shown(effect), reason="The seller paid it back")
    assert await sara.is_refused("/effects/approve", **shown(effect)) == (409, "decided")
    assert any("The seller paid it back." in text for text in await doors.texts("amina", "and?"))
    assert doors.business.asked[effect["key"]] == 0


async def test_characters_that_nothing_can_hold_decide_about_nothing(doors: Doors, sara: DeskOf) -> None:
    """NUL in a key or hash names nothing; in a reason it is taken out."""
    effect = shown(await prepared(doors, sara))
    assert await sara.is_refused("/effects/approve", key="a\x00b", hash="x") == (404, "not_found")
    assert await sara.is_refused("/effects/approve", key=effect["key"], hash="\x00") == (409, "changed")
    for verb in ("decline", "change"):
        assert await sara.is_refused(f"/effects/{verb}", key="a\x00b", hash="x", reason="no", amount=1) == (
            404,
            "not_found",
        )
    assert await sara.is_refused("/effects/decline", **effect, reason="\x00 ") == (400, "bad_reason")
    assert (await sara.does("/effects/decline", **effect, reason="It was\x00 paid"))["reason"] == "It was paid."
