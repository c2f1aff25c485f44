"""Contrast as WCAG counts it."""

from __future__ import annotations

import pytest

from relevo.domain.contrast import contrast, text_on


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#ffffff", "#ffffff", 1.0),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_known_contrasts(one: str, other: str, ratio: float) -> None:
    """As the recommendation's own tables have them, in both orders."""
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01) == contrast(other, one)


def test_words_on_a_colour_are_what_is_read_best() -> None:
    """White on dark colours, nearly black on light ones; one of both is always readable."""
    assert (text_on("#1746c7"), text_on("#ffee00")) == ("#ffffff", "#111111")
    greys = [f"#{level:02x}{level:02x}{level:02x}" for level in range(256)]
    assert min(contrast(text_on(grey), grey) for grey in greys) > 4.3
