"""Replies: in every language, with every value, and none that nobody says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.wording import wording
from relevo.configuration import read_configuration
from relevo.domain.effects import Decision

BOT = Path(__file__).parents[3]
DOMAIN: dict[str, Any] = yaml.safe_load((BOT / "domain.yml").read_text(encoding="utf-8"))
FILES = {
    file.name: yaml.safe_load(file.read_text(encoding="utf-8"))["responses"]
    for file in (BOT / "data" / "replies").glob("*.yml")
}
RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: told for replies in FILES.values() for name, told in replies.items()
}
CONFIGURATION = read_configuration(BOT, {})


def _nodes_of_actions() -> Iterator[ast.AST]:
    for file in (BOT / "actions").glob("*.py"):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def _said_by_actions() -> Iterator[tuple[str, set[str]]]:
    """Give each ``talk.say("utter_…", value=…)`` whose reply and values are all written out."""
    for node in _nodes_of_actions():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
            name, values = node.args[0], {str(keyword.arg) for keyword in node.keywords}
            if isinstance(name, ast.Constant) and "None" not in values:
                yield str(name.value), values


def _values_in(response: str) -> set[str]:
    return set(re.findall(r"\{said_(\w+)\}", " ".join(variation["text"] for variation in RESPONSES[response])))


def _language_of(variation: dict[str, Any]) -> str:
    conditions = {condition["name"]: condition["value"] for condition in variation.get("condition", ())}
    return str(conditions.get("language", CONFIGURATION.bot.default_language))


@pytest.mark.parametrize("response", sorted(RESPONSES))
def test_every_reply_exists_in_every_language(response: str) -> None:
    """Nobody is answered in a language they did not write in, and no language says more than another."""
    by_language: dict[str, list[set[str]]] = {language: [] for language in CONFIGURATION.bot.languages}
    for variation in RESPONSES[response]:
        by_language[_language_of(variation)].append(set(re.findall(r"\{(\w+)\}", variation["text"])))
    assert all(by_language.values()), f"{response} lacks a language"
    first, *others = by_language.values()
    assert all(other == first for other in others), f"{response} does not say the same in every language"


def test_every_value_in_a_reply_is_a_slot_or_said_by_an_action() -> None:
    """Rasa leaves a reply unfilled when one of its values is no slot."""
    used = {value for response in RESPONSES.values() for v in response for value in re.findall(r"\{(\w+)\}", v["text"])}
    assert {value for value in used if not value.startswith("said_")} <= DOMAIN["slots"].keys()
    assert {"said_points", "said_case"} <= used, "the replies were not read"


def test_a_reply_stands_in_one_file() -> None:
    """Rasa would take one of two without a word."""
    assert sum(map(len, FILES.values())) == len(RESPONSES)


def test_actions_say_what_exists_with_all_its_values() -> None:
    """A reply with a hole is found here and not by a customer."""
    named = {str(n.value) for n in _nodes_of_actions() if isinstance(n, ast.Constant) and str(n.value)[:6] == "utter_"}
    assert len(named) > 25, "the actions were not read"
    assert named - {"utter_rule_"} <= RESPONSES.keys()
    for response, values in _said_by_actions():
        assert _values_in(response) <= values, f"{response} lacks {_values_in(response) - values}"


def test_every_reply_is_said() -> None:
    """A reply that no rule, no action and no policy names is one that nobody hears."""
    rules = "".join(file.read_text(encoding="utf-8") for file in (BOT / "data" / "rules").glob("*.yml"))
    said = set(re.findall(r"- action: (utter_\w+)", rules))
    said |= {str(n.value) for n in _nodes_of_actions() if isinstance(n, ast.Constant)}
    said |= {
        f"utter_rule_{rule.name.replace('.', '_')}" for p in CONFIGURATION.policies.by_kind.values() for rule in p.rules
    }
    assert {name for name in RESPONSES if name.removesuffix("_queued") not in said} == set()


def test_every_rule_has_its_sentence_and_names_itself() -> None:
    """A refusal can always be told, with the rule's name, in every language."""
    for policy in CONFIGURATION.policies.by_kind.values():
        for rule in policy.rules:
            if rule.otherwise is not Decision.REFUSED:
                continue
            variations = RESPONSES[f"utter_rule_{rule.name.replace('.', '_')}"]
            assert all(rule.name in variation["text"] for variation in variations)


def test_every_button_sends_an_intent() -> None:
    """A button that means nothing would be a dead end."""
    intents = {f"/{next(iter(intent))}" for intent in DOMAIN["intents"]}
    payloads = {
        button["payload"] for response in RESPONSES.values() for v in response for button in v.get("buttons", ())
    }
    assert payloads
    assert {payload for payload in payloads if "{said_intent_" not in payload} <= intents


def test_what_may_be_chosen_is_an_intent_with_a_name_in_every_language() -> None:
    """A button says in every language what it asks for, and two never say the same."""
    files = [BOT / "actions" / "languages" / f"{language}.yml" for language in CONFIGURATION.bot.languages]
    named = [yaml.safe_load(file.read_text(encoding="utf-8"))["choices"] for file in files]
    intents = {next(iter(intent)) for intent in DOMAIN["intents"]}
    assert all(titles.keys() == named[0].keys() <= intents for titles in named)
    assert all(len({*titles.values()}) == len(titles) > 20 for titles in named)


def test_bad_news_has_no_exclamation_marks() -> None:
    """A refusal is said calmly."""
    for response, variations in RESPONSES.items():
        if response.startswith(("utter_rule_", "utter_identity_", "utter_points_not_", "utter_not_understood")):
            assert not any("!" in variation["text"] for variation in variations), response


@pytest.mark.parametrize("language", CONFIGURATION.bot.languages)
def test_numbers_dates_and_trips_are_written_in_each_language(language: str) -> None:
    """Each configured language has a file of its own, with the same places."""
    write = wording(language)
    trip = {"flight": "AU0702", "origin": "MAD", "destination": "DXB", "flown_on": "2025-10-05", "points": 5640}
    assert (
        write.trip(trip)
        == {
            "es": "• AU0702, Madrid → Dubái, 5 oct 2025: 5.640 puntos",
            "en": "• AU0702, Madrid → Dubai, 5 Oct 2025: 5,640 points",
        }[language]
    )
    assert (BOT / "actions" / "languages" / f"{language}.yml").is_file()


def test_lists_are_joined_as_speech_does() -> None:
    """One, two or three things."""
    assert wording("en").join(["A"]) == "A"
    assert wording("es").join(["A", "B", "C"]) == "A, B y C"


@pytest.mark.parametrize(
    ("language", "text", "is_order"),
    [
        ("en", "cancel it", True),
        ("en", "Yes, cancel my subscription please!", True),
        ("en", "I want to cancel the Wi-Fi plan now", True),
        ("en", "cancel", False),
        ("en", "cancel, please", False),
        ("en", "cancel it?", False),
        ("en", "don't cancel it", False),
        ("en", "cancel it but keep my points", False),
        ("en", "yes", False),
        ("es", "Cancélala", True),
        ("es", "sí, dala de baja por favor", True),
        ("es", "quiero darme de baja", True),
        ("es", "cancelar", False),
        ("es", "no la canceles", False),
        ("es", "no, cancela", False),
        ("es", "¿cancelarla?", False),
        ("es", "cancélala mañana", False),
    ],
)
def test_an_order_to_cancel_says_that_and_nothing_else(language: str, text: str, is_order: bool) -> None:
    """A bare "cancel" may mean to stop, and a word more may take it back."""
    assert wording(language).tells_to_cancel(text) is is_order
