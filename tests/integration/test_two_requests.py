"""Two requests in one message are told apart, and one request with an "and" in it stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from relevo.nlu.joints import clauses

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

ONE = (
    "me cobraron el envío y los productos dos veces",
    "Compré una maleta en la tienda y el envío costó más que la propia maleta",
    "mi pedido llegó tarde y encima roto, quiero devolverlo",
    "llevo dos días sin maleta y nadie me coge el teléfono",
    "viajé el 3 y el 9 de octubre y no me han sumado nada",
    "soy Ana María de la Fuente y López, socia AU64728150, y me faltan los puntos del vuelo a París",
    "El vuelo salió con retraso. Llegamos casi cuatro horas después. Perdimos la noche de hotel.",
    "se me rompió una rueda de la maleta y el asa también",
    "quiero darme de baja del wifi porque ya no vuelo y no lo uso",
    "cambiad mi correo antiguo y poned ana@example.com",
    "no nos dejaron subir al avión porque estaba lleno y tuvimos que dormir en el aeropuerto",
    "pagué con la tarjeta y con una tarjeta regalo, y me han cobrado de más",
    "¿cuántos puntos tengo y cuántos me dieron por el último viaje?",
    "hola, buenas tardes, espero que estéis bien. Quería saber dónde está mi pedido AO-50044, gracias y un saludo",
    "me robaron cosas de la maleta y además la rompieron",
    "you charged the delivery and the goods twice",
    "I bought toilet paper and the delivery cost a fortune",
    "the parcel never came and the seller does not answer",
    "my bag is still missing and I have no clothes and no toothbrush",
    "I flew out on the 3rd and back on the 9th and neither flight gave me points",
    "We boarded late. We landed four hours after schedule. Nobody said a word.",
    "the handle snapped and one of the wheels is gone",
    "I never use the wifi and I want to stop paying for it",
    "my name is Ann and Parker is my surname, please correct it",
    "they left us behind because the plane was full and put us on a flight the next day",
    "I paid with a card and a gift card and you took too much",
    "when do my points expire and how can I keep them?",
    "hi there, hope you are well. Where is order AO-50031? Thanks and best regards",
    "please delete everything you have about me and confirm it in writing",
    "somebody opened my suitcase and took my camera and broke the lock",
)
TWO = (
    ("da de baja mi wifi y dime dónde está el pedido AO-50044", "cancel_subscription", "ask_order_status"),
    ("me faltan los puntos del AU0702. Además, quiero devolver el pedido AO-50031.", "correct_points", "return_goods"),
    ("mi maleta no ha llegado y también quiero saber cuándo caducan mis puntos", "report_lost_baggage", "ask_expiry"),
    ("¿cuántos puntos tengo? Otra cosa: quiero cancelar la suscripción de wifi", "ask_balance", "cancel_subscription"),
    ("me cobraron dos veces el AO-50052, y de paso cambiad mi correo", "report_overcharge", "change_email"),
    ("quiero borrar mis datos y cancelar el wifi", "delete_my_data", "cancel_subscription"),
    ("vuestro vuelo llegó cuatro horas tarde y además mi maleta llegó rota", "report_delay", "report_damage"),
    ("dónde está mi pedido y cuántos puntos tengo", "ask_order_status", "ask_balance"),
    ("cancel my wifi and tell me where my order AO-50031 is", "cancel_subscription", "ask_order_status"),
    ("points for AU0702 are missing. I also want to return order AO-50031.", "correct_points", "return_goods"),
    ("you lost my suitcase, and by the way when do my points expire?", "report_lost_baggage", "ask_expiry"),
    ("how many points do I have? Another thing: cancel my wifi subscription", "ask_balance", "cancel_subscription"),
    ("I was charged twice for AO-50052, also change my e-mail address", "report_overcharge", "change_email"),
    ("delete my data and cancel my wifi plan", "delete_my_data", "cancel_subscription"),
    ("we landed four hours late and on top of that my suitcase is broken", "report_delay", "report_damage"),
    ("where is my order and how many points do I have", "ask_order_status", "ask_balance"),
)


SAME_TOPIC = (
    ("no llegó mi pedido AO-50044 y quiero devolver el pedido AO-50031", 1),
    ("no llegó mi pedido AO-50044 y quiero devolver el pedido", 0),
    ("order AO-50031 never came and where is my order AO-50063?", 1),
    ("order AO-50031 never came and where is my order?", 0),
)


async def _understood(bot: RasaBrain, text: str) -> tuple[str, list[dict[str, Any]]]:
    from rasa.core.channels.channel import UserMessage

    parsed = await bot._processor.parse_message(UserMessage(text))
    return parsed["intent"]["name"], [entity for entity in parsed["entities"] if entity["entity"] == "also"]


@pytest.mark.parametrize("text", ONE)
async def test_one_request_with_a_joint_in_it_stays_one(bot: RasaBrain, text: str) -> None:
    """What belongs together is not torn apart."""
    assert clauses(text), "there is nothing in it that could be torn apart"
    assert not (await _understood(bot, text))[1]


@pytest.mark.parametrize(("text", "first", "second"), TWO)
async def test_two_requests_are_told_apart(bot: RasaBrain, text: str, first: str, second: str) -> None:
    """The first keeps the message, the second stands in it with its own references."""
    intent, also = await _understood(bot, text)
    assert (intent, [entity["value"] for entity in also]) == (first, [second])


@pytest.mark.parametrize(("text", "further"), SAME_TOPIC)
async def test_what_is_about_one_thing_is_two_requests_only_with_two_references(
    bot: RasaBrain, text: str, further: int
) -> None:
    """Wanting to send back what came late is one wish; another order is another."""
    assert len((await _understood(bot, text))[1]) == further


async def test_each_clause_keeps_its_references(bot: RasaBrain) -> None:
    """Who writes is known whichever clause says it."""
    from rasa.core.channels.channel import UserMessage

    text = "I was overcharged on AO-50017, and by the way where is my order AO-50044? I'm AU31572906"
    parsed = await bot._processor.parse_message(UserMessage(text))
    own = {entity["entity"]: entity["value"] for entity in parsed["entities"]}
    assert (own["order"], own["loyalty_number"]) == ("AO-50017", "AU31572906")
    (also,) = [entity for entity in parsed["entities"] if entity["entity"] == "also"]
    assert [entity["value"] for entity in also["entities"] if entity["entity"] == "order"] == ["AO-50044"]
    assert text[also["start"] : also["end"]].startswith("where is my order AO-50044?")


@pytest.mark.parametrize(
    "text",
    [
        "cancel my wifi and get me a person please",
        "quiero cancelar el wifi y también quiero hablar con una persona",
        "where is my order AO-50044? also I want to talk to a human agent",
    ],
)
async def test_a_person_wins_over_both(bot: RasaBrain, text: str) -> None:
    """Nobody who asks for a person is first served something else."""
    assert await _understood(bot, text) == ("ask_person", [])
