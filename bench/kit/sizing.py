"""Works out from processor time a message what one core carries, as docs/howto/sizing.md has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.kit.sides import BOTS

LOAD = 0.7
"""How busy a core is planned to be: above that, waiting grows faster than work."""
BUSY_HOUR = 0.1
"""Share of a day's messages in its busiest hour."""
MESSAGES_EACH = 6
"""Messages of a contact in one conversation."""
_NAMES = {
    BOTS: "a bot process, which is one core",
    "web": "a web process, which is one core",
    "PostgreSQL": "a core of PostgreSQL",
}


def sizing_of(spent: Mapping[str, float]) -> Iterator[str]:
    """Give the lines of a Markdown table; ``spent`` is milliseconds of processor time a message, by part."""
    yield "| | processor ms a message | messages/s at most | planned, at 70 % | conversations a day |"
    yield "|---|---|---|---|---|"
    for part, name in _NAMES.items():
        most = 1000 / spent[part]
        a_day = most * LOAD * 3600 / BUSY_HOUR / MESSAGES_EACH
        yield f"| {name} | {spent[part]:.1f} | {most:,.0f} | {most * LOAD:,.0f} | {round(a_day, -3):,.0f} |"
