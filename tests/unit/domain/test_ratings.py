"""What is a rating, and what is an ordinary message after the question."""

from __future__ import annotations

import pytest

from relevo.domain.ratings import AskedRating, Rating, Stage, payload, pressed, said

WORDS = {"cinco": 5, "muy mal": 1}
ASKED = AskedRating(position=7, stage=Stage.SCORE)


@pytest.mark.parametrize(
    ("text", "score", "comment"),
    [
        ("5", 5, None),
        (" 4/5 ", 4, None),
        ("3 de 5.", 3, None),
        ("¡Cinco!", 5, None),
        ("muy mal", 1, None),
        ("⭐⭐⭐⭐", 4, None),
        ("5\n\nGreat service, thanks", 5, "Great service, thanks"),
    ],
)
def test_a_score_is_heard_in_a_word(text: str, score: int, comment: str | None) -> None:
    """Digits, words and stars, alone or alone on the first line of a mail."""
    heard = said(ASKED, text, WORDS)
    assert heard is not None
    assert (heard.position, heard.score, heard.comment) == (7, score, comment)


@pytest.mark.parametrize(
    "text", ["5 bags are missing", "6", "0", "12", "5, and my refund?", "hello", "/5", "cinco maletas"]
)
def test_what_is_more_than_a_score_is_an_ordinary_message(text: str) -> None:
    """Not every five is a rating."""
    assert said(ASKED, text, WORDS) is None


def test_buttons_say_which_question_they_answer() -> None:
    """A score by button works later too, and a comment is written after one was pressed."""
    assert pressed(payload(7, 4)) == Rating(position=7, score=4, next_stage=Stage.OFFERED)
    assert pressed("/rate_7_6") is None
    asks = pressed(payload(7, "comment"))
    assert asks is not None
    assert asks.next_stage is Stage.COMMENT
    comment = said(AskedRating(position=7, stage=Stage.COMMENT), "too slow", WORDS)
    assert comment == Rating(position=7, comment="too slow")
    assert said(AskedRating(position=7, stage=Stage.OFFERED), "5", WORDS) is None
