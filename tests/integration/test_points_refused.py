"""Points that the rules refuse: which rule, with its date or limit, and a person for whoever wants one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from relevo.contracts.records import Trip
from relevo.domain.cases import Trigger
from relevo.domain.effects import EffectOrder
from relevo.errors import BusinessUnavailable
from relevo.store.aurora.company import Aurora
from tests.integration.talking import Floor, open_floor

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("faltan los puntos de la reserva OWH3P8, socio AU73915024", ("180 días", "norma points.claim_window")),
        ("missing points for booking OWH3P8, member AU73915024", ("180 days", "rule points.claim_window")),
        ("faltan los puntos del AU1188, socia AU48207315, reserva RBL9K1", ("1.245", "norma points.already_credited")),
        ("no points for AU1188, member AU48207315, booking RBL9K1", ("1,245", "rule points.already_credited")),
        ("faltan los puntos de la reserva TIV5C6, socio AU20658841", ("todavía", "norma points.not_flown")),
        ("points missing for booking DOK4L7, member AU85039217", ("isn't recorded as flown", "rule points.not_flown")),
    ],
)
async def test_a_refusal_names_its_rule_and_offers_a_person(floor: Floor, said: str, told: tuple[str, ...]) -> None:
    """Too old, credited already, not flown: the rule with its date or limit, and the choice of a person."""
    customer = floor.customer()
    refused = await customer.says(said)
    assert all(words in refused for words in told)
    assert {button.payload for button in customer.heard[-1].buttons} == {"/affirm", "/deny"}
    accepted = await customer.says("sí" if "norma" in refused else "yes please")
    (case,) = await floor.cases()
    assert case.id in accepted
    assert case.trigger == Trigger.USER_REQUEST
    assert case.detail["refused"][0]["rule"] == told[1].split()[1]


async def test_a_person_who_is_offered_may_be_declined(floor: Floor) -> None:
    """No, or just thanks, opens no case."""
    for address, words in (("amina", "no gracias"), ("bo", "gracias")):
        customer = floor.customer(address)
        await customer.says("faltan los puntos de la reserva OWH3P8, socio AU73915024")
        assert "necesitas algo más" in await customer.says(words)
    assert await floor.cases() == []


async def test_the_date_of_crediting_is_told(floor: Floor) -> None:
    """Credited already means: on this day."""
    credited_at = (await floor.business.records(Trip, "C001"))[0].credited_at
    assert credited_at is not None
    told = await floor.customer().says("missing points for booking RBL9K1, member AU48207315")
    assert f"were added on {credited_at.day} " in told


async def test_another_persons_ticket_sounds_like_an_unknown_one(floor: Floor) -> None:
    """Whether somebody's ticket exists is never told, neither while identifying nor afterwards."""
    said = "faltan los puntos del billete {ticket}, soy AU48207315"
    heard = [
        await floor.customer(ticket).says(said.format(ticket=ticket)) for ticket in ("0751000000041", "0751999999999")
    ]
    assert heard[0] == heard[1]
    assert "No consigo encontrarte" in heard[0]
    lucia = floor.customer()
    await lucia.says("faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    later = [await lucia.says(f"y los del billete {ticket}") for ticket in ("0751000000041", "0751999999999")]
    assert later[0] == later[1]
    assert "No encuentro ese viaje" in later[0]
    assert await floor.points("C004") == 700


async def test_what_may_exist_is_never_denied(floor: Floor) -> None:
    """A trip that is not found may be filed differently: it is asked for again, with a person as the other way."""
    lucia = floor.customer()
    told = await lucia.says("faltan los puntos del vuelo AU9999, soy AU48207315, reserva RBL7Q2")
    assert "Puede estar con otros datos" in told
    assert "/ask_person" in {button.payload for button in lucia.heard[-1].buttons}


async def test_a_place_never_flown_to_is_said_before_something_else_is_shown(floor: Floor) -> None:
    """What is shown instead is not passed off as what was asked for."""
    told = await floor.customer().says("faltan los puntos de mi vuelo a Roma, soy AU48207315, reserva RBL7Q2")
    assert told.startswith("No encuentro ese viaje, pero veo esto")


async def test_a_request_above_the_limit_is_narrowed(floor: Floor) -> None:
    """More points than one request may add: the limit is told, and fewer trips can be chosen."""
    await floor.run("UPDATE aurora_tickets SET points_due = 15000 WHERE booking_code = 'RBL7Q2'")
    lucia = floor.customer()
    refused = await lucia.says("faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    assert "30.000" in refused
    assert "25.000" in refused
    assert "norma points.request_limit" in refused
    assert "Total: 15.000 puntos" in await lucia.says("el primero")
    await lucia.says("sí")
    assert await floor.points("C001") == 33_250


async def test_what_is_shown_is_what_is_credited_or_nothing(floor: Floor) -> None:
    """When a ticket's worth changes between showing and yes, a person looks at it and nothing is credited."""
    lucia = floor.customer()
    await lucia.says("faltan los puntos del AU0702, soy AU48207315, reserva RBL7Q2")
    await floor.run("UPDATE aurora_tickets SET points_due = 1 WHERE flight = 'AU0702'")
    told = await lucia.says("sí")
    (case,) = await floor.cases()
    assert case.id in told
    assert case.trigger == Trigger.ACTION_ERROR
    assert await floor.points("C001") == 18_250


class _Half(Aurora):
    """A business that answers for one of the two tickets only."""

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        if order.key.endswith("0751000000012"):
            raise BusinessUnavailable
        return await super().carry_out(order)


async def test_what_was_not_confirmed_is_told_apart_from_what_was(database: str, bot: RasaBrain) -> None:
    """One trip credited and one unanswered: both are said, and a person checks the second."""
    async with open_floor(database, bot, _Half) as floor:
        lucia = floor.customer()
        await lucia.says("faltan los puntos de la reserva RBL7Q2, soy AU48207315")
        told = await lucia.says("sí")
        (case,) = await floor.cases()
        assert "he sumado 5.640 puntos. Tu nuevo saldo es de 23.890" in told
        assert "No he podido confirmar" in told
        assert case.id in told
        assert [effect["ticket"] for effect in case.detail["attempts"]] == ["0751000000012"]


async def test_a_trip_without_a_points_account_is_for_a_person(floor: Floor) -> None:
    """Who is no member is told so, and not that there is nothing."""
    told = await floor.customer().says("points missing, order AO-50052, haruki.tanaka@example.com")
    assert "I don't see a points account" in told
    assert "person" in told
