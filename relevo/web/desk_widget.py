"""The desk's page on which the widget is tried out, and from which what goes onto a website is copied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.contrast import LEAST_FOR_SHAPES, LEAST_FOR_TEXT, WHITE, contrast, text_on
from relevo.domain.sites import DEFAULT, Site, in_language
from relevo.web.desk_admin_html import admin_body
from relevo.web.desk_admin_pages import administrator
from relevo.web.desk_html import desk_page
from relevo.web.desk_pages import desk_door
from relevo.web.languages import WORDS, Words, language_of
from relevo.web.markup import WITH_FILES, page_answer, text
from relevo.web.origins import header, is_https
from relevo.web.services import WebServices, services_of

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_DARK_PAGE = "#16181d"
_MOST_GREETING = 300


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What is being tried out."""

    site: Site
    color: str
    color_dark: str | None
    position: str
    greeting: str


def add_widget_page(app: Sanic) -> None:
    """Open ``/desk/admin/widget``."""
    app.add_route(desk_door(_show), "/desk/admin/widget", methods=["GET"], name="desk_admin_widget")


async def _show(request: Request) -> HTTPResponse:
    session = await administrator(request)
    services, language = services_of(request), language_of(request)
    words = WORDS[language]
    inner = widget_part(words, services, _tried(request, services, language), _base(request, services))
    page = desk_page(language, words["admin.widget"], session, admin_body(words, "widget", inner))
    return page_answer(page, headers=WITH_FILES)


def widget_part(words: Words, services: WebServices, tried: Tried, base: str) -> str:
    """Give the form, the preview, what the colours are like, and what is to be copied."""
    asked = {name: value for name, value in _asked(tried).items() if value}
    preview = f"/chat/{tried.site.name}?preview&{urlencode(asked)}"
    said = "".join(f"<li>{text(sentence)}</li>" for sentence in contrast_words(words, tried))
    return f"""<div class="widget-try">
{_form(words, services.sites.named, tried)}
<iframe class="widget-preview" src="{text(preview)}" title="{text(words["widget.preview"])}"></iframe>
</div>
<h2>{text(words["widget.contrast"])}</h2><ul class="widget-said">{said}</ul>
{_copies(words, services, tried, base)}"""


def contrast_words(words: Words, tried: Tried) -> Sequence[str]:
    """Say of each colour whether words on it are read, and whether it is seen on a page."""
    pairs = [(words["widget.by_day"], tried.color, WHITE)]
    pairs += [(words["widget.by_night"], tried.color_dark, _DARK_PAGE)] if tried.color_dark else []
    said = []
    for when, color, page in pairs:
        on, ratio = text_on(color), contrast(text_on(color), color)
        key = "white" if on == WHITE else "dark"
        verdict = "readable" if ratio >= LEAST_FOR_TEXT else "unreadable"
        said.append(f"{when}: {words[f'widget.{key}_{verdict}'].format(ratio=f'{ratio:.1f}')}")
        seen = contrast(color, page)
        key = "seen" if seen >= LEAST_FOR_SHAPES else "unseen"
        said.append(f"{when}: {words[f'widget.{key}'].format(ratio=f'{seen:.1f}')}")
    return said


def snippet(tried: Tried, src: str, integrity: str | None = None) -> str:
    """Give the script element for a website; what the site has by itself is left out."""
    theme, given = tried.site.theme, {"src": src}
    if integrity is not None:
        given |= {"integrity": integrity, "crossorigin": "anonymous"}
    given |= {"data-site": tried.site.name, "data-color": tried.color}
    if tried.position != theme.position:
        given["data-position"] = tried.position
    if tried.site.proactive:
        given["data-proactive"] = ""
    attributes = "".join(f' {name}="{text(value)}"' if value else f" {name}" for name, value in given.items())
    return f"<script async{attributes}></script>"


def _form(words: Words, sites: Sequence[Site], tried: Tried) -> str:
    choices = "".join(_option(site.name, site.name == tried.site.name, f"{site.title} ({site.name})") for site in sites)
    sides = "".join(_option(side, side == tried.position, words[f"widget.{side}"]) for side in ("end", "start"))
    dark = tried.color_dark or tried.color
    return f"""<form class="stacked" method="get" action="/desk/admin/widget" data-applies-at-once>
<label>{text(words["widget.site"])}<select id="widget-site" name="site">{choices}</select></label>
<label>{text(words["widget.color"])}
<input id="widget-color" type="color" name="color" value="{text(tried.color)}"></label>
<label>{text(words["widget.color_dark"])}
<input id="widget-color-dark" type="color" name="color_dark" value="{text(dark)}"></label>
<label>{text(words["widget.position"])}<select id="widget-position" name="position">{sides}</select></label>
<label>{text(words["widget.greeting_label"])}
<input id="widget-greeting" name="greeting" maxlength="{_MOST_GREETING}" dir="auto" value="{text(tried.greeting)}">
</label>
<div class="row"><button>{text(words["widget.show"])}</button></div>
</form>"""


def _option(value: str, is_chosen: bool, shown: str) -> str:
    return f'<option value="{text(value)}"{" selected" if is_chosen else ""}>{text(shown)}</option>'


def _copies(words: Words, services: WebServices, tried: Tried, base: str) -> str:
    site, build = tried.site, services.widget
    allowed = services.settings.allowed_origins if site.name == DEFAULT else ()
    origins = ", ".join((base, *site.origins, *allowed))
    policy = "\n".join(f"{kind} {base};" for kind in ("script-src", "connect-src", "img-src"))
    parts = [
        ("snippet", snippet(tried, f"{base}/widget/v1/widget.js")),
        ("pinned", snippet(tried, f"{base}{build.pinned}", build.integrity) if build.integrity else ""),
        ("policy", policy),
        ("yaml", _yaml(tried)),
        ("link", f"{base}/chat/{site.name}"),
    ]
    boxes = "".join(_copy(words, name, value) for name, value in parts if value)
    return f"<h2>{text(words['widget.copy'])}</h2><p>{text(words['widget.origins'].format(origins=origins))}</p>{boxes}"


def _copy(words: Words, name: str, value: str) -> str:
    lines = value.count("\n") + 1 + len(value) // 90
    return f"""<div class="copied"><label>{text(words[f"widget.{name}"])}
<textarea id="widget-{name}" readonly rows="{lines}" spellcheck="false" class="secret">{text(value)}</textarea></label>
<button type="button" class="plain" data-copies="widget-{name}">{text(words["widget.copy_now"])}</button></div>"""


def _yaml(tried: Tried) -> str:
    lines = ["sites:", f"  {tried.site.name}:", "    theme:", f'      color: "{tried.color}"']
    lines += [f'      color_dark: "{tried.color_dark}"'] if tried.color_dark else []
    return "\n".join([*lines, f"      position: {tried.position}"])


def _tried(request: Request, services: WebServices, language: str) -> Tried:
    site = services.sites.get(request.args.get("site")) or services.sites.named[0]
    theme = site.theme
    position = str(request.args.get("position") or theme.position)
    color = _color(request, "color") or theme.color
    dark = _color(request, "color_dark") or theme.color_dark
    return Tried(
        site=site,
        color=color,
        color_dark=None if dark == color else dark,
        position=position if position in ("end", "start") else theme.position,
        greeting=str(request.args.get("greeting") or in_language(theme.greeting, language))[:_MOST_GREETING],
    )


def _asked(tried: Tried) -> dict[str, str]:
    return {
        "color": tried.color,
        "color_dark": tried.color_dark or "",
        "position": tried.position,
        "greeting": tried.greeting,
    }


def _color(request: Request, name: str) -> str | None:
    given = str(request.args.get(name) or "")
    return given.lower() if _COLOR.fullmatch(given) else None


def _base(request: Request, services: WebServices) -> str:
    public = services.settings.public_url
    return (public or f"{'https' if is_https(request) else 'http'}://{header(request, 'host')}").rstrip("/")
