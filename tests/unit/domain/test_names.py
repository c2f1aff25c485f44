"""Names on tickets against names in passports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo.domain.names import TITLES, explains, name_words

LUCIA = ("Lucía Fernanda", "Robles Arce")
ANA = ("Ana María", "de la Fuente López")


@pytest.mark.parametrize(
    "printed",
    [
        "ROBLES/LUCIA",
        "ROBLES ARCE/LUCIA FERNANDA",
        "robles/lucía",
        "LUCIA ROBLES",
        "LUCIA/ROBLES",
        "ROBLES/FERNANDA LUCIA",
        "ROBLESARCE/LUCIAFERNANDA",
        "ROBLES/LUCIA MRS",
        "ROBLES/LUCIAMRS",
        "ROBLES/LUCIA FERNANDAMS",
        "SRA ROBLES/LUCIA",
        "ROBLES/MRS. LUCIA",
    ],
)
def test_what_the_passport_holds_is_explained(printed: str) -> None:
    """Order, accents, second names, glued words and titles do not matter."""
    assert explains(printed, *LUCIA)


@pytest.mark.parametrize(
    "printed",
    [
        "ROBLES/LUCY",
        "ROBLES/L",
        "ARCE/LUCIA",
        "ROBLES/FERNANDA",
        "ROBLES",
        "LUCIA",
        "ROBLES ROBLES/LUCIA",
        "MRS",
        "",
        "/",
    ],
)
def test_what_the_passport_does_not_hold_is_not(printed: str) -> None:
    """A nickname, an initial, a missing first name or first surname, a word too often: for a person."""
    assert not explains(printed, *LUCIA)


@pytest.mark.parametrize(
    "printed",
    [
        "DELAFUENTE/ANAMARIA",
        "DE LA FUENTE LOPEZ/ANA MARIA",
        "FUENTE/ANA",
        "DELA FUENTE/ANA",
        "DELAFUENTELOPEZ/ANA MISS",
    ],
)
def test_joined_and_split_particles_are_explained(printed: str) -> None:
    """DELAFUENTE is de la Fuente, and what booking systems leave of it."""
    assert explains(printed, *ANA)


@pytest.mark.parametrize("printed", ["DE LA/ANA", "LOPEZ/ANA", "FUENTE/MARIA", "DELAFUENTES/ANA"])
def test_particles_alone_are_no_surname(printed: str) -> None:
    """The first surname is Fuente; de la is not, and López is the second."""
    assert not explains(printed, *ANA)


@pytest.mark.parametrize(
    ("printed", "given_names", "surnames"),
    [
        ("OCONNOR/SINEAD", "Sinéad", "O’Connor"),
        ("O CONNOR/SINEAD", "Sinéad", "O'Connor"),
        ("GARCIA LOPEZ/JOSE", "José", "García-López"),
        ("GROSS/SOREN", "Søren", "Groß"),
        ("GROSZ/LUKASZ", "Łukasz", "Grosz"),
        ("NUNEZ/INIGO", "Íñigo", "Núñez"),
        ("SUHARTO", "Suharto", ""),
        ("MISSON/DRAGAN", "Dragan", "Misson"),
        ("SRA/MARIA", "María", "Sra"),
    ],
)
def test_names_of_many_countries(printed: str, given_names: str, surnames: str) -> None:
    """Letters without their marks, apostrophes, hyphens, single names, and names that look like titles."""
    assert explains(printed, given_names, surnames)


def test_oliver_is_not_ollie() -> None:
    """A nickname is for a person to compare with the passport."""
    assert not explains("WHITFIELD/OLLIE", "Oliver James", "Whitfield")
    assert explains("WHITFIELD/OLIVERMR", "Oliver James", "Whitfield")


WORDS = st.text(alphabet="ABCDEFGHIJ", min_size=2, max_size=8).filter(lambda word: word not in TITLES)


@given(given_names=st.lists(WORDS, min_size=1, max_size=3), surnames=st.lists(WORDS, min_size=1, max_size=3))
def test_the_whole_name_always_explains_itself(given_names: list[str], surnames: list[str]) -> None:
    """Printed whole, in either order, joined or not, a passport's own name is explained."""
    passport = (" ".join(given_names), " ".join(surnames))
    assert explains(f"{passport[1]}/{passport[0]}", *passport)
    assert explains(f"{passport[0]} {passport[1]}", *passport)
    assert explains(f"{''.join(surnames)}/{''.join(given_names)}MR", *passport)


@given(
    given_names=st.lists(WORDS, min_size=1, max_size=3),
    surnames=st.lists(WORDS, min_size=1, max_size=3),
    stranger=st.text(alphabet="UVWXYZ", min_size=2, max_size=6),
)
def test_a_word_from_elsewhere_is_never_explained(given_names: list[str], surnames: list[str], stranger: str) -> None:
    """One word too many and a person looks."""
    passport = (" ".join(given_names), " ".join(surnames))
    assert not explains(f"{passport[1]} {stranger}/{passport[0]}", *passport)


@given(st.text(max_size=400))
def test_any_text_is_answered_quickly(printed: str) -> None:
    """Whatever stands on a ticket, the question ends."""
    assert isinstance(explains(printed, *ANA), bool)
    assert all(word == word.upper() for word in name_words(printed))
