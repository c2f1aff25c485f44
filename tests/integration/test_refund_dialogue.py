"""Overcharges and double charges paid back, said as customers say it: real Rasa, real policies, real database."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import EffectState
from relevo.flow.effects import carry_out
from relevo.store.aurora.demo import ZONE
from relevo.store.aurora.desk import AuroraDesk
from tests.integration.talking import Customer, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

MARTA, HARUKI = "C005", "C008"
TWICE_ES = "me han cobrado dos veces el pedido AO-50052, mi correo es haruki.tanaka@example.com"
TWICE_EN = "I was charged twice for order AO-50052, haruki.tanaka@example.com"
DELIVERY = "me cobraron 7455 euros de envío en el pedido AO-50017, soy socia AU31572906"
DEFLECTION = re.compile(r"(?i)seller(?!'s)|vendedor|papelera norte(?! (nos|is our))")


async def refunds(floor: Floor) -> list[tuple[str, int]]:
    """Give what Aurora really paid back."""
    return await floor.opened.database.rows("SELECT key, amount FROM aurora_refunds ORDER BY number")


async def cases_before_the_bot(floor: Floor) -> None:
    """Put the cases on the desk that were open before the bot came."""
    await AuroraDesk(floor.opened.database).load(datetime.now(timezone.utc))


async def case_of(floor: Floor, number: str) -> Case:
    """Give one case as the desk shows it."""
    return await floor.opened.store.desk.case(number)


async def approve(floor: Floor, key: str) -> None:
    """Have a person approve what waits, by the store's own contract."""
    approvals = floor.opened.store.approvals
    agent = await floor.opened.store.accounts.add_agent("sara@aurora.example", "Sara", "agent", "no hash")
    effect = await approvals.get(key)
    approved = await approvals.approve(key, effect.hash, agent.id)
    result = await carry_out(approved.order, approved.rule, floor.business)
    assert await approvals.finish(key, result, "Aprobado.", closes_case=True)


async def test_c008_has_the_second_payment_back_in_three_english_messages(floor: Floor) -> None:
    """Asked for one more fact, shown which payment goes back to which card, and paid back after a yes."""
    haruki = floor.customer()
    asked = await haruki.says("Hi, I was charged twice for order AO-50052")
    assert "e-mail or phone" in asked
    shown = await haruki.says("haruki.tanaka@example.com")
    assert "Order AO-50052, the second payment: €28.80" in shown
    assert "card ending 0982" in shown
    assert "rule refund.double_charge" in shown
    assert await refunds(floor) == [], "nothing is paid back before a yes"
    told = await haruki.says("yes please")
    assert "€28.80 goes back to your card ending 0982. Reference: RF-" in told
    assert await refunds(floor) == [("refund:AO-50052:PAY-9002", 2880)]
    assert await floor.cases() == []


@pytest.mark.parametrize(
    "fact", ["haruki.tanaka@example.com", "+81 90 0000 0008", "me llamo Haruki Tanaka", "mi teléfono es +819000000008"]
)
async def test_c008_has_it_in_spanish_with_whatever_fact_there_is(floor: Floor, fact: str) -> None:
    """E-mail, telephone or full name beside the order; here the yes is a button."""
    haruki = floor.customer()
    await haruki.says("Hola, me han cobrado dos veces el pedido AO-50052")
    shown = await haruki.says(fact)
    assert "Pedido AO-50052, el segundo pago: 28,80 €" in shown
    assert "tu tarjeta terminada en 0982" in shown
    assert "28,80 € vuelven a tu tarjeta terminada en 0982. Referencia: RF-" in await haruki.chooses("Sí")


async def test_c005_finds_her_open_case_and_a_person_gets_the_refund_prepared(floor: Floor) -> None:
    """She is greeted with her case, asked for nothing again, and no second case is opened."""
    await cases_before_the_bot(floor)
    marta = floor.customer()
    first = await marta.says("Hola, me cobraron 7455 euros de envío en el pedido AO-50017")
    opened_at = (await case_of(floor, "CASE-7001")).opened_at.astimezone(ZONE)
    shown = await marta.says("AU31572906")
    assert "Ya nos escribiste por esto y no tendrás que volver a explicarlo: tu caso CASE-7001" in shown
    assert f"desde el {opened_at.day} " in shown
    assert "el envío entero: 7.455,00 €, por productos de 90,00 €" in shown
    assert "tu tarjeta terminada en 4417" in shown
    assert "norma refund.absurd_delivery" in shown
    assert "Lo que pasa de 150,00 € lo aprueba una persona (norma refund.at_once_limit)" in shown
    told = await marta.says("sí")
    assert "7.455,00 €" in told
    assert "CASE-7001" in told
    assert "no tienes que hacer nada más" in told
    assert "?" not in told
    assert await refunds(floor) == [], "only a person may let this much go"
    assert not any(DEFLECTION.search(text) for text in (first, shown, told))


async def test_c005s_case_holds_the_prepared_refund_and_its_evidence(floor: Floor) -> None:
    """Whoever opens the case sees why, and approves exactly what was shown."""
    await cases_before_the_bot(floor)
    marta = floor.customer()
    await marta.says(DELIVERY)
    await marta.says("sí")
    assert [case.id for case in await floor.cases() if case.business_ref == MARTA] == ["CASE-7001"]
    case = await case_of(floor, "CASE-7001")
    assert case.waits_for_approval
    assert case.goal == DELIVERY
    assert {reason.code for reason in case.priority.reasons} == {"repeated_contact", "large_amount"}
    assert (case.priority.level, case.contacted) == ("urgent", 2)
    (evidence,) = case.detail["refunds"]
    assert {name: evidence[name] for name in ("order", "goods", "delivery", "times", "amount", "unit")} == {
        "order": "AO-50017", "goods": 9000, "delivery": 745_500, "times": 82, "amount": 745_500, "unit": "EUR"
    }  # fmt: skip
    assert evidence["payments"] == [{"id": "PAY-8801", "amount": 754_500, "method": "card ending 4417"}]
    (effect,) = await floor.opened.store.desk.effects_of("CASE-7001")
    assert (effect.order.key, effect.state) == ("refund:AO-50017:delivery", EffectState.PREPARED)
    assert (effect.order.amount, effect.order.unit, effect.rule) == (745_500, "EUR", "refund.at_once_limit")


async def test_c005_is_paid_when_a_person_approves(floor: Floor) -> None:
    """The whole delivery charge goes back once, the case ends, and asking again is told when it was."""
    await cases_before_the_bot(floor)
    marta = floor.customer()
    await marta.says(DELIVERY)
    await marta.says("sí")
    await approve(floor, "refund:AO-50017:delivery")
    assert await refunds(floor) == [("refund:AO-50017:delivery", 745_500)]
    assert not (await case_of(floor, "CASE-7001")).is_open
    again = await floor.customer("marta on the phone").says(DELIVERY)
    assert "7.455,00 € volvieron a tu tarjeta terminada en 4417 el " in again
    assert "norma refund.already_refunded" in again


async def test_while_it_waits_nothing_is_asked_again(floor: Floor) -> None:
    """Another message, from anywhere, is told how things stand, makes the case more urgent, and opens nothing."""
    marta = floor.customer()
    await marta.says(DELIVERY)
    await marta.says("sí")
    (case,) = await floor.cases()
    assert (case.trigger, case.reference) == (Trigger.APPROVAL, "AO-50017")
    told = await floor.customer("elsewhere").says(DELIVERY)
    assert f"ya está preparada en el caso {case.id}" in told
    assert "?" not in told
    (again,) = await floor.cases()
    assert (again.id, again.contacted) == (case.id, 2)


async def test_a_person_asked_for_gets_the_open_case(floor: Floor) -> None:
    """A person, please, in the middle: it is the case that she has already."""
    await cases_before_the_bot(floor)
    marta = floor.customer()
    await marta.says(DELIVERY)
    assert "Tu caso CASE-7001 sigue abierto" in await marta.says("quiero hablar con una persona")
    assert len(await floor.cases()) == 2


@pytest.mark.parametrize(
    "words",
    [
        "sí, pero espera",
        "sí pero falta otro",
        "ok but why only one",
        "yes, wait",
        "hmm",
        "no",
        "quizás",
        "gracias",
        "¿eres un robot?",
        "¿cuándo me llega el dinero?",
        "quiero mi dinero",
    ],
)
async def test_only_an_explicit_yes_pays_back(floor: Floor, words: str) -> None:
    """A yes with a but, a question, a demand or thanks is no yes, and opens no case either."""
    haruki = floor.customer()
    await haruki.says(TWICE_ES)
    await haruki.says(words)
    assert await refunds(floor) == []
    assert await floor.cases() == []


async def test_a_changed_mind_leaves_everything_as_it_was(floor: Floor) -> None:
    """And the next yes does nothing."""
    haruki = floor.customer()
    await haruki.says(TWICE_ES)
    assert "no he cambiado nada" in await haruki.says("déjalo")
    await haruki.says("sí")
    assert await refunds(floor) == []


async def test_interruptions_and_another_language_cost_nothing(floor: Floor) -> None:
    """A question is answered and the request goes on; English is answered in English."""
    haruki = floor.customer()
    await haruki.says("me han cobrado dos veces")
    answered = await haruki.says("¿para qué necesitas esos datos?")
    assert "tus pedidos o tus pagos" in answered
    assert "dos de estos datos" in answered
    assert "un dato más" in await haruki.says("el pedido es AO-50052")
    shown = await haruki.says("sorry, can we speak English? my email is haruki.tanaka@example.com")
    assert "the second payment: €28.80" in shown
    answered = await haruki.says("are you a bot?")
    assert "automatic assistant" in answered
    assert "Shall I pay it back?" in answered
    assert "RF-" in await haruki.says("yes, refund it")


async def test_a_wrong_number_is_corrected_in_the_middle(floor: Floor) -> None:
    """What was wrong is replaced, and what was right is not asked again."""
    haruki = floor.customer()
    assert "can't find you" in await haruki.says("I was charged twice, order AO-50053, haruki.tanaka@example.com")
    assert "the second payment: €28.80" in await haruki.says("sorry, the order is AO-50052")


async def test_a_double_charge_is_paid_back_once_however_often_it_is_asked_for(floor: Floor) -> None:
    """Two conversations at the same point both hear the same refund, and a third one its date."""
    both: list[Customer] = [floor.customer("amina"), floor.customer("amina on the phone")]
    for customer in both:
        await customer.says(TWICE_EN)
    told = [await customer.says("yes") for customer in both]
    assert told[0] == told[1]
    assert await refunds(floor) == [("refund:AO-50052:PAY-9002", 2880)]
    again = await floor.customer("a third one").says(TWICE_EN)
    assert "€28.80 went back to your card ending 0982 on " in again
    assert "rule refund.already_refunded" in again


async def test_a_turn_that_is_tried_again_gives_the_same_answer(floor: Floor) -> None:
    """A crash after the money went and before the answer was kept: nothing more goes, and the reference is the same."""
    haruki = floor.customer()
    await haruki.says(TWICE_EN)
    await haruki.writes("yes")
    (claim,) = await floor.opened.store.inbox.claim(1)
    await floor.answer_without_keeping(claim)
    assert len(await refunds(floor)) == 1, "the effect was to be done before the crash"
    await floor.run("UPDATE inbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
    assert "Reference: RF-40001" in await haruki.hears()
    assert len(await refunds(floor)) == 1


@pytest.mark.parametrize(
    "words",
    [
        "me habéis cobrado el pedido por duplicado",
        "xq me salen 2 cobros iguales??",
        "el flete me salió una barbaridad",
        "ya van tres veces que escribo por los 7.455 euros de gastos de envío",
        "me descontaron dos veces la plata",
        "esto es un robo!!! 7455 de envio x 3 cajas d papel",
        "quiero que me devuelvan el segundo pago",
        "you guys took the money twice",
        "seven grand for shipping toilet paper?!",
        "dup charge pls fix",
        "my statement shows the same amount two times",
        "I've written three times about the delivery fee",
    ],
)
async def test_it_is_understood_however_it_is_said(floor: Floor, words: str) -> None:
    """Angry, short, without accents, from either side of the ocean: asked for what finds the order."""
    asked = await floor.customer().says(words)
    assert "número de pedido (AO y 5 cifras)" in asked or "order number (AO and 5 digits)" in asked, asked
