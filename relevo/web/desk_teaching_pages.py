"""The pages of teaching: an agent says what a message means, a supervisor looks through what the bot shall learn."""

from __future__ import annotations

from uuid import UUID

from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.messages import Author, Entry
from relevo.domain.teaching import MAX_WORDS_CHARACTERS, State, Teaching, masked, personal_spots
from relevo.errors import NotFound
from relevo.flow.teaching import Intents
from relevo.web.desk_html import desk_page
from relevo.web.desk_teaching import PAGE, names_of, teacher_of
from relevo.web.languages import WORDS, Words, language_of
from relevo.web.markup import moment, page_answer, text
from relevo.web.services import services_of
from relevo.web.sign_in import demand_session

_SCRIPT = '<script type="module" src="/static/desk/teaching.js"></script>'


async def teaching_page(request: Request) -> HTTPResponse:
    """Give what waits to be looked through."""
    session = await demand_session(request)
    services = services_of(request)
    found = await teacher_of(services).listed(session.agent, State.PROPOSED, limit=PAGE)
    language = language_of(request)
    body = _review(WORDS[language], language, services.intents, found)
    return page_answer(desk_page(language, WORDS[language]["teaching.title"], session, body))


async def propose_page(request: Request, conversation_id: UUID, position: int) -> HTTPResponse:
    """Give the form in which an agent says what a message means."""
    session = await demand_session(request)
    services = services_of(request)
    await services.store.conversations.get(conversation_id)
    found = await services.store.conversations.entries(conversation_id, max(0, min(position, 2**62) - 1), 1)
    if not found or found[0].position != position or not is_teachable(found[0]):
        raise NotFound("There is no such message of a contact.")
    language = language_of(request)
    body = _proposal(WORDS[language], language, services.intents, conversation_id, found[0])
    return page_answer(desk_page(language, WORDS[language]["teaching.propose"], session, body))


PAGES = (
    ("/desk/teaching", teaching_page, "desk_teaching"),
    ("/desk/conversations/<conversation_id:uuid>/teach/<position:int>", propose_page, "desk_teach"),
)


def is_teachable(entry: Entry) -> bool:
    """Tell whether an entry holds words of a contact; a button says what it means by itself."""
    words = entry.content.text or ""
    return entry.kind == "message" and entry.author is Author.CONTACT and words[:1] not in ("", "/")


def intent_choice(
    words: Words, language: str, intents: Intents, name: str, chosen: str | None, *, is_needed: bool = True
) -> str:
    """Give a choice of the bot's intents, those with names first."""
    named = [intent for intent in intents.names if intents.title(language, intent) != intent]
    named.sort(key=lambda intent: intents.title(language, intent))
    rest = [intent for intent in intents.names if intent not in named]
    options = "".join(_option(intents.title(language, intent), intent, chosen) for intent in [*named, *rest])
    empty = words["teaching.choose" if is_needed else "teaching.not_said"]
    first = "" if is_needed and chosen else f'<option value="">{text(empty)}</option>'
    required = " required" if is_needed else ""
    label = text(words["teaching.intent"])
    return f'<select id="{name}" name="intent"{required} aria-label="{label}">{first}{options}</select>'


def _proposal(words: Words, language: str, intents: Intents, conversation_id: UUID, entry: Entry) -> str:
    here = f"/desk/conversations/{conversation_id}"
    choice = intent_choice(words, language, intents, "propose-intent", None)
    said = text((entry.content.text or "")[:MAX_WORDS_CHARACTERS])
    return f"""<main class="report teaching">
<header><p class="crumb"><a href="{here}">← {text(words["teaching.back"])}</a></p>
<h1>{text(words["teaching.propose"])}</h1><p class="lead">{text(words["teaching.propose_lead"])}</p></header>
<section id="teach" data-live><blockquote dir="auto">{said}</blockquote>
<form class="lesson" id="propose" data-api="/desk/api/conversations/{conversation_id}/teachings">
<input type="hidden" name="position" value="{entry.position}" data-type="number">
<label>{text(words["teaching.intent"])}{choice}</label>
{_marks_field(words, intents, "propose-marks", "")}
<div class="row"><p class="quiet" data-done hidden role="status">{text(words["teaching.proposed"])}</p>
<button>{text(words["teaching.propose_now"])}</button></div></form></section>{_SCRIPT}
</main>"""


def _review(words: Words, language: str, intents: Intents, found: list[Teaching]) -> str:
    items = "".join(_card(words, language, intents, teaching) for teaching in found)
    empty = f'<p class="empty">{text(words["teaching.none"])}</p>'
    exports = "".join(
        f'<li><a href="/desk/api/teachings.yml?language={tag}" download>{text(WORDS[tag]["language"])}</a></li>'
        for tag in WORDS
    )
    return f"""<main class="report teaching" data-all>
<header><h1>{text(words["teaching.title"])}</h1><p class="lead">{text(words["teaching.lead"])}</p>
<div class="row"><p class="quiet">{text(words["teaching.export"])}</p><ul class="ranges">{exports}</ul></div></header>
<div id="teachings" data-live class="lessons">{items or empty}</div>{_SCRIPT}
</main>"""


def _card(words: Words, language: str, intents: Intents, teaching: Teaching) -> str:
    lesson, number = teaching.lesson, teaching.id
    here = f"/desk/api/teachings/{number}"
    guess = intents.title(language, teaching.guessed) if teaching.guessed else words["teaching.not_known"]
    options = "".join(_option(WORDS[tag]["language"], tag, lesson.language) for tag in WORDS)
    chosen = intent_choice(words, language, intents, f"intent-{number}", lesson.intent)
    marks = "\n".join(f"{mark.value} = {mark.entity}" for mark in lesson.marks)
    mask, keeps = _personal(words, teaching)
    shown = text(words["teaching.reject"])
    reject = f'<button class="plain danger" data-api="{here}/reject" formnovalidate>{shown}</button>'
    return f"""<section id="teaching-{number}" aria-label="{text(lesson.text[:80])}">
<p class="quiet">{text(teaching.proposed_by)} · {moment(teaching.proposed_at)}{_source(words, teaching)}</p>
<p class="spots" dir="auto">{_marked(words, lesson.text, names_of(teaching))}</p>
<p class="quiet">{text(words["teaching.guessed"])}: {text(guess)}</p>
<form class="lesson" id="accept-{number}" data-api="{here}/accept">
<label>{text(words["teaching.words"])}<textarea id="text-{number}" name="text" rows="2" required dir="auto"
 maxlength="{MAX_WORDS_CHARACTERS}">{text(lesson.text)}</textarea></label>
{mask}
<label>{text(words["teaching.intent"])}{chosen}</label>
<label>{text(words["teaching.language"])}<select id="language-{number}" name="language">{options}</select></label>
{_marks_field(words, intents, f"marks-{number}", marks)}{keeps}
<div class="row">{reject}<button>{text(words["teaching.accept"])}</button></div></form></section>"""


def _source(words: Words, teaching: Teaching) -> str:
    if not teaching.conversation_id:
        return ""
    here = f"/desk/conversations/{teaching.conversation_id}#at-{teaching.position}"
    return f' · <a href="{here}">{text(words["teaching.source"])}</a>'


def _personal(words: Words, teaching: Teaching) -> tuple[str, str]:
    """Give the button that makes up what is personal, and the box that says that nothing is."""
    said, names = teaching.lesson.text, names_of(teaching)
    if not personal_spots(said, names):
        return "", ""
    made_up = text(masked(said, names))
    mask = f'<button type="button" class="plain" data-mask="{made_up}">{text(words["teaching.mask"])}</button>'
    box = f'<input type="checkbox" id="keeps-{teaching.id}" name="keeps_personal" value="true" data-type="boolean">'
    return mask, f'<label class="check">{box}{text(words["teaching.keeps"])}</label>'


def _marked(words: Words, said: str, names: list[str]) -> str:
    """Give words in which what may be personal is pointed out, by a mark and in words."""
    parts, at = [], 0
    for spot in personal_spots(said, names):
        kind = text(words[f"teaching.spot.{spot.kind}"])
        parts.append(f'{text(said[at : spot.start])}<mark title="{kind}">{text(said[spot.start : spot.end])}'
                     f' <small>{kind}</small></mark>')  # fmt: skip
        at = spot.end
    return "".join([*parts, text(said[at:])])


def _marks_field(words: Words, intents: Intents, name: str, value: str) -> str:
    hint = words["teaching.marks_hint"].format(entities=", ".join(intents.entities[:12]))
    return f"""<details class="section"><summary>{text(words["teaching.marks"])}</summary>
<textarea id="{name}" name="marks" rows="2" data-type="marks" aria-label="{text(words["teaching.marks"])}"
 maxlength="2000">{text(value)}</textarea><p class="quiet">{text(hint)}</p></details>"""


def _option(told: str, value: str, chosen: str | None) -> str:
    return f'<option value="{text(value)}"{" selected" if value == chosen else ""}>{text(told)}</option>'


def taught_field(words: Words, language: str, intents: Intents, guessed: str | None) -> str:
    """Give the choice with which an agent who hands back says what it was about."""
    if not intents.names:
        return ""
    chosen = intent_choice(words, language, intents, "taught", guessed, is_needed=False)
    hint = text(words["teaching.intent_hint"])
    return f'<label>{text(words["teaching.intent"])}{chosen}<span class="quiet">{hint}</span></label>'
