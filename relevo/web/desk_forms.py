"""Forms of the desk: what an agent does, each sent to the desk's API by the page's script."""

from __future__ import annotations

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.handoff import HandoffRecord
from relevo.domain.cases import Case
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control
from relevo.domain.handoff import OUTCOMES
from relevo.domain.routing import LEADING_ROLES
from relevo.flow.approvals import MAX_REASON_CHARACTERS
from relevo.flow.desk import MAX_TOLD_CHARACTERS
from relevo.flow.goodwill import CURRENCY
from relevo.flow.summary import INNER_SLOTS
from relevo.web.desk_reading import Reading
from relevo.web.languages import Words
from relevo.web.markup import known, text

_TEACHABLE = ("booking_code", "ticket", "order", "flight", "loyalty_number", "baggage_report", "name", "email", "phone")
"""Facts that an agent may learn for the bot where nothing is known of them yet."""
LONGEST_TEXT = 16_000


def holder(words: Words, reading: Reading, agent: AgentAccount) -> str:
    """Give who answers now, and what this agent may do about that."""
    line = reading.line
    here = f"/desk/api/conversations/{line.id}"
    is_mine = line.control is Control.AGENT and line.agent_id == agent.id
    name = line.agent_name or ""
    shown = text(name) if name else known(words, "control", line.control.value)
    put_back = versioned("put-back", f"{here}/put-back", reading, words["desk.put_back"], kind="plain")
    hand_back = f'<button type="button" data-opens="hand-back">{text(words["desk.hand_back"])}</button>'
    transfer = f'<button type="button" class="plain" data-opens="transfer">{text(words["composer.transfer"])}</button>'
    may_free = is_mine or (line.control is Control.AGENT and agent.role in LEADING_ROLES)
    return f"""<div class="holder" id="holder" data-live data-who="{text(name)}">
<p><span class="quiet">{text(words["desk.control"])}:</span>
<span class="badge control-{line.control.value}">{shown}</span></p>
{put_back if may_free else ""}{f"{transfer}{hand_back}" if is_mine else ""}
</div>"""


def hand_back_dialog(words: Words, reading: Reading, record: HandoffRecord | None, taught: str = "") -> str:
    """Give the dialog in which an agent says what they decided; ``taught`` is what else they may say, as HTML."""
    here = f"/desk/api/conversations/{reading.line.id}"
    choices = "".join(
        f'<label class="choice"><input type="radio" id="outcome-{outcome}" name="outcome" value="{outcome}" required>'
        f"<span>{known(words, 'outcome', outcome)}</span></label>"
        for outcome in OUTCOMES
    )
    return f"""<div id="dialogs" data-live><dialog id="hand-back" aria-labelledby="hand-back-title">
<form id="hand-back-form" data-api="{here}/hand-back">
<h2 id="hand-back-title">{text(words["desk.hand_back_title"])}</h2>
<input type="hidden" name="version" value="{reading.line.control_version}" data-type="number">
<fieldset><legend>{text(words["desk.outcome"])}</legend>{choices}</fieldset>
<label>{text(words["desk.told"])}
<textarea id="told" name="told" rows="3" maxlength="{MAX_TOLD_CHARACTERS}" dir="auto"></textarea>
<span class="quiet">{text(words["desk.told_hint"])}</span></label>
{_learned(words, record)}
{taught}
<label>{text(words["desk.note_for_next"])}
<textarea id="hand-back-note" name="note" rows="2" maxlength="{LONGEST_TEXT}" dir="auto"></textarea></label>
<p class="problem" role="alert" hidden></p>
<div class="row"><button type="button" class="plain" data-closes>{text(words["desk.cancel"])}</button>
<button class="plain" data-api="{here}/close">{text(words["desk.end_without_bot"])}</button>
<button>{text(words["desk.hand_back_now"])}</button></div>
</form></dialog></div>"""


def case_forms(words: Words, case: Case, agent: AgentAccount) -> str:
    """Give what this agent may do to an open case."""
    if not case.is_open:
        return ""
    here = f"/desk/api/cases/{text(case.id)}"
    choices = "".join(f'<option value="{o}">{known(words, "outcome", o)}</option>' for o in OUTCOMES if o != "promised")
    return f"""<div class="case-forms">
{_voucher(words, case, agent, here)}
<details id="promise-box"><summary>{text(words["desk.promise"])}</summary>
<form id="promise" data-api="{here}/promise">
<label>{text(words["desk.promise_until"])}
<input type="datetime-local" id="promised-at" name="promised_at" data-type="moment" required></label>
<p class="quiet">{text(words["desk.promise_hint"])}</p>
<button class="plain">{text(words["desk.promise_now"])}</button></form></details>
<details id="close-box"><summary>{text(words["desk.close_case"])}</summary>
<form id="close-case" data-api="{here}/close">
<label>{text(words["desk.outcome"])}<select id="close-outcome" name="outcome">{choices}</select></label>
<button class="plain">{text(words["desk.close_now"])}</button></form></details>
</div>"""


def _voucher(words: Words, case: Case, agent: AgentAccount, here: str) -> str:
    """Give the form for a voucher, where it is known whose case it is, and it is not the agent's own."""
    if case.business_ref is None or case.business_ref == agent.business_ref:
        return ""
    limit = agent.limits.get("money")
    hint = words["desk.voucher_hint"] if limit else words["desk.voucher_hint_no_limit"]
    limit_shown = f"{(limit or 0) / 100:.2f} {CURRENCY}"
    return f"""<details id="voucher-box"><summary>{text(words["desk.voucher"])}</summary>
<form id="voucher" data-api="{here}/voucher" data-once>
<label>{text(words["desk.voucher_amount"])} ({CURRENCY})
<input type="number" id="voucher-amount" name="amount" min="0.01" step="0.01" required data-type="minor"></label>
<label>{text(words["desk.voucher_reason"])}
<textarea id="voucher-reason" name="reason" rows="2" required maxlength="{MAX_REASON_CHARACTERS}" dir="auto"></textarea>
</label>
<p class="quiet">{text(hint.format(limit=limit_shown))}</p>
<button class="plain">{text(words["desk.voucher_now"])}</button></form></details>"""


def verify_form(words: Words, reading: Reading, agent: AgentAccount) -> str:
    """Give the way to say who writes, or that it is not them, to the agent who has the conversation."""
    line = reading.line
    is_mine = line.control is Control.AGENT and line.agent_id == agent.id
    if not is_mine:
        return ""
    if line.level is not Level.CLAIMED:
        return _unverify_form(words, reading)
    return f"""<div class="case-forms"><details id="verify-box"><summary>{text(words["desk.verify"])}</summary>
<form id="verify" data-api="/desk/api/conversations/{line.id}/verify">
<input type="hidden" name="version" value="{line.control_version}" data-type="number">
<label>{text(words["desk.verify_ref"])}
<input id="verify-ref" name="business_ref" required maxlength="100" autocomplete="off"></label>
<p class="quiet">{text(words["desk.verify_hint"])}</p>
<button class="plain">{text(words["desk.verify_now"])}</button></form></details></div>"""


def _unverify_form(words: Words, reading: Reading) -> str:
    return f"""<div class="case-forms"><details id="unverify-box"><summary>{text(words["desk.unverify"])}</summary>
<form id="unverify" data-api="/desk/api/conversations/{reading.line.id}/unverify">
<input type="hidden" name="version" value="{reading.line.control_version}" data-type="number">
<label>{text(words["desk.unverify_why"])}
<input id="unverify-reason" name="reason" required maxlength="1000" autocomplete="off" dir="auto"></label>
<p class="quiet">{text(words["desk.unverify_hint"])}</p>
<button class="plain">{text(words["desk.unverify_now"])}</button></form></details></div>"""


def versioned(name: str, address: str, reading: Reading, label: str, kind: str = "") -> str:
    """Give a form of one button that says which version of control was looked at."""
    return f"""<form id="{name}" data-api="{address}">
<input type="hidden" name="version" value="{reading.line.control_version}" data-type="number">
<button id="{name}-button"{f' class="{kind}"' if kind else ""}>{text(label)}</button></form>"""


def _learned(words: Words, record: HandoffRecord | None) -> str:
    """Give fields for what the bot does not know yet, or has wrong."""
    known_now = {slot.name: slot.value for slot in record.slots if slot.name not in INNER_SLOTS} if record else {}
    missing = record.missing_slots if record else []
    names = dict.fromkeys([*missing, *(name for name in _TEACHABLE if name in known_now), *_TEACHABLE[:2]])
    fields = "".join(_fact_field(words, name, known_now.get(name)) for name in names)
    title = text(words["desk.learned"])
    return f'<details id="learned"><summary>{title}</summary><div class="pairs">{fields}</div></details>'


def _fact_field(words: Words, name: str, value: object) -> str:
    is_list = isinstance(value, list) or name in ("booking_code", "ticket", "flight")
    shown = ", ".join(map(str, value)) if isinstance(value, list) else value
    hint = f' placeholder="{text(shown)}"' if shown else ""
    label = text(words.get(f"fact.{name}", name))
    return (
        f'<label>{label}<input id="slot-{text(name)}" name="slots.{text(name)}"'
        f' data-type="{"list" if is_list else "optional"}"{hint} dir="auto" maxlength="200"></label>'
    )
