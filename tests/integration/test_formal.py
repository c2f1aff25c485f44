"""Where a business wants usted, everything that contacts read says usted: replies, lines in them, system texts."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relevo.domain.formality import address_formally
from relevo.web.languages import words_for_contacts
from tests.formal import formal_words
from tests.integration.talking import Floor, open_floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


@pytest.fixture
async def formal_floor(database: str, bot_model: Path, tmp_path: Path) -> AsyncIterator[Floor]:
    """A floor of a business whose relevo.yml says ``formal: [es]``."""
    from relevo.brain.rasa_brain import RasaBrain

    formal = formal_words(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        brain = RasaBrain(bot_model, formal=formal)
    address_formally(formal)
    try:
        async with open_floor(database, brain) as opened:
            yield opened
    finally:
        address_formally(())


async def test_a_refund_is_told_with_usted_from_the_question_to_the_end(formal_floor: Floor) -> None:
    """The reply, the means of payment that is filled into it, and what the system says itself."""
    haruki = formal_floor.customer()
    asked = await haruki.says("Hola, me han cobrado dos veces el pedido AO-50052")
    assert "su" in asked.split()
    assert "tu" not in asked.split()
    shown = await haruki.says("haruki.tanaka@example.com")
    assert "su tarjeta terminada en 0982" in shown
    assert "vuelven a su tarjeta terminada en 0982" in await haruki.chooses("Sí")


async def test_english_stays_as_it_is(formal_floor: Floor) -> None:
    """It has one you."""
    oliver = formal_floor.customer()
    assert "your" in await oliver.says("I was charged twice for order AO-50052")


async def test_pages_say_usted_to_visitors_and_stay_as_they_are_for_agents(formal_floor: Floor) -> None:
    """Whoever works at the desk reads the same as before."""
    formal = words_for_contacts("es")
    address_formally(())
    usual = words_for_contacts("es")
    changed = {name for name in usual if usual[name] != formal[name]}
    assert changed
    assert not {name for name in changed if name.startswith("desk.")}
