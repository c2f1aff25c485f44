"""The administration's pages about channels: how each does, and what it exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from relevo.contracts.channel_log import GOOD, LoggedExchange
from relevo.web.desk_admin_html import row, table
from relevo.web.desk_channels import ChannelReading, shown_problem
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

_LOOKS = {
    "fine": "state-done",
    "failing": "state-failed",
    "stuck": "state-failed",
    "delayed": "state-prepared",
    "off": "",
}
_HEADS = ("channel", "condition", "received", "turned_away", "sent", "failed", "queued", "last_problem")
_LOG_HEADS = ("when", "direction", "kind", "result", "times", "duration", "external_id", "address")


def channels_part(words: Words, channels: Sequence[ChannelReading]) -> str:
    """Give how the channels do."""
    heads = [words[f"channels.{name}"] for name in _HEADS]
    rows = "".join(_channel(words, one) for one in channels)
    shown = table(words["admin.channels"], heads, rows)
    return f'<div id="channels" data-live class="wide" tabindex="0" role="group" aria-label="{heads[0]}">{shown}</div>'


def channel_log_part(
    words: Words, one: ChannelReading, exchanges: Sequence[LoggedExchange], older: int | None, *, only_problems: bool
) -> str:
    """Give one channel with its log."""
    heads = [words[f"channels.{name}"] for name in _HEADS]
    log = text(words["channels.log"])
    lines = "".join(_exchange(words, each) for each in exchanges)
    empty = f'<p class="empty">{text(words["channels.log_empty"])}</p>'
    shown = table(words["channels.log"], [words[f"channels.{name}"] for name in _LOG_HEADS], lines) if lines else empty
    show = "show=problems&amp;" if only_problems else ""
    more = f'<p><a class="more" href="?{show}cursor={older}">{text(words["admin.older"])}</a></p>' if older else ""
    here = f"/desk/admin/channels/{text(one.health.channel)}"
    filters = _choice(words["channels.all"], here, is_chosen=not only_problems)
    filters += _choice(words["channels.problems"], f"{here}?show=problems", is_chosen=only_problems)
    return f"""<p class="crumb"><a href="/desk/admin/channels">← {text(words["admin.channels"])}</a></p>
<div id="channel" data-live class="wide" tabindex="0" role="group" aria-label="{text(heads[0])}">
{table(words["admin.channels"], heads, _channel(words, one))}</div>
<h2>{log} · {known(words, "channel", one.health.channel)}</h2>
<p class="quiet">{text(words["channels.log_lead"])}</p>
<ul class="filters" aria-label="{text(words["channels.filter"])}">{filters}</ul>
<div id="log" data-live class="wide" tabindex="0" role="group" aria-label="{log}">{shown}</div>{more}"""


def _channel(words: Words, one: ChannelReading) -> str:
    health = one.health
    name = known(words, "channel", health.channel)
    failed = f'<span class="badge state-failed">{health.failed_in_hour}</span>' if health.failed_in_hour else "0"
    problem = shown_problem(health)
    return row(
        f'<a href="/desk/admin/channels/{text(health.channel)}">{name}</a>',
        f'<span class="badge {_LOOKS[one.condition]}">{known(words, "condition", one.condition)}</span>'
        + _delay(words, one),
        _count(health.received_in_hour, health.last_in_at),
        str(health.turned_away_in_hour),
        _count(health.sent_in_hour, health.last_out_at),
        failed,
        _count(health.queued, health.oldest_queued_at),
        f"{text(problem)} {moment(health.last_problem_at)}" if problem and health.last_problem_at else "–",
    )


def _delay(words: Words, one: ChannelReading) -> str:
    """Give until when what waits is not sent, and why."""
    health = one.health
    if health.delayed_until is None:
        return ""
    return f" {text(words['delivery.delayed'])} {moment(health.delayed_until)}. {text(health.delayed_why)}"


def _exchange(words: Words, one: LoggedExchange) -> str:
    look = "state-done" if one.result in GOOD else "state-prepared" if one.result == "deferred" else "state-failed"
    return row(
        moment(one.at),
        known(words, "direction", one.direction),
        known(words, "exchange", one.kind),
        f'<span class="badge {look}">{known(words, "exchanged", one.result)}</span>',
        str(one.times),
        f"{one.duration_ms} ms" if one.duration_ms is not None else "–",
        f"<code>{text(one.external_id)}</code>" if one.external_id else "–",
        f"<code>{text(one.address)}</code>" if one.address else "–",
    )


def _choice(label: str, address: str, *, is_chosen: bool) -> str:
    current = ' aria-current="true"' if is_chosen else ""
    return f'<li><a href="{address}"{current}>{text(label)}</a></li>'


def _count(number: int, at: datetime | None) -> str:
    return f"{number} · {moment(at)}" if at else str(number)
