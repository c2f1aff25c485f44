"""Offers at the desk's API and pages: who sees them, who answers them, and what supervisors may do about the team."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from relevo.contracts.accounts import AgentPowers, Duty
from relevo.flow.routing import Router
from tests.integration.desks import DeskOf, Request, at, desk_of
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

NOWHERE = "/conversations/6c1e1b1e-6f0f-4b9c-9d3e-3f6f4f6f4f6f"


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot asks for people."""
    async with open_doors(database, Request()) as opened:
        yield opened


async def _route(doors: Doors) -> None:
    await Router(routing=doors.opened.store.routing, live=doors.opened.live, default_language="en").step()


async def _offered(desk: DeskOf) -> list[str]:
    return [offer["address"] for offer in (await desk.get("/offers"))["offers"]]


async def test_an_offer_goes_from_desk_to_desk_until_somebody_accepts(doors: Doors) -> None:
    """Declined by one, run out at another, accepted by the first who is asked again; who is late reads why."""
    async with AsyncExitStack() as stack:
        kim = await stack.enter_async_context(desk_of(doors, "Kim Doe"))
        lee = await stack.enter_async_context(desk_of(doors, "Lee Roe"))
        for desk in (kim, lee):
            await desk.does("/presence", is_away=False)
        await doors.texts("amina", "a person please")
        amina = await doors.conversation("rest", "amina")
        await _route(doors)
        assert (await _offered(kim), await _offered(lee)) == (["amina"], [])
        (offer,) = (await kim.get("/offers"))["offers"]
        assert 25 < offer["seconds_left"] <= 30
        assert (offer["place"], offer["case_type"], offer["goal"]) == (1, "refund", "a person please")
        assert await lee.is_refused(f"{at(amina)}/accept") == (409, "offer_gone")
        await kim.does(f"{at(amina)}/decline")
        await _route(doors)
        assert (await _offered(kim), await _offered(lee)) == ([], ["amina"])
        await doors.opened.database.run("UPDATE handoffs SET offer_ends_at = now() WHERE state = 'offered'")
        await _route(doors)
        assert await _offered(lee) == []
        assert await lee.is_refused(f"{at(amina)}/accept") == (409, "offer_gone")
        queues = {queue["name"]: queue["waiting"] for queue in (await lee.get("/queues"))["queues"]}
        assert [line["address"] for line in queues["default"]] == ["amina"], "it stays in the queue, for who takes it"
        taken = await lee.does(f"{at(amina)}/take-over", version=amina.control_version)
        assert (taken["control"], taken["agent_name"]) == ("agent", "Lee Roe")
        assert await kim.is_refused(f"{at(amina)}/accept") == (409, "taken_over")
        page = await kim.page(f"/desk/conversations/{amina.id}")
        assert all(words in page for words in ("no answer in time", "declined"))
        for verb in ("accept", "decline"):
            assert await kim.is_refused(f"{NOWHERE}/{verb}") == (404, "not_found")


async def test_supervisors_see_the_team_and_give_conversations_to_somebody(doors: Doors) -> None:
    """Agents may not; what is taken meanwhile is not given away; a customer's words are text on every page."""
    async with AsyncExitStack() as stack:
        kim = await stack.enter_async_context(desk_of(doors, "Kim Doe", powers=AgentPowers(duty=Duty(capacity=1))))
        lee = await stack.enter_async_context(desk_of(doors, "Lee Roe"))
        boss = await stack.enter_async_context(desk_of(doors, "Noelia Prat", "supervisor"))
        await kim.does("/presence", is_away=False)
        for who in ("amina", "bilal"):
            await doors.texts(who, f"a person, <script>alert('{who}')</script>")
        await _route(doors)
        amina, bilal = await doors.conversation("rest", "amina"), await doors.conversation("rest", "bilal")
        await kim.does(f"{at(amina)}/accept")
        for desk in (kim, lee):
            assert (await desk.http.get("/desk/team")).status_code == 403
            assert (await desk.http.get("/desk/api/team")).status_code == 403
            answer = await desk.is_refused(f"{at(bilal)}/assign", version=bilal.control_version, agent_id=lee.agent.id)
            assert answer == (403, "role")
        team = {member["name"]: member for member in (await boss.get("/team"))["members"]}
        assert (team["Kim Doe"]["load"], team["Kim Doe"]["capacity"], team["Kim Doe"]["is_online"]) == (1, 1, True)
        assert not team["Lee Roe"]["is_online"]
        (held,) = team["Kim Doe"]["held"]
        assert held["conversation_id"] == str(amina.id)
        for page in (await boss.page("/desk/team"), await boss.page("/desk/queue", "es")):
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(&#x27;bilal" in page
        given = await boss.does(f"{at(amina)}/assign", version=held["control_version"], agent_id=lee.agent.id)
        assert given["agent_name"] == "Lee Roe"
        again = {"version": held["control_version"], "agent_id": kim.agent.id}
        assert await boss.is_refused(f"{at(amina)}/assign", **again) == (409, "taken_over")
        await boss.does(f"{at(bilal)}/assign", version=bilal.control_version, agent_id=boss.agent.id)
        assert await boss.is_refused(f"{at(bilal)}/assign", version=0, agent_id=99) == (404, "unknown_agent")
        await boss.does(f"{at(amina)}/put-back", version=given["control_version"])
        await _route(doors)
        assert await _offered(kim) == ["amina"], "there is room again"
