"""The page that agents work on: the list of cases, the conversation, and the case with everything about it."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.desk import ConversationLine
from relevo.web.desk_box import Box, dialogs
from relevo.web.desk_case import case_panel
from relevo.web.desk_case_changes import change_list
from relevo.web.desk_files import file_links
from relevo.web.desk_forms import hand_back_dialog, verify_form
from relevo.web.desk_html import desk_page
from relevo.web.desk_known import cases_known, seen_on
from relevo.web.desk_life import reach_badge
from relevo.web.desk_list import case_list
from relevo.web.desk_listing import CaseListing
from relevo.web.desk_merging import case_merge_forms
from relevo.web.desk_person import business_box
from relevo.web.desk_reading import CaseReading, Reading
from relevo.web.desk_teaching_pages import taught_field
from relevo.web.desk_transcript import contact_card, talk
from relevo.web.languages import WORDS, Words
from relevo.web.markup import known, text
from relevo.web.sign_in import Session


def work_page(
    language: str,
    session: Session,
    listing: CaseListing,
    reading: Reading | None,
    about: CaseReading | None,
    box: Box | None = None,
) -> str:
    """Give the page of a case, of a conversation, or of both."""
    words, agent = WORDS[language], session.agent
    box = box or Box()
    conversation = talk(words, reading, box, agent) if reading else _no_conversation(words, about)
    files = file_links(words, reading.entries) if reading else ""
    case = case_panel(language, words, about, agent, listing.now, files) if about else ""
    record = about.record if about else None
    guessed = record.intent.name if record and record.intent else None
    taught = taught_field(words, language, box.intents, guessed) if record and record.goal else ""
    dialog = hand_back_dialog(words, reading, record, taught) if reading else ""
    more = dialogs(words, reading, box, agent) if reading else ""
    body = f"""<main class="work" data-about="{_spoken(reading, about)}">
{case_list(words, listing)}
<p class="crumb"><a href="/desk">← {text(words["desk.overview"])}</a></p>
{conversation}
<div class="side">{case}{_contact(words, reading, about, agent)}</div>
{dialog}{_looked(reading)}
<div id="composer-dialogs" data-live>{more}</div>
</main>"""
    return desk_page(language, _title(words, reading, about), session, body)


def _spoken(reading: Reading | None, about: CaseReading | None) -> str:
    """Give the conversations whose changes concern this page."""
    lines = [*([reading.line] if reading else []), *(about.conversations if about else ())]
    sent = [place[0] for place in reading.elsewhere] if reading else []
    return " ".join(dict.fromkeys(map(str, [*(line.id for line in lines), *sent])))


def _looked(reading: Reading | None) -> str:
    """Tell the page's script what to say once somebody has this in front of them."""
    if reading is None or not reading.is_newest:
        return ""
    here = f"/desk/api/conversations/{reading.line.id}/look"
    return (
        f'<i id="looked" data-live hidden data-look="{here}" data-position="{reading.conversation.last_position}"></i>'
    )


def _contact(words: Words, reading: Reading | None, about: CaseReading | None, agent: AgentAccount) -> str:
    if reading is None:
        return _person_link(words, about)
    shown = about.case.id if about else None
    elsewhere = _elsewhere(words, about.conversations if about else (), reading)
    return f"""<section class="about" id="contact" data-live aria-labelledby="contact-title">
<h2 id="contact-title">{text(words["desk.contact"])}</h2>
{contact_card(words, reading)}{elsewhere}
{verify_form(words, reading, agent)}
{reach_badge(words, reading.person.reach)}{seen_on(words, reading.person)}{cases_known(words, reading.person, shown)}
{case_merge_forms(words, reading.person, about.case) if about else ""}
</section>
{business_box(words, reading.person.id)}"""


def _person_link(words: Words, about: CaseReading | None) -> str:
    """Give the way to whose case it is, where they have not written yet."""
    if about is None or about.contact_id is None:
        return ""
    name = about.case.contact_name or words["desk.unknown_contact"]
    link = f'<a href="/desk/contacts/{about.contact_id}">{text(name)}</a>'
    return (
        f'<section class="about" id="contact" data-live><h2>{text(words["desk.contact"])}</h2><p>{link}</p></section>'
    )


def _elsewhere(words: Words, lines: Sequence[ConversationLine], reading: Reading) -> str:
    links = "".join(
        f'<li><a href="/desk/conversations/{line.id}">{known(words, "channel", line.channel)}</a></li>'
        for line in lines
        if line.id != reading.line.id
    )
    return f'<p class="quiet">{text(words["desk.also_spoken"])}</p><ul class="choices">{links}</ul>' if links else ""


def _no_conversation(words: Words, about: CaseReading | None) -> str:
    changes = change_list(words, about.changes if about else ())
    return f"""<section class="talk"><p class="empty">{text(words["desk.no_conversation"])}</p>
<div id="changes" data-live>{changes}</div></section>"""


def _title(words: Words, reading: Reading | None, about: CaseReading | None) -> str:
    name = (about.case.contact_name if about else None) or (reading.line.contact_name if reading else None)
    return (
        f"{about.case.id} · {name or words['desk.unknown_contact']}" if about else name or words["desk.unknown_contact"]
    )
