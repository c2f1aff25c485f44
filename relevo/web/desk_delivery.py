"""How each message fares, as agents see it: under what was said, and with a button where it can be tried again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from relevo.contracts.deliveries import ENDED_BADLY, DeliveryState, Place
from relevo.contracts.posts import PUBLIC_REPLY
from relevo.domain.messages import SENT_ELSEWHERE, Author, Entry
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

_SIGNS = {
    "queued": "…",
    "sending": "…",
    "sent": "✓",
    "delivered": "✓✓",
    "read": "✓✓",
    "unconfirmed": "?",
    "refused": "✕",
}
_LOOKED_AT = timedelta(seconds=30)
"""How long a page looks again by itself whether a message that waits has got through."""

Deliveries = Mapping[Place, DeliveryState]


def has_delivery(entry: Entry) -> bool:
    """Tell whether something may have gone out for an entry."""
    return entry.kind in ("message", PUBLIC_REPLY) and entry.author is not Author.CONTACT


def place_of(entry: Entry) -> Place | None:
    """Give where a reply went that was written here and sent elsewhere."""
    told = entry.content.custom or {}
    if entry.kind != SENT_ELSEWHERE or not isinstance(told.get("position"), int):
        return None
    try:
        return UUID(str(told.get("conversation_id"))), told["position"]
    except ValueError:
        return None


def delivery_mark(words: Words, state: DeliveryState | None) -> str:
    """Give how a message fares, in a word or two; nothing for what was not sent anywhere."""
    if state is None:
        return ""
    sign = f'<span aria-hidden="true">{_SIGNS.get(state.state, "·")}</span>'
    later = words["delivery.delayed" if state.reason else "delivery.again"]
    when = f" · {text(later)} {moment(state.due_at)}" if _is_late(state) and state.due_at else ""
    pending = f' data-pending="{(state.queued_at + _LOOKED_AT).isoformat()}"' if _waits(state) else ""
    said = known(words, "delivery", state.state)
    return f' <span class="delivery is-{text(state.state)}"{pending}>{sign} {said}{when}</span>'


def delivery_problem(words: Words, state: DeliveryState | None) -> str:
    """Give why a message did not get through or has to wait, and the way to have it tried again."""
    if state is None:
        return ""
    why = f'<p class="quiet why" dir="auto">{text(state.reason)}</p>' if state.reason else ""
    if state.state not in ENDED_BADLY or not state.may_retry:
        return why
    perhaps = f'<p class="quiet why">{text(words["delivery.may_have_arrived"])}</p>'
    here = f"/desk/api/conversations/{state.conversation_id}/deliveries/retry"
    return f"""{why}{perhaps if state.state == "unconfirmed" else ""}
<form class="retry" id="retry-{state.conversation_id}-{state.position}" data-api="{here}">
<input type="hidden" name="position" value="{state.position}" data-type="number">
<input type="hidden" name="retries" value="{state.retries}" data-type="number">
<button class="plain">{text(words["delivery.try_again"])}</button></form>"""


def sent_elsewhere(words: Words, entry: Entry, author: str, said: Entry | None, state: DeliveryState | None) -> str:
    """Give a reply that was written here and went out by another way; its words stand where it went out."""
    told, place = entry.content.custom or {}, place_of(entry)
    shown = known(words, "channel", str(told.get("channel", "")))
    if place is not None:
        shown = f'<a class="badge channel" href="/desk/conversations/{place[0]}#at-{place[1]}">{shown}</a>'
    when = f"{moment(entry.created_at)}{delivery_mark(words, state)}"
    return f"""<li class="message agent elsewhere" id="at-{entry.position}" data-by="{text(told.get("agent_id", ""))}">
<p class="label">{author} · {text(words["delivery.by"])} {shown} {when}</p>
<div class="bubble">{_words_of(words, said)}</div>{delivery_problem(words, state)}</li>"""


def _words_of(words: Words, said: Entry | None) -> str:
    if said is None:
        return ""
    content = said.content
    parts = [f'<p dir="auto"><b>{text(content.subject)}</b></p>'] if content.subject else []
    parts += [f'<p dir="auto">{text(content.text)}</p>'] if content.text else []
    files = len(content.attachments)
    return "".join(parts) + (f'<p class="quiet">{files} {text(words["desk.files"])}</p>' if files else "")


def _waits(state: DeliveryState) -> bool:
    return state.state in ("queued", "sending")


def _is_late(state: DeliveryState) -> bool:
    """Tell whether a message waits for another try."""
    return state.state == "queued" and state.due_at is not None and state.due_at > state.queued_at + _LOOKED_AT
