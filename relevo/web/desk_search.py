"""Searching at the desk: the API's answer, and the page that works without any script."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.search import Found
from relevo.domain.search import Snippet
from relevo.errors import Unreadable
from relevo.flow.search import Hit, Hits, search
from relevo.web.desk_doors import Call
from relevo.web.desk_html import desk_page
from relevo.web.desk_list import case_address, case_list
from relevo.web.desk_listing import CaseListing
from relevo.web.desk_readonly import for_reader
from relevo.web.desk_search_wire import SearchResults, search_results
from relevo.web.desk_sight import eyes_of
from relevo.web.languages import WORDS, Words, language_of
from relevo.web.markup import known, moment, page_answer, text
from relevo.web.services import services_of
from relevo.web.sign_in import Session

PAGE_HITS = 20
MOST_HITS = 100
_LINES_BEFORE = 20
"""How much of a conversation is shown ahead of a message that was found."""


async def give_hits(call: Call) -> SearchResults:
    """Answer a search."""
    args = call.request.args
    found = await search(call.eyes, args.get("q", ""), args.get("cursor"), _limit(call.request))
    return search_results(found)


async def search_page(request: Request, session: Session, listing: CaseListing) -> HTTPResponse:
    """Give the page with what was found, or why nothing was looked for."""
    language, asked = language_of(request), request.args.get("q", "")
    words, problem, found = WORDS[language], "", Hits(hits=(), cursor=None)
    if asked.strip():
        try:
            eyes = eyes_of(services_of(request), session.agent)
            hits = await search(eyes, asked, request.args.get("cursor"), PAGE_HITS)
            found = for_reader(session, hits)
        except Unreadable as error:
            problem = words.get(f"problem.{error.reason}", str(error))
    is_shown = asked if len(asked) <= PAGE_HITS * 10 else ""
    results = f'<p class="alert" role="alert">{text(problem)}</p>' if problem else _results(words, is_shown, found)
    body = f"""<main class="work overview searching" data-still>
{case_list(words, listing)}
<section class="pane" aria-labelledby="results-title">
<h1 id="results-title">{_title(words, is_shown)}</h1>
{results}
</section>
</main>"""
    title = f"{is_shown} · {words['desk.search']}" if is_shown else words["desk.search"]
    return page_answer(desk_page(language, title, session, body, searched=is_shown))


def _title(words: Words, asked: str) -> str:
    return f"{text(words['desk.search_results'])} <q>{text(asked)}</q>" if asked.strip() else text(words["desk.search"])


def _results(words: Words, asked: str, found: Hits) -> str:
    if not asked.strip():
        return f'<p class="empty">{text(words["desk.search_hint"])}</p>'
    if not found.hits and not found.cursor:
        return f'<p class="empty">{text(words["desk.search_nothing"])}</p>'
    groups = groupby(_by_conversation(found.hits), key=_group)
    items = "".join(_conversation(words, list(hits)) for _, hits in groups)
    query = urlencode({"q": asked, "cursor": found.cursor})
    more = f'<p><a class="more" href="/desk/search?{text(query)}">{text(words["desk.search_more"])} ↓</a></p>'
    return f'<ol class="hits">{items}</ol>{more if found.cursor else ""}'


def _by_conversation(hits: Sequence[Hit]) -> list[Hit]:
    """Put the hits of one conversation together, where the best of them is."""
    first: dict[object, int] = {}
    for place, hit in enumerate(hits):
        first.setdefault(_group(hit), place)
    return sorted(hits, key=lambda hit: first[_group(hit)])


def _group(hit: Hit) -> object:
    return hit.found.conversation_id or hit.found.case_id or hit.found.address


def _conversation(words: Words, hits: Sequence[Hit]) -> str:
    found = hits[0].found
    channel = f'<span class="badge channel">{known(words, "channel", found.channel)}</span>' if found.channel else ""
    lines = "".join(f"<li>{_hit(words, hit)}</li>" for hit in hits)
    name = text(found.contact_name) if found.contact_name else _nobody(words, found)
    return f'<li><h2>{name} {channel}</h2><ul class="lines">{lines}</ul></li>'


def _nobody(words: Words, found: Found) -> str:
    address = found.address or ""
    shown = address if len(address) <= 24 else f"{address[:8]}…"
    return f'{text(words["desk.unknown_contact"])} <span class="number">{text(shown)}</span>'


def _hit(words: Words, hit: Hit) -> str:
    found = hit.found
    inner = f"""<span class="from">{_what(words, found)}</span>{moment(found.at)}
<span class="preview" dir="auto">{_marked(hit.snippet)}</span>"""
    address = _address(found)
    return f'<a href="{text(address)}">{inner}</a>' if address else f'<div class="hit">{inner}</div>'


def _what(words: Words, found: Found) -> str:
    author = f"{known(words, 'author', found.author.value)} · " if found.author else ""
    kind = "" if found.kind == "message" else f"{known(words, 'found', found.kind)} · "
    return f"{author}{kind}{known(words, 'match', found.match.name.lower())}"


def _address(found: Found) -> str | None:
    if found.kind == "case" and found.case_id:
        return case_address(found.case_id, "open")
    if found.kind == "contact" and found.contact_id:
        return f"/desk/contacts/{found.contact_id}"
    return _conversation_address(found.conversation_id, found.position) if found.conversation_id else None


def _conversation_address(conversation_id: UUID, position: int | None) -> str:
    here = f"/desk/conversations/{conversation_id}"
    return here if position is None else f"{here}?after={max(0, position - _LINES_BEFORE)}#at-{position}"


def _marked(snippet: Snippet) -> str:
    parts, done = [], 0
    for start, end in snippet.marks:
        parts += [text(snippet.text[done:start]), f"<mark>{text(snippet.text[start:end])}</mark>"]
        done = end
    return "".join([*parts, text(snippet.text[done:])])


def _limit(request: Request) -> int:
    given = request.args.get("limit", str(PAGE_HITS))
    if not (given.isascii() and given.isdigit()) or len(given) > 3 or not 1 <= int(given) <= MOST_HITS:
        raise Unreadable(f"“limit” must be a whole number from 1 to {MOST_HITS}.", code="bad_limit")
    return int(given)
