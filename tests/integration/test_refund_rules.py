"""Which order is meant, and what the rules refuse: with its numbers, and a person for whoever wants one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from relevo.domain.cases import Trigger
from relevo.domain.effects import EffectOrder
from relevo.errors import BusinessUnavailable
from relevo.store.aurora.company import Aurora
from tests.integration.talking import Floor, open_floor
from tests.integration.test_refund_dialogue import HARUKI, TWICE_ES, refunds
from tests.shop import sell

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("el envío de AO-50060 es carísimo, soy AU64728150",
         ("productos 2,00 €, envío 11,90 €", "5 veces", "50,00 €", "norma refund.absurd_delivery")),
        ("the delivery on AO-50060 is far too expensive, I'm AU64728150",
         ("goods €2.00, delivery €11.90", "5 times", "€50.00", "rule refund.absurd_delivery")),
        ("me cobraron dos veces el pedido AO-50063, soy AU85039217",
         ("100,00 € con tu tarjeta terminada en 6006 y 100,00 € con tu tarjeta regalo", "norma refund.double_charge")),
        ("I was charged twice for AO-50063, member AU85039217",
         ("€100.00 with your card ending 6006 and €100.00 with your gift card", "rule refund.double_charge")),
        ("I was overcharged on order AO-50031, member AU73915024",
         ("total €93.90", "€93.90 with your card ending 7731", "rule refund.nothing_due")),
        ("me cobraron de más en el pedido AO-50044, soy AU48207315",
         ("total 39,00 €", "39,00 € con tu tarjeta terminada en 2260", "norma refund.nothing_due")),
    ],
)  # fmt: skip
async def test_what_is_not_owed_is_refused_with_its_numbers_and_a_person_offered(
    floor: Floor, said: str, told: tuple[str, ...]
) -> None:
    """The rule by its name, what was charged and paid, and the choice of a person."""
    customer = floor.customer()
    refused = await customer.says(said)
    assert all(words in refused for words in told), refused
    assert {button.payload for button in customer.heard[-1].buttons} == {"/affirm", "/deny"}
    accepted = await customer.says("sí" if "norma" in refused else "yes please")
    (case,) = await floor.cases()
    assert case.id in accepted
    assert (case.type, case.trigger) == ("overcharge", Trigger.USER_REQUEST)
    assert case.detail["refused"][0]["rule"] == told[-1].split()[1]
    assert await refunds(floor) == []


async def test_complaining_on_after_a_refusal_is_offered_a_person_again(floor: Floor) -> None:
    """Nobody is asked which of one order they mean."""
    ana = floor.customer()
    await ana.says("el envío de AO-50060 es carísimo, soy AU64728150")
    assert "puede verlo una persona" in await ana.says("esto es un robo, me están cobrando de más")
    assert await ana.says("no gracias")
    assert await floor.cases() == []


async def test_among_several_orders_the_one_that_stands_out_is_found(floor: Floor) -> None:
    """With no order named, the one that was paid twice is offered and the others are left alone."""
    await sell(floor.opened.database, HARUKI, "AO-60001", goods=5000)
    haruki = floor.customer()
    await haruki.says("they charged me twice")
    await haruki.says("order AO-60001")
    told = await haruki.says("haruki.tanaka@example.com")
    assert "rule refund.nothing_due" in told, "the order that was named is the one that is meant"
    lucia = floor.customer("lucia")
    await sell(floor.opened.database, "C001", "AO-60002", goods=3000, payments=[3000, 3000])
    shown = await lucia.says("me cobraron dos veces, soy AU48207315, lucia.robles@example.com")
    assert "Pedido AO-60002, el segundo pago: 30,00 €" in shown
    assert "AO-50044" not in shown


async def test_among_several_orders_in_which_nothing_stands_out_it_is_asked_which(floor: Floor) -> None:
    """Each is shown with its date and its total, and naming one goes on with it."""
    await sell(floor.opened.database, "C001", "AO-60002", goods=3000)
    lucia = floor.customer()
    asked = await lucia.says("me cobraron de más, soy AU48207315, lucia.robles@example.com")
    assert "¿Qué pedido miro?" in asked
    assert "AO-50044" in asked
    assert "AO-60002" in asked
    assert "¿Qué pedido miro?" in await lucia.says("hola")
    assert "Pedido AO-60002: productos 30,00 €" in await lucia.says("el AO-60002")


async def test_of_several_charges_one_can_be_chosen(floor: Floor) -> None:
    """What is shown last is what a yes means; the other waits for another time."""
    for number in ("AO-60003", "AO-60004"):
        await sell(floor.opened.database, "C001", number, goods=3000, payments=[3000, 3000])
    lucia = floor.customer()
    shown = await lucia.says("me cobraron dos veces, soy AU48207315, lucia.robles@example.com")
    assert "En total 60,00 €" in shown
    shown = await lucia.says("solo el segundo")
    assert "AO-60004" in shown
    assert "AO-60003" not in shown
    await lucia.says("sí")
    assert await refunds(floor) == [("refund:AO-60004:AO-60004/2", 3000)]


async def test_a_delivery_that_is_absurd_but_small_is_paid_back_at_once(floor: Floor) -> None:
    """Up to 150.00 euros takes no person."""
    await sell(floor.opened.database, "C001", "AO-60005", goods=1000, delivery=9900)
    lucia = floor.customer()
    shown = await lucia.says("el envío de AO-60005 es absurdo, soy AU48207315")
    assert "el envío entero: 99,00 €" in shown
    assert "99,00 € vuelven a tu tarjeta terminada en 0001" in await lucia.says("sí")


async def test_beyond_300_euros_in_a_month_a_person_approves(floor: Floor) -> None:
    """Each would go back at once; together they are for a person from where the limit is passed."""
    for number in range(3):
        await sell(floor.opened.database, "C001", f"AO-6100{number}", goods=12_000, payments=[12_000, 12_000])
    lucia = floor.customer()
    await lucia.says("me cobraron dos veces, soy AU48207315, lucia.robles@example.com")
    told = await lucia.says("sí")
    assert "Hecho: 240,00 €" in told
    assert "He dejado preparada la devolución de 120,00 €" in told
    (case,) = await floor.cases()
    (effect,) = await floor.opened.store.desk.effects_of(case.id)
    assert (effect.order.key, effect.rule) == ("refund:AO-61002:AO-61002/2", "refund.cumulative_limit")
    await sell(floor.opened.database, "C001", "AO-61003", goods=9000, payments=[9000, 9000])
    shown = await lucia.says("me cobraron dos veces el pedido AO-61003")
    assert "Lo que pasa de 300,00 € en 30 días lo aprueba una persona (norma refund.cumulative_limit)" in shown


async def test_what_is_not_paid_is_not_paid_back(floor: Floor) -> None:
    """An absurd charge that nobody has paid yet is for a person to put right."""
    await sell(floor.opened.database, "C001", "AO-60006", goods=1000, delivery=99_000, payments=[])
    told = await floor.customer().says("el envío de AO-60006 es absurdo, soy AU48207315")
    assert "Pagado: nada" in told
    assert "norma refund.not_paid" in told


@pytest.mark.parametrize("number", ["AO-50017", "AO-59999"])
async def test_another_persons_order_sounds_like_an_unknown_one(floor: Floor, number: str) -> None:
    """Whether somebody's order exists is never told, neither while identifying nor afterwards."""
    told = await floor.customer("before").says(f"me cobraron de más en {number}, soy AU48207315")
    assert "No consigo encontrarte con esos datos" in told
    haruki = floor.customer("after")
    await haruki.says(TWICE_ES)
    told = await haruki.says(f"y el pedido {number}")
    assert told.startswith("No encuentro ese pedido con los datos que tengo")
    assert number not in told


class _Half(Aurora):
    """A business that pays one of two orders back and stays silent about the other."""

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        if "AO-60004" in order.key:
            raise BusinessUnavailable
        return await super().carry_out(order)


async def test_what_was_not_confirmed_is_told_apart_from_what_was(database: str, bot: RasaBrain) -> None:
    """One refund made and one unanswered: both are said, and a person checks the second."""
    async with open_floor(database, bot, _Half) as floor:
        for number in ("AO-60003", "AO-60004"):
            await sell(floor.opened.database, "C001", number, goods=3000, payments=[3000, 3000])
        lucia = floor.customer()
        await lucia.says("me cobraron dos veces, soy AU48207315, lucia.robles@example.com")
        told = await lucia.says("sí")
        (case,) = await floor.cases()
        assert "Hecho: 30,00 € vuelven a tu tarjeta" in told
        assert f"No he podido confirmar la devolución. Está en el caso {case.id}" in told
        assert (case.trigger, case.reference) == (Trigger.ACTION_ERROR, "AO-60004")
        assert [(one["key"], one["state"]) for one in case.detail["attempts"]] == [
            ("refund:AO-60004:AO-60004/2", "unconfirmed")
        ]


async def test_what_is_shown_goes_back_or_nothing(floor: Floor) -> None:
    """When the order owes less by the time of the yes, nothing goes back and a person looks at it."""
    haruki = floor.customer()
    await haruki.says(TWICE_ES)
    await floor.run("UPDATE aurora_orders SET delivery = 391 WHERE id = 'AO-50052'")
    told = await haruki.says("sí")
    (case,) = await floor.cases()
    assert case.id in told
    assert case.detail["attempts"][0]["rule"] == "refund.not_due"
    assert await refunds(floor) == []
