"""What a person may leave behind in the bot: facts and an open case, and nothing that a yes would pay."""

from __future__ import annotations

import pytest

from actions.charges import charges
from relevo.contracts.records import Order
from relevo.domain.handoff import Handback
from tests.integration.relaying import ASKED, agent_online, hands_back, takes
from tests.integration.talking import Floor
from tests.shop import sell

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


async def test_a_handback_teaches_facts_and_never_an_offer_to_say_yes_to(floor: Floor) -> None:
    """Whoever hands back may have no limit at all: what a yes would pay is for the rules to find, not for them."""
    agent = await agent_online(floor)
    haruki = floor.customer()
    await sell(floor.opened.database, "C008", "AO-90001", goods=10_000, delivery=490)
    (order,) = [each for each in await floor.business.records(Order, "C008") if each.id == "AO-90001"]
    forged = {**charges(order)[0], "goods": 1, "delivery": 10_000, "amount": 490}
    await haruki.says("me han cobrado dos veces el pedido AO-50052, mi correo es haruki.tanaka@example.com")
    await takes(floor, agent, haruki)
    slots = {"offer": [forged], "stage": "confirm", "request": "overcharge", "in_request": True}
    await hands_back(floor, agent, haruki, Handback(outcome="promised", agent="Sara", slots=slots))
    await haruki.hears()
    assert "490" not in await haruki.says("sí")
    assert await floor.opened.database.rows("SELECT key FROM aurora_refunds") == []


@pytest.mark.parametrize("taught", [{"flight": {"a": 1}}, {"flight": [{"a": 1}]}, {"email": 7}, {"nonsense": "x"}])
async def test_what_is_no_fact_is_left_out_and_the_bot_goes_on(floor: Floor, taught: dict[str, object]) -> None:
    """The desk's API takes any JSON; the bot's memory does not."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("hola")
    await takes(floor, agent, lucia)
    await hands_back(floor, agent, lucia, Handback(outcome="promised", agent="Sara", slots=taught))
    assert "Sara sigue con tu caso" in await lucia.hears()
    assert "Total: 11.280 puntos" in await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")


async def test_a_closed_case_is_open_again_when_its_contact_asks_for_a_person(floor: Floor) -> None:
    """They are told that it is open, so that is what it is, and somebody sees it."""
    agent = await agent_online(floor)
    await floor.run("UPDATE agents SET is_away = true")
    lucia = floor.customer()
    await lucia.says(ASKED)
    (case,) = await floor.cases()
    await floor.opened.store.case_work.close(case.id, agent.id, "nothing_to_do")
    assert f"{case.id} sigue abierto" in await lucia.says("necesito una persona")
    (again,) = await floor.opened.store.desk.cases(is_open=True)
    assert (again.id, again.outcome, again.closed_at, again.agent_id) == (case.id, None, None, None)
    assert again.due_at is not None
