"""Articles as they are written: what makes one, what is told of a file that is none, and when a change is seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog.testing

from relevo.configuration.documents import Mistakes
from relevo.contracts.help import Article
from relevo.help.answers import HelpFromArticles
from relevo.help.articles import LONGEST, read_article
from relevo.help.shelf import LOOK_SECONDS, Shelf, read_shelf

PETS = "# May I bring my dog?\n\n? travelling with a cat\n? pet carrier\n\nDogs of up to 8 kg travel in the cabin.\n"
BROKEN: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 1, "the file is empty"),
    "blank": (b"\n \n", 1, "the file is empty"),
    "untitled": (b"\nJust text.\n", 2, "begins with its title"),
    "nameless": (b"# \n\nText.\n", 1, "begins with its title"),
    "unanswered": (b"# Dogs?\n\n? cats\n", 3, "no answer below the title"),
    "late": (b"# Dogs?\n\nYes.\n\n? cats\n", 5, "directly below the title"),
    "latin": ("# ¿Perros?\n\nSí.\n".encode("latin-1"), 1, "not UTF-8"),
    "latin-below": ("# Perros\n\nSí.\n".encode("latin-1"), 3, "not UTF-8"),
    "huge": (b"# Dogs?\n\n" + b"a" * LONGEST, 1, "make several of it"),
    "Odd_Name": (PETS.encode(), 1, "small letters"),
    "¿qué:no?": (PETS.encode(), 1, "small letters"),
}


class Clock:
    """A clock that somebody turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give what writes an article into the folder ``data/help`` of a project."""

    def write(slug: str, content: str | bytes = PETS, language: str = "en") -> Path:
        file = tmp_path / "data" / "help" / language / f"{slug}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def test_an_article_is_a_title_ways_of_asking_and_an_answer(write: Write) -> None:
    """Its file's name is its name in addresses."""
    mistakes = Mistakes()
    assert read_article(write("pets"), "en", mistakes) == Article(
        language="en",
        slug="pets",
        title="May I bring my dog?",
        asks=("travelling with a cat", "pet carrier"),
        text="Dogs of up to 8 kg travel in the cabin.",
    )
    assert mistakes.lines == []


@pytest.mark.parametrize(
    "content", ["﻿# Dogs?\r\n? cats\r\nYes.\r\n", "\n\n# Dogs?\nYes.", "# Dogs?\n\nYes.\n\n# Not a title\n"]
)
def test_what_editors_do_to_a_file_is_forgiven(write: Write, content: str) -> None:
    """Marks at its beginning, other line ends, blank lines, further headings."""
    article = read_article(write("dogs", content), "en", Mistakes())
    assert article is not None
    assert (article.title, article.text[:4]) == ("Dogs?", "Yes.")


@pytest.mark.parametrize("slug", BROKEN)
def test_what_is_no_article_is_told_with_file_and_line(write: Write, slug: str) -> None:
    """And with what to do; the others are read."""
    content, line, sentence = BROKEN[slug]
    folder = write("pets").parents[1]
    write(slug, content)
    mistakes = Mistakes()
    assert [article.slug for article in read_shelf(folder, mistakes)["en"]] == ["pets"]
    (told,) = mistakes.lines
    assert told.startswith(f"data/help/en/{slug.replace(':', '?')}.md:{line}: ")
    assert sentence in told


def test_a_folder_that_is_not_there_has_no_articles(tmp_path: Path) -> None:
    """Nor has one with other things in it."""
    assert read_shelf(tmp_path / "nothing", Mistakes()) == {}
    (tmp_path / "en" / "folder.md").mkdir(parents=True)
    (tmp_path / "en" / ".hidden.md").write_text("")
    (tmp_path / "en" / "notes.txt").write_text("")
    (tmp_path / "README.md").write_text("")
    mistakes = Mistakes()
    assert read_shelf(tmp_path, mistakes) == {}
    assert mistakes.lines == []


def test_a_change_is_seen_within_a_second_and_not_looked_for_more_often(write: Write) -> None:
    """A new file, another text and a removed file, without anything being started again."""
    folder, clock = write("pets").parents[1], Clock()
    shelf = Shelf(folder, clock)
    answers = HelpFromArticles(articles=shelf, address="")
    assert answers.find("do you sell umbrellas", "en") is None
    new = write("umbrellas", "# Umbrellas\n\nUmbrellas are lent at the gate.\n")
    assert answers.find("umbrellas", "en") is None, "somebody looked already in this second"
    clock.now += LOOK_SECONDS
    found = answers.find("umbrellas", "en")
    assert found is not None
    assert found.text == "Umbrellas are lent at the gate."
    before = shelf.by_language()
    clock.now += LOOK_SECONDS
    assert shelf.by_language() is before, "nothing has changed"
    new.write_text("# Umbrellas\n\nNo umbrellas any more.\n", encoding="utf-8")
    clock.now += LOOK_SECONDS
    found = answers.find("umbrellas", "en")
    assert found is not None
    assert found.text == "No umbrellas any more."
    new.unlink()
    clock.now += LOOK_SECONDS
    assert answers.find("umbrellas", "en") is None


def test_a_file_that_breaks_is_named_in_the_log_and_the_others_answer(write: Write) -> None:
    """Nobody's half-written file takes the help away, and no text of it is logged."""
    file, clock = write("pets"), Clock()
    answers = HelpFromArticles(articles=Shelf(file.parents[1], clock), address="")
    write("secret", "Secret words without a title.")
    with structlog.testing.capture_logs() as logs:
        assert answers.find("my dog", "en") is not None
        clock.now += LOOK_SECONDS
        assert answers.find("my dog", "en") is not None
    assert [log["event"] for log in logs] == ["help.left_out"], "it is told once"
    assert "data/help/en/secret.md:1: " in str(logs)
    assert "Secret words" not in str(logs)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_must_not_be_read_is_told(write: Write) -> None:
    """As one that cannot be read."""
    file = write("pets")
    file.chmod(0)
    mistakes = Mistakes()
    assert read_article(file, "en", mistakes) is None
    assert "give access" in mistakes.lines[0]
