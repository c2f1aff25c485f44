"""Understands answers to a menu where a channel has no buttons: a number or a label stands for what the button carries.

bot: "Shall I go on?  1. Yes  2. No"      contact: "1" · "2." · "2)" · "opción 2" · "no"  ─►  the button's payload
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from relevo.domain.messages import Author, Button, Entry
from relevo.domain.search import folded

_NUMBER = re.compile(
    r"(?:(?P<word>opcion|option|numero|number|n[ro]?\.?|no\.|la|el|the|#)\s*)?(?P<number>\d{1,2})\s*[.)º°]?"
)
_SURE_WORDS = frozenset({"opcion", "option"})
_EDGES = " \t\r\n.,;:!¡¿?\"'“”«»()"


def chosen(text: str, entries: Sequence[Entry]) -> str | None:
    """Give the payload that a contact's words choose from the last menu on a timeline; None where they choose none.

    A bare number counts while that menu is the last thing that the bot has said: later it may answer something else.
    """
    buttons, is_current = _last_menu(entries)
    words = folded(text).strip(_EDGES)
    if not buttons or not words:
        return None
    for button in buttons:
        if folded(button.title).strip(_EDGES) == words:
            return button.payload
    found = _NUMBER.fullmatch(folded(text).strip())
    if found is None or not (is_current or found["word"] in _SURE_WORDS):
        return None
    number = int(found["number"])
    return buttons[number - 1].payload if 0 < number <= len(buttons) else None


def is_asking(entries: Sequence[Entry]) -> bool:
    """Tell whether a menu is the last thing that the bot has said."""
    buttons, is_current = _last_menu(entries)
    return bool(buttons) and is_current


def _last_menu(entries: Sequence[Entry]) -> tuple[tuple[Button, ...], bool]:
    """Give the buttons of the bot's last menu, and whether it has not answered anything since."""
    said = [entry for entry in entries if entry.kind == "message"]
    at = next((n for n in reversed(range(len(said))) if said[n].author is Author.BOT and said[n].content.buttons), None)
    if at is None:
        return (), False
    later = [entry.author for entry in said[at + 1 :]]
    since = later[later.index(Author.CONTACT) :] if Author.CONTACT in later else []
    return said[at].content.buttons, Author.BOT not in since
