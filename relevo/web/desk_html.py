"""The desk's pages as HTML: signing in, the overview, and the frame around them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.desk import ConversationLine
from relevo.domain.roles import ADMINS, READONLY, WORKERS
from relevo.domain.routing import LEADING_ROLES
from relevo.errors import RequestError
from relevo.web.desk_keys import keys_button, keys_dialog
from relevo.web.desk_list import case_list
from relevo.web.desk_listing import CaseListing
from relevo.web.desk_readonly import for_reading
from relevo.web.desk_sla import notices_frame
from relevo.web.languages import WORDS, Words
from relevo.web.markup import document, known, moment, text
from relevo.web.sign_in import Session

_STYLES = ("desk", "list", "sla", "assistant", "queues", "composer", "person", "reports", "admin")
"""Of static/desk, in this order; each room may have one of its own."""
_SCRIPTS = ("composer", "desk", "notices", "assistant", "offers", "person", "viewer", "admin", "settings")
_HEAD = "\n".join(
    [
        *(f'<link rel="stylesheet" href="/static/desk/{name}.css">' for name in _STYLES),
        '<link rel="icon" href="/static/desk/icon.svg">',
        '<script src="/static/desk/early.js"></script>',
        *(f'<script type="module" src="/static/desk/{name}.js"></script>' for name in _SCRIPTS),
    ]
)
_ROOMS: tuple[tuple[str, str, frozenset[str] | None], ...] = (
    ("/desk", "desk.inbox", None),
    ("/desk/queue", "queues.title", None),
    ("/desk/posts", "posts.title", None),
    ("/desk/team", "team.title", LEADING_ROLES),
    ("/desk/mentions", "composer.mentions_title", None),
    ("/desk/replies", "composer.ready", None),
    ("/desk/reports", "reports.title", None),
    ("/desk/teaching", "teaching.title", LEADING_ROLES),
    ("/desk/admin", "admin.title", ADMINS),
)
"""Where one goes from every page: its address, its words, and the roles that may (None: everybody)."""
_LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><path d="M5 20a9 9 0 0 1 9-9h9"/>'
    '<path d="m19 6 5 5-5 5"/>'
    '<path d="M27 12a9 9 0 0 1-9 9H9"/><path d="m13 26-5-5 5-5"/></svg>'
)


def card_page(language: str, title: str, inner: str) -> str:
    """Give a page of somebody who is not signed in, with a card in its middle; ``inner`` is HTML."""
    words = WORDS[language]
    body = f"""<body class="sign-in">
<main class="card">
<div class="brand">{_LOGO}<span>Relevo <b>{text(words["desk.title"])}</b></span></div>
<h1>{text(title)}</h1>
{inner}
</main>
</body>"""
    return document(language, f"{title} · Relevo", _HEAD, body)


class SignInForm(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form that asks for e-mail and password."""

    token: str
    target: str = ""
    email: str = ""
    mails_links: bool = False


def sign_in_page(language: str, form: SignInForm, *, notice: str = "", problem: str = "") -> str:
    """Give the page that asks for e-mail and password."""
    words, email = WORDS[language], form.email
    alert = f'<p class="alert" role="alert">{text(problem)}</p>' if problem else ""
    alert += f'<p class="done" role="status">{text(notice)}</p>' if notice else ""
    lost = f'<p class="quiet">{text(words["desk.forgotten"])}</p>'
    if form.mails_links:
        lost = f'<p><a href="/desk/forgotten">{text(words["password.forgotten"])}</a></p>'
    inner = f"""<p class="lead">{text(words["desk.sign_in_lead"])}</p>
{alert}
<form method="post" action="/desk/login">
<input type="hidden" name="form_token" value="{text(form.token)}">
<input type="hidden" name="next" value="{text(form.target)}">
<label>{text(words["desk.email"])}
<input type="email" name="email" value="{text(email)}" autocomplete="username" required{"" if email else " autofocus"}>
</label>
<label>{text(words["desk.password"])}
<input type="password" name="password" autocomplete="current-password" required{" autofocus" if email else ""}>
</label>
<button>{text(words["desk.sign_in"])}</button>
</form>
{lost}"""
    return card_page(language, words["desk.sign_in"], inner)


def overview_page(
    language: str, session: Session, listing: CaseListing, conversations: Sequence[ConversationLine]
) -> str:
    """Give the lists of cases and conversations."""
    words = WORDS[language]
    body = f"""<main class="work overview" data-all>
<h1 class="unseen">{text(words["desk.overview"])}</h1>
{case_list(words, listing)}
<section class="pane" id="conversations" data-live aria-labelledby="conversations-title">
<h2 id="conversations-title">{text(words["desk.conversations"])} {_count(conversations)}</h2>
{_conversation_list(words, conversations)}
</section>
</main>"""
    return desk_page(language, words["desk.overview"], session, body)


def desk_page(language: str, title: str, session: Session, body: str, *, searched: str = "") -> str:
    """Give a page of a signed-in agent; ``body`` is HTML, ``searched`` what was searched for on it."""
    words = WORDS[language]
    body = for_reading(body) if session.agent.role == READONLY else body
    frame = f"""<body data-now="{session.at.isoformat(timespec="milliseconds")}">
<header class="bar">
<a class="brand" href="/desk">{_LOGO}<span>Relevo <b>{text(words["desk.title"])}</b></span></a>
{_rooms(words, session.agent)}
{_search_form(words, searched)}
<p class="status" id="refresh" role="status" data-stale="{text(words["desk.stale"])}">{text(words["desk.updates"])}</p>
{keys_button(words)}{_presence(words, session.agent)}
<form class="who" method="post" action="/desk/logout">
<input type="hidden" name="form_token" value="{session.form_token}">
{_agent(session.agent)}
<button class="plain">{text(words["desk.sign_out"])}</button>
</form>
</header>
{notices_frame(words)}
<noscript><p class="alert">{text(words["desk.no_script"])}</p></noscript>
{body}
<div id="offers" role="region" aria-live="polite" aria-label="{text(words["script.offers"])}" hidden></div>
{keys_dialog(words)}
<div id="toast" role="alert" hidden><p></p>
<button type="button" class="plain">{text(words["desk.dismiss"])}</button></div>
<script type="application/json" id="words">{_script_words(words)}</script>
</body>"""
    return document(language, f"{title} · Relevo", _HEAD, frame)


def refusal_page(language: str, error: RequestError, status: int | None = None) -> str:
    """Give a page that says why there is nothing else to show, in the reader's language where it has the words."""
    words, status = WORDS[language], status or error.status
    known_as = "" if error.reason == "stale_form" else f"_{min(500, status)}"
    title = words.get(f"desk.error{known_as}", words["desk.error"])
    sentence = words.get(f"problem.{error.reason}", str(error))
    inner = f"""<p class="lead" role="alert">{text(sentence)}</p>
<p><a class="button" href="/desk">{text(words["desk.back"])}</a></p>"""
    return card_page(language, title, inner)


def who(words: Words, line: ConversationLine) -> str:
    """Give a contact's name, or where they write from while nobody knows it."""
    if line.contact_name:
        return text(line.contact_name)
    address = line.address if len(line.address) <= 24 else f"{line.address[:8]}…"
    return f'{text(words["desk.unknown_contact"])} <span class="number">{text(address)}</span>'


def _rooms(words: Words, agent: AgentAccount) -> str:
    links = [
        f'<a href="{path}">{text(words[key])}</a>'
        for path, key, roles in _ROOMS
        if roles is None or agent.role in roles
    ]
    return f'<nav class="rooms" aria-label="{text(words["desk.rooms"])}">{"".join(links)}</nav>'


def _search_form(words: Words, searched: str) -> str:
    return f"""<form class="search" role="search" action="/desk/search">
<input type="search" name="q" value="{text(searched)}" maxlength="200" autocomplete="off" enterkeyhint="search"
 aria-label="{text(words["desk.search"])}" placeholder="{text(words["desk.search_placeholder"])}">
<button class="plain">{text(words["desk.search"])}</button>
</form>"""


def _presence(words: Words, agent: AgentAccount) -> str:
    if agent.role not in WORKERS:
        return f'<span class="badge" id="presence" data-live>{known(words, "role", agent.role)}</span>'
    shown = words["desk.away" if agent.is_away else "desk.available"]
    return f"""<form id="presence" data-live data-api="/desk/api/presence">
<input type="hidden" name="is_away" value="{str(not agent.is_away).lower()}" data-type="boolean">
<button id="presence-switch" class="plain switch" role="switch" aria-checked="{str(not agent.is_away).lower()}"
 title="{text(words["desk.presence_hint"])}">{text(shown)}</button>
</form>"""


def _script_words(words: Words) -> str:
    """Give what the desk's scripts say, as JSON that cannot end the element it stands in."""
    spoken = {key: value for key, value in words.items() if key.startswith(("problem.", "script."))}
    return msgspec.json.encode(spoken).decode().replace("<", "\\u003c")


def _conversation_list(words: Words, conversations: Sequence[ConversationLine]) -> str:
    if not conversations:
        return _empty(words["desk.no_conversations"])
    return f'<ul class="lines">{"".join(_line(words, line) for line in conversations)}</ul>'


def _line(words: Words, line: ConversationLine) -> str:
    cases = f'<span class="badge has-cases">{text(words["desk.open_cases"])}: {line.open_cases}</span>'
    return f"""<li><a href="/desk/conversations/{line.id}">
<span class="name">{who(words, line)}</span>{moment(line.updated_at)}
<span class="preview" dir="auto">{text((line.preview or "…")[:160])}</span>
<span class="badges"><span class="badge channel">{known(words, "channel", line.channel)}</span>
<span class="badge control-{line.control.value}">{_who_answers(words, line)}</span>
{cases if line.open_cases else ""}</span>
</a></li>"""


def _who_answers(words: Words, line: ConversationLine) -> str:
    return text(line.agent_name) if line.agent_name else known(words, "control", line.control.value)


def _agent(agent: AgentAccount) -> str:
    initials = "".join(part[0] for part in agent.name.split()[:2]).upper() or "?"
    return (
        f'<span class="avatar" aria-hidden="true">{text(initials)}</span><span class="agent">{text(agent.name)}</span>'
    )


def _count(things: Sequence[object]) -> str:
    return f'<span class="count">{len(things)}</span>'


def _empty(sentence: str) -> str:
    return f'<p class="empty">{text(sentence)}</p>'
