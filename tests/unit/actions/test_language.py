"""Which language somebody asks for, in whichever language they ask."""

from __future__ import annotations

import pytest

from actions.wording import language_meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("speak English please", "en"),
        ("¿podemos hablar en inglés?", "en"),
        ("INGLÉS", "en"),
        ("hábleme en español, no le entiendo", "es"),
        ("in Castilian Spanish", "es"),
        ("no hablo inglés", "es"),
        ("I don't speak Spanish", "en"),
        ("no entiendo inglés, en español", "es"),
        ("¿por qué me escribes en inglés?", "es"),
        ("why are you writing in Spanish?", "en"),
        ("English, not in Spanish", "en"),
        ("cambia el idioma", None),
        ("parlez-vous français ?", None),
        ("Spanish or English", None),
        ("the Englishman", None),
        ("", None),
    ],
)
def test_the_language_that_is_wanted_is_told_from_one_that_is_only_named(text: str, meant: str | None) -> None:
    """Accents and case aside; where it is not clear, it is asked."""
    assert language_meant(text) == meant
