"""Which language a message is in, and when it does not tell."""

from __future__ import annotations

import pytest

from relevo.nlu.evidence import language_of


@pytest.mark.parametrize(
    "text",
    [
        "hola",
        "gracias",
        "me faltan puntos",
        "no me salen los puntos del vuelo",
        "che, me tenés que sumar los puntos",
        "una persona por favor",
        "déjalo",
        "QUIERO HABLAR CON ALGUIEN",
        "el mes pasado",
        "¿para qué?",
    ],
)
def test_spanish_is_spanish(text: str) -> None:
    """Also short, shouted, without accents, and from the other side of the ocean."""
    assert language_of(text) == "es"


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "thanks",
        "my points are missing",
        "can u check my miles",
        "a person please",
        "never mind",
        "I haven’t got the code",
        "LAST MONTH",
        "where's my bag",
        "the London one",
    ],
)
def test_english_is_english(text: str) -> None:
    """Also short, shouted and abbreviated."""
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    "text", ["sí", "si", "ok", "yes", "no", "RBL7Q2", "👍", "", "Dubai", "Oliver", "12 345", "مرحبا", "agent"]
)
def test_what_tells_nothing_changes_nothing(text: str) -> None:
    """A yes, a name, a number or another script is no reason to switch."""
    assert language_of(text) is None


def test_references_are_left_out() -> None:
    """A mail address full of English words tells nothing about who writes."""
    text = "the.missing.flight@with.my.points.example.com"
    assert language_of(text, [(0, len(text))]) is None
