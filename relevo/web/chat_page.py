"""The chat as a page of its own, for links, QR codes and apps: ``/chat/<site>``; and as a preview for the desk."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.sites import Site
from relevo.errors import NotFound
from relevo.web.languages import preferred
from relevo.web.markup import document, page_answer, text
from relevo.web.origins import header
from relevo.web.services import services_of

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_MOST_GREETING = 300
_HEAD = (
    '<meta name="robots" content="noindex">\n<meta name="theme-color" content="{color}">\n'
    '<link rel="icon" href="data:,">\n'
    '<script async src="/widget/v1/widget.js"></script>'
)


def add_chat_page(app: Sanic) -> None:
    """Open ``/chat/<site>``."""
    app.add_route(_show, "/chat/<site_name:str>", methods=["GET", "HEAD"], name="chat_page")


async def _show(request: Request, site_name: str) -> HTTPResponse:
    site = services_of(request).sites.get(site_name)
    if site is None:
        raise NotFound("There is no such chat.", code="unknown_site")
    is_preview = "preview" in request.args or "preview" in request.query_string.split("&")
    language = _language(request, site)
    page = chat_page(site, language, _previewed(request) if is_preview else None)
    frames = ("'self'",) if is_preview else site.frames
    headers = {"Content-Security-Policy": chat_policy(site, frames), "Content-Language": language}
    answer = page_answer(page, headers={**headers, "Vary": "Accept-Language"})
    if frames:
        answer.headers.pop("X-Frame-Options", None)  # it knows nothing of lists; the policy above says who may
    return answer


def chat_page(site: Site, language: str, previewed: Mapping[str, str] | None = None) -> str:
    """Give the page; ``previewed`` are the attributes of a widget that is being tried out."""
    given = {"site": site.name, "locale": language, **(previewed or {})}
    attributes = "".join(f' {name}="{text(value)}"' for name, value in given.items())
    preview = " preview" if previewed is not None else ""
    body = f"<body>\n<relevo-chat fullpage{preview}{attributes}></relevo-chat>\n</body>"
    return document(language, site.title, _HEAD.format(color=site.theme.color), body)


def chat_policy(site: Site, frames: tuple[str, ...]) -> str:
    """Give what the page may load: our own files, and pictures of origins that the site names."""
    images = " ".join(("'self'", "data:", "blob:", *site.images))
    return (
        f"default-src 'none'; script-src 'self'; connect-src 'self'; img-src {images}; media-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {' '.join(frames) or chr(39) + 'none' + chr(39)}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _language(request: Request, site: Site) -> str:
    asked = request.args.get("locale") or request.args.get("lang")
    if asked in site.languages:
        return str(asked)
    wanted = preferred(header(request, "accept-language"), site.default_language)
    return wanted if wanted in site.languages else site.default_language


def _previewed(request: Request) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, attribute in (("color", "color"), ("color_dark", "color-dark")):
        if _COLOR.fullmatch(color := request.args.get(name, "")):
            given[attribute] = color
    if (position := request.args.get("position")) in ("end", "start"):
        given["position"] = str(position)
    if greeting := request.args.get("greeting", "").strip()[:_MOST_GREETING]:
        given["greeting"] = greeting
    return given
