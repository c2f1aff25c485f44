"""The drawings of a report, as SVG without scripts; colours are classes of page.css."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relevo.evaluation.calibration import Bin, Threshold
from relevo.evaluation.markup import Markup, drawing, element, joined
from relevo.evaluation.measures import Group
from relevo.evaluation.words import percent

_SIDE, _LEFT, _TOP = 260, 44, 14
_WIDTH, _HEIGHT = _LEFT + _SIDE + 16, _TOP + _SIDE + 44
_ROW, _NAMES, _ACROSS, _NUMBERS = 36, 54, 244, 66


def accuracy_plot(groups: Sequence[Group]) -> Markup:
    """Draw each group's accuracy as a dot on the interval in which the true one lies."""
    least = min([0.9, *(int(10 * group.accuracy.interval[0]) / 10 for group in groups)])
    height = len(groups) * _ROW + 26

    def x(share: float) -> float:
        return round(_NAMES + (share - least) / (1 - least) * _ACROSS, 1)

    ticks = _down_to(least)
    return drawing(
        (_NAMES + _ACROSS + _NUMBERS, height),
        "Accuracy by language with 95 % intervals: "
        + ", ".join(f"{group.name} {percent(group.accuracy.value)}" for group in groups),
        *(_line(x(tick), 4, x(tick), height - 22, "grid") for tick in ticks),
        *(_text(x(tick), height - 6, f"{100 * tick:.3g} %", "tick middle") for tick in ticks),
        *(_interval(group, 4 + _ROW * (row + 0.5), x) for row, group in enumerate(groups)),
        enlarged=1.15,
    )


def _down_to(least: float) -> list[float]:
    """Give round shares from 1 down, four or five of them."""
    step = next(step for step in (0.05, 0.1, 0.2, 0.25) if (1 - least) / step < 5.01)
    return [1 - step * part for part in range(6) if 1 - step * part > least - 1e-9]


def _interval(group: Group, y: float, x: Callable[[float], float]) -> Markup:
    low, high = group.accuracy.interval
    return element(
        "g",
        element("title", f"{group.name}: {percent(group.accuracy.value)}, {percent(low)} to {percent(high)}"),
        _text(_NAMES - 12, y + 5, group.name[:6], "name end"),
        _line(x(low), y, x(high), y, "interval"),
        _circle(x(group.accuracy.value), y, 6, "dot"),
        _text(_NAMES + _ACROSS + 12, y + 5, percent(group.accuracy.value), "name"),
    )


def reliability_plot(group: Group) -> Markup:
    """Draw how often the bot is right against how sure it is; on the diagonal a confidence means what it says."""
    largest = max((each.right.of for each in group.bins), default=0) or 1
    return drawing(
        (_WIDTH, _HEIGHT),
        f"Reliability, {group.name}: expected calibration error {group.calibration_error:.3f}",
        _axes("confidence"),
        _line(_x(0), _y(0), _x(1), _y(1), "diagonal"),
        *(_bar(each, largest) for each in group.bins if each.right.of),
        *(_bin(each) for each in group.bins if each.right.of),
    )


def _bar(each: Bin, largest: int) -> Markup:
    """How many readings are in a bin, along the foot of the plot."""
    height = max(2.0, each.right.of / largest * _SIDE * 0.22)
    width = _x(each.high) - _x(each.low) - 2
    return element("rect", x=_x(each.low) + 1, y=round(_y(0) - height, 1), width=round(width, 1),
                   height=round(height, 1), class_="count")  # fmt: skip


def _bin(each: Bin) -> Markup:
    low, high = each.right.interval
    x = _x(each.confidence)
    told = f"{each.low:.1f} to {each.high:.1f}: {each.right.of} examples, {percent(each.right.value)} right"
    return element(
        "g",
        element("title", f"{told}, confidence {each.confidence:.2f}"),
        _line(x, _y(low), x, _y(high), "whisker"),
        _circle(x, _y(each.right.value), 4.5, "dot"),
    )


def threshold_plot(group: Group, present: Threshold | None) -> Markup:
    """Draw what share is acted on and what share of that is right, for each threshold."""
    answered = [(each.confidence, each.answered.value) for each in group.thresholds]
    right = [(each.confidence, each.right.value) for each in group.thresholds if each.right.of]
    return drawing(
        (_WIDTH, _HEIGHT),
        f"What a threshold costs and brings, {group.name}",
        _axes("threshold"),
        *(_present(present) if present else ()),
        _curve(answered, "answered"),
        _curve(right, "right"),
    )


def _present(present: Threshold) -> tuple[Markup, ...]:
    x = _x(present.confidence)
    return (
        _line(x, _y(0), x, _y(1), "present"),
        _text(x + 5, _y(0) - 8, f"now {present.confidence:g}", "tick"),
        _circle(x, _y(present.answered.value), 4, "dot answered"),
        _circle(x, _y(present.right.value), 4, "dot"),
    )


def _axes(along: str) -> Markup:
    steps = [part / 4 for part in range(5)]
    return joined(
        *(_line(_x(0), _y(step), _x(1), _y(step), "grid") for step in steps),
        *(_text(_LEFT - 8, _y(step) + 4, f"{100 * step:g} %", "tick end") for step in steps),
        *(_text(_x(step), _y(0) + 18, f"{step:g}", "tick middle") for step in steps),
        _text(_x(0.5), _HEIGHT - 6, along, "tick middle"),
    )


def _curve(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    told = " ".join(f"{_x(x)},{_y(y)}" for x, y in points)
    return element("polyline", points=told, class_=f"curve {kind}")


def _x(share: float) -> float:
    return round(_LEFT + share * _SIDE, 1)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _SIDE, 1)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def _circle(x: float, y: float, radius: float, kind: str) -> Markup:
    return element("circle", cx=x, cy=y, r=radius, class_=kind)


def _text(x: float, y: float, said: str, kind: str) -> Markup:
    return element("text", said, x=x, y=y, class_=kind)
