"""The list of keys, on every page of the desk."""

from __future__ import annotations

from relevo.web.languages import Words
from relevo.web.markup import text

_KEYS = (
    ("?", "keys.help"),
    ("j k", "keys.move"),
    ("x", "keys.choose"),
    ("r", "keys.reply"),
    ("n", "keys.note"),
    ("t", "keys.take_over"),
    ("h", "keys.hand_back"),
    ("p", "keys.transfer"),
    ("u", "keys.undo"),
    ("a", "keys.attach"),
    ("/", "keys.palette"),
    ("g m", "keys.mentions"),
    ("g r", "keys.replies"),
    ("g d", "keys.desk"),
    ("Ctrl Enter", "keys.send"),
    ("/…", "keys.code"),
    ("@…", "keys.mention"),
    ("Esc", "keys.escape"),
)


def keys_button(words: Words) -> str:
    """Give the way to the list of keys by mouse."""
    title = text(words["keys.title"])
    return f"""<button type="button" class="plain keys-button" data-opens="keys" aria-label="{title}" title="{title}">?
</button>"""


def keys_dialog(words: Words) -> str:
    """Give the list of keys."""
    rows = "".join(f"<div><dt>{_pressed(keys)}</dt><dd>{text(words[what])}</dd></div>" for keys, what in _KEYS)
    return f"""<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">{text(words["keys.title"])}</h2>
<dl class="keys">{rows}</dl>
<div class="row"><button type="button" class="plain" data-closes>{text(words["desk.dismiss"])}</button></div>
</dialog>"""


def _pressed(keys: str) -> str:
    return " ".join(f"<kbd>{text(key)}</kbd>" for key in keys.split(" "))
