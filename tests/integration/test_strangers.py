"""What the bot understands of lines by strangers: written apart by scenario, before the training data was last touched.

``make bench-nlu`` prints the whole table, with what haste costs. Floors are what was measured, less a margin.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from actions import perhaps
from bench.kit import own_lines
from bench.own_bot import table
from relevo.nlu.words import fold
from tests.integration.test_understanding import taught

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

LANGUAGES = ("es", "en")
ALARMS = frozenset({"self_harm", "report_emergency", "report_injury", "report_mistreatment", "abuse"})


async def test_strangers_are_understood(bot: RasaBrain) -> None:
    """Intents, what is none of the bot's business, references and amounts, and the language."""
    heard = {code: await own_lines.read(bot.understand, own_lines.lines(code)) for code in LANGUAGES}
    print("\n".join(table(heard)))
    for code in LANGUAGES:
        assert own_lines.accuracy(heard[code]) >= 0.77
        assert own_lines.out_of_scope_recall(heard[code]) >= 0.75
        assert own_lines.facts_found(heard[code], own_lines.REFERENCES).f1 >= 0.97
        told, mistold = own_lines.languages_told(heard[code], code)
        assert told >= 0.93
        assert mistold <= 0.01


async def test_few_strangers_raise_a_false_alarm(bot: RasaBrain) -> None:
    """Whoever asks for a refund does not hear an emergency number."""
    for code in LANGUAGES:
        heard = await own_lines.read(bot.understand, own_lines.lines(code))
        calm = [one for one in heard if not {*one.line.intents} & ALARMS]
        false = [one.line.text for one in calm if one.intents[0] in ALARMS]
        print(code, len(false), "of", len(calm), *false, sep="\n")
        assert len(false) <= 0.02 * len(calm)


@pytest.mark.parametrize("code", LANGUAGES)
def test_strangers_lines_are_not_taught(code: str) -> None:
    """A line that the bot was taught would measure its memory; there are 400 at least."""
    known = {_plain(text) for _, text in taught(code)} - {""}
    lines = own_lines.lines(code)
    assert len(lines) >= 400
    assert [line.text for line in lines if _plain(line.text) in known and len(line.text.split()) > 3] == []


def test_what_is_counted_as_asked_about_is_what_the_bot_asks() -> None:
    """As many choices, and none less likely."""
    assert (len(perhaps._RESPONSES), perhaps._LEAST) == (own_lines.MOST_ASKED, own_lines.LEAST_LIKELY)


def _plain(text: str) -> str:
    return re.sub(r"[^\w]+", " ", fold(text)).strip()
