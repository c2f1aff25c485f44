"""Correcting points, said as customers say it: real Rasa, real policies, real database, the demo company."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from actions.wording import wording
from relevo.contracts.records import Trip
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

LUCIA, OLIVER = "C001", "C002"


async def test_c001_has_her_two_trips_in_three_spanish_messages(floor: Floor) -> None:
    """Asked for two facts, shown both trips with date, points and total, and credited after a yes: 18,250 to 29,530."""
    lucia = floor.customer()
    asked = await lucia.says("Hola, me faltan los puntos de mis vuelos a Dubái del mes pasado")
    assert "número de socio" in asked
    assert "código de reserva" in asked
    shown = await lucia.says("AU48207315, reserva RBL7Q2")
    assert "AU0702, Madrid → Dubái" in shown
    assert "AU0703, Dubái → Madrid" in shown
    assert "Total: 11.280 puntos" in shown
    assert await floor.points(LUCIA) == 18_250, "nothing is credited before a yes"
    assert "Tu nuevo saldo es de 29.530 puntos" in await lucia.says("sí")
    assert await floor.points(LUCIA) == 29_530
    assert await floor.cases() == []


async def test_c001_has_her_two_trips_in_two_english_messages(floor: Floor) -> None:
    """With everything in the first message nothing is asked but the yes, here by a button."""
    lucia = floor.customer()
    shown = await lucia.says(
        "Hi, the points from my flights to Dubai last month are missing. I'm member AU48207315, booking RBL7Q2"
    )
    assert "AU0702, Madrid → Dubai" in shown
    assert "Total: 11,280 points" in shown
    assert "Your new balance is 29,530 points" in await lucia.chooses("Yes")
    assert await floor.points(LUCIA) == 29_530


@pytest.mark.parametrize(
    "named",
    [
        "de la reserva RBL7Q2",
        "de los billetes 0751000000011 y 0751000000012",
        "de los billetes 075-1000000011 y 075 1000000012",
        "de los vuelos AU0702 y AU703",
        "de mis viajes Madrid - Dubái",
        "de mis vuelos a dubai",
        "del mes pasado",
    ],
)
async def test_trips_are_found_however_they_are_named(floor: Floor, named: str) -> None:
    """Booking code, ticket, flight, route, city and "last month" all lead to the same two trips."""
    shown = await floor.customer().says(f"me faltan los puntos {named}, soy socia AU48207315, lucia.robles@example.com")
    assert "AU0702" in shown
    assert "AU0703" in shown
    assert "11.280" in shown


async def test_with_nothing_named_every_uncredited_trip_is_shown(floor: Floor) -> None:
    """Somebody who knows no numbers but who they are is shown what is missing."""
    shown = await floor.customer().says("me faltan puntos. Socia AU48207315, correo lucia.robles@example.com")
    assert "AU0702" in shown
    assert "AU0703" in shown
    assert "AU1188" not in shown


async def test_a_fact_is_corrected_in_the_middle(floor: Floor) -> None:
    """What was wrong is replaced, what was right is not asked again."""
    lucia = floor.customer()
    await lucia.says("no me han sumado los puntos de mi viaje a Dubái, soy AU48207315")
    assert "No consigo encontrarte" in await lucia.says("la reserva es RBL7Q9")
    assert "Total: 11.280 puntos" in await lucia.says("no, perdón, la reserva es RBL7Q2")


async def test_a_question_in_the_middle_is_answered_and_the_request_goes_on(floor: Floor) -> None:
    """An interruption costs nothing: what was said before it still counts."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mis vuelos a Dubái")
    answered = await lucia.says("¿para qué necesitas esos datos?")
    assert "nadie más pueda ver" in answered
    assert "dos de estos datos" in answered
    assert "un dato más" in await lucia.says("vale, soy AU48207315")
    answered = await lucia.says("¿qué es el código de reserva?")
    assert "seis letras y números" in answered
    assert "un dato más" in answered
    assert "sin prisa" in await lucia.says("espera un momento")
    assert "Total: 11.280 puntos" in await lucia.says("RBL7Q2")
    answered = await lucia.says("¿eres un robot?")
    assert "asistente automático" in answered
    assert "Total: 11.280 puntos" in answered
    assert "29.530" in await lucia.says("sí, adelante")


async def test_the_language_changes_with_the_customer(floor: Floor) -> None:
    """The bot follows at once, and bare facts, yes and no change nothing."""
    lucia = floor.customer()
    await lucia.says("Hola, me faltan los puntos de mis vuelos a Dubái")
    assert "Gracias. Me falta un dato más" in await lucia.says("AU48207315")
    shown = await lucia.says("sorry, can we speak English? my booking code is RBL7Q2")
    assert "Total: 11,280 points" in shown
    trips = await floor.business.records(Trip, LUCIA)
    assert wording("en").date(next(trip.flown_on for trip in trips if trip.flight == "AU0702")) in shown
    assert "Shall I add it" in await lucia.says("RBL7Q2")
    assert "Your new balance is 29,530 points" in await lucia.says("ok")
    assert "You're welcome" in await lucia.says("muchas gracias"), "English was asked for, and stays"


@pytest.mark.parametrize("words", ["déjalo", "olvídalo, gracias", "cancel this please", "never mind"])
async def test_a_changed_mind_leaves_everything_as_it_was(floor: Floor, words: str) -> None:
    """Stopping at the last moment changes nothing, and the next yes does nothing either."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
    stopped = await lucia.says(words)
    assert "no he cambiado nada" in stopped or "nothing has been changed" in stopped
    await lucia.says("sí")
    assert await floor.points(LUCIA) == 18_250


@pytest.mark.parametrize(
    "words",
    [
        "sí, pero antes dime cuánto es",
        "sí pero falta otro",
        "espera",
        "jkdfhg skdjfh",
        "?",
        "hmm",
        "ok but why so few",
        "los puntos",
        "no",
        "quizás",
        "gracias",
    ],
)
async def test_only_an_explicit_yes_credits(floor: Floor, words: str) -> None:
    """A yes with a but, a shrug, noise or thanks is no yes."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
    await lucia.says(words)
    assert await floor.points(LUCIA) == 18_250


@pytest.mark.parametrize(
    ("words", "flight", "balance"),
    [
        ("solo el primero", "AU0702", 23_890),
        ("just AU0703", "AU0703", 23_890),
        ("sí, pero solo el segundo", "AU0703", 23_890),
    ],
)
async def test_one_of_the_trips_can_be_chosen(floor: Floor, words: str, flight: str, balance: int) -> None:
    """What is shown last is what a yes means."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
    shown = await lucia.says(words)
    assert flight in shown
    assert "11.280" not in shown
    assert "11,280" not in shown
    await lucia.says("sí")
    assert await floor.points(LUCIA) == balance


async def test_no_to_what_is_shown_asks_which_instead(floor: Floor) -> None:
    """A no is not the end: another trip can be named."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
    assert "¿Qué vuelo quieres que mire?" in await lucia.says("no, esos no")
    shown = await lucia.says("el AU0702")
    assert "AU0702" in shown
    assert "AU0703" not in shown


async def test_a_yes_that_names_exactly_what_is_shown_is_a_yes(floor: Floor) -> None:
    """Who repeats the booking code while agreeing has agreed."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
    assert "29.530" in await lucia.says("sí, los de la reserva RBL7Q2")


async def test_points_are_credited_once_however_often_they_are_asked_for(floor: Floor) -> None:
    """The same trips asked for again, on another channel address too, are refused with their date."""
    for address in ("amina", "amina on the phone"):
        lucia = floor.customer(address)
        await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
        await lucia.says("sí")
    again = await floor.customer("a third one").says("points missing for booking RBL7Q2, member AU48207315")
    assert "points.already_credited" in again
    assert await floor.points(LUCIA) == 29_530


async def test_a_turn_that_is_tried_again_gives_the_same_answer(floor: Floor) -> None:
    """A crash after crediting and before the answer was kept: the retry credits nothing more and says the same."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
    await lucia.writes("sí, los de la reserva RBL7Q2")
    (claim,) = await floor.opened.store.inbox.claim(1)
    await floor.answer_without_keeping(claim)
    assert await floor.points(LUCIA) == 29_530, "the effect was to be done before the crash"
    await floor.run("UPDATE inbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
    assert "he sumado 11.280 puntos. Tu nuevo saldo es de 29.530 puntos" in await lucia.hears()
    assert await floor.points(LUCIA) == 29_530


async def test_the_balance_is_told_to_whom_it_belongs(floor: Floor) -> None:
    """A balance takes two facts as well."""
    oliver = floor.customer()
    assert "two things" in await oliver.says("how many points do I have?")
    assert "4,100 points" in await oliver.says("AU73915024, oliver.whitfield@example.com")


async def test_turns_are_quick(floor: Floor) -> None:
    """A conversation's turns, database included, stay far below what a person notices; the numbers are printed."""
    lucia = floor.customer()
    for _ in range(5):
        await lucia.says("me faltan los puntos de mi reserva RBL7Q2, soy AU48207315")
        await lucia.says("¿para qué necesitas esos datos?")
        await lucia.says("déjalo")
    seconds = sorted(floor.seconds)
    print(f"turn: p50 {seconds[len(seconds) // 2] * 1000:.1f} ms, slowest {seconds[-1] * 1000:.1f} ms")
    assert seconds[len(seconds) // 2] < 0.2


async def test_a_demo_that_was_reset_credits_for_real_again(floor: Floor) -> None:
    """What was done before the reset is forgotten everywhere, so "Done" is never said from memory alone."""
    asked = "me faltan los puntos de la reserva RBL7Q2, soy AU48207315"
    for address in ("before", "after"):
        await floor.business.reset(datetime.now(timezone.utc))
        lucia = floor.customer(address)
        assert "Total: 11.280 puntos" in await lucia.says(asked)
        assert "29.530 puntos" in await lucia.says("sí")
        assert await floor.points(LUCIA) == 29_530


@pytest.mark.parametrize("widened", ["espera, no, los dos", "mejor los dos", "todos"])
async def test_narrowed_to_one_and_widened_again_offers_both(floor: Floor, widened: str) -> None:
    """Whoever changes their mind about how many finds the list that was shown first."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    assert "Total: 5.640 puntos" in await lucia.says("solo el primero")
    assert "Total: 11.280 puntos" in await lucia.says(widened)
    assert "29.530" in await lucia.says("sí")
