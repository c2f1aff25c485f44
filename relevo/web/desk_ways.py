"""By which way a reply goes: a choice in the composer, and beside it why a way is closed, or until when it is open."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.flow.ways import MAIL, Way
from relevo.web.languages import Words
from relevo.web.markup import moment, text


def way_choice(words: Words, ways: Sequence[Way]) -> str:
    """Give the choice of ways, where there is more than this conversation."""
    if not any(way.may_write and not way.is_here for way in ways):
        return ""
    options = "".join(_option(words, way) for way in ways if not _is_said(way))
    return f"""<label class="way">{text(words["composer.way"])}
<select id="reply-way" name="way">{options}</select></label>"""


def ways_elsewhere(words: Words, ways: Sequence[Way]) -> str:
    """Give where else this person may be written to, until when, and why not where they may not."""
    others = [way for way in ways if not (way.is_here or _is_said(way))]
    if not others:
        return ""
    names = " · ".join(dict.fromkeys(words.get(f"channel.{way.channel}", way.channel) for way in others))
    items = "".join(f"<li>{_way(words, way)}</li>" for way in others)
    return f"""<details class="ways-box" id="ways-box"><summary>{text(words["composer.ways"])} {text(names)}</summary>
<ul class="ways quiet">{items}</ul></details>"""


def _is_said(way: Way) -> bool:
    """Tell whether the way of mail says it already."""
    return way.why_not == "goes_to_file"


def _option(words: Words, way: Way) -> str:
    value = "" if way.is_here else way.id
    label = words["composer.way_here"].format(channel=_channel(words, way)) if way.is_here else _channel(words, way)
    if way.takes_over:
        label = words["composer.way_takes_over"].format(channel=label)
    if way.why_not is not None:
        label = f"{label}: {words[f'way.{way.why_not}']}"
    is_off = " disabled" if way.why_not is not None and not way.is_here else ""
    return f'<option value="{text(value)}"{is_off}>{text(label)}</option>'


def _way(words: Words, way: Way) -> str:
    name = text(_channel(words, way))
    if way.conversation_id is not None:
        name = f'<a href="/desk/conversations/{way.conversation_id}">{name}</a>'
    if way.why_not is not None:
        return f"{name} ({text(words[f'way.{way.why_not}'])})"
    return f"{name} ({text(words['way.until'])} {moment(way.open_until)})" if way.open_until else name


def _channel(words: Words, way: Way) -> str:
    if way.id == MAIL:
        return words["composer.way_mail"]
    return words.get(f"channel.{way.channel}", way.channel)
