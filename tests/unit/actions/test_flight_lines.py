"""What is told about flights: every cause has words, every duration and every notice reads as people say it."""

from __future__ import annotations

import pytest

from actions.wording import wording
from tests.flights import rights

LANGUAGES = ("es", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_that_the_rules_name_has_words(language: str) -> None:
    """A cause is told by its words and not by its key."""
    named = {cause for version in rights().causes for cause in (*version.part.extraordinary, *version.part.ordinary)}
    assert named
    assert {cause for cause in named if wording(language).cause(cause) == cause} == set()
    assert wording(language).cause("gremlins") == "gremlins"


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(0, "0 min"), (40, "40 min"), (60, "1 h"), (180, "3 h"), (215, "3 h 35 min"), (1441, "24 h 1 min")],
)
def test_durations_are_hours_and_minutes(minutes: int, told: str) -> None:
    """In every language alike."""
    assert {wording(language).duration(minutes) for language in LANGUAGES} == {told}
