"""Aurora's page: the demonstration's front, with a small web chat over the visitor API."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.web.languages import WORDS, Words, language_of, words_for_contacts
from relevo.web.markup import document, facts, page_answer, page_policy, text
from relevo.web.services import services_of

_HEAD = (
    '<meta name="theme-color" content="#0b1230">\n<link rel="icon" href="/static/demo/icon.svg">\n'
    '<link rel="stylesheet" href="/static/demo/aurora.css">\n<link rel="stylesheet" href="/static/demo/chat.css">\n'
    '<script type="module" src="/static/demo/chat.js"></script>'
)
_SEND = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12h14M12 5l7 7-7 7"/></svg>'
_RESTART = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12a7 7 0 1 1 2 5M5 19v-4h4"/></svg>'
_CLIP = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="m20 11-9 9a5 5 0 0 1-7-7l9-9a3 3 0 0 1 5 5l-9 9"/></svg>'
_CAMERA = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 8h3l2-3h6l2 3h3v11H4zM12 10a3 3 0 1 1-1 0z"/></svg>'
_TAKEN = "image/jpeg,image/png,image/webp,image/gif,application/pdf"  # named one by one, phones turn HEIC into JPEG
_POLICY = page_policy(images="'self' data: blob:")  # thumbnails are fetched with the visitor's token
_PLANE = (
    '<svg class="plane" viewBox="0 0 24 24" aria-hidden="true">'
    '<path d="M2 13.5 21 9c1-.2 1.5.9.7 1.5L7 20H4l3.500-5.500L3.500 15.500Z M9 11 5 5.500h2.500L14 9.800Z"/></svg>'
)


def add_demo_page(app: Sanic) -> None:
    """Open ``/`` with Aurora's page."""
    app.add_route(_show, "/", methods=["GET", "HEAD"], name="demo_page")


async def _show(request: Request) -> HTTPResponse:
    language = language_of(request)
    page = demo_page(language, services_of(request).company_name)
    headers = {"Vary": "Accept-Language", "Content-Language": language, "Content-Security-Policy": _POLICY}
    return page_answer(page, headers=headers)


def demo_page(language: str, company_name: str) -> str:
    """Give Aurora's page."""
    words = words_for_contacts(language)
    name = text(company_name)
    body = f"""<body>
<a class="skip" href="#chat-text">{text(words["demo.skip"])}</a>
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
</div>
{_chat(words)}
{_sample_customer(words)}
</main>
</div>
<section class="promises">{"".join(_promise(words, number) for number in (1, 2, 3))}</section>
<footer><p>{text(words["demo.notice"])}</p><a href="/desk">{text(words["demo.desk_link"])} →</a></footer>
<script type="application/json" id="words">{_chat_words(words)}</script>
</body>"""
    return document(language, f"{words['demo.title']}", _HEAD, body)


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


def _sample_customer(words: Words) -> str:
    pairs = [
        (words["demo.card_member"], "Lucía Fernanda Robles Arce"),
        (words["demo.card_number"], "<code>AU48207315</code>"),
        (words["demo.card_booking"], "<code>RBL7Q2</code>"),
    ]
    return f"""<section class="pass" aria-label="{text(words["demo.card_title"])}">
<div class="stub"><h2>{text(words["demo.card_title"])}</h2>{facts(pairs)}</div>
<div class="route"><p>{text(words["demo.card_trips"])}</p>
<p class="leg"><b>MAD</b>{_PLANE}<b>DXB</b></p><p class="leg"><b>DXB</b>{_PLANE}<b>MAD</b></p></div>
</section>"""


def _chat(words: Words) -> str:
    examples = "".join(
        f'<button type="button" data-example="{text(words[f"chat.example_{n}"])}">'
        f"<b>{text(words[f'chat.example_{n}_label'])}</b><span>{text(words[f'chat.example_{n}'])}</span></button>"
        for n in (1, 2, 3)
    )
    restart = text(words["chat.restart"])
    return f"""<section class="chat" aria-label="{text(words["chat.title"])}">
<header><span class="face" aria-hidden="true"></span>
<div><h2>{text(words["chat.title"])}</h2><p>{text(words["chat.subtitle"])}</p></div>
<button type="button" id="chat-restart" title="{restart}" aria-label="{restart}">{_RESTART}</button></header>
<div id="chat-scroll" tabindex="0" role="group" aria-label="{text(words["chat.log"])}">
<div id="chat-welcome"><p>{text(words["chat.welcome"])}</p><div class="examples">{examples}</div></div>
<ol id="chat-log" role="log" aria-label="{text(words["chat.log"])}"></ol>
</div>
<div class="notices" role="status">
<p id="chat-typing" hidden>
<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
{text(words["chat.typing"])}</p>
<p id="chat-slow" hidden>{text(words["chat.slow"])}</p>
<p id="chat-uploading" hidden>{text(words["chat.when_uploaded"])}</p>
<p id="chat-offline" class="warning" hidden>{text(words["chat.offline"])}</p>
<p id="chat-forgetful" class="warning" hidden>{text(words["chat.storage"])}</p>
</div>
<ul id="chat-tray" aria-label="{text(words["chat.tray"])}" hidden></ul>
<form id="chat-form">
<input type="file" id="chat-pick" accept="{_TAKEN}" multiple hidden>
<input type="file" id="chat-shoot" accept="image/jpeg" capture="environment" hidden>
{_tool("camera", words["chat.camera"], _CAMERA)}{_tool("attach", words["chat.attach"], _CLIP)}
<textarea id="chat-text" rows="1" maxlength="16000" dir="auto" placeholder="{text(words["chat.placeholder"])}"
 aria-label="{text(words["chat.placeholder"])}"></textarea>
<button class="send" aria-label="{text(words["chat.send"])}">{_SEND}</button>
</form>
<p class="drop" aria-hidden="true">{text(words["chat.drop"])}</p>
<dialog id="chat-viewer" aria-label="{text(words["chat.photo"])}"><form method="dialog">
<button aria-label="{text(words["chat.close"])}">×</button></form><img alt=""></dialog>
</section>"""


def _tool(name: str, title: str, drawing: str) -> str:
    return (
        f'<button type="button" class="tool" id="chat-{name}" title="{text(title)}" aria-label="{text(title)}">'
        f"{drawing}</button>"
    )


def _promise(words: Words, number: int) -> str:
    title, sentence = text(words[f"demo.fact_{number}_title"]), text(words[f"demo.fact_{number}"])
    return f"<article><h2>{title}</h2><p>{sentence}</p></article>"


def _chat_words(words: Words) -> str:
    """Give what the chat's script says, as JSON that cannot end the element it stands in."""
    spoken: Mapping[str, str] = {key[5:]: value for key, value in words.items() if key.startswith("chat.")}
    return msgspec.json.encode(spoken).decode().replace("<", "\\u003c")
