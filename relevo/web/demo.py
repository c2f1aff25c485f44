"""Aurora's page: the demonstration's front, with the widget as any business pastes it, and a board of demo contacts.

Whoever chooses somebody on the board is signed in as the company's own page would do it: a signed identity is fetched
from ``POST /demo/identity/<contact>`` and handed to the widget.
"""

from __future__ import annotations

from collections.abc import Iterable

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.web.languages import WORDS, Words, language_of, words_for_contacts
from relevo.web.markup import document, page_answer, page_policy, text
from relevo.web.services import DemoContact, services_of

SITE = "default"
COLOR, COLOR_DARK = "#1746c7", "#8fb4ff"
_HEAD = (
    '<meta name="theme-color" content="#0b1230">\n<link rel="icon" href="/static/demo/icon.svg">\n'
    '<link rel="stylesheet" href="/static/demo/aurora.css">\n'
    '<script type="module" src="/static/demo/board.js"></script>'
)
_POLICY = page_policy(images="'self' data: https:")  # pictures that the business's own messages and cards show


def add_demo_page(app: Sanic) -> None:
    """Open ``/`` with Aurora's page."""
    app.add_route(_show, "/", methods=["GET", "HEAD"], name="demo_page")


async def _show(request: Request) -> HTTPResponse:
    language = language_of(request)
    services = services_of(request)
    page = demo_page(language, services.company_name, services.demo_contacts)
    headers = {"Vary": "Accept-Language", "Content-Language": language, "Content-Security-Policy": _POLICY}
    return page_answer(page, headers=headers)


def demo_page(language: str, company_name: str, contacts: Iterable[DemoContact]) -> str:
    """Give Aurora's page; whoever looks at it may be one of its contacts."""
    words = words_for_contacts(language)
    name = text(company_name)
    body = f"""<body>
<a class="skip" href="#board">{text(words["demo.board_title"])}</a>
<div class="sky">
<header class="top">
<a class="brand" href="/"><img src="/static/demo/icon.svg" alt="" width="36" height="36">{name}</a>
<nav aria-label="{name}">{_navigation(words, language)}</nav>
<div class="languages" role="group" aria-label="{text(words["demo.language_switch"])}">{_languages(language)}</div>
</header>
<main>
<div class="pitch">
<p class="kicker">{text(words["demo.kicker"])}</p>
<h1>{text(words["demo.headline"])}</h1>
<p class="lead">{text(words["demo.lead"])}</p>
<button type="button" class="call" data-open-chat>{text(words["demo.open_chat"])}</button>
</div>
{_board(words, contacts)}
</main>
</div>
<section class="promises">{"".join(_promise(words, number) for number in (1, 2, 3))}</section>
<footer><p>{text(words["demo.notice"])}</p><a href="/desk">{text(words["demo.desk_link"])} →</a></footer>
{_widget(language)}
</body>"""
    return document(language, f"{words['demo.title']}", _HEAD, body)


def _widget(language: str) -> str:
    """Give the line that any business pastes."""
    return (
        f'<script async src="/widget/v1/widget.js" data-site="{SITE}" data-locale="{text(language)}"'
        f' data-color="{COLOR}" data-color-dark="{COLOR_DARK}"></script>'
    )


def _navigation(words: Words, language: str) -> str:
    names = ("book", "trips", "club")
    spans = "".join(
        f"<span{' class=here' if name == 'club' else ''}>{text(words[f'demo.nav_{name}'])}</span>" for name in names
    )
    return f'{spans}<a href="/help/{language}">{text(words["demo.nav_help"])}</a>'


def _languages(language: str) -> str:
    return "".join(
        f'<a href="/?lang={code}" lang="{code}" hreflang="{code}" title="{text(words["language"])}"'
        f"{' aria-current=true' if code == language else ''}>{code.upper()}</a>"
        for code, words in WORDS.items()
    )


def _board(words: Words, contacts: Iterable[DemoContact]) -> str:
    people = "".join(_person(words, contact) for contact in contacts)
    nobody = _place("", "", words["demo.board_nobody"], words["demo.board_nobody_about"])
    return f"""<section class="board" id="board" aria-labelledby="board-title"
 data-failed="{text(words["demo.board_failed"])}" data-now="{text(words["demo.board_now"])}">
<h2 id="board-title">{text(words["demo.board_title"])}</h2><p>{text(words["demo.board_lead"])}</p>
<ul>{people}{nobody}</ul>
<p class="said" role="status"></p>
</section>"""


def _person(words: Words, contact: DemoContact) -> str:
    about, sentence = (words.get(f"demo.{kind}_{contact.ref}", "") for kind in ("about", "try"))
    return _place(contact.ref, sentence, contact.name, about)


def _place(contact: str, words_to_try: str, name: str, about: str) -> str:
    letter = text(name[0]) if contact else "?"
    return (
        f'<li><button type="button" aria-pressed="false" data-contact="{text(contact)}"'
        f' data-try="{text(words_to_try)}">'
        f'<span aria-hidden="true">{letter}</span><b>{text(name)}</b><small>{text(about)}</small></button></li>'
    )


def _promise(words: Words, number: int) -> str:
    title, sentence = text(words[f"demo.fact_{number}_title"]), text(words[f"demo.fact_{number}"])
    return f"<article><h2>{title}</h2><p>{sentence}</p></article>"
