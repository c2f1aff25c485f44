"""One conversation as an agent reads it: what was said, and between it what was drafted, done, opened and verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.desk import ConversationLine
from relevo.domain.attachments import AttachmentState
from relevo.domain.contacts import Level
from relevo.domain.messages import Author, Content, Entry
from relevo.web.desk_files import file_list
from relevo.web.desk_html import case_card, desk_page, who
from relevo.web.desk_reading import Reading
from relevo.web.languages import WORDS, Words
from relevo.web.markup import facts, known, moment, text, told
from relevo.web.sign_in import Session

Files = Mapping[UUID, AttachmentState]
_SPOKEN = frozenset({"message", "draft", "note"})


def conversation_page(language: str, session: Session, reading: Reading) -> str:
    """Give a conversation's page."""
    words = WORDS[language]
    name = reading.line.contact_name or words["desk.unknown_contact"]
    here = f"/desk/conversations/{reading.conversation.id}"
    earlier = f'<a class="more" href="{here}?after={reading.earlier}">↑ {text(words["desk.earlier"])}</a>'
    newest = f'<a class="more" href="{here}">↓ {text(words["desk.newest"])}</a>'
    titles = _payload_titles(reading.entries)
    items = "".join(_item(words, entry, titles, reading.files) for entry in reading.entries)
    empty = f'<li class="empty">{text(words["desk.empty_transcript"])}</li>'
    body = f"""<main id="live" class="conversation" data-newest="{str(reading.is_newest).lower()}">
<section class="talk" aria-labelledby="transcript">
<p class="crumb"><a href="/desk">← {text(words["desk.overview"])}</a></p>
<h1 id="transcript">{who(words, reading.line)}</h1>
{earlier if reading.earlier is not None else ""}
<ol class="timeline" aria-label="{text(words["desk.transcript"])}">{items or empty}</ol>
{"" if reading.is_newest else newest}
</section>
<aside>{_about(words, reading)}</aside>
</main>"""
    return desk_page(language, name, session, body)


def _about(words: Words, reading: Reading) -> str:
    line, identity = reading.line, reading.conversation.identity
    level = known(words, "level", line.level.name.lower())
    pairs = [
        (words["desk.contact"], text(line.contact_name or words["desk.unknown_contact"])),
        (words["desk.verified"], f'<span class="badge level-{int(line.level > Level.CLAIMED)}">{level}</span>'),
        (words["desk.control"], _control(words, line)),
        (words["desk.channel"], known(words, "channel", line.channel)),
        (words["desk.address"], f"<code>{text(line.address)}</code>"),
        (words["desk.last_change"], moment(line.updated_at)),
    ]
    if identity.business_ref:
        pairs.insert(1, (words["desk.business_ref"], f"<code>{text(identity.business_ref)}</code>"))
    cases = "".join(case_card(words, case, with_link=False) for case in reading.cases)
    none = f'<p class="quiet">{text(words["desk.none"])}</p>'
    return f'<div class="card">{facts(pairs)}</div><h2>{text(words["desk.case_list"])}</h2>{cases or none}'


def _control(words: Words, line: ConversationLine) -> str:
    return f'<span class="badge control-{line.control.value}">{known(words, "control", line.control.value)}</span>'


def _item(words: Words, entry: Entry, titles: Mapping[str, str], files: Files) -> str:
    if entry.kind in _SPOKEN:
        return _spoken(words, entry, titles, files)
    return f"""<li class="event event-{text(entry.kind)}" id="at-{entry.position}">
<p class="label">{known(words, "kind", entry.kind)} {moment(entry.created_at)}</p>
{_event_body(words, entry)}
</li>"""


def _spoken(words: Words, entry: Entry, titles: Mapping[str, str], files: Files) -> str:
    author = known(words, "author", entry.author.value)
    label = author if entry.kind == "message" else f"{author} · {known(words, 'kind', entry.kind)}"
    return f"""<li class="{text(entry.kind)} {entry.author.value}" id="at-{entry.position}">
<p class="label">{label} {moment(entry.created_at)}</p>
<div class="bubble">{_content(words, entry, titles)}{file_list(words, entry.content, files)}</div>
</li>"""


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
    if content.custom:
        parts.append(told(words, content.custom))
    return "".join(parts)


def _event_body(words: Words, entry: Entry) -> str:
    rest: dict[str, Any] = dict(entry.content.custom or {})
    lead = _lead(words, entry.kind, rest)
    return f"{lead}{_said(entry.content)}{told(words, rest)}"


def _lead(words: Words, kind: str, rest: dict[str, Any]) -> str:
    """Give the sentence at the head of an event, and take out of ``rest`` what it says."""
    if kind == "effect":
        name, _, reference = str(rest.pop("key", "")).partition(":")
        state = str(rest.pop("state", ""))
        badge = f'<span class="badge state-{text(state)}">{known(words, "state", state)}</span>'
        return f"<p><b>{known(words, 'effect', name)}</b> <code>{text(reference)}</code> {badge}</p>"
    if kind == "case":
        number, sort, trigger = (str(rest.pop(key, "")) for key in ("case", "type", "trigger"))
        why = known(words, "trigger", trigger)
        return f'<p><b>{known(words, "case_type", sort)}</b> <span class="number">{text(number)}</span> · {why}</p>'
    if kind == "control":
        before, after = (known(words, "control", str(rest.pop(key, ""))) for key in ("from", "to"))
        return f"<p>{before} → <b>{after}</b></p>"
    if kind == "verification":
        return f"<p><b>{known(words, 'level', str(rest.pop('level', '')))}</b></p>"
    return ""


def _said(content: Content) -> str:
    return f'<p dir="auto">{text(content.text)}</p>' if content.text else ""


def _payload_titles(entries: Sequence[Entry]) -> dict[str, str]:
    """Say what a contact saw on the button that they chose."""
    return {button.payload: button.title for entry in entries for button in entry.content.buttons}
