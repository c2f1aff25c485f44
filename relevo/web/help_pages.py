"""Help articles as pages to read and to link to: an index for each language, and a page for each article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, redirect

from relevo.contracts.help import Article
from relevo.help.markup import as_html
from relevo.web.languages import WORDS, Words, language_of, words_for_contacts
from relevo.web.markup import document, page_answer, text
from relevo.web.services import WebServices, services_of

_HEAD = (
    '<meta name="theme-color" content="#0b1230">\n<link rel="icon" href="/static/demo/icon.svg">\n'
    '<link rel="stylesheet" href="/static/demo/aurora.css">\n<link rel="stylesheet" href="/static/help/help.css">'
)
Shelves = Mapping[str, Sequence[Article]]


def add_help_pages(app: Sanic) -> None:
    """Open ``/help``: the index of the reader's language, ``/help/<language>`` and ``/help/<language>/<slug>``."""
    app.add_route(_choose, "/help", methods=["GET", "HEAD"], name="help_choice")
    app.add_route(_show, "/help/<address:path>", methods=["GET", "HEAD"], name="help_page")


async def _choose(request: Request) -> HTTPResponse:
    language = language_of(request)
    shelves = _shelves(request)
    if language not in shelves:
        language = next(iter(shelves), language)
    return redirect(f"/help/{language}", headers={"Vary": "Accept-Language", "Cache-Control": "no-store"})


async def _show(request: Request, address: str) -> HTTPResponse:
    """Show what stands at an address; only what was read from files by its own name does, so nothing else opens."""
    shelves = _shelves(request)
    language, _, slug = address.rstrip("/").partition("/")
    articles = {article.slug: article for article in shelves.get(language, ())}
    if articles and not slug:
        return _answer(_Page(services_of(request), language, shelves).index())
    if slug in articles:
        return _answer(_Page(services_of(request), language, shelves).article(articles[slug]))
    at_hand = language if language in shelves else language_of(request)
    return _answer(_Page(services_of(request), at_hand, shelves).nothing_here(), 404)


def _shelves(request: Request) -> Shelves:
    articles = services_of(request).articles
    return articles.by_language() if articles else {}


def _answer(page: tuple[str, str], status: int = 200) -> HTTPResponse:
    language, html = page
    return page_answer(html, status, {"Content-Language": language})


class _Page(msgspec.Struct, frozen=True):
    """What all pages of a language have around them; each method gives the language and the whole page."""

    services: WebServices
    language: str
    shelves: Shelves

    @property
    def words(self) -> Words:
        """Our own words: those of the reader's language, or of another one where only articles are in that."""
        default = self.services.settings.default_language
        return words_for_contacts(self.language if self.language in WORDS else default)

    def index(self) -> tuple[str, str]:
        links = "".join(
            f'<li><a href="/help/{self.language}/{one.slug}">{text(one.title)}</a></li>'
            for one in self.shelves[self.language]
        )
        title, lead = self.words["help.title"], self.words["help.lead"]
        main = f'<h1>{text(title)}</h1><p class="lead">{text(lead)}</p><ul class="titles">{links}</ul>'
        return self._whole(title, main, "")

    def article(self, article: Article) -> tuple[str, str]:
        main = (
            f'<p class="kicker"><a href="/help/{self.language}">{text(self.words["help.title"])}</a></p>'
            f"<article><h1>{text(article.title)}</h1>{as_html(article.text)}</article>{self._ask_on()}"
        )
        return self._whole(article.title, main, article.slug)

    def nothing_here(self) -> tuple[str, str]:
        title = self.words["help.not_found_title"]
        index = f'<p><a class="more" href="/help/{self.language}">{text(self.words["help.all"])}</a></p>'
        main = f"<h1>{text(title)}</h1><p>{text(self.words['help.not_found'])}</p>"
        return self._whole(title, main + (index if self.language in self.shelves else "") + self._ask_on(), "")

    def _ask_on(self) -> str:
        ask = text(self.words["help.ask"])
        way = f'<a href="/?lang={self.language}">{text(self.words["help.chat"])}</a>' if self.services.is_demo else ""
        return f'<aside class="ask-on"><p>{ask}</p>{way}</aside>'

    def _whole(self, title: str, main: str, slug: str) -> tuple[str, str]:
        name = text(self.services.company_name)
        home = f"/?lang={self.language}" if self.services.is_demo else f"/help/{self.language}"
        body = f"""<body class="reading">
<a class="skip" href="#main">{text(self.words["help.skip"])}</a>
<header class="sky"><div class="top">
<a class="brand" href="{home}"><img src="/static/demo/icon.svg" alt="" width="36" height="36">{name}</a>
<div class="languages" role="group" aria-label="{text(self.words["demo.language_switch"])}">{self._others(slug)}</div>
</div></header>
<main id="main">{main}</main>
</body>"""
        return self.language, document(self.language, f"{title} · {self.services.company_name}", _HEAD, body)

    def _others(self, slug: str) -> str:
        """Give links to the same topic in each language that has it; an index is in all of them."""
        return "".join(
            f'<a href="/help/{code}{f"/{slug}" if slug else ""}" lang="{code}" hreflang="{code}"'
            f"{' aria-current=true' if code == self.language else ''}>{code.upper()}</a>"
            for code, articles in self.shelves.items()
            if not slug or any(article.slug == slug for article in articles)
        )
