"""A contact's page: one timeline across channels, and beside it who they are, their cases, and who may be the same."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from relevo.contracts.contacts import ContactView, Page, Wanted
from relevo.domain.attachments import AttachmentState
from relevo.domain.merging import GROUPS
from relevo.web.desk_contacts_wire import cursor_text
from relevo.web.desk_delivery import Deliveries
from relevo.web.desk_html import desk_page
from relevo.web.desk_known import cases_known, person_facts, seen_on
from relevo.web.desk_life import Life
from relevo.web.desk_merging import merge_forms
from relevo.web.languages import WORDS, Words
from relevo.web.markup import text
from relevo.web.sign_in import Session


class PersonReading(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a person."""

    view: ContactView
    page: Page
    wanted: Wanted
    names: Mapping[int, str]
    files: Mapping[UUID, AttachmentState]
    deliveries: Deliveries = msgspec.field(default_factory=dict)


def person_page(language: str, session: Session, reading: PersonReading) -> str:
    """Give a contact's page."""
    words, view = WORDS[language], reading.view
    name = view.display_name or words["desk.unknown_contact"]
    about = " ".join(str(seen.conversation_id) for seen in view.seen_on if seen.conversation_id)
    body = f"""<main class="person" data-about="{about}">
<p class="crumb"><a href="/desk">← {text(words["desk.overview"])}</a></p>
<section class="pane life" aria-labelledby="person-name">
<header><h1 id="person-name">{text(name)}</h1><p class="quiet">{text(words["person.lead"])}</p></header>
{_filters(words, reading)}
{_timeline(words, reading)}
</section>
<div class="side">
<section class="about" id="person-known" data-live aria-labelledby="person-known-title">
<h2 id="person-known-title">{text(words["desk.contact"])}</h2>
{person_facts(words, view)}{seen_on(words, view)}{cases_known(words, view)}
</section>
{business_box(words, view.id)}
<section class="about" id="person-merging" data-live aria-labelledby="person-merging-title">
<h2 id="person-merging-title">{text(words["person.same_person"])}</h2>
{merge_forms(words, view)}
</section>
</div>
</main>"""
    return desk_page(language, name, session, body)


def business_box(words: Words, contact_id: UUID) -> str:
    """Give the box whose inside is read when it is opened; it stands outside what is refreshed by itself."""
    return f"""<section class="about" aria-labelledby="business-title">
<details class="section" id="business" data-fragment="/desk/contacts/{contact_id}/business"
 data-failed="{text(words["person.business_unreachable"])}">
<summary><h2 id="business-title">{text(words["person.business"])}</h2></summary>
<div class="fragment" role="status"><p class="quiet">{text(words["person.asking"])}</p></div>
</details></section>"""


def _timeline(words: Words, reading: PersonReading) -> str:
    wanted, page = reading.wanted, reading.page
    life = Life(words, reading.names, reading.files, reading.deliveries, folds=not wanted.groups)
    earlier = page.earlier and _address(reading, before=cursor_text(page.earlier))
    more = f'<a class="more" href="{text(earlier)}">↑ {text(words["desk.earlier"])}</a>' if earlier else ""
    newest = f'<a class="more" href="{text(_address(reading))}">↓ {text(words["desk.newest"])}</a>'
    empty = f'<li class="empty">{text(words["person.nothing"])}</li>'
    label = text(words["person.life"])
    return f"""<div class="scroll" id="life" data-live tabindex="0" role="group" aria-label="{label}">
{more}
<ol class="timeline">{life.of(page.lines) or empty}</ol>
{newest if wanted.before else ""}
</div>"""


def _filters(words: Words, reading: PersonReading) -> str:
    wanted, view = reading.wanted, reading.view
    kinds = [_choice(words["person.all"], _address(reading, kinds=""), is_chosen=not wanted.groups)]
    kinds += [
        _choice(words[f"person.kind_{group}"], _address(reading, kinds=group), is_chosen=wanted.groups == (group,))
        for group in GROUPS
    ]
    names = dict.fromkeys(seen.channel for seen in view.seen_on)
    channels = [_choice(words["person.all_channels"], _address(reading, channel=""), is_chosen=not wanted.channel)]
    channels += [
        _choice(words.get(f"channel.{name}", name), _address(reading, channel=name), is_chosen=wanted.channel == name)
        for name in names
    ]
    of_channels = f'<ul class="filters" aria-label="{text(words["desk.channel"])}">{"".join(channels)}</ul>'
    return (
        f'<nav aria-label="{text(words["person.filters"])}"><ul class="filters">{"".join(kinds)}</ul>'
        f"{of_channels if len(names) > 1 else ''}</nav>"
    )


def _choice(label: str, address: str, *, is_chosen: bool) -> str:
    current = ' aria-current="true"' if is_chosen else ""
    return f'<li><a href="{text(address)}"{current}>{text(label)}</a></li>'


def _address(reading: PersonReading, **changes: str) -> str:
    """Give this page with other filters; another filter begins at the newest line."""
    wanted = reading.wanted
    asked = {"kinds": ",".join(wanted.groups), "channel": wanted.channel or "", **changes}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/desk/contacts/{reading.view.id}{'?' if query else ''}{query}"
