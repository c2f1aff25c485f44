"""Draws curves of shares as an SVG that reads in light and in dark, without any library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LEFT, _TOP, _WIDTH, _HEIGHT, _GAP = 56, 56, 320, 200, 76
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .small { font-size: 11px; fill: #57606a }
.title { font-weight: 600 } .axis { stroke: #d0d7de } .limit { stroke: #cf222e; stroke-dasharray: 5 4 }
.limit-word { fill: #cf222e; font-size: 11px } .curve { fill: none; stroke-width: 2.5 }
.c0 { stroke: #0969da } .f0 { fill: #0969da } .c1 { stroke: #9a6700 } .f1 { fill: #9a6700 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 } .axis { stroke: #3d444d }
  .limit { stroke: #ff7b72 } .limit-word { fill: #ff7b72 }
  .c0 { stroke: #4493f8 } .f0 { fill: #4493f8 } .c1 { stroke: #d29922 } .f1 { fill: #d29922 }
}
""".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """One chart: shares of the first value over steps that are evenly apart."""

    title: str
    steps: Sequence[str]
    curves: Sequence[tuple[str, Sequence[float]]]
    """Names, and shares of each curve's first value."""
    limit: float
    limit_word: str


def svg_of(heading: str, charts: Sequence[Chart]) -> str:
    """Draw charts side by side."""
    width = _LEFT + len(charts) * (_WIDTH + _GAP)
    height = _TOP + _HEIGHT + 64
    parts = [f'<text class="title" x="{_LEFT}" y="22">{_escaped(heading)}</text>']
    for number, chart in enumerate(charts):
        parts.extend(_drawn(chart, _LEFT + number * (_WIDTH + _GAP)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{_escaped(heading)}">\n<style>\n{_STYLE}\n</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _drawn(chart: Chart, left: float) -> Iterator[str]:
    top_share = max(1.25, *(share for _, shares in chart.curves for share in shares))

    def x(step: int) -> float:
        return left + step * _WIDTH / (len(chart.steps) - 1)

    def y(share: float) -> float:
        return _TOP + _HEIGHT * (1 - share / top_share)

    yield f'<text x="{left}" y="{_TOP - 12}">{_escaped(chart.title)}</text>'
    for share in (0.0, 0.5, 1.0):
        yield f'<line class="axis" x1="{left}" x2="{left + _WIDTH}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>'
        yield f'<text class="small" x="{left - 8}" y="{y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>'
    yield f'<line class="limit" x1="{left}" x2="{left + _WIDTH}" y1="{y(chart.limit):.1f}" y2="{y(chart.limit):.1f}"/>'
    yield f'<text class="limit-word" x="{left + 4}" y="{y(chart.limit) + 14:.1f}">{_escaped(chart.limit_word)}</text>'
    for step, word in enumerate(chart.steps):
        yield f'<text class="small" x="{x(step):.1f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{word}</text>'
    for number, (name, shares) in enumerate(chart.curves):
        points = " ".join(f"{x(step):.1f},{y(share):.1f}" for step, share in enumerate(shares))
        yield f'<polyline class="curve c{number}" points="{points}"/>'
        for step, share in enumerate(shares):
            yield f'<circle class="f{number}" cx="{x(step):.1f}" cy="{y(share):.1f}" r="3.5"/>'
        place = left + number * 160
        yield f'<circle class="f{number}" cx="{place + 4}" cy="{_TOP + _HEIGHT + 40}" r="4"/>'
        yield f'<text class="small" x="{place + 14}" y="{_TOP + _HEIGHT + 44}">{_escaped(name)}</text>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
