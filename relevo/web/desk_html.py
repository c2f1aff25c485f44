"""The desk's pages as HTML: signing in, the overview, and the frame around them."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.desk import ConversationLine
from relevo.domain.cases import Case
from relevo.web.languages import WORDS, Words
from relevo.web.markup import document, facts, known, moment, text, told
from relevo.web.sign_in import Session

_HEAD = (
    '<link rel="stylesheet" href="/static/desk/desk.css">\n<link rel="icon" href="/static/desk/icon.svg">\n'
    '<script type="module" src="/static/desk/desk.js"></script>'
)
_LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><path d="M5 20a9 9 0 0 1 9-9h9"/>'
    '<path d="m19 6 5 5-5 5"/>'
    '<path d="M27 12a9 9 0 0 1-9 9H9"/><path d="m13 26-5-5 5-5"/></svg>'
)


def sign_in_page(language: str, form_token: str, *, problem: str = "", target: str = "", email: str = "") -> str:
    """Give the page that asks for e-mail and password."""
    words = WORDS[language]
    alert = f'<p class="alert" role="alert">{text(problem)}</p>' if problem else ""
    body = f"""<body class="sign-in">
<main class="card">
<div class="brand">{_LOGO}<span>Relevo <b>{text(words["desk.title"])}</b></span></div>
<h1>{text(words["desk.sign_in"])}</h1>
<p class="lead">{text(words["desk.sign_in_lead"])}</p>
{alert}
<form method="post" action="/desk/login">
<input type="hidden" name="form_token" value="{text(form_token)}">
<input type="hidden" name="next" value="{text(target)}">
<label>{text(words["desk.email"])}
<input type="email" name="email" value="{text(email)}" autocomplete="username" required{"" if email else " autofocus"}>
</label>
<label>{text(words["desk.password"])}
<input type="password" name="password" autocomplete="current-password" required{" autofocus" if email else ""}>
</label>
<button>{text(words["desk.sign_in"])}</button>
</form>
<p class="quiet">{text(words["desk.forgotten"])}</p>
</main>
</body>"""
    return document(language, f"{words['desk.sign_in']} · Relevo", _HEAD, body)


def overview_page(
    language: str, session: Session, cases: Sequence[Case], conversations: Sequence[ConversationLine]
) -> str:
    """Give the lists of cases and conversations."""
    words = WORDS[language]
    body = f"""<main id="live" class="overview">
<section aria-labelledby="cases">
<h2 id="cases">{text(words["desk.cases"])} {_count(cases)}</h2>
{"".join(case_card(words, case) for case in cases) or _empty(words["desk.no_cases"])}
</section>
<section aria-labelledby="conversations">
<h2 id="conversations">{text(words["desk.conversations"])} {_count(conversations)}</h2>
{_conversation_list(words, conversations)}
</section>
</main>"""
    return desk_page(language, words["desk.overview"], session, body)


def desk_page(language: str, title: str, session: Session, body: str) -> str:
    """Give a page of a signed-in agent; ``body`` is HTML."""
    words = WORDS[language]
    frame = f"""<body>
<header class="bar">
<a class="brand" href="/desk">{_LOGO}<span>Relevo <b>{text(words["desk.title"])}</b></span></a>
<p class="status" id="refresh" role="status" data-stale="{text(words["desk.stale"])}"
 data-fresh="{text(words["desk.updates"])}">{text(words["desk.read_only"])}</p>
<form class="who" method="post" action="/desk/logout">
<input type="hidden" name="form_token" value="{session.form_token}">
{_agent(session.agent)}
<button class="plain">{text(words["desk.sign_out"])}</button>
</form>
</header>
{body}
</body>"""
    return document(language, f"{title} · Relevo", _HEAD, frame)


def problem_page(language: str, sentence: str) -> str:
    """Give a page that says what went wrong."""
    words = WORDS[language]
    body = f"""<body class="sign-in">
<main class="card">
<div class="brand">{_LOGO}<span>Relevo <b>{text(words["desk.title"])}</b></span></div>
<h1>{text(words["desk.error"])}</h1>
<p class="lead" role="alert">{text(sentence)}</p>
<p><a class="button" href="/desk">{text(words["desk.back"])}</a></p>
</main>
</body>"""
    return document(language, f"{words['desk.error']} · Relevo", _HEAD, body)


def case_card(words: Words, case: Case, *, with_link: bool = True) -> str:
    """Give one case."""
    goal = f'<blockquote dir="auto">{text(case.goal)}</blockquote>' if case.goal else ""
    name = text(case.contact_name or words["desk.unknown_contact"])
    channel = f" · {known(words, 'channel', case.channel)}" if case.channel else ""
    pairs = [(words["desk.why"], known(words, "trigger", case.trigger))]
    if case.reference:
        pairs.append((words["desk.reference"], f"<code>{text(case.reference)}</code>"))
    link = ""
    if with_link and case.conversation_id:
        page = f"/desk/conversations/{case.conversation_id}"
        link = f'<a class="more" href="{page}">{text(words["desk.show_conversation"])}</a>'
    return f"""<article class="case" id="case-{text(case.id)}">
<header><h3>{known(words, "case_type", case.type)} <span class="number">{text(case.id)}</span></h3>
<span class="badge status-{text(case.status)}">{known(words, "status", case.status)}</span></header>
<p class="quiet">{name}{channel} · {text(words["desk.opened"])} {moment(case.opened_at)}</p>
{goal}{facts(pairs)}{told(words, case.detail)}{link}
</article>"""


def who(words: Words, line: ConversationLine) -> str:
    """Give a contact's name, or where they write from while nobody knows it."""
    if line.contact_name:
        return text(line.contact_name)
    address = line.address if len(line.address) <= 24 else f"{line.address[:8]}…"
    return f'{text(words["desk.unknown_contact"])} <span class="number">{text(address)}</span>'


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
<span class="badge control-{line.control.value}">{known(words, "control", line.control.value)}</span>
{cases if line.open_cases else ""}</span>
</a></li>"""


def _agent(agent: AgentAccount) -> str:
    initials = "".join(part[0] for part in agent.name.split()[:2]).upper() or "?"
    return (
        f'<span class="avatar" aria-hidden="true">{text(initials)}</span><span class="agent">{text(agent.name)}</span>'
    )


def _count(things: Sequence[object]) -> str:
    return f'<span class="count">{len(things)}</span>'


def _empty(sentence: str) -> str:
    return f'<p class="empty">{text(sentence)}</p>'
