"""Answers found among articles: by words in any form, in the reader's language, as the passage that tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from relevo.contracts.help import Article
from relevo.help.answers import HelpFromArticles
from relevo.help.markup import as_html, as_paragraphs
from relevo.help.words import language

LONG = (
    "Perros y gatos pequeños viajan contigo en la cabina, con su transportín. " * 4
    + "\n\nNecesitan **microchip** y vacuna de la rabia; más en [la guía](https://example.com/guia).\n\n"
    + "Otros animales no pueden volar con nosotros, ni en la cabina ni en la bodega. " * 2
)
ARTICLES: Mapping[str, Sequence[Article]] = {
    "es": [
        Article(language="es", slug="pets", title="Viajar con mascotas", asks=("llevar a mi perro",), text=LONG),
        Article(language="es", slug="refunds", title="¿Cuánto tarda una devolución?", asks=(), text="Unos días."),
        Article(language="es", slug="visas", title="Visados", asks=(), text="Pregunta en la embajada."),
    ],
    "en": [Article(language="en", slug="pets", title="Travelling with pets", asks=("dogs",), text="In the cabin.")],
    "qu": [Article(language="qu", slug="pets", title="Allquwan puriy", asks=(), text="Arí.")],
}


class Fixed:
    """Articles that do not change."""

    def by_language(self) -> Mapping[str, Sequence[Article]]:
        """Give them."""
        return ARTICLES


HELP = HelpFromArticles(articles=Fixed(), address="https://aurora.example")


@pytest.mark.parametrize(
    ("question", "slug"),
    [
        ("¿Puedo viajar con mi perro?", "pets"),
        ("viajamos con dos perritos", "pets"),
        ("MASCOTAS", "pets"),
        ("mascottas", "pets"),
        ("¿cuánto tardan las devoluciones?", "refunds"),
        ("cuanto demora la devolucion", "refunds"),
        ("necesito un visado", "visas"),
        ("¿hace falta visa?", "visas"),
    ],
)
def test_words_are_met_in_any_form(question: str, slug: str) -> None:
    """Plural, verb form, accent, capital letters, another word for it, and a slip of the pen."""
    found = HELP.find(question, "es")
    assert found is not None
    assert found.slug == slug
    assert found.link == f"https://aurora.example/help/es/{slug}"


@pytest.mark.parametrize(
    "question", ["", "   ", "¿?", "hola, ¿qué tal?", "¿quién ganó el partido?", "🐶", "\0", "a" * 70_000]
)
def test_what_no_article_answers_is_declined(question: str) -> None:
    """Nothing is made up."""
    assert HELP.find(question, "es") is None


def test_a_question_is_answered_in_its_own_language_or_not_at_all() -> None:
    """Another language's article is no answer; a language without a word list of its own is compared as it is."""
    assert HELP.find("dogs", "es") is None
    assert HELP.find("perros", "en") is None
    assert HELP.find("perros", "fr") is None
    found = HELP.find("allquwan", "qu")
    assert found is not None


def test_of_a_long_answer_the_paragraph_is_told_that_holds_the_question() -> None:
    """As plain text; the first one where nothing speaks for another."""
    found = HELP.find("¿mi perro necesita la vacuna de la rabia y microchip?", "es")
    assert found is not None
    assert found.text == "Necesitan microchip y vacuna de la rabia; más en la guía (https://example.com/guia)."
    opened = HELP.find("mascotas", "es")
    assert opened is not None
    assert opened.text.startswith("Perros y gatos pequeños")


def test_a_word_that_no_article_has_counts_against_all_of_them() -> None:
    """However well the other words fit."""
    sure = HELP.find("viajar con mi perro", "es")
    assert sure is not None
    assert sure.is_sure
    assert HELP.find("patinete eléctrico, bicicleta, viajar", "es") is None


def test_markdown_is_told_in_plain_words() -> None:
    """A list stays with the sentence that opens it, a heading with what follows it, and HTML is what it says."""
    listed = "Bring:\n\n- a *leash*\n- `food`\n\n## Fees\n\nThey\ndepend.\n\n"
    text = listed + "> Really.\n\n<b>bold</b> ![x](y.png)\n\n```\ncode\n```"
    assert as_paragraphs(text) == [
        "Bring:\n• a leash\n• food",
        "Fees:\nThey depend.",
        "Really.",
        "<b>bold</b> !x (y.png)",
        "code",
    ]


@pytest.mark.parametrize(
    "written",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=alert(1)>b</b>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt&colon;alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://evil.example/pixel.png)",
        "<style>*{display:none}</style>",
        '[a](https://x.example "onmouseover=\\"alert(1)")',
        '<https://x.example/"onclick=alert(1)>',
    ],
)
def test_html_in_an_article_is_shown_and_does_nothing(written: str) -> None:
    """No tag, no handler and no address of a script comes out of it, and nothing is loaded from elsewhere."""
    html = as_html(written)
    for tag in ("<script", "<img", "<b", "<style", "<iframe"):
        assert tag not in html
    assert 'href="javascript' not in html.lower()
    assert 'href="data' not in html.lower()
    assert '" on' not in html


def test_every_language_has_words_that_tell_nothing_and_stems() -> None:
    """What singular and plural, or forms of a verb, have in common."""
    es, en = language("es"), language("en")
    assert es.stem("maletas") == es.stem("maleta")
    assert es.stem("cancelaron") == es.stem("cancelar") == es.stem("cancelado")
    assert en.stem("suitcases") == en.stem("suitcase")
    assert en.stem("cancelled") == en.stem("cancel")
    assert list(es.words("¿Puedo hacer el check-in por e-mail?")) == ["checkin", "email"]
