"""How well one colour is read on another, as WCAG 2.2 counts it (1.4.3 and 1.4.11)."""

from __future__ import annotations

LEAST_FOR_TEXT, LEAST_FOR_SHAPES = 4.5, 3.0
WHITE, INK = "#ffffff", "#111111"


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, written ``#rrggbb``: from 1, which is none, to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(color: str) -> str:
    """Give what is better read on a colour: white, or nearly black."""
    return max(WHITE, INK, key=lambda words: contrast(words, color))


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[n : n + 2], 16) / 255) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
