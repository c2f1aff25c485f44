"""What the bot asks where it is not sure what is meant; real Rasa, with the doubt put in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from relevo.domain.cases import Trigger
from tests.integration.talking import Floor

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

Doubt = Callable[..., str]
WHO = "AU48207315, RBL7Q2"


@pytest.fixture
def unclear(bot: RasaBrain, monkeypatch: pytest.MonkeyPatch) -> Doubt:
    """Have a text understood as perhaps one thing, perhaps another; everything else is read as ever."""
    doubts: dict[str, dict[str, float]] = {}
    read = bot._processor.parse_message

    async def parse_message(message: Any, *args: Any, **more: Any) -> Any:
        parsed = await read(message, *args, **more)
        if likely := doubts.get(message.text):
            unsure = {"name": "nlu_fallback", "confidence": 0.5}
            ranking = [unsure, *({"name": name, "confidence": share} for name, share in likely.items())]
            parsed = {**parsed, "intent": unsure, "intent_ranking": ranking}
        return parsed

    def doubt(text: str, **likely: float) -> str:
        doubts[text] = likely
        return text

    monkeypatch.setattr(bot._processor, "parse_message", parse_message)
    return doubt


async def test_it_asks_once_and_answers_what_was_written_first(floor: Floor, unclear: Doubt) -> None:
    """Two or three things by name; the one that is chosen finds the references that were given before."""
    lucia = floor.customer()
    asked = await lucia.says(unclear(f"lo mío, {WHO}", correct_points=0.4, ask_balance=0.3, affirm=0.1, bye=0.02))
    assert "¿Cuál de estas dos cosas necesitas?" in asked
    assert [button.title for button in lucia.heard[-1].buttons] == ["Me faltan puntos", "Saber cuántos puntos tengo"]
    assert "Total: 11.280 puntos" in await lucia.chooses("Me faltan puntos")
    await lucia.says("sí")
    assert await floor.points("C001") == 18_250 + 11_280


async def test_it_may_be_chosen_in_words(floor: Floor, unclear: Doubt) -> None:
    """By its place among them, or by a yes where there is only one."""
    lucia = floor.customer()
    unclear(f"lo mío, {WHO}", correct_points=0.4, ask_balance=0.3)
    await lucia.says(f"lo mío, {WHO}")
    assert "18.250" in await lucia.says("la segunda")
    assert "Do you mean this?" in await lucia.says(unclear("that thing of mine, please", ask_expiry=0.45, bye=0.01))
    assert "24 months" in await lucia.says("yes")


async def test_a_no_asks_for_other_words(floor: Floor, unclear: Doubt) -> None:
    """And what is then said in other words is understood, or goes to a person."""
    lucia = floor.customer()
    await lucia.says(unclear("lo de siempre", correct_points=0.4, ask_balance=0.3, ask_expiry=0.2, ask_voucher=0.1))
    assert len(lucia.heard[-1].buttons) == 3
    assert "otras palabras" in await lucia.says("no")
    assert "número de socio" in await lucia.says("me faltan los puntos de un vuelo")


async def test_the_second_time_a_person_hears_what_it_may_be(floor: Floor, unclear: Doubt) -> None:
    """With both messages, and with what the contact was asked."""
    lucia = floor.customer()
    await lucia.says(unclear("pues el asunto ese", correct_points=0.4, ask_balance=0.3))
    assert "lo vea una persona" in await lucia.says(unclear("que sí, el asunto", ask_expiry=0.3))
    (case,) = await floor.cases()
    assert case.trigger == Trigger.REPEATED_FALLBACK.value
    assert case.goal == "pues el asunto ese\nque sí, el asunto"
    ((record,),) = await floor.opened.database.rows("SELECT record FROM handoffs")
    summary = next(one["text"] for one in record["summaries"] if one["language"] == "en")
    assert "It may be: Me faltan puntos; Saber cuántos puntos tengo; Cuándo caducan mis puntos." in summary


async def test_in_the_middle_of_a_request_nothing_else_is_offered(floor: Floor, unclear: Doubt) -> None:
    """It goes on where it was."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2")
    told = await lucia.says(unclear("mmm pues eso", ask_balance=0.4, ask_expiry=0.3))
    assert "Seguimos donde estábamos" in told
    assert "Saber cuántos puntos tengo" not in [button.title for button in lucia.heard[-1].buttons]


async def test_where_nothing_is_near_the_question_is_open(floor: Floor, unclear: Doubt) -> None:
    """Nobody is asked whether they meant to say hello."""
    lucia = floor.customer()
    assert "con otras palabras" in await lucia.says(unclear("pues vaya hola", greet=0.45, thanks=0.3, ask_balance=0.01))
    assert "Saber cuántos puntos tengo" not in [button.title for button in lucia.heard[-1].buttons]


async def test_a_reference_after_the_question_is_no_choice(floor: Floor, unclear: Doubt) -> None:
    """It is noted, and what to do with it is asked."""
    lucia = floor.customer()
    await lucia.says(unclear("lo del otro día", correct_points=0.4, ask_balance=0.3))
    assert "¿Qué quieres que haga con eso?" in await lucia.says("AU48207315")


async def test_a_person_may_be_one_of_the_choices(floor: Floor, unclear: Doubt) -> None:
    """Who reads what was written, and not the name of a button."""
    lucia = floor.customer()
    await lucia.says(unclear("es que esto no hay quien lo entienda", ask_person=0.4, correct_points=0.2))
    await lucia.chooses("Hablar con una persona")
    (case,) = await floor.cases()
    assert case.goal == "es que esto no hay quien lo entienda"


async def test_the_answer_has_the_language_of_who_chooses(floor: Floor, unclear: Doubt) -> None:
    """What was written first does not bring back its own."""
    oliver = floor.customer()
    await oliver.says(unclear("lo de mis cosas, hombre", ask_balance=0.4, ask_expiry=0.3))
    assert "member number" in await oliver.says("the first one please")


async def test_what_was_written_before_a_verification_expired_identifies_nobody(floor: Floor, unclear: Doubt) -> None:
    """Whoever chooses later may be somebody else at the same browser."""
    lucia = floor.customer()
    await lucia.says(f"¿cuántos puntos tengo? soy {WHO}")
    await lucia.says(unclear(f"lo mío, {WHO}", ask_balance=0.4, ask_expiry=0.3))
    await floor.run("UPDATE identities SET verified_until = now() - interval '1 second'")
    assert "18.250" not in await lucia.says("la primera")


async def test_a_late_choice_after_a_person_was_here_is_answered_by_itself(floor: Floor, unclear: Doubt) -> None:
    """A button is then only what it says."""
    lucia = floor.customer()
    await lucia.says(unclear("lo mío, RBL7Q2 y eso", correct_points=0.4, ask_balance=0.3))
    await floor.run("UPDATE conversations SET control_version = control_version + 2")
    assert "número de socio" in await lucia.chooses("Saber cuántos puntos tengo")


async def test_an_article_answers_only_what_may_be_a_question(floor: Floor, unclear: Doubt) -> None:
    """Whoever has trouble with luggage is asked what it is, and not told what a further bag costs."""
    lucia = floor.customer()
    told = await lucia.says(unclear("problema con el equipaje", report_lost_baggage=0.4, report_damage=0.3))
    assert "¿Cuál de estas dos cosas necesitas?" in told
    nuria = floor.customer("nuria")
    asked = await nuria.says(unclear("maletas de más y exceso de peso", ask_question=0.4, report_lost_baggage=0.3))
    assert "/help/es/" in asked
