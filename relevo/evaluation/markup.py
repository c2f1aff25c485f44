"""HTML and SVG by one small function: whatever is not made by it is text, and is escaped."""

from __future__ import annotations

from html import escape


class Markup(str):
    """What stands in a page as it is."""

    __slots__ = ()


def element(name: str, *inside: object, **attributes: object) -> Markup:
    """Give an element; an underscore at an attribute's end is left out, others are hyphens, None is no attribute."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{told}>{joined(*inside)}</{name}>")


def joined(*parts: object) -> Markup:
    """Give parts one after the other, escaping those that are no markup."""
    return Markup("".join(part if isinstance(part, Markup) else escape(str(part)) for part in parts))


def breakable(name: object) -> Markup:
    """Give a name that may be broken after its underscores."""
    return Markup("_<wbr>".join(joined(part) for part in str(name).split("_")))


def drawing(size: tuple[int, int], title: str, *inside: Markup, enlarged: float = 1.0) -> Markup:
    """Give an SVG that shrinks with its place, with a title for those who cannot see it."""
    width, height = size
    return element(
        "svg",
        element("title", title),
        *inside,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=title,
        style=f"max-width:{width * enlarged:.0f}px",
    )
