"""Subscriptions cancelled without a fuss, said as customers say it: real Rasa, real policies, real database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from actions.wording import wording
from relevo.contracts.records import Subscription
from relevo.domain.cases import Trigger
from relevo.domain.effects import EffectOrder, EffectState
from relevo.errors import BusinessUnavailable
from relevo.flow.confirm import Confirmer
from relevo.flow.mail import Mailer
from relevo.store.aurora.demo import ZONE
from relevo.store.mails import PostgresMails
from tests.integration.talking import Customer, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

OLIVER, MARTA, TOMAS = "C002", "C005", "C003"
CANCEL_EN = "cancel my wifi subscription, I'm AU73915024, oliver.whitfield@example.com"
CANCEL_ES = "quiero darme de baja del wifi, soy AU73915024, oliver.whitfield@example.com"
WHY = re.compile(r"(?i)\bwhy\b|reason|por qué|motivo|discount|descuento|offer|oferta|stay|quédate|sorry to see|lástima")

LEFT = ("no", "no, don't cancel it", "stop", "bye")
"""Answers that end the request and leave the subscription as it is."""


async def is_active(floor: Floor, ref: str = OLIVER) -> bool:
    """Tell whether somebody's subscription renews."""
    (subscription,) = await floor.business.records(Subscription, ref)
    return subscription.is_active


async def end_of(floor: Floor, language: str, ref: str = OLIVER) -> str:
    """Give the end of what somebody has paid, as a language writes it."""
    (subscription,) = await floor.business.records(Subscription, ref)
    return wording(language).date(subscription.paid_until)


async def subscribe(floor: Floor, ref: str, number: str, plan: str) -> None:
    """Let somebody have another subscription."""
    await floor.run(
        "INSERT INTO aurora_subscriptions (id, person_ref, plan, price, currency, period, paid_until, is_active)"
        " VALUES (%s, %s, %s, 399, 'EUR', 'month', %s, true)",
        (number, ref, plan, datetime.now(ZONE).date() + timedelta(days=9)),
    )


def is_plain(*told: str) -> bool:
    """Tell whether nobody is asked why, and nothing is offered instead."""
    return not any(WHY.search(text) for text in told)


async def test_cancelled_in_two_messages_in_english(floor: Floor) -> None:
    """Once one is known: shown plan, price and end with one question, then cancelled with a written confirmation."""
    oliver = floor.customer()
    asked = await oliver.says("Hi, I want to cancel my subscription")
    assert "e-mail or phone on your file" in asked
    shown = await oliver.says("AU73915024, oliver.whitfield@example.com")
    end = await end_of(floor, "en")
    assert "Wi-Fi Unlimited (SUB-301), €14.99 a month" in shown
    assert f"until {end}" in shown
    assert shown.count("?") == 1
    assert await is_active(floor), "nothing is cancelled before a yes"
    told = await oliver.says("yes")
    assert f"is cancelled. You can use it until {end}" in told
    assert "written confirmation; reference: SUB-301" in told
    assert "?" not in told
    assert is_plain(asked, shown, told)
    assert not await is_active(floor)
    assert await floor.cases() == []


async def test_cancelled_in_two_messages_in_spanish(floor: Floor) -> None:
    """With everything in the first one, and a button for the yes."""
    marta = floor.customer()
    shown = await marta.says("quiero dar de baja la suscripción de wifi, soy AU31572906, pedido AO-50017")
    end = await end_of(floor, "es", MARTA)
    assert "Wi-Fi Chat (SUB-302), 3,99 € al mes" in shown
    assert f"hasta el {end}" in shown
    told = await marta.chooses("Sí")
    assert f"está cancelada. La puedes usar hasta el {end}" in told
    assert "confirmación por escrito; referencia: SUB-302" in told
    assert is_plain(shown, told)
    assert not await is_active(floor, MARTA)


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (CANCEL_EN, "cancel it"),
        (CANCEL_EN, "yes, cancel it please"),
        (CANCEL_EN, "cancel my subscription"),
        (CANCEL_EN, "go ahead"),
        (CANCEL_ES, "cancélala"),
        (CANCEL_ES, "sí, dala de baja"),
        (CANCEL_ES, "dale"),
        (CANCEL_ES, "sí, cancela"),
        (CANCEL_ES, "quiero cancelar la suscripción"),
    ],
)
async def test_whoever_says_to_cancel_it_is_not_asked_again(floor: Floor, first: str, words: str) -> None:
    """To "shall I cancel it?" an order to cancel is a yes."""
    oliver = floor.customer()
    await oliver.says(first)
    assert "SUB-301" in await oliver.says(words)
    assert not await is_active(floor)


@pytest.mark.parametrize(
    "words",
    ["cancel", "yes but wait", "hmm", "thanks", "are you a bot?", "what happens if I cancel it?", *LEFT],
)
async def test_only_an_explicit_yes_cancels(floor: Floor, words: str) -> None:
    """A bare "cancel" may mean to stop: the question is asked again, and nobody is told that nothing was done."""
    oliver = floor.customer()
    await oliver.says(CANCEL_EN)
    told = await oliver.says(words)
    assert ("Shall I cancel it?" in told) != (words in LEFT)
    assert is_plain(told)
    assert await is_active(floor)
    assert await floor.cases() == []


async def test_a_changed_mind_leaves_everything_as_it_was(floor: Floor) -> None:
    """And the next yes does nothing; asked for anew, it is shown anew."""
    oliver = floor.customer()
    await oliver.says(CANCEL_EN)
    assert "nothing has been changed" in await oliver.says("never mind")
    await oliver.says("yes")
    assert await is_active(floor)
    assert "Shall I cancel it?" in await oliver.says("no, do cancel my wifi subscription")


async def test_interruptions_and_another_language_cost_nothing(floor: Floor) -> None:
    """A question is answered and the request goes on; Spanish is answered in Spanish."""
    oliver = floor.customer()
    await oliver.says("I want to unsubscribe from the wifi")
    answered = await oliver.says("why do you need that?")
    assert "nobody else can see" in answered
    assert "write two of these" in answered
    shown = await oliver.says("mejor en español, por favor: soy AU73915024, mi correo es oliver.whitfield@example.com")
    assert "14,99 € al mes" in shown
    answered = await oliver.says("¿eres un robot?")
    assert "¿La cancelo?" in answered
    assert "está cancelada" in await oliver.says("sí")


@pytest.mark.parametrize("before", [(), ("cancel my subscription",), (CANCEL_EN,)])
async def test_a_person_is_one_message_away(floor: Floor, before: tuple[str, ...]) -> None:
    """Before it, while asked who one is, and instead of a yes."""
    oliver = floor.customer()
    for said in before:
        await oliver.says(said)
    told = await oliver.says("let me talk to a person about my subscription")
    (case,) = await floor.cases()
    assert case.id in told
    assert case.trigger == Trigger.USER_REQUEST
    assert await is_active(floor)


async def test_one_that_was_cancelled_says_so_with_its_end(floor: Floor) -> None:
    """With the rule's name; a person is offered, and a no ends it."""
    tomas = floor.customer()
    told = await tomas.says("quiero cancelar mi suscripción, soy AU20658841, tomas.iriarte@example.com")
    assert f"ya está cancelada: la puedes usar hasta el {await end_of(floor, 'es', TOMAS)}" in told
    assert "norma subscription.active" in told
    assert "¿Quieres que abra un caso?" in told
    await tomas.says("no")
    assert await floor.cases() == []


async def test_who_has_none_is_offered_a_person(floor: Floor) -> None:
    """It may exist under other data: nobody hears that there is none, and a yes opens a case."""
    lucia = floor.customer()
    told = await lucia.says("dar de baja el wifi, soy AU48207315, lucia.robles@example.com")
    assert "No encuentro ninguna suscripción con los datos que tengo" in told
    assert "¿Quieres que abra un caso?" in told
    told = await lucia.says("sí")
    (case,) = await floor.cases()
    assert case.id in told
    assert case.type == "subscription"


@pytest.mark.parametrize("words", ["the chat one", "SUB-309", "the second one", "number sub 309 please"])
async def test_of_several_the_one_that_is_named_is_cancelled(floor: Floor, words: str) -> None:
    """By a word of its plan, its number or its place; the other stays."""
    await subscribe(floor, OLIVER, "SUB-309", "Wi-Fi Chat")
    oliver = floor.customer()
    asked = await oliver.says(CANCEL_EN)
    assert "SUB-301: Wi-Fi Unlimited, €14.99 a month" in asked
    assert "SUB-309: Wi-Fi Chat, €3.99 a month" in asked
    shown = await oliver.says(words)
    assert "Wi-Fi Chat (SUB-309)" in shown
    assert "didn't get that" not in shown
    await oliver.says("yes")
    assert {one.id: one.is_active for one in await floor.business.records(Subscription, OLIVER)} == {
        "SUB-301": True, "SUB-309": False
    }  # fmt: skip


async def test_another_one_named_instead_of_a_yes_is_shown_first(floor: Floor) -> None:
    """A yes is only to what was shown last."""
    await subscribe(floor, OLIVER, "SUB-309", "Wi-Fi Chat")
    oliver = floor.customer()
    assert "(SUB-309)" in await oliver.says(f"{CANCEL_EN}, SUB-309")
    assert "(SUB-301)" in await oliver.says("yes, SUB-301")
    assert all(one.is_active for one in await floor.business.records(Subscription, OLIVER))


async def test_somebody_elses_facts_give_nothing_away(floor: Floor) -> None:
    """The identity stays who it is, and so does what is shown."""
    oliver = floor.customer()
    await oliver.says(CANCEL_EN)
    told = await oliver.says("yes, I'm AU31572906")
    assert "can't link those details to you" in told
    assert "SUB-302" not in told
    assert await is_active(floor)
    assert await is_active(floor, MARTA)


async def test_one_that_renewed_meanwhile_is_shown_anew(floor: Floor) -> None:
    """Nobody finds an end date that they were not shown."""
    oliver = floor.customer()
    await oliver.says(CANCEL_EN)
    await floor.run("UPDATE aurora_subscriptions SET paid_until = paid_until + 30 WHERE id = 'SUB-301'")
    shown = await oliver.says("yes")
    assert f"until {await end_of(floor, 'en')}" in shown
    assert "Shall I cancel it?" in shown
    assert "is cancelled" in await oliver.says("yes")


async def test_it_is_cancelled_once_however_often_it_is_asked_for(floor: Floor) -> None:
    """Two conversations at the same point hear the same; a third one hears that it was, and until when."""
    both: list[Customer] = [floor.customer("oliver"), floor.customer("oliver on the phone")]
    for customer in both:
        await customer.says(CANCEL_EN)
    told = [await customer.says("yes") for customer in both]
    assert told[0] == told[1]
    assert "rule subscription.active" in await floor.customer("a third one").says(CANCEL_EN)
    keys = await floor.opened.database.rows("SELECT key, state FROM effects")
    assert keys == [("cancel_subscription:SUB-301", "done")]


async def test_a_turn_that_is_tried_again_gives_the_same_answer(floor: Floor) -> None:
    """A crash after it was cancelled and before the answer was kept."""
    oliver = floor.customer()
    await oliver.says(CANCEL_EN)
    await oliver.writes("yes")
    (claim,) = await floor.opened.store.inbox.claim(1)
    await floor.answer_without_keeping(claim)
    assert not await is_active(floor), "it was to be cancelled before the crash"
    await floor.run("UPDATE inbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
    assert "Done: your subscription Wi-Fi Unlimited is cancelled" in await oliver.hears()


async def test_a_silent_business_becomes_a_case(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that it is done when nobody knows, and nobody has to ask again."""
    asked: Counter[str] = Counter()

    async def silent(order: EffectOrder) -> Mapping[str, Any]:
        asked[order.key] += 1
        raise BusinessUnavailable

    monkeypatch.setattr(floor.business, "carry_out", silent)
    oliver = floor.customer()
    await oliver.says(CANCEL_EN)
    told = await oliver.says("yes")
    (case,) = await floor.cases()
    assert case.id in told
    assert (case.type, case.reference, case.trigger) == ("subscription", "SUB-301", Trigger.ACTION_ERROR)
    assert asked == {"cancel_subscription:SUB-301": 1}
    (state,) = await floor.opened.database.rows("SELECT state FROM effects")
    assert state == (EffectState.UNCONFIRMED.value,)


async def test_the_mail_says_plan_and_end(floor: Floor) -> None:
    """In the language of the chat, whatever language is on file."""
    oliver = floor.customer()
    await oliver.says(CANCEL_ES)
    await oliver.says("sí")
    mailer = Mailer(mails=PostgresMails(floor.opened.database), live=floor.opened.live, company="Aurora")
    assert await Confirmer(mailer=mailer, business=floor.business).step() == 1
    ((content,),) = await floor.opened.database.rows("SELECT content FROM entries WHERE content ? 'subject'")
    assert content["subject"] == "Wi-Fi Unlimited: suscripción cancelada"
    (subscription,) = await floor.business.records(Subscription, OLIVER)
    assert f"hasta el {subscription.paid_until.day} de " in content["text"]


@pytest.mark.parametrize(
    "words",
    [
        "bórrenme del wifi de los aviones",
        "no quiero que se renueve el plan",
        "xq me siguen cobrando el wifi cada mes, cancelen eso",
        "QUIERO LA BAJA DEL WIFI YA!!!",
        "me gustaría anular mi suscripción mensual",
        "get me out of this wifi plan",
        "pls unsub me from wifi",
        "STOP CHARGING ME EVERY MONTH FOR YOUR WIFI",
        "I no longer need the in-flight internet subscription",
        "how can I turn off auto renew",
    ],
)
async def test_it_is_understood_however_it_is_said(floor: Floor, words: str) -> None:
    """Angry, short, without accents, from either side of the ocean: asked for what finds the contact, and not why."""
    asked = await floor.customer().says(words)
    assert asked.startswith(("Claro. Para encontrarte", "Of course. To find you")), asked
    assert is_plain(asked)
