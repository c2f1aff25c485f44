"""What tells who somebody is, hidden and put back."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo.domain.masking import Mask

PERSONAL = (
    "oliver.w+x@example.co.uk",
    "+34 600 123 456",
    "(020) 7946 0958",
    "600123456",
    "AU73915024",
    "au 7391 5024",
    "OWH5T4",
    "AO-50017",
    "12345678Z",
    "X-1234567-L",
    "AAB123456",
    "ES91 2100 0418 4502 0005 1332",
    "4111 1111 1111 1111",
    "0751000000022",
    "https://example.com/reset?token=abc",
    "@olly_w",
    "04/05/1980",
    "28013",
    "Oliver Whitfield",
    "whitfield",
    "ÓLIVER",
)
BUSINESS = (
    "7455 euros",
    "€45.99",
    "1.234,50 €",
    "18,250 points",
    "2026-11-03",
    "03/11/2026",
    "in 2026",
    "at 14:30",
    "3 trips",
)


@pytest.mark.parametrize("words", PERSONAL)
def test_what_is_personal_is_hidden(words: str) -> None:
    """Addresses, numbers of documents and accounts, references, birthdays, and names that are known."""
    mask = Mask(["AU73915024"], names=["Oliver Whitfield"])
    hidden = mask.hide(f"It is {words}, you see.")
    rest = re.sub(r"\[[A-Z]+_\d+\]", "", hidden)
    assert re.fullmatch(r"It is \(?(?:ES|au )?\)?, you see\.", rest), hidden
    assert mask.restore(hidden) == f"It is {words}, you see."


@pytest.mark.parametrize("words", BUSINESS)
def test_what_an_answer_is_about_stays(words: str) -> None:
    """Amounts and recent dates are what a model needs to write anything."""
    assert Mask().hide(f"It is {words}, you see.") == f"It is {words}, you see."


@pytest.mark.parametrize(
    "said", ["Hola, soy Lucía Ferrer y …", "My name is Lucía Ferrer.", "Un saludo,\nLucía Ferrer", "Dear Lucía,"]
)
def test_a_name_that_nobody_knows_is_hidden_where_it_is_introduced(said: str) -> None:
    """After the words that announce a name, greet or take leave."""
    assert "Luc" not in Mask().hide(said)


def test_what_is_written_like_a_placeholder_cannot_fetch_anything() -> None:
    """A customer who writes one gets their own words back, and an unknown one stays what it is."""
    mask = Mask(names=["Kim Doe"])
    hidden = mask.hide("Kim Doe")
    assert hidden == "[NAME_1]"
    assert mask.restore(mask.hide("say [NAME_1]")) == "say [NAME_1]"
    assert mask.hide("say [NAME_1]") != "say [NAME_1]"
    assert mask.restore(r"\[name_1\], [NAME_7]") == "Kim Doe, [NAME_7]"


def test_what_an_answer_leaves_out_is_known() -> None:
    """So that an agent reads which reference a translation has lost."""
    mask = Mask()
    hidden = mask.hide("AO-50017 and AO-50052")
    assert mask.lost(hidden, "[REFERENCE_2]") == ["AO-50017"]
    assert mask.lost(hidden, hidden) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=100), st.lists(st.text(max_size=12), max_size=3))
def test_every_text_comes_back_as_it_was(text: str, names: list[str]) -> None:
    """Whatever stands in it."""
    mask = Mask(names, names=names)
    assert mask.restore(mask.hide(text)) == text


def test_a_long_text_takes_no_long_time() -> None:
    """Nobody stops the desk by what they write."""
    began = time.monotonic()
    for piece in ("a.a", "1 ", "a1", "a@", "[A_1", "+1(", "soy Aa "):
        Mask(["abc"], names=["Ana Paz"]).hide((piece * 64_000)[:64_000])
    assert time.monotonic() - began < 10
