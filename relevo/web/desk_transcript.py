"""One conversation as an agent reads it: what was said, and between it what was drafted, done, opened and verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.deliveries import DeliveryState
from relevo.contracts.worklist import CaseChange
from relevo.contracts.x import X
from relevo.domain.contacts import Level
from relevo.domain.messages import SENT_ELSEWHERE, Author, Entry
from relevo.web.desk_assistant_parts import composer_tools, translation_tool
from relevo.web.desk_box import Box, composer, held_words
from relevo.web.desk_case_changes import between, change_item
from relevo.web.desk_delivery import delivery_mark, delivery_problem, place_of, sent_elsewhere
from relevo.web.desk_events import event_body
from relevo.web.desk_files import file_list
from relevo.web.desk_forms import holder
from relevo.web.desk_html import who
from relevo.web.desk_reading import Reading, agent_of
from relevo.web.desk_teaching_pages import is_teachable
from relevo.web.desk_translations import beside
from relevo.web.languages import Words
from relevo.web.markup import facts, known, moment, text, told

_SPOKEN = frozenset({"message", "draft", "note"})


def talk(words: Words, reading: Reading, box: Box, agent: AgentAccount) -> str:
    """Give a conversation: who answers it, what was said and done, and the box to answer with."""
    here = f"/desk/conversations/{reading.conversation.id}"
    earlier = f'<a class="more" href="{here}?after={reading.earlier}">↑ {text(words["desk.earlier"])}</a>'
    newest = f'<a class="more" href="{here}">↓ {text(words["desk.newest"])}</a>'
    titles = _payload_titles(reading.entries)
    about = {
        entry.position: held_words(words, entry, reading, box, agent)
        for entry in reading.entries
        if entry.kind == "draft"
    }
    items = "".join(
        change_item(words, line) if isinstance(line, CaseChange) else _item(words, line, titles, reading, about)
        for line in between(reading.entries, reading.changes, is_newest=reading.is_newest)
    )
    empty = f'<li class="empty">{text(words["desk.empty_transcript"])}</li>'
    return f"""<section class="talk" aria-labelledby="transcript">
<header class="talk-head"><div id="who" data-live><h1 id="transcript">{who(words, reading.line)}</h1>
<p class="quiet">{_where(words, reading)}</p></div>
{translation_tool(words, reading.offer, reading.line.id)}
{holder(words, reading, agent)}</header>
<div class="scroll" id="timeline" data-live data-newest="{str(reading.is_newest).lower()}"
 data-last="{reading.conversation.last_position}" tabindex="0" role="group"
 aria-label="{text(words["desk.transcript"])}">
{earlier if reading.earlier is not None else ""}
<ol class="timeline">{items or empty}</ol>
{"" if reading.is_newest else newest}
</div>
{composer_tools(words, reading, agent)}
{composer(words, reading, box, agent)}
</section>"""


def contact_card(words: Words, reading: Reading) -> str:
    """Give what is known of who writes."""
    line, identity = reading.line, reading.conversation.identity
    level = known(words, "level", line.level.name.lower())
    pairs = [
        (words["desk.contact"], _person(reading, line.contact_name or words["desk.unknown_contact"])),
        (words["desk.verified"], f'<span class="badge level-{int(line.level > Level.CLAIMED)}">{level}</span>'),
        (words["desk.channel"], known(words, "channel", line.channel)),
        (words["desk.address"], f"<code>{text(line.address)}</code>"),
    ]
    if identity.business_ref:
        pairs.insert(1, (words["desk.business_ref"], f"<code>{text(identity.business_ref)}</code>"))
    return facts(pairs)


def _person(reading: Reading, name: str) -> str:
    return f'<a href="/desk/contacts/{reading.person.id}">{text(name)}</a>'


def _where(words: Words, reading: Reading) -> str:
    level = known(words, "level", reading.line.level.name.lower())
    proof = level if reading.line.level is Level.CLAIMED else f"{text(words['desk.verified'])}: {level}"
    everywhere = _person(reading, words["person.everywhere"])
    return f"{known(words, 'channel', reading.line.channel)} · {proof} · {everywhere}"


def _item(words: Words, entry: Entry, titles: Mapping[str, str], reading: Reading, about: Mapping[int, str]) -> str:
    if entry.kind in _SPOKEN:
        return _spoken(words, entry, titles, reading, about.get(entry.position, ""))
    if entry.kind == SENT_ELSEWHERE:
        return _elsewhere(words, entry, reading)
    by = f" · {text(name)}" if (name := reading.names.get(agent_of(entry) or 0)) else ""
    state = reading.deliveries.get((reading.conversation.id, entry.position))
    return f"""<li class="event event-{text(entry.kind)}" id="at-{entry.position}">
<p class="label">{known(words, "kind", entry.kind)}{by} {moment(entry.created_at)}{delivery_mark(words, state)}</p>
{event_body(words, entry)}{delivery_problem(words, state)}
</li>"""


def _spoken(words: Words, entry: Entry, titles: Mapping[str, str], reading: Reading, about: str) -> str:
    author = text(
        reading.names.get(agent_of(entry) or 0) or words.get(f"author.{entry.author.value}", entry.author.value)
    )
    kind = known(words, "kind", entry.kind)
    label = {"message": author, "draft": kind}.get(entry.kind, f"{author} · {kind}")
    if entry.kind == "note" and (entry.content.custom or {}).get("begun_as") == "reply":
        label += f" · {text(words['composer.left_unsent'])}"
    if (entry.content.custom or {}).get("elsewhere") == X:
        label += f" · {text(words['author.in_x'])}"
    said = _content(words, entry, titles) + file_list(words, entry.content, reading.files)
    made = reading.translations.get(entry.position)
    state = reading.deliveries.get((reading.conversation.id, entry.position))
    return f"""<li class="{text(entry.kind)} {entry.author.value}" id="at-{entry.position}"{_by(entry)}>
<p class="label">{label} {moment(entry.created_at)}{_mark(words, entry, state)}{_page(words, entry, reading)}</p>
{beside(words, said, f"{reading.line.id}-{entry.position}", made, reading.language)}
{about}{delivery_problem(words, state)}{_teach(words, entry, reading)}</li>"""


def _elsewhere(words: Words, entry: Entry, reading: Reading) -> str:
    place = place_of(entry)
    said, state = (reading.elsewhere.get(place), reading.deliveries.get(place)) if place else (None, None)
    author = text(reading.names.get(agent_of(entry) or 0) or words["author.agent"])
    return sent_elsewhere(words, entry, author, said, state)


def _mark(words: Words, entry: Entry, state: DeliveryState | None) -> str:
    """Say how a message fares; the page's script says it of an agent's as soon as the contact has read it."""
    shown = delivery_mark(words, state)
    return f'<span data-mark="{entry.position}">{shown}</span>' if shown and entry.author is Author.AGENT else shown


def _page(words: Words, entry: Entry, reading: Reading) -> str:
    """Say where the contact wrote; words, since a stranger's link is none to follow."""
    url = reading.pages.get(entry.position)
    return f' · <span class="page">{text(words["widget.on_page"].format(url=url))}</span>' if url else ""


def _by(entry: Entry) -> str:
    agent = agent_of(entry) if entry.author is Author.AGENT else None
    return f' data-by="{agent}"' if agent is not None else ""


def _teach(words: Words, entry: Entry, reading: Reading) -> str:
    if not is_teachable(entry):
        return ""
    here = f"/desk/conversations/{reading.conversation.id}/teach/{entry.position}"
    return f'<a class="teach quiet" href="{here}">{text(words["teaching.propose"])}</a>'


def _content(words: Words, entry: Entry, titles: Mapping[str, str]) -> str:
    content, parts = entry.content, []
    if content.subject:
        parts.append(f'<p dir="auto"><b>{text(content.subject)}</b></p>')
    if content.text is not None:
        said = titles.get(content.text, content.text) if entry.author is Author.CONTACT else content.text
        parts.append(f'<p dir="auto">{text(said)}</p>')
    if content.image:
        parts.append(f"<p>{text(words['desk.picture'])}: <code>{text(content.image)}</code></p>")
    if content.buttons:
        choices = "".join(f"<li>{text(button.title)}</li>" for button in content.buttons)
        parts.append(f'<ul class="choices" aria-label="{text(words["desk.offered"])}">{choices}</ul>')
    if content.custom and entry.kind != "note":
        parts.append(told(words, content.custom))
    return "".join(parts)


def _payload_titles(entries: Sequence[Entry]) -> dict[str, str]:
    """Say what a contact saw on the button that they chose."""
    return {button.payload: button.title for entry in entries for button in entry.content.buttons}
