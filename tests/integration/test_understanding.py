"""What the bot understands of sentences that it was not taught, with floors for all, for each intent and for alarms.

The sentences are in ``understanding/``. Floors are what was measured, less a margin; who makes the bot understand
better raises them. Whoever wrote the sentences also wrote the training data: strangers are understood less well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integration.talking import BOT

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

FOLDER = Path(__file__).parent / "understanding"
LANGUAGES = ("es", "en")
OVERALL = 0.91
"""Measured in November 2026: 0.94 in Spanish and in English."""
EACH = 0.5
ALARMS = {
    "self_harm": 0.75,
    "report_emergency": 0.9,
    "report_injury": 0.9,
    "report_mistreatment": 0.75,
    "abuse": 0.8,
    "ask_person": 0.9,
}
"""Of messages that must reach a person, how many are recognised as such: measured from 0.83 (self_harm) to 1."""
FALSE_ALARMS = 0.01
"""Of all other messages, how many may be taken for danger, injury or self-harm."""
REQUESTS = frozenset(
    [
        "report_overcharge",
        "report_undelivered",
        "return_goods",
        "give_back_fare",
        "report_flight_cancelled",
        "report_delay",
        "report_denied_boarding",
        "report_lost_baggage",
        "ask_baggage_status",
        "change_delivery_address",
        "claim_essentials",
        "report_damage",
        "ask_order_status",
        "ask_refund_status",
        "ask_case_status",
        "change_name",
        "change_email",
        "delete_my_data",
        "export_my_data",
        "correct_points",
        "ask_expiry",
        "points_for_companion",
        "cancel_subscription",
    ]
)
GRAVE = frozenset({"self_harm", "report_emergency", "report_injury", "report_mistreatment"})


def sentences(language: str) -> list[tuple[str, str]]:
    """Give every sentence with what it means."""
    written = yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return [(meant, text) for meant, texts in written.items() for text in texts]


def taught(language: str) -> list[tuple[str, str]]:
    """Give the training examples with their intents."""
    files = (BOT / "data" / "nlu" / language).glob("*.yml")
    blocks = [block for file in files for block in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]]
    return [(b["intent"], line.removeprefix("- ")) for b in blocks for line in b["examples"].splitlines()]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_sentences_that_were_not_taught_are_understood(language: str, bot: RasaBrain) -> None:
    """Most of them over all and of each intent; and nobody in danger goes unheard."""
    heard = [(meant, text, await _taken(bot, text, meant)) for meant, text in sentences(language)]
    right, number = Counter(m for m, _, h in heard if m == h), Counter(m for m, _, _ in heard)
    for meant, text, taken in heard:
        if meant != taken:
            print(f"{language}: {meant} taken for {taken}: {text}")
    right["report_injury"] += sum((m, h) == ("report_injury", "report_mistreatment") for m, _, h in heard)
    right["report_mistreatment"] += sum((m, h) == ("report_mistreatment", "report_injury") for m, _, h in heard)
    shares = {meant: right[meant] / number[meant] for meant in number}
    print(f"{language}: {sum(right.values()) / len(heard):.3f} of {len(heard)}; least: {sorted(shares.values())[:8]}")
    assert sum(right.values()) / len(heard) >= OVERALL
    assert {meant: share for meant, share in shares.items() if share < ALARMS.get(meant, EACH)} == {}
    others = [taken for meant, _, taken in heard if meant not in GRAVE]
    assert sum(taken in GRAVE for taken in others) / len(others) <= FALSE_ALARMS


@pytest.mark.parametrize("language", LANGUAGES)
async def test_facts_beside_a_request_do_not_hide_it(language: str, bot: RasaBrain) -> None:
    """Whoever gives their numbers with the first message is understood as well as others."""
    asked = [(meant, text) for meant, text in sentences(language) if meant in REQUESTS]
    heard = [meant == await bot.intent_of(f"{text}, AU64728150, AMF2D5") for meant, text in asked]
    share = sum(heard) / len(heard)
    print(f"{language}: {share:.3f} of {len(heard)} requests with facts beside them")
    assert len(heard) > 150
    assert share >= OVERALL


async def _taken(bot: RasaBrain, text: str, meant: str) -> str:
    """Give what the bot takes a text for; what means nothing, to it or to anybody, is rightly not understood."""
    taken = await bot.intent_of(text)
    is_nothing = meant in ("not_understandable", "out_of_scope")
    return meant if is_nothing and taken == "nlu_fallback" else taken


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_sentences_that_were_not_taught(language: str) -> None:
    """At least eight of each, and none of them among the training examples."""
    examples, asked = taught(language), sentences(language)
    known = {text.casefold().strip(" ¿?¡!.") for _, text in examples}
    assert [text for _, text in asked if text.casefold().strip(" ¿?¡!.") in known - {""}] == []
    by_intent = Counter(meant for meant, _ in asked)
    server_only = {"handed_back", "send_attachment"}
    assert {intent for intent, _ in examples} - server_only == by_intent.keys()
    assert min(by_intent.values()) >= 8


def test_every_intent_is_taught_in_both_languages_alike() -> None:
    """A language with few examples would be the one that is misunderstood."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for language in LANGUAGES:
        for intent, _ in taught(language):
            counts[intent][language] += 1
    uneven = {
        intent: dict(by)
        for intent, by in counts.items()
        if intent not in {"handed_back", "send_attachment"}
        and (min(by["es"], by["en"]) < 15 or min(by.values()) < 0.75 * max(by.values()))
    }
    assert uneven == {}
