"""Verifying by hand: an agent who has a conversation says who writes, and it is written down who said so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from relevo.contracts.accounts import AgentPowers
from relevo.contracts.clock import system_clock
from relevo.domain.contacts import MAX_FAILED_TRIES, Level
from relevo.domain.handoff import Handback
from relevo.flow.desk import DeskWork
from tests.integration.desks import DeskOf, Request, at, desk_of
from tests.integration.doors import Doors, open_doors
from tests.integration.relaying import agent_online, conversation_of, hands_back, takes
from tests.integration.talking import Floor

pytestmark = pytest.mark.anyio

PEOPLE = {"C001": {"name": "Amina Haddad"}, "C002": {"name": "Bilal Haddad"}, "C009": {"name": "Sara Molina"}}


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors with a business that knows three people."""
    async with open_doors(database, Request()) as opened:
        opened.business.people.update(PEOPLE)
        yield opened


@pytest.fixture
async def sara(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent who is a customer, too."""
    async with desk_of(doors, "Sara Molina", powers=AgentPowers(business_ref="C009")) as desk:
        await desk.does("/presence", is_away=False)
        yield desk


async def test_an_agent_says_who_writes_and_it_is_known_like_any_two_facts(doors: Doors, sara: DeskOf) -> None:
    """Wrong tries are forgotten, the desk shows name and level, the timeline who said so; it ends within the hour."""
    await doors.texts("amina", "a person please")
    await doors.opened.database.run("UPDATE identities SET failed_tries = 5")
    conversation = await sara.takes("amina")
    version = conversation.control_version
    told = await sara.does(f"{at(conversation)}/verify", version=version, business_ref="C001")
    assert (told["level"], told["contact_name"]) == ("two_facts", "Amina Haddad ")
    identity = (await doors.conversation("rest", "amina")).identity
    assert (identity.business_ref, identity.level, identity.is_locked) == ("C001", Level.TWO_FACTS, False)
    assert identity.verified_until is not None
    assert timedelta(minutes=59) < identity.verified_until - system_clock() <= timedelta(hours=1)
    entry = (await doors.timeline("rest", "amina"))[-1]
    assert (entry.kind, entry.author.value, entry.content.custom) == (
        "verification",
        "agent",
        {"level": "two_facts", "by_hand": True, "ref": "C001", "agent_id": sara.agent.id},
    )
    page = await sara.page(f"/desk/conversations/{conversation.id}")
    assert "Verified by hand" in page
    assert 'id="verify-box"' not in page


async def test_who_may_not_verify_whom(doors: Doors, sara: DeskOf) -> None:
    """Only who has the conversation, as it is now; nobody themselves, and nobody the business does not know."""
    await doors.texts("amina", "a person please")
    conversation = await doors.conversation("rest", "amina")
    where, version = f"{at(conversation)}/verify", conversation.control_version
    assert await sara.is_refused(where, version=version, business_ref="C001") == (409, "not_in_control")
    version = (await sara.takes("amina")).control_version
    assert await sara.is_refused(where, version=version - 1, business_ref="C001") == (409, "not_in_control")
    assert await sara.is_refused(where, version=version, business_ref="C404") == (404, "unknown_person")
    for herself in ("C009", " C009 ", "C009\u0000"):
        assert await sara.is_refused(where, version=version, business_ref=herself) == (403, "own_contact")
    async with desk_of(doors, "Noelia Prat", "supervisor") as noelia:
        assert await noelia.is_refused(where, version=version, business_ref="C001") == (409, "not_in_control")
    assert (await doors.conversation("rest", "amina")).identity.level is Level.CLAIMED


async def test_whoever_is_known_is_not_made_somebody_else(doors: Doors, sara: DeskOf) -> None:
    """Until their verification has ended; and what was proved better about the same person stays."""
    await doors.texts("amina", "a person please")
    conversation = await sara.takes("amina")
    where, version = f"{at(conversation)}/verify", conversation.control_version
    await doors.opened.database.run(
        "UPDATE identities SET business_ref = 'C002', level = 2, verified_until = now() + interval '1 minute',"
        " verified_facts = jsonb_build_object('order', 'AO-1')"
    )
    assert await sara.is_refused(where, version=version, business_ref="C001") == (409, "verified_as_another")
    assert (await sara.does(where, version=version, business_ref="C002"))["level"] == "code"
    await doors.opened.database.run("UPDATE identities SET verified_until = now() - interval '1 minute'")
    await sara.does(where, version=version, business_ref="C001")
    identity = (await doors.conversation("rest", "amina")).identity
    assert (identity.business_ref, identity.level, identity.verified_facts) == ("C001", Level.TWO_FACTS, {})


@pytest.mark.rasa
async def test_whom_five_wrong_tries_locked_out_is_served_after_a_person_has_looked(floor: Floor) -> None:
    """The agent verifies and hands back, and the bot goes on without asking who it is."""
    lucia, sara = floor.customer(), await agent_online(floor)
    await lucia.says("me faltan los puntos de Dubái")
    answers = [await lucia.says(f"AU4820731{number}, reserva RBL7Q{number}") for number in range(MAX_FAILED_TRIES)]
    assert "ya no puedo seguir probando" in answers[-1]
    conversation = await takes(floor, sara, lucia)
    work = DeskWork(store=floor.opened.store, live=floor.opened.live, business=floor.business)
    await work.verify(conversation.id, conversation.control_version, sara, "C001")
    await hands_back(floor, sara, lucia, Handback(outcome="promised", agent=sara.name))
    await lucia.hears()
    assert "11.280 puntos" in await lucia.says("me faltan los puntos de Dubái")
    assert (await conversation_of(floor, lucia)).identity.business_ref == "C001"
    assert [case.business_ref for case in await floor.cases()] == ["C001"], "the case is theirs, too"
