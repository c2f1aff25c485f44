"""Who writes: two facts, of which one is a reference; and nothing learned from a wrong one."""

from __future__ import annotations

import pytest

from relevo.domain.cases import Trigger
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


@pytest.mark.parametrize(
    "facts",
    [
        "AU48207315 y RBL7Q2",
        "au 4820 7315, rbl7q2",
        "socia AU48207315, correo Lucia.Robles@example.com",
        "socia AU48207315, teléfono +34 600 000 001",
        "socia AU48207315, móvil 600000001",
        "RBL7Q2 y mi pedido AO-50044",
        "billete 0751000000011, lucia.robles@example.com",
        "me llamo Lucía Robles, socia AU48207315",
        "AU48207315, RBL7Q2, me llamo Lucy Robles",
    ],
)
async def test_any_two_facts_with_a_reference_identify(floor: Floor, facts: str) -> None:
    """However they are written, in one message; a nickname does not spoil two better facts."""
    lucia = floor.customer()
    await lucia.says("me faltan puntos de un vuelo")
    assert "AU0702" in await lucia.says(facts)


@pytest.mark.parametrize(
    "facts",
    [
        "me llamo Lucía Robles, lucia.robles@example.com",
        "lucia.robles@example.com y +34600000001",
        "me llamo Lucía Robles Arce, mi teléfono es 600000001, mi correo lucia.robles@example.com",
    ],
)
async def test_name_mail_and_phone_never_identify(floor: Floor, facts: str) -> None:
    """What others may know is not enough, however much of it there is."""
    customer = floor.customer()
    await customer.says("me faltan puntos de un vuelo")
    assert "que solo tengas tú" in await customer.says(facts)


async def test_facts_come_one_by_one_and_are_never_asked_again(floor: Floor) -> None:
    """Each message asks only for what is missing still."""
    lucia = floor.customer()
    await lucia.says("Hi, I'm missing points")
    assert "one more detail" in await lucia.says("AU48207315")
    assert "Total: 11,280" in await lucia.says("lucia.robles@example.com")


async def test_facts_given_before_the_request_count(floor: Floor) -> None:
    """Who begins with numbers is not asked for them later."""
    lucia = floor.customer()
    assert "apuntado" in await lucia.says("AU48207315, RBL7Q2")
    assert "Total: 11.280" in await lucia.says("me faltan los puntos")


async def test_a_wrong_fact_does_not_tell_which_one_it_was(floor: Floor) -> None:
    """A real member with a wrong booking and a member who does not exist sound the same."""
    heard = []
    for number in ("AU48207315", "AU10000000"):
        customer = floor.customer(number)
        await customer.says("me faltan puntos")
        heard.append(await customer.says(f"{number}, RBL7Q9"))
    assert heard[0] == heard[1]


async def test_five_wrong_tries_end_with_a_person(floor: Floor) -> None:
    """After the fifth, even the right fact is for a person, who has a case; it is opened once."""
    customer = floor.customer()
    await customer.says("me faltan puntos, soy AU48207315")
    for last in "3456":
        assert "No consigo encontrarte con esos datos" in await customer.says(f"la reserva es RBL7Q{last}")
    locked = await customer.says("la reserva es RBL7Q7")
    (case,) = await floor.cases()
    assert case.id in locked
    assert case.trigger == Trigger.IDENTIFICATION_FAILED
    assert case.id in await customer.says("es RBL7Q2"), "what comes later is noted with the case"
    assert "seguir probando" in await customer.says("me faltan los puntos de mi vuelo")
    assert await floor.points("C001") == 18_250


async def test_the_same_wrong_facts_again_are_one_try(floor: Floor) -> None:
    """Repeating oneself is not guessing."""
    customer = floor.customer()
    await customer.says("me faltan puntos")
    for _ in range(6):
        assert "No consigo encontrarte con esos datos" in await customer.says("AU48207315, RBL7Q9")
    assert "Total: 11.280" in await customer.says("perdón, RBL7Q2")


async def test_a_stranger_among_right_facts_can_be_left_out(floor: Floor) -> None:
    """Saying again what is right drops the other fact of its kind that spoilt the match."""
    lucia = floor.customer()
    assert "No consigo" in await lucia.says("me faltan puntos: AU48207315, RBL7Q2 y el billete 0751000000041")
    assert "Total: 11.280" in await lucia.says("la reserva es RBL7Q2")


async def test_another_persons_facts_do_not_switch_who_is_served(floor: Floor) -> None:
    """Once verified, a conversation is that person's."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    told = await lucia.says("ahora soy AU73915024, reserva OWH5T4")
    assert "No puedo relacionar esos datos contigo" in told
    assert "AU3411" not in told
    await lucia.says("sí")
    assert await floor.points("C002") == 4_100
    assert "18.250" in await lucia.says("¿cuál es mi saldo?")


async def test_an_expired_verification_is_asked_for_anew(floor: Floor) -> None:
    """After an hour the old facts prove nothing, what was shown is gone, and a yes credits nothing."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    await floor.run("UPDATE identities SET verified_until = now() - interval '1 second'")
    told = await lucia.says("sí")
    assert "dos datos" in told
    assert "AU0702" not in told
    assert await floor.points("C001") == 18_250
    told = await lucia.says("AU73915024, OWH5T4")
    assert "points.name_match" in told
    assert "AU0702" not in told, "somebody else may sit there now"


async def test_what_was_listed_for_somebody_cannot_be_chosen_by_whoever_comes_after_them(floor: Floor) -> None:
    """The first of a list is the first of one's own: trips that were shown before the hour was over are nobody's."""
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    await floor.run("UPDATE identities SET verified_until = now() - interval '1 second'")
    assert "dos datos" in await lucia.says("sí")
    assert "points.already_credited" in await lucia.says("AU96140378, PAN1X9")
    assert "AU0702" not in await lucia.says("el primero")


async def test_who_has_no_facts_is_given_other_ways_then_a_person(floor: Floor) -> None:
    """No code at hand: what else will do is told, and the second no opens a case."""
    customer = floor.customer()
    await customer.says("me faltan puntos")
    assert "número de pedido" in await customer.says("no tengo el código")
    told = await customer.says("no, tampoco lo tengo")
    (case,) = await floor.cases()
    assert case.id in told
    assert case.goal == "me faltan puntos"
