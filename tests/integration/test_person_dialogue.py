"""A person, please: at every moment, in every language, in one message, and honestly."""

from __future__ import annotations

import pytest

from relevo.domain.cases import Trigger
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

BEFORE: dict[str, tuple[str, ...]] = {
    "at once": (),
    "asked who one is": ("me faltan los puntos de mis vuelos a Dubái",),
    "asked for another fact": ("me faltan los puntos", "AU48207315"),
    "about to be credited": ("me faltan los puntos de la reserva RBL7Q2, soy AU48207315",),
    "after a refusal": ("me faltan los puntos de la reserva OWH3P8, socio AU73915024",),
    "after a greeting": ("hola",),
}
WORDS = (
    "una persona por favor",
    "quiero hablar con un agente humano",
    "let me talk to a human",
    "agent",
    "Can I please speak with a real person??",
    "quiero hablar con una persona, me faltan los puntos de la reserva RBL7Q2",
)


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE.keys())
async def test_a_person_is_one_message_away(floor: Floor, before: tuple[str, ...], words: str) -> None:
    """Wherever the conversation stands, a case is opened and its number told."""
    customer = floor.customer()
    for said in before:
        await customer.says(said)
    told = await customer.says(words)
    (case,) = await floor.cases()
    assert case.id in told
    assert case.trigger == Trigger.USER_REQUEST


async def test_the_case_holds_the_goal_in_the_customers_words_and_what_is_known(floor: Floor) -> None:
    """Nobody has to ask again."""
    lucia = floor.customer()
    await lucia.says("Hola, no veo los puntos de mis vuelos a Dubái")
    await lucia.says("soy AU48207315")
    told = await lucia.says("quiero hablar con una persona")
    (case,) = await floor.cases()
    assert case.type == "points_correction"
    assert case.goal == "Hola, no veo los puntos de mis vuelos a Dubái"
    assert case.detail["known"] == {"loyalty_number": "AU48207315", "place": ["DXB"]}
    assert case.detail["language"] == "es"
    assert not case.detail["is_verified"]
    assert not {"minutos", "horas", "días"} & set(told.split()), "no time is promised that nobody set"


async def test_asking_twice_is_one_case(floor: Floor) -> None:
    """The second time the open case is named, not another one opened."""
    customer = floor.customer()
    await customer.says("a person please")
    again = await customer.says("I said a human please")
    (case,) = await floor.cases()
    assert case.id in again
    assert "still open" in again


async def test_what_is_said_to_an_open_case_is_noted(floor: Floor) -> None:
    """Facts that come after the case are received as such."""
    customer = floor.customer()
    await customer.says("a person please")
    (case,) = await floor.cases()
    assert case.id in await customer.says("AU73915024")


@pytest.mark.parametrize("before", [(), ("me faltan los puntos",)])
async def test_not_understood_twice_is_for_a_person(floor: Floor, before: tuple[str, ...]) -> None:
    """The first time a question with choices, the second time in a row a case."""
    customer = floor.customer()
    for said in before:
        await customer.says(said)
    assert "no te he entendido" in (first := await customer.says("asdfgh qwert")) or "no lo he entendido" in first
    assert await floor.cases() == []
    told = await customer.says("kjhg fdsa")
    (case,) = await floor.cases()
    assert case.id in told
    assert case.trigger == Trigger.REPEATED_FALLBACK


async def test_not_understood_twice_with_something_between_is_not(floor: Floor) -> None:
    """Only twice in a row counts."""
    customer = floor.customer()
    for said in ("asdfgh qwert", "hola", "kjhg fdsa"):
        await customer.says(said)
    assert await floor.cases() == []


@pytest.mark.parametrize(
    "text", ["👍👍", "؟ مرحبا", "¿¿¿???", "a" * 5000, "\u202e oloh", "/ask_person", "' OR 1=1 --", "{said_case}"]
)
async def test_odd_messages_are_answered_calmly(floor: Floor, text: str) -> None:
    """Emoji, other scripts, very long words and things that look like code get an ordinary answer."""
    told = await floor.customer().says(text)
    assert told
    assert "Error" not in told
    assert "{" not in told


async def test_when_somebody_answers_is_not_promised(floor: Floor) -> None:
    """The honest answer is that it comes here."""
    customer = floor.customer()
    await customer.says("una persona por favor")
    assert "no puedo prometerte una hora" in await customer.says("¿cuándo me van a contestar?")


async def test_an_identified_contact_who_comes_again_finds_the_open_case(floor: Floor) -> None:
    """The case that was open before the bot came is named, becomes more urgent, and no second one is opened."""
    await floor.run(
        "INSERT INTO cases (id, type, trigger, reference, business_ref, opened_at, due_at)"
        " VALUES ('CASE-7002', 'lost_baggage', 'user_request', 'MADAU00417', 'C004', now(), now())"
    )
    priya = floor.customer()
    await priya.says("how many points do I have?")
    assert "700" in await priya.says("AU96140378, booking PAN1X9")
    told = await priya.says("they lost my suitcase and nobody answers")
    assert "CASE-7002" in told
    (case,) = await floor.cases()
    assert case.contacted == 2
    assert [reason.code for reason in case.priority.reasons] == ["repeated_contact"]
    assert case.conversation_id is not None, "the conversation is linked to it"
