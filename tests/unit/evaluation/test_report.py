"""The report: a page that is safe and needs nothing else, and a summary that fits a terminal."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from relevo.evaluation.examples import FALLBACK, Reading, StoryTest
from relevo.evaluation.page import as_page
from relevo.evaluation.summary import summary
from tests.unit.evaluation.made_up import evaluation_of, reading

EVIL = '<script>alert("hi")</script><img src=x onerror=alert(1)> & "more"'


def _readings() -> list[Reading]:
    names = [f"an_intent_with_a_name_that_is_much_too_long_{number}" for number in range(30)]
    wrong = [
        reading(name, names[place - 1], 0.1 + place / 40, f"{EVIL} {place}", (code,))
        for place, name in enumerate(names)
        for code in ("en", "es")
        for _ in range(3)
    ]
    right = [reading(name, name, 0.9, languages=("es",)) for name in names]
    return [*wrong, *right, reading(names[0], FALLBACK, 0.1), reading(EVIL, names[0])]


def _stories() -> list[StoryTest]:
    failed = [StoryTest(name=f"{EVIL} {number}", file="f.yml", difference=EVIL) for number in range(9)]
    return [*failed, StoryTest(name="well", file="f.yml", difference=None)]


class _Page(HTMLParser):
    VOID = frozenset({"meta", "wbr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_what_people_say_is_text_on_the_page() -> None:
    """A sentence, an intent, a story and a folder may hold HTML; none of it becomes part of the page."""
    page = _Page(as_page(evaluation_of(_readings(), _stories())))
    assert page.open == []
    assert {"script", "img", "link", "iframe", "bot"}.isdisjoint(page.names)
    assert {"src", "href", "onerror"}.isdisjoint(page.attributes)
    assert EVIL in page.said
    assert "a <bot>" in page.said


def test_a_page_needs_nothing_from_elsewhere() -> None:
    """No address, no import; light and dark; every drawing has a title and every table its headers."""
    text = as_page(evaluation_of(_readings(), _stories()))
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text.replace("/*", ""))
    assert "prefers-color-scheme: dark" in text
    page = _Page(text)
    assert page.names.count("svg") == 7
    assert all(part in text for part in ('scope="col"', 'scope="row"', "<caption>", 'role="img"'))
    assert len(re.findall(r"<svg[^>]*><title>", text)) == 7
    assert page.names.count("h1") == 1


def test_a_summary_fits_a_terminal() -> None:
    """However long the names and however many the failures."""
    lines = "\n".join(summary(evaluation_of(_readings(), _stories()))).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert any("1 of 10 go as written" in line for line in lines)


def test_a_bot_without_mistakes_has_a_report_too() -> None:
    """Nothing is confused, no story is written, no entity is marked: each is a sentence."""
    evaluation = evaluation_of([reading("a", "a"), reading("b", "b")], [])
    told = "\n".join(summary(evaluation))
    assert "There are no test stories" in told
    assert "No example marks an entity" in told
    assert "Nothing is taken for something else" in as_page(evaluation)
