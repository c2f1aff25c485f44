"""The words for businesses that say usted: none lacks, none says tú, and each has the values of the usual ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from relevo.brain.formal import reworded
from relevo.configuration.formal import Formal
from relevo.domain.formality import laid_over
from tests.formal import BOT, formal_words

# Spanish verbs for tú, as far as these texts may use them; whoever writes others adds them.
_WRITTEN = """
    tú tu tus te ti contigo tuyo tuya tuyos tuyas eres estás has vas das ves sabes dices haces tienes vienes quieres
    puedes debes crees necesitas prefieres pides eliges echas buscas cuentas cambias envías escribes explicas recibes
    llevas viajas vuelas pagas seas estés hayas vayas hagas tengas quieras puedas digas sepas veas acabes compres sumes
    esperes enseñes escribas envíes ibas eras habías tenías estabas querías podías debías esperabas buscabas tendrías
    podrías querrías darte dime dinos dímelo dínoslo dame hazlo perdona avisa avísanos llama rechaza revisa suelta manda
    prueba cuéntame cuéntamelo cuéntanos cuéntanoslo escríbeme escríbemelo escríbenos escríbelo escríbela envíame
    envíamelo envíala envíalo pregúntame pregúntalo pídeme pídelo pídela mándame mándala inténtalo reinténtalo adjúntalo
"""
_WORDS = frozenset(_WRITTEN.split())
_FORMS = re.compile(
    r"(?!existe|consiste|insiste|asiste|contraste|desgaste)\w{2,}[ai]ste|\w{2,}rás"
    r"|(?!(?:com|re|a)?parte$|marte$|suerte$|fuerte$|muerte$)\w{2,}(?:[aei]r|[áé]ndo)te|\w{2,}[áéí]rtel[ao]s?"
)
_NO_FORMS = frozenset({"atrás", "detrás"})
_COMMANDS = re.compile(r"\b(?:Envía|Escribe|Guarda|Elige|Pide|Mira|Abre|Pulsa|Añade)\b")


def _says_tu(text: str) -> list[str]:
    text = re.sub(r"\{[^}]*\}|\S+@\S+", " ", text)
    words = re.findall(r"[^\W\d_]+", text.lower())
    told = [word for word in words if word in _WORDS or (word not in _NO_FORMS and _FORMS.fullmatch(word))]
    return told + _COMMANDS.findall(text)


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, f"{name}.{key}" if name else str(key))


def _read(*path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(BOT.joinpath(*path).read_text("utf-8"))
    return found


def _replies(formal: Mapping[str, Formal]) -> Iterator[tuple[str, str, str]]:
    """Give each Spanish reply: its name, and what it says usually and formally."""
    responses = {
        name: told
        for file in BOT.joinpath("data", "replies").glob("*.yml")
        for name, told in yaml.safe_load(file.read_text("utf-8"))["responses"].items()
    }
    for name, variations in reworded(responses, formal, "es").items():
        for usual, worded in zip(responses[name], variations, strict=True):
            if {"type": "slot", "name": "language", "value": "en"} in usual.get("condition", ()):
                continue
            yield from ((f"{name}.{at}", text, _texts_of(worded)[at]) for at, text in _texts_of(usual).items())


def _texts_of(variation: Mapping[str, Any]) -> dict[str, str]:
    buttons = enumerate(button["title"] for button in variation.get("buttons", ()))
    return {"text": variation["text"], **{f"button{place}": title for place, title in buttons}}


def _overlaid(*path: str) -> Iterator[tuple[str, str, str]]:
    *folder, name = path
    return _worded(_read(*path), _read(*folder, "formal", name))


def _pages() -> Iterator[tuple[str, str, str]]:
    """Give the words of pages that contacts read: those in the common file, the demo's, and how a widget greets."""
    folder = ("relevo", "web", "texts")
    rooms = _read(*folder, "es", "demo.json") | _read(*folder, "es", "widget.json")
    usual = {name: words for name, words in rooms.items() if name.startswith("demo.") or name == "widget.greeting"}
    usual |= _read(*folder, "es.json")
    return _worded(usual, _read(*folder, "formal", "es.json"))


def _worded(usual: Mapping[str, Any], formal: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    worded = dict(_texts(laid_over(usual, formal)))
    assert worded.keys() == dict(_texts(usual)).keys(), "something is worded that is never said"
    yield from ((key, text, worded[key]) for key, text in _texts(usual))


@pytest.fixture
def everything(tmp_path: Path) -> list[tuple[str, str, str]]:
    """All that contacts read: its name, and what it says usually and formally; not what agents read."""
    found = [
        *_replies(formal_words(tmp_path)),
        *_overlaid("actions", "languages", "es.yml"),
        *_overlaid("relevo", "flow", "texts_by_language", "es.yml"),
        *_pages(),
    ]
    return [
        each
        for each in found
        if not each[0].startswith(("summary_", "desk.", "problem.", "cancel_words", "mail_password_link"))
    ]


def test_nothing_says_tu_where_a_business_says_usted(everything: list[tuple[str, str, str]]) -> None:
    """Neither what was reworded nor what was not."""
    assert {name: told for name, _, formal in everything if (told := _says_tu(formal))} == {}
    assert sum(bool(_says_tu(usual)) for _, usual, _ in everything) > 250, "the test sees no tú"


def test_formal_words_have_the_same_values_and_rules(everything: list[tuple[str, str, str]]) -> None:
    """A number that is said to some is said to all."""
    parts = re.compile(r"\{\w+\}|\(norma [\w.]+\)|•|\n")
    for name, usual, formal in everything:
        assert sorted(parts.findall(usual)) == sorted(parts.findall(formal)), name


def test_every_formal_reply_is_a_reply(tmp_path: Path) -> None:
    """One that is misspelt would never be said."""
    said = {
        name
        for file in BOT.joinpath("data", "replies").glob("*.yml")
        for name in yaml.safe_load(file.read_text("utf-8"))["responses"]
    }
    assert formal_words(tmp_path)["es"].replies.keys() <= said
