"""The administration's pages as HTML: accounts, tokens, webhooks with their log, channels, settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from relevo.contracts.accounts import Duty
from relevo.contracts.admin import ShownSetting, StaffMember
from relevo.contracts.api_access import ApiToken
from relevo.contracts.webhooks import EVENTS, Webhook, WebhookDelivery
from relevo.domain.roles import READONLY, ROLES
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

PARTS = ("agents", "queues", "hours", "sla", "tags", "tokens", "webhooks", "channels", "widget", "settings")


def admin_body(words: Words, part: str, inner: str) -> str:
    """Give a page of the administration around its part."""
    rooms = "".join(
        f'<li><a href="{_address(one)}"{_current(one == part)}>{text(words[f"admin.{one}"])}</a></li>'
        for one in (*PARTS, "audit")
    )
    return f"""<main class="admin">
<nav aria-label="{text(words["admin.nav"])}"><ul class="filters">{rooms}</ul></nav>
<h1>{text(words[f"admin.{part}"])}</h1>
<p class="quiet">{text(words[f"admin.{part}_lead"])}</p>
{inner}
<dialog id="once" aria-labelledby="once-title"><h2 id="once-title">{text(words["admin.once_title"])}</h2>
<p>{text(words["admin.once_lead"])}</p>
<p id="once-whom" class="quiet"></p>
<label>{text(words["admin.once_secret"])}<input id="once-secret" readonly class="secret"></label>
<div class="row"><button type="button" data-closes>{text(words["admin.once_close"])}</button></div></dialog>
</main>"""


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """What a page of accounts needs beside them."""

    members: Sequence[StaffMember]
    own_id: int
    queues: Sequence[str]
    """All that there are."""
    mails_links: bool


def agents_part(words: Words, accounts: Accounts) -> str:
    """Give the accounts, each with what may be done to it."""
    cards = "".join(_member(words, member, accounts) for member in accounts.members)
    fields = (
        f'<label>{text(words["admin.email"])}<input id="new-email" type="email" name="email" required maxlength="254"'
        ' autocomplete="off"></label>'
    )
    fields += _account_fields(words, "new", accounts) + _link_choice(words, "new", accounts)
    return f"""{_box(words, "add_agent", "add-agent", "/desk/api/admin/agents", fields, "add")}
<ul class="rows" id="agents" data-live>{cards}</ul>"""


def tokens_part(words: Words, tokens: Sequence[ApiToken], now: datetime) -> str:
    """Give the tokens, those that hold first."""
    ordered = sorted(tokens, key=lambda token: (_is_over(token, now), -token.id))
    rows = "".join(_token(words, token, now) for token in ordered) or _nothing(words, "no_tokens")
    scopes = "".join(_check("scopes", scope, words[f"admin.scope_{scope}"], scope == "read") for scope in _SCOPES)
    fields = f"""<label>{text(words["admin.name"])}<input id="token-name" name="name" required maxlength="80"></label>
{_roles(words, "token-role", READONLY)}
<fieldset><legend>{text(words["admin.scopes"])}</legend>{scopes}</fieldset>
<label>{text(words["admin.days"])}<input id="token-days" type="number" name="days" min="1" max="730" value="90"
 data-type="number" required></label>"""
    return f"""{_box(words, "add_token", "add-token", "/desk/api/admin/tokens", fields, "make")}
<ul class="rows" id="tokens" data-live>{rows}</ul>"""


def webhooks_part(words: Words, webhooks: Sequence[Webhook]) -> str:
    """Give who is told."""
    rows = "".join(_webhook(words, webhook) for webhook in webhooks) or _nothing(words, "no_webhooks")
    fields = f"""<label>{text(words["admin.url"])}
<input id="hook-url" type="url" name="url" required maxlength="500" placeholder="https://"></label>
<fieldset><legend>{text(words["admin.events"])}</legend>{_event_checks("new", EVENTS[:-1])}</fieldset>"""
    return f"""{_box(words, "add_webhook", "add-webhook", "/desk/api/admin/webhooks", fields, "add")}
<ul class="rows" id="webhooks" data-live>{rows}</ul>"""


def log_part(words: Words, webhook: Webhook, deliveries: Sequence[WebhookDelivery], older: int | None) -> str:
    """Give one webhook with its log."""
    names = [words[f"admin.{name}"] for name in ("when", "event", "state", "tries", "answer")]
    rows = "".join(_delivery(words, delivery) for delivery in deliveries)
    shown = (
        table(words["admin.log"], [*names, ""], rows) if rows else f'<p class="empty">{_say(words, "log_empty")}</p>'
    )
    more = f'<p><a class="more" href="?cursor={older}">{_say(words, "older")}</a></p>' if older else ""
    return f"""<ul class="rows" id="webhooks" data-live>{_webhook(words, webhook)}</ul>
<h2>{_say(words, "log")}</h2><div id="log" data-live class="wide" tabindex="0" role="group"
 aria-label="{_say(words, "log")}">{shown}</div>{more}"""


def settings_part(words: Words, settings: Iterable[ShownSetting], sections: Iterable[tuple[str, bool]]) -> str:
    """Give what the business has written into its files, and of what the desk may say where it comes from."""
    heads = [words[f"admin.{name}"] for name in ("setting", "value", "file")]
    rows = "".join(
        row(known(words, "setting", one.name), text(one.value), f"<code>{text(one.file)}</code>") for one in settings
    )
    for name, is_from_desk in sections:
        source = text(words["settings.from_desk" if is_from_desk else "settings.from_file"])
        link = f'<a href="{_address(name)}">{_say(words, name)}</a>'
        rows += row(link, source, "" if is_from_desk else "<code>relevo.yml</code>")
    return f'<div id="settings" data-live class="wide">{table(words["admin.settings"], heads, rows)}</div>'


_SCOPES = ("read", "write")


def _member(words: Words, member: StaffMember, accounts: Accounts) -> str:
    is_oneself, at = member.id == accounts.own_id, str(member.id)
    here, limits = f"/desk/api/admin/agents/{member.id}", member.limits
    may = [f"{limits['money'] / 100:,.2f}"] if limits.get("money") else []
    may += [f"{limits['points']:,} {words['admin.points']}"] if limits.get("points") else []
    seen = moment(member.seen_at) if member.seen_at else _say(words, "never")
    you = f' <span class="badge level-1">{_say(words, "you")}</span>' if is_oneself else ""
    forms = _details(words, "change", f"change-{at}", here, _account_fields(words, at, accounts, member), "save")
    hint = f'<p class="quiet">{_say(words, "link_hint")}</p>{_link_choice(words, at, accounts)}'
    forms += _details(words, "link", f"link-{at}", f"{here}/link", hint, "make_link")
    if not is_oneself:
        hint = f'<p class="quiet">{_say(words, "remove_agent_hint")}</p>'
        forms += _details(words, "remove", f"remove-{member.id}", f"{here}/remove", hint, "remove_now")
    return f"""<li class="card"><p><b>{text(member.name)}</b>{you}
<span class="badge">{known(words, "role", member.role)}</span></p>
<p class="quiet">{text(member.email)} · {_say(words, "approves")}: {text(", ".join(may) or words["admin.nothing"])}
 · {text(", ".join(member.languages) or "–")} · {_say(words, "seen")}: {seen}</p>
<p class="quiet">{_say(words, "takes")}: {text(", ".join(member.queues) or words["admin.all_queues"])}
 · {_say(words, "skills")}: {text(", ".join(member.skills) or "–")}
 · {_say(words, "capacity")}: {member.capacity}</p>
<div class="case-forms">{forms}</div></li>"""


def _account_fields(words: Words, at: str, accounts: Accounts, member: StaffMember | None = None) -> str:
    limits = member.limits if member else {}
    languages = ", ".join(member.languages) if member else "es, en"
    return f"""<label>{_say(words, "name")}<input id="name-{at}" name="name" required maxlength="80"
 value="{text(member.name if member else "")}"></label>
{_roles(words, f"role-{at}", member.role if member else ROLES[0])}
<label>{_say(words, "limit_money")}<input id="money-{at}" type="number" name="money" min="0" step="0.01"
 data-type="minor" value="{limits.get("money", 0) / 100:.2f}"></label>
<label>{_say(words, "limit_points")}<input id="points-{at}" type="number" name="points" min="0" data-type="number"
 value="{limits.get("points", 0)}"></label>
<label>{_say(words, "languages")}<input id="languages-{at}" name="languages" data-type="list"
 value="{text(languages)}" maxlength="60"></label>
<label>{_say(words, "business_ref")}<input id="ref-{at}" name="business_ref" maxlength="100" autocomplete="off"
 value="{text(member.business_ref or "") if member else ""}">
<span class="quiet">{_say(words, "business_ref_hint")}</span></label>
{_duty_fields(words, at, accounts, member)}"""


def _duty_fields(words: Words, at: str, accounts: Accounts, member: StaffMember | None) -> str:
    chosen, skills = (member.queues, member.skills) if member else ((), ())
    boxes = "".join(_check("queues", name, name, name in chosen, at) for name in accounts.queues)
    return f"""<label>{_say(words, "capacity")}<input id="capacity-{at}" type="number" name="capacity" min="0" max="100"
 data-type="number" required value="{member.capacity if member else Duty().capacity}"></label>
<label>{_say(words, "skills")}<input id="skills-{at}" name="skills" data-type="list" maxlength="400" autocomplete="off"
 value="{text(", ".join(skills))}"><span class="quiet">{_say(words, "skills_hint")}</span></label>
<fieldset><legend>{_say(words, "own_queues")}</legend>{boxes}
<p class="quiet">{_say(words, "own_queues_hint")}</p></fieldset>"""


def _link_choice(words: Words, at: str, accounts: Accounts) -> str:
    """Ask how a link goes; where no mail is sent there is nothing to choose."""
    if not accounts.mails_links:
        return f'<p class="quiet">{_say(words, "link_by_hand_only")}</p>'
    return (
        f'<label class="choice"><input type="checkbox" id="by-hand-{at}" name="by_hand" value="true"'
        f' data-type="boolean"><span>{_say(words, "link_by_hand")}</span></label>'
    )


def _token(words: Words, token: ApiToken, now: datetime) -> str:
    over = "revoked" if token.revoked_at else "expired"
    badge = f'<span class="badge state-failed">{_say(words, over)}</span>' if _is_over(token, now) else ""
    used = moment(token.last_used_at) if token.last_used_at else _say(words, "never")
    may = ", ".join(words[f"admin.scope_{scope}"] for scope in token.scopes)
    hint = f'<p class="quiet">{_say(words, "revoke_hint")}</p>'
    address = f"/desk/api/admin/tokens/{token.id}/revoke"
    form = "" if badge else _details(words, "revoke", f"revoke-{token.id}", address, hint, "revoke_now")
    return f"""<li class="card"><p><b>{text(token.name)}</b>
<span class="badge">{known(words, "role", token.role)}</span>
{badge}</p><p class="quiet">{_say(words, "scopes")}: {text(may)}
 · {_say(words, "ends_with")} <code>{text(token.hint)}</code>
 · {_say(words, "expires")}: {moment(token.expires_at)} · {_say(words, "used")}: {used}</p>
<div class="case-forms">{form}</div></li>"""


def _webhook(words: Words, hook: Webhook) -> str:
    here, is_on = f"/desk/api/admin/webhooks/{hook.id}", hook.disabled_at is None
    state = "enabled" if is_on else "disabled"
    why = f" {text(hook.disabled_because)}" if hook.disabled_because else ""
    hidden = "".join(f'<input type="hidden" name="events" value="{event}" data-type="each">' for event in hook.events)
    switch = (
        f'<form id="switch-{hook.id}" data-api="{here}">{hidden}<input type="hidden" name="is_enabled"'
        f' value="{str(not is_on).lower()}" data-type="boolean">'
        f'<button class="plain">{_say(words, "disable" if is_on else "enable")}</button></form>'
    )
    switch += (
        f'<form id="try-{hook.id}" data-api="{here}/test"><button class="plain">{_say(words, "try")}</button></form>'
    )
    events = f"<fieldset><legend>{_say(words, 'events')}</legend>{_event_checks(str(hook.id), hook.events)}</fieldset>"
    forms = _details(words, "change", f"events-{hook.id}", here, events, "save")
    hint = f'<p class="quiet">{_say(words, "rotate_hint")}</p>'
    forms += _details(words, "rotate", f"rotate-{hook.id}", f"{here}/secret", hint, "rotate_now")
    hint = f'<p class="quiet">{_say(words, "remove_webhook_hint")}</p>'
    forms += _details(words, "remove", f"remove-hook-{hook.id}", f"{here}/remove", hint, "remove_now")
    return f"""<li class="card"><p><code>{text(hook.url)}</code>
<span class="badge {"status-resolved" if is_on else "state-failed"}">{_say(words, state)}</span>{why}</p>
<p class="quiet">{text(", ".join(hook.events))}</p>
{_old_secret(words, hook)}
<p class="quiet">{hook.waiting} {_say(words, "waiting")} · {hook.dead} {_say(words, "dead")} ·
 <a href="/desk/admin/webhooks/{hook.id}">{_say(words, "log")}</a></p>
<div class="row">{switch}</div><div class="case-forms">{forms}</div></li>"""


def _old_secret(words: Words, hook: Webhook) -> str:
    until = hook.old_secret_until
    return f'<p class="quiet">{_say(words, "old_secret")} {moment(until)}</p>' if until else ""


def _delivery(words: Words, one: WebhookDelivery) -> str:
    again = (
        f'<form id="again-{one.id}" data-api="/desk/api/admin/deliveries/{one.id}/redeliver">'
        f'<button class="plain">{_say(words, "again")}</button></form>'
    )
    look = {"done": "state-done", "dead": "state-failed"}.get(one.state, "state-prepared")
    told = " · ".join(text(part) for part in (one.status, one.problem, one.answer) if part)
    return row(
        moment(one.tried_at or one.created_at),
        f"<code>{text(one.event)}</code>",
        f'<span class="badge {look}">{known(words, "hook_state", one.state)}</span>',
        str(one.attempts),
        told or "–",
        again if one.state in ("done", "dead") else (moment(one.due_at) if one.due_at else ""),
    )


def _event_checks(at: str, chosen: Iterable[str]) -> str:
    return "".join(_check("events", event, event, event in tuple(chosen), at) for event in EVENTS)


def _check(name: str, value: str, label: str, is_on: bool, at: str = "new") -> str:
    return (
        f'<label class="choice"><input type="checkbox" id="{name}-{at}-{value}" name="{name}" value="{value}"'
        f' data-type="each"{" checked" if is_on else ""}><span>{text(label)}</span></label>'
    )


def _roles(words: Words, identifier: str, chosen: str) -> str:
    options = "".join(
        f'<option value="{role}"{" selected" if role == chosen else ""}>{known(words, "role", role)}</option>'
        for role in ROLES
    )
    return f'<label>{_say(words, "role")}<select id="{identifier}" name="role">{options}</select></label>'


def _box(words: Words, title: str, identifier: str, address: str, fields: str, button: str) -> str:
    return f'<div class="case-forms add">{_details(words, title, identifier, address, fields, button)}</div>'


def _details(words: Words, title: str, identifier: str, address: str, fields: str, button: str) -> str:
    return f"""<details id="{identifier}-box"><summary>{_say(words, title)}</summary>
<form id="{identifier}" data-api="{address}"><div class="pairs">{fields}</div>
<button class="plain">{_say(words, button)}</button></form></details>"""


def table(caption: str, heads: Sequence[str], rows: str) -> str:
    """Give a table; ``rows`` is HTML."""
    cells = "".join(f'<th scope="col">{text(head)}</th>' if head else "<td></td>" for head in heads)
    return f"""<table class="grid"><caption class="unseen">{text(caption)}</caption>
<thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>"""


def row(*cells: str) -> str:
    """Give a row; the cells are HTML."""
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _nothing(words: Words, name: str) -> str:
    return f'<li class="empty">{_say(words, name)}</li>'


def _say(words: Words, name: str) -> str:
    return text(words[f"admin.{name}"])


def _address(part: str) -> str:
    return "/desk/audit" if part == "audit" else "/desk/admin" if part == PARTS[0] else f"/desk/admin/{part}"


def _current(is_current: bool) -> str:
    return ' aria-current="page"' if is_current else ""


def _is_over(token: ApiToken, now: datetime) -> bool:
    return token.revoked_at is not None or token.expires_at <= now
