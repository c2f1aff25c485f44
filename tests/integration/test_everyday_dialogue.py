"""What people say besides their request: objections, anger, questions beside the point; no lie and no dead end."""

from __future__ import annotations

import pytest

from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

TOO_OLD = "I never got the points of booking OWH3P8. My number is AU73915024."


@pytest.mark.parametrize("objection", ["why not??", "that's not fair", "but I did fly!!", "this is ridiculous"])
async def test_an_objection_to_a_refusal_is_no_answer_to_the_offer_of_a_person(floor: Floor, objection: str) -> None:
    """Who is angry at a rule still has the choice, and a yes then opens the case."""
    oliver = floor.customer()
    await oliver.says(TOO_OLD)
    answered = await oliver.says(objection)
    assert "isn't what you hoped for" in answered
    assert "Shall I open a case?" in answered
    assert "CASE-" in await oliver.says("yes please")


@pytest.mark.parametrize("said", ["thats ridiculous, it's my nickname!!", "pero si soy yo, es mi apodo"])
async def test_an_objection_outside_a_request_is_met_with_a_person(floor: Floor, said: str) -> None:
    """Nobody hears that their complaint is out of scope."""
    oliver = floor.customer()
    await oliver.says(TOO_OLD)
    await oliver.says("no")
    await oliver.says(said)
    (button,) = (button for content in oliver.heard for button in content.buttons)
    assert button.title in ("Talk to a person", "Hablar con una persona")


async def test_what_does_not_answer_the_offer_of_a_person_repeats_it(floor: Floor) -> None:
    """The question that a later "ok" answers is the one that was asked last."""
    oliver = floor.customer()
    await oliver.says(TOO_OLD)
    assert "Shall I open a case?" in await oliver.says("are you a bot?")
    assert "CASE-" in await oliver.says("ok")


@pytest.mark.parametrize(
    "said",
    [
        "ESTO ES UNA VERGÜENZA!!! LLEVO UN MES ESPERANDO MIS PUNTOS",
        "you guys are useless, where the hell are my points",
        "quiero que me sumes 50000 puntos",
        "m faltan pts dl vuelo d dubai",
        "pts missing dxb",
    ],
)
async def test_angry_and_hurried_people_are_asked_who_they_are(floor: Floor, said: str) -> None:
    """The wish counts, not its tone or its spelling."""
    answered = await floor.customer().says(said)
    assert "tu número de socio" in answered or "your member number" in answered


@pytest.mark.parametrize(
    "said",
    [
        "what are your opening hours?",
        "¿a qué hora atienden?",
        "how do I earn more points?",
        "can I transfer my points to my wife?",
    ],
)
async def test_a_question_about_points_is_not_taken_for_missing_points(floor: Floor, said: str) -> None:
    """It is answered from an article."""
    assert "/help/" in await floor.customer().says(said)


@pytest.mark.parametrize("said", ["can you recommend a restaurant?", "¿quién ganó el partido?"])
async def test_what_the_bot_cannot_answer_is_said_so(floor: Floor, said: str) -> None:
    """It says that it cannot, and offers a person."""
    customer = floor.customer()
    answered = await customer.says(said)
    assert "Con eso no puedo" in answered or "not something I can help with" in answered
    assert {"Talk to a person", "Hablar con una persona"} & {b.title for c in customer.heard for b in c.buttons}
