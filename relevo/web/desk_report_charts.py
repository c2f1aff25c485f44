"""Charts of reports as SVG without scripts: widths in percent, so that words keep their size on every screen.

Each has a title and a description for those who do not see it; the table beside it says the same. What is compared is
told by place and shape, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relevo.web.markup import text

_ROW, _BAR, _BEFORE = 46, 12, 5
_HEIGHT, _TOP, _FOOT = 150, 18, 22
_MOST_LABELS = 8


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a chart shows."""

    label: str
    value: float
    shown: str
    """The value as it is read."""
    before: float | None = None
    """The same in the period before, drawn as a thin line beneath."""


def bars(name: str, title: str, marks: Sequence[Mark], most: float = 0.0) -> str:
    """Draw a bar for each thing, beneath its name and its value; ``most`` is what a whole bar means."""
    most = most or max((max(mark.value, mark.before or 0) for mark in marks), default=0) or 1
    rows = "".join(_bar(mark, place * _ROW, most) for place, mark in enumerate(marks))
    return _drawing(name, title, marks, len(marks) * _ROW, rows)


def columns(name: str, title: str, marks: Sequence[Mark]) -> str:
    """Draw a column for each thing in a row, with as many names below as there is room for."""
    most = max((mark.value for mark in marks), default=0) or 1
    wide = 100 / max(1, len(marks))
    step = -(-len(marks) // _MOST_LABELS)
    drawn = "".join(_column(mark, place * wide, wide, most) for place, mark in enumerate(marks))
    names = "".join(
        f'<text class="tick" x="{(place + 0.5) * wide:.2f}%" y="{_HEIGHT + _TOP + _FOOT - 6}"'
        f' text-anchor="{_anchor(place, len(marks))}">{text(mark.label)}</text>'
        for place, mark in enumerate(marks)
        if place % step == 0
    )
    highest = next((mark.shown for mark in marks if mark.value == most), "")
    foot = _HEIGHT + _TOP
    lines = (
        f'<line class="grid" x1="0" x2="100%" y1="{_TOP}" y2="{_TOP}"/>'
        f'<line class="foot" x1="0" x2="100%" y1="{foot}" y2="{foot}"/>'
        f'<text class="tick" x="0" y="{_TOP - 5}">{text(highest)}</text>'
    )
    return _drawing(name, title, marks, _HEIGHT + _TOP + _FOOT, f"{lines}{drawn}{names}")


def _bar(mark: Mark, top: int, most: float) -> str:
    long = f'<rect class="bar" x="0" y="{top + 22}" width="{_share(mark.value, most)}%" height="{_BAR}" rx="3"/>'
    before = (
        f'<rect class="before" x="0" y="{top + 23 + _BAR}" width="{_share(mark.before, most)}%" height="{_BEFORE}"/>'
        if mark.before is not None
        else ""
    )
    return (
        f'<text x="0" y="{top + 15}">{text(mark.label)}</text>'
        f'<text class="value" x="100%" y="{top + 15}" text-anchor="end">{text(mark.shown)}</text>{long}{before}'
    )


def _column(mark: Mark, left: float, wide: float, most: float) -> str:
    high = round(mark.value / most * _HEIGHT, 1)
    return (
        f'<rect class="bar" x="{left + wide * 0.12:.2f}%" y="{_TOP + _HEIGHT - high}" width="{wide * 0.76:.2f}%"'
        f' height="{high}"><title>{text(mark.label)}: {text(mark.shown)}</title></rect>'
    )


def _anchor(place: int, count: int) -> str:
    if count > _MOST_LABELS and place == 0:
        return "start"
    return "end" if count > _MOST_LABELS and place == count - 1 else "middle"


def _share(value: float, most: float) -> float:
    return round(100 * value / most, 2)


def _drawing(name: str, title: str, marks: Sequence[Mark], height: int, inside: str) -> str:
    said = "; ".join(f"{mark.label}: {mark.shown}" for mark in marks)
    return (
        f'<svg class="chart" role="img" width="100%" height="{height}" aria-labelledby="{name}-said {name}-told">'
        f'<title id="{name}-said">{text(title)}</title><desc id="{name}-told">{text(said)}</desc>{inside}</svg>'
    )
