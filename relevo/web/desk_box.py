"""The box that agents write in: replies that may be taken back, notes, files, and who else is here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.composer import Colleague, Draft, HeldDecision, Unsent
from relevo.domain.conversations import ENDED, WAITING, Control
from relevo.domain.messages import Entry
from relevo.flow.teaching import NOTHING_TAUGHT, Intents
from relevo.flow.ways import Way, Ways
from relevo.web.desk_forms import LONGEST_TEXT, versioned
from relevo.web.desk_reading import Reading
from relevo.web.desk_ways import way_choice, ways_elsewhere
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

_TAKEN = "image/jpeg,image/png,image/webp,image/gif,application/pdf"


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """What is being written in a conversation."""

    being_sent: Sequence[Unsent] = ()
    held: dict[int, HeldDecision] = msgspec.field(default_factory=dict)
    drafts: Sequence[Draft] = ()
    colleagues: Sequence[Colleague] = ()
    ways: Sequence[Way] = ()
    """Where the same person may be written to, here first."""
    intents: Intents = NOTHING_TAUGHT
    """What the bot may be taught that they meant."""


async def read_box(ways: Ways, conversation_id: UUID, agent: AgentAccount) -> Box:
    """Read what is being written; the caller's mentions in it count as read.

    Nobody waits for the business here: whether there is an address on file is found out when something is sent there.
    """
    store = ways.work.store
    desktop, composer = store.composer.desktop, store.composer
    await desktop.read_mentions(agent.id, None, conversation_id)
    return Box(
        being_sent=await composer.unsent.of(conversation_id),
        held=dict(await composer.writing.held(conversation_id)),
        drafts=await desktop.drafts(conversation_id, agent.id),
        colleagues=[each for each in await desktop.colleagues() if each.id != agent.id],
        ways=await ways.of(conversation_id, agent, asks=False),
    )


def composer(words: Words, reading: Reading, box: Box, agent: AgentAccount) -> str:
    """Give the box to answer with, or the way to it."""
    line = reading.line
    here = f"/desk/api/conversations/{line.id}"
    is_mine = has_it(reading, agent)
    answer = _reply(words, here, reading, agent, box) if is_mine else _not_mine(words, reading, here)
    return f"""<div class="foot">{_being_sent(words, box, agent)}
<p class="lookers" id="lookers" role="status" hidden></p>
<div class="since" id="since" hidden><p role="status"></p>
<button type="button" class="plain" id="since-look">{text(words["composer.look"])}</button>
<button type="button" id="since-send">{text(words["composer.send_anyway"])}</button></div>
<ul class="tray" id="tray" aria-label="{text(words["composer.files"])}" hidden></ul>
<section class="composer" id="composer" data-live aria-label="{text(words["desk.answer"])}"
 data-here="{here}" data-agent="{agent.id}">
{_not_sent(words, box) if is_mine else ""}{answer}{ways_elsewhere(words, box.ways)}
<details class="note-box" id="note-box"><summary>{text(words["desk.add_note"])}</summary>
<form id="note" data-api="{here}/notes" data-once>
<textarea id="note-text" name="text" rows="2" maxlength="{LONGEST_TEXT}" required dir="auto" data-completes="@"
 data-draft="note:{agent.id}:{line.id}" aria-label="{text(words["desk.note"])}"></textarea>
<div class="row"><p class="quiet">{text(words["composer.note_hint"])}</p>
<button class="plain">{text(words["desk.save_note"])}</button></div>
</form></details>
</section></div>
<ul class="completions" id="completions" role="listbox" aria-label="{text(words["composer.completions"])}" hidden></ul>
<script type="application/json" id="kept">{_kept(box, f"{agent.id}:{line.id}")}</script>"""


def dialogs(words: Words, reading: Reading, box: Box, agent: AgentAccount) -> str:
    """Give the dialogs of the composer: ready words, and giving the conversation to a colleague."""
    return f"""<dialog id="palette" aria-label="{text(words["composer.palette"])}">
<label>{text(words["composer.palette"])}
<input type="search" id="palette-search" role="combobox" aria-controls="palette-list" aria-expanded="true"
 aria-autocomplete="list" autocomplete="off" dir="auto"></label>
<ul id="palette-list" role="listbox" aria-label="{text(words["composer.palette"])}"></ul>
<p class="quiet" id="palette-empty" hidden>{text(words["composer.palette_empty"])}</p>
<div class="row"><a href="/desk/replies">{text(words["composer.manage"])}</a>
<button type="button" class="plain" data-closes>{text(words["desk.dismiss"])}</button></div>
</dialog>{_transfer(words, reading, box) if has_it(reading, agent) else ""}"""


def held_words(words: Words, entry: Entry, reading: Reading, box: Box, agent: AgentAccount) -> str:
    """Give what may be done about words that the bot wanted to say, or what was done."""
    decision = box.held.get(entry.position)
    if decision is not None:
        said = words[f"composer.held_{decision.state}"].format(name=decision.agent_name)
        return f'<p class="quiet held">{text(said)} {moment(decision.decided_at)}</p>'
    if not has_it(reading, agent):
        return ""
    here = f"/desk/api/conversations/{reading.line.id}/held"
    numbers = (("position", entry.position), ("seen", reading.conversation.last_position))
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{value}" data-type="number">' for name, value in numbers
    )
    send = f'<button class="plain">{text(words["composer.held_send"])}</button>' if entry.content.text else ""
    drop = f'<button class="plain" data-api="{here}/drop">{text(words["composer.held_drop"])}</button>'
    return f'<form class="held row" id="held-{entry.position}" data-api="{here}/send">{hidden}{send}{drop}</form>'


def has_it(reading: Reading, agent: AgentAccount) -> bool:
    """Tell whether the conversation is this agent's."""
    return reading.line.control is Control.AGENT and reading.line.agent_id == agent.id


def _reply(words: Words, here: str, reading: Reading, agent: AgentAccount, box: Box) -> str:
    plain = (("attach", "composer.attach"), ("ready", "composer.ready"))
    buttons = "".join(
        f'<button type="button" class="plain" id="{name}">{text(words[label])}</button>' for name, label in plain
    )
    return f"""<form id="reply" data-api="{here}/replies" data-once>
<input type="hidden" name="may_undo" value="true" data-type="boolean">
<input type="hidden" name="seen" value="0" data-type="number">
<input type="hidden" name="is_sure" value="false" data-type="boolean">
<input type="hidden" name="attachments" value="" data-type="list">
{way_choice(words, box.ways)}
<textarea id="reply-text" name="text" rows="3" maxlength="{LONGEST_TEXT}" required dir="auto"
 data-draft="reply:{agent.id}:{reading.line.id}" data-completes="/"
 placeholder="{text(words["desk.reply_placeholder"])}" aria-label="{text(words["desk.reply"])}"></textarea>
<p class="problem" id="missing" role="status" hidden></p>
<input type="file" id="pick" accept="{_TAKEN}" multiple hidden aria-label="{text(words["composer.attach"])}">
<div class="row"><p class="quiet">{text(words["composer.reply_hint"])}</p>{buttons}<button>{text(words["desk.send"])}
</button></div>
</form>"""


def _not_mine(words: Words, reading: Reading, here: str) -> str:
    line = reading.line
    if line.control in (Control.AGENT, Control.WRAP_UP):
        return f'<p class="lead">{text(words["desk.has_it"].format(name=line.agent_name or "…"))}</p>'
    sentence = words["desk.nobody_has_it" if line.control in ENDED else "desk.bot_answers"]
    sentence = words["desk.they_wait"] if line.control in WAITING else sentence
    button = versioned("take-over", f"{here}/take-over", reading, words["desk.take_over"])
    return f'<div class="row"><p class="lead">{text(sentence)}</p>{button}</div>'


def _being_sent(words: Words, box: Box, agent: AgentAccount) -> str:
    items = "".join(_waiting(words, each, agent) for each in box.being_sent)
    shown = f"<ul>{items}</ul>" if items else ""
    return f'<div class="being-sent" id="being-sent" data-live role="status">{shown}</div>'


def _waiting(words: Words, unsent: Unsent, agent: AgentAccount) -> str:
    undo, here = "", f"/desk/api/conversations/{unsent.home_id or unsent.conversation_id}/replies/undo"
    if unsent.agent_id == agent.id:
        undo = f"""<form data-api="{here}" data-restores="reply-text">
<input type="hidden" name="client_id" value="{text(unsent.client_id)}">
<button class="plain">{text(words["composer.undo"])}</button></form>"""
    files = f" · {len(unsent.attachments)} {text(words['desk.files'])}" if unsent.attachments else ""
    by = f" · {text(words['delivery.by'])} {known(words, 'channel', unsent.channel)}" if unsent.home_id else ""
    return f"""<li><p><b>{text(words["composer.being_sent"].format(name=unsent.agent_name))}{by}</b>{files}
<span dir="auto">{text(unsent.text)}</span></p>{undo}</li>"""


def _not_sent(words: Words, box: Box) -> str:
    if not any(draft.kind == "reply" and draft.was_not_sent for draft in box.drafts):
        return ""
    return f'<p class="problem">{text(words["composer.was_not_sent"])}</p>'


def _transfer(words: Words, reading: Reading, box: Box) -> str:
    away = words["desk.away"]
    choices = "".join(
        f'<option value="{each.id}">{text(each.name)}{f" ({text(away)})" if each.is_away else ""}</option>'
        for each in box.colleagues
    )
    if not choices:
        return ""
    return f"""<dialog id="transfer" aria-labelledby="transfer-title">
<form id="transfer-form" data-api="/desk/api/conversations/{reading.line.id}/transfer">
<h2 id="transfer-title">{text(words["composer.transfer_title"])}</h2>
<input type="hidden" name="version" value="{reading.line.control_version}" data-type="number">
<label>{text(words["composer.transfer_to"])}
<select id="transfer-to" name="agent_id" data-type="number">{choices}</select></label>
<label>{text(words["composer.transfer_note"])}
<textarea id="transfer-note" name="note" rows="3" maxlength="{LONGEST_TEXT}" dir="auto"></textarea></label>
<p class="problem" role="alert" hidden></p>
<div class="row"><button type="button" class="plain" data-closes>{text(words["desk.cancel"])}</button>
<button>{text(words["composer.transfer_now"])}</button></div>
</form></dialog>"""


def _kept(box: Box, whose: str) -> str:
    """Give the drafts that the server keeps, as JSON that cannot end the element it stands in."""
    kept = {f"{draft.kind}:{whose}": {"text": draft.text, "seen": draft.seen} for draft in box.drafts}
    return msgspec.json.encode(kept).decode().replace("<", "\\u003c")
