"""Alarms are heard in whatever else is said, and everyday words that sound like one are not."""

from __future__ import annotations

import pytest

from relevo.nlu.alarms import alarm_in


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Me faltan los puntos del AU0702, soy AU48207315. Y da igual, hoy me suicido.", "self_harm"),
        ("ya me da todo lo mismo, pienso en matarme; perdón, el pedido es AO-50017", "self_harm"),
        ("nobody answers about order AO-50017, I don’t want to live any more", "self_harm"),
        ("Hola, ¿dónde está mi maleta? ESPERAD, MI MADRE NO RESPIRA", "report_emergency"),
        ("where's my refund? wait, a man with a gun just came in", "report_emergency"),
        ("help, they're going to kill me", "report_emergency"),
        ("me van a matar, ayuda", "report_emergency"),
        ("la reserva es DOK4L7, me bajaron a la fuerza y tengo moratones", "report_injury"),
        ("booking DOK4L7: two guards dragged me down the aisle", "report_injury"),
        ("si no me pagas los 7455 euros te voy a matar", "abuse"),
        ("give me my refund or I'll put a bomb in your office", "abuse"),
    ],
)
def test_an_alarm_is_heard_in_the_middle_of_something_else(text: str, intent: str) -> None:
    """The one sentence that matters is not outweighed by the others."""
    assert alarm_in(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "me muero de ganas de volar a Dubái",
        "me quiero morir de vergüenza, me equivoqué de fecha",
        "me siguen cobrando la suscripción, alguien me sigue cobrando",
        "la página no reacciona",
        "me golpearon la maleta y está rajada",
        "me pegaron un cobro de 7455 euros",
        "cancelaron por causas de fuerza mayor",
        "la batería se me muere, escribo rápido",
        "mataría por un café",
        "I'm dying to see Dubai",
        "it wouldn't kill you to answer",
        "I'll shoot you an email with the receipts",
        "you broke my guitar",
        "my phone is dying, please be quick",
        "I'll call the police if you don't refund me",
        "do I need a doctor's note to fly?",
        "your website isn't responding",
        "cancel my flight, something came up",
        "",
    ],
)
def test_everyday_words_are_no_alarm(text: str) -> None:
    """Nobody who asks for their points is told to call an ambulance."""
    assert alarm_in(text) is None


def test_looking_for_alarms_in_a_long_message_takes_no_time() -> None:
    """A text of any length is looked at as far as references are, and no pattern runs away."""
    assert alarm_in("no puedo " * 100_000) is None
    assert alarm_in("me " * 5_000 + "mato") is None
