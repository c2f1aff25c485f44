"""Questions asked in the chat: answered from the articles, followed up, and never made up; real Rasa, real articles."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from relevo.domain.cases import Trigger
from relevo.help.answers import HelpFromArticles
from relevo.help.shelf import Shelf
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

POINTS_EN = "I never got the points of my flights to Dubai. I am AU48207315, booking RBL7Q2"
POINTS_ES = "me faltan los puntos de mis vuelos a Dubái, soy AU48207315, reserva RBL7Q2"


@pytest.mark.parametrize(
    ("question", "passage", "link"),
    [
        ("can I bring my dog on board?", "Dogs and cats of up to 8 kg", "/help/en/pets"),
        ("what are your opening hours?", "Monday to Friday from 8:00 to 22:00", "/help/en/contact"),
        ("¿se puede llevar un perro en cabina?", "Los perros y gatos de hasta 8 kg", "/help/es/pets"),
        ("¿cuánto mide la maleta de mano?", "55 × 40 × 20 cm", "/help/es/hand-luggage"),
    ],
)
async def test_a_question_is_answered_with_the_passage_and_a_link(
    floor: Floor, question: str, passage: str, link: str
) -> None:
    """In the language it was asked in, and then one question: did this help?"""
    customer = floor.customer()
    answered = await customer.says(question)
    assert passage in answered
    assert f"https://aurora.example{link}" in answered
    assert answered.endswith(("Did this help?", "¿Te ha servido?"))
    assert {button.title for button in customer.heard[-1].buttons} in ({"Yes", "No"}, {"Sí", "No"})
    assert await floor.cases() == []


@pytest.mark.parametrize(
    ("question", "yes", "told"),
    [
        ("can I bring my dog on board?", "yes, thanks", "I'm glad"),
        ("can I bring my dog on board?", "thanks", "You're welcome"),
        ("¿se puede llevar un perro en cabina?", "sí", "Me alegro"),
        ("¿se puede llevar un perro en cabina?", "gracias", "¡A ti!"),
    ],
)
async def test_an_answer_that_helped_ends_there(floor: Floor, question: str, yes: str, told: str) -> None:
    """And a yes after that is to nothing in particular."""
    customer = floor.customer()
    await customer.says(question)
    assert told in await customer.says(yes)
    again = await customer.says("yes" if "dog" in question else "sí")
    assert "What do you need?" in again or "¿Qué necesitas?" in again
    assert await floor.cases() == []


async def test_an_answer_that_did_not_help_goes_to_a_person_with_the_question(floor: Floor) -> None:
    """In the customer's words, with the article that was told; nothing has to be repeated."""
    customer = floor.customer()
    await customer.says("can I bring my dog on board?")
    offered = await customer.chooses("No")
    assert "Shall a person look at it?" in offered
    told = await customer.chooses("Yes")
    (case,) = await floor.cases()
    assert case.id in told
    assert (case.type, case.trigger, case.goal) == ("question", Trigger.USER_REQUEST, "can I bring my dog on board?")
    assert case.detail["article"] == "pets"


async def test_whoever_wants_no_person_is_left_in_peace(floor: Floor) -> None:
    """In Spanish, by words instead of buttons."""
    customer = floor.customer()
    await customer.says("¿se puede llevar un perro en cabina?")
    assert "¿Quieres que lo vea una persona?" in await customer.says("no")
    assert "De acuerdo" in await customer.says("no, gracias")
    assert "CASE-" not in await customer.says("sí")
    assert await floor.cases() == []


async def test_a_person_asked_for_after_an_answer_knows_the_question(floor: Floor) -> None:
    """Whoever says "no, a person" has said what about."""
    customer = floor.customer()
    await customer.says("¿se puede llevar un perro en cabina?")
    await customer.says("quiero hablar con una persona")
    (case,) = await floor.cases()
    assert case.goal == "¿se puede llevar un perro en cabina?"


async def test_a_yes_after_a_person_has_spoken_is_not_to_the_bots_offer(floor: Floor) -> None:
    """Somebody had control meanwhile: nothing of before is agreed to."""
    customer = floor.customer()
    await customer.says("can I use the VIP lounge?")
    await floor.run("UPDATE conversations SET control_version = control_version + 2")
    assert "CASE-" not in await customer.says("yes")
    assert await floor.cases() == []


@pytest.mark.parametrize(
    ("question", "told", "yes"),
    [
        ("can I use the VIP lounge?", "I'd rather not make one up", "yes please"),
        ("¿puedo usar la sala VIP?", "prefiero no inventármela", "sí, por favor"),
    ],
)
async def test_what_no_article_answers_is_not_made_up(floor: Floor, question: str, told: str, yes: str) -> None:
    """A person is offered, and has the question then."""
    customer = floor.customer()
    assert told in await customer.says(question)
    assert "CASE-" in await customer.says(yes)
    (case,) = await floor.cases()
    assert (case.type, case.goal) == ("question", question)


@pytest.mark.parametrize(
    ("first", "question", "passage", "again", "yes"),
    [
        (POINTS_EN, "wait, can I bring my dog on board?", "up to 8 kg", "Shall I add it", "yes"),
        (POINTS_ES, "espera, ¿se puede llevar un perro en cabina?", "de hasta 8 kg", "¿Lo sumo a tu cuenta?", "sí"),
    ],
)
async def test_in_the_middle_of_a_request_a_question_is_answered_and_the_request_goes_on(
    floor: Floor, first: str, question: str, passage: str, again: str, yes: str
) -> None:
    """The yes after it is to the request, and nothing asks whether the answer helped."""
    lucia = floor.customer()
    assert again in await lucia.says(first)
    before = await floor.points("C001")
    answered = await lucia.says(question)
    assert passage in answered
    assert again in answered.rpartition("/help/")[2]
    assert "Did this help?" not in answered
    assert "¿Te ha servido?" not in answered
    assert await floor.points("C001") == before
    await lucia.says(yes)
    assert await floor.points("C001") != before


async def test_in_the_middle_of_a_request_what_is_not_known_is_said_and_the_request_goes_on(floor: Floor) -> None:
    """Nobody is taken away from what they were doing."""
    lucia = floor.customer()
    await lucia.says(POINTS_EN)
    answered = await lucia.says("can I use the VIP lounge?")
    assert "I don't have a reliable answer to that" in answered
    assert "Shall I add it" in answered


async def test_a_request_after_an_answer_is_a_request(floor: Floor) -> None:
    """A no to something else is not a no to "did this help?"."""
    lucia = floor.customer()
    await lucia.says("can I bring my dog on board?")
    assert "Shall I add it" in await lucia.says(POINTS_EN)
    assert "Shall a person look at it?" not in await lucia.says("no")


async def test_several_questions_in_a_row_are_answered_each(floor: Floor) -> None:
    """And in the language of each."""
    customer = floor.customer()
    assert "8 kg" in await customer.says("can I bring my dog on board?")
    assert "55 × 40 × 20 cm" in await customer.says("how big can my carry-on be?")
    assert "de hasta 8 kg" in await customer.says("¿se puede llevar un perro en cabina?")


async def test_a_new_article_answers_without_training_or_a_restart(floor: Floor, tmp_path: Path) -> None:
    """What no article answered before is answered once there is one; markup is told as plain words."""
    clock = [0.0]
    articles = Shelf(tmp_path, lambda: clock[0])
    help_now = HelpFromArticles(articles=articles, address="https://aurora.example")
    floor.converser.services = replace(floor.converser.services, help=help_now)
    customer = floor.customer()
    assert "not make one up" in await customer.says("can I use the VIP lounge?")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "lounge.md").write_text(
        "# The VIP lounge\n\n? who may use the lounge\n\nThe **lounge** is for {platinum} <b>only</b>.\n",
        encoding="utf-8",
    )
    clock[0] += 1.0
    await customer.writes("can I use the VIP lounge?")
    await floor.answer_all()
    (told, asked) = await customer._fresh()
    assert told.text is not None
    assert told.text.startswith("The lounge is for {platinum} <b>only</b>.\n\nThe VIP lounge\nhttps://aurora.example/")
    assert asked.text == "Did this help?"


async def test_what_is_not_understood_is_looked_up_before_that_is_said(floor: Floor) -> None:
    """Words that mean something to an article; gibberish is still asked about, and the second time given up."""
    customer = floor.customer()
    await customer.says("hello")
    assert "/help/en/pets" in await customer.says("dog, cat, kennel")
    assert "quite get that" in await customer.says("sdkjf sdkfj")
    assert "CASE-" in await customer.says("qwpoe mznxb")
