"""Administration by the API: accounts, tokens, webhooks and their log."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from msgspec.structs import asdict

from relevo.contracts.accounts import AgentAccount, AgentPowers, Duty
from relevo.contracts.admin import StaffMember
from relevo.contracts.api_access import NewToken
from relevo.domain.hook_urls import url_problem
from relevo.domain.messages import clean_text
from relevo.domain.roles import ADMINS
from relevo.errors import Conflict, NotFound, Unreadable
from relevo.flow.leaving import Leaving
from relevo.web import desk_admin_wire as wire
from relevo.web.callers import new_token
from relevo.web.desk_doors import Call
from relevo.web.desk_links import is_mailed, link_for
from relevo.web.openapi import Operation, Query, changing, reading
from relevo.web.origins import token_hash
from relevo.web.passwords import hash_password_aside, new_password

Shape = TypeVar("Shape")
_LARGEST_ID = 2**31 - 1
_PAGE = 50


async def agents(call: Call) -> wire.StaffList:
    """Give everybody who may sign in."""
    found = await call.services.store.admin.staff()
    return wire.StaffList(agents=[_as(wire.StaffLine, member) for member in found])


async def add_agent(call: Call, body: wire.AddAgent) -> wire.Link:
    """Make an account whose password nobody knows, and a link to set one."""
    hashed = await hash_password_aside(new_password())
    agent = await call.services.store.admin.add(
        clean_text(body.email), _words(body.name), body.role, hashed, _may(call, body)
    )
    call.services.live.wake_routers()
    call.trail.target, call.trail.after = f"agent:{agent.id}", _kept(agent)
    return await link_for(call, agent.id, by_hand=body.by_hand)


async def change_agent(call: Call, body: wire.ChangeAgent, agent_number: str) -> wire.StaffLine:
    """Give an account another name, role, limits, languages, and other queues, skills and capacity."""
    number = _number(agent_number)
    _not_oneself(call, number, is_only_for=body.role != call.agent.role)
    before, after = await call.services.store.admin.change(number, _words(body.name), body.role, _may(call, body))
    call.services.live.wake_routers()
    call.trail.target, call.trail.before, call.trail.after = f"agent:{number}", _kept(before), _kept(after)
    return _as(wire.StaffLine, after)


async def send_link(call: Call, body: wire.SendLink, agent_number: str) -> wire.Link:
    """Make a link with which somebody sets their password; until they do, the old one holds."""
    number = _number(agent_number)
    call.trail.target, call.trail.after = f"agent:{number}", {"by_hand": not is_mailed(call, by_hand=body.by_hand)}
    return await link_for(call, number, by_hand=body.by_hand)


async def remove_agent(call: Call, _body: wire.Nothing, agent_number: str) -> wire.Done:
    """Take an account away; its conversations go back to the queue."""
    number, services = _number(agent_number), call.services
    _not_oneself(call, number)
    member = await services.store.admin.remove(number)
    call.trail.target, call.trail.before = f"agent:{number}", _kept(member)
    left = await Leaving(store=services.store, live=services.live).leave(number)
    call.trail.after = {"conversations": len(left)}
    return wire.Done(id=number)


async def tokens(call: Call) -> wire.TokenList:
    """Give every token."""
    return wire.TokenList(tokens=[_as(wire.TokenLine, token) for token in await call.services.store.tokens.tokens()])


async def make_token(call: Call, body: wire.MakeToken) -> wire.NewTokenLine:
    """Make a token, shown once."""
    token = new_token()
    kept = await call.services.store.tokens.issue(
        NewToken(
            name=_words(body.name),
            role=body.role,
            scopes=tuple(sorted(set(body.scopes))),
            expires_at=call.services.clock() + timedelta(days=body.days),
            token_hash=token_hash(token),
            hint=token[-4:],
        ),
        call.agent.id,
    )
    call.trail.target = f"token:{kept.id}"
    return wire.NewTokenLine(**asdict(kept), token=token)


async def revoke_token(call: Call, _body: wire.Nothing, token_number: str) -> wire.TokenLine:
    """End a token at once."""
    call.trail.target = f"token:{_number(token_number)}"
    return _as(wire.TokenLine, await call.services.store.tokens.revoke(_number(token_number)))


async def webhooks(call: Call) -> wire.WebhookList:
    """Give everybody who is told."""
    found = await call.services.store.webhooks.webhooks()
    return wire.WebhookList(webhooks=[_as(wire.WebhookLine, webhook) for webhook in found])


async def add_webhook(call: Call, body: wire.AddWebhook) -> wire.NewWebhook:
    """Have somebody told from now on; the secret is shown once."""
    here = call.services.settings.webhooks_to_this_machine
    if problem := url_problem(body.url, may_be_plain_here=here):
        raise Unreadable(problem, code="bad_url")
    secret = _new_secret()
    webhook = await call.services.store.webhooks.add(body.url, sorted(set(body.events)), secret)
    call.trail.target = f"webhook:{webhook.id}"
    return wire.NewWebhook(**asdict(webhook), secret=secret)


async def change_webhook(call: Call, body: wire.ChangeWebhook, webhook_number: str) -> wire.WebhookLine:
    """Say what they are told, and whether."""
    number, hooks = _number(webhook_number), call.services.store.webhooks
    before = await hooks.get(number)
    call.trail.target, call.trail.before = f"webhook:{number}", {"events": before.events}
    return _as(wire.WebhookLine, await hooks.change(number, sorted(set(body.events)), is_enabled=body.is_enabled))


async def rotate_webhook(call: Call, _body: wire.Nothing, webhook_number: str) -> wire.NewWebhook:
    """Give them another secret, shown once; for a day what is sent is signed with the one before, too."""
    number, secret = _number(webhook_number), _new_secret()
    call.trail.target = f"webhook:{number}"
    webhook = await call.services.store.webhooks.rotate(number, secret)
    return wire.NewWebhook(**asdict(webhook), secret=secret)


async def remove_webhook(call: Call, _body: wire.Nothing, webhook_number: str) -> wire.Done:
    """Tell them nothing any more."""
    number = _number(webhook_number)
    call.trail.target = f"webhook:{number}"
    await call.services.store.webhooks.remove(number)
    return wire.Done(id=number)


async def try_webhook(call: Call, _body: wire.Nothing, webhook_number: str) -> wire.Done:
    """Have a test told."""
    number = _number(webhook_number)
    call.trail.target = f"webhook:{number}"
    await call.services.store.webhooks.test(number)
    return wire.Done(id=number)


async def deliveries(call: Call, webhook_number: str) -> wire.DeliveryList:
    """Give a webhook's log."""
    found = await call.services.store.webhooks.log(_number(webhook_number), cursor_of(call), _PAGE)
    lines = [_as(wire.DeliveryLine, delivery) for delivery in found]
    return wire.DeliveryList(deliveries=lines, next_cursor=str(lines[-1].id) if len(lines) == _PAGE else None)


async def redeliver(call: Call, _body: wire.Nothing, delivery_number: str) -> wire.Done:
    """Have something told again."""
    number = _number(delivery_number, most=2**63 - 1)
    call.trail.target = f"delivery:{number}"
    await call.services.store.webhooks.redeliver(number)
    return wire.Done(id=number)


def cursor_of(call: Call) -> int | None:
    """Give the cursor of a page, or None for the first; raises Unreadable."""
    given = call.request.args.get("cursor")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise Unreadable("“cursor” must be the “next_cursor” of the answer before.", code="bad_cursor")
    return int(given)


def _as(kind: type[Shape], value: Any) -> Shape:
    return msgspec.convert(value, kind, from_attributes=True)


def _number(given: str, most: int = _LARGEST_ID) -> int:
    if not (given.isascii() and given.isdigit()) or len(given) > 19 or int(given) > most:
        raise NotFound("There is no such thing.")
    return int(given)


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _words(given: str) -> str:
    words = " ".join(clean_text(given).split())
    if not words or not words.isprintable():
        raise Unreadable("Give a name that people can read.", code="bad_name")
    return words


def _may(call: Call, body: wire.ChangeAgent) -> AgentPowers:
    limits = {"money": body.money, "points": body.points}
    known = [queue.name for queue in call.services.service.queues.all]
    if unknown := [name for name in body.queues if name not in known]:
        raise Unreadable(f"“{unknown[0]}” is no queue; there are {', '.join(known)}.", code="unknown_queue")
    return AgentPowers(
        limits={measure: limit for measure, limit in limits.items() if limit},
        languages=tuple(dict.fromkeys(body.languages)),
        business_ref=(clean_text(body.business_ref).strip() or None) if body.business_ref else None,
        duty=Duty(
            queues=tuple(dict.fromkeys(body.queues)),
            skills=tuple(dict.fromkeys(body.skills)),
            capacity=body.capacity,
        ),
    )


def _kept(agent: StaffMember | AgentAccount) -> dict[str, Any]:
    duty = agent if isinstance(agent, StaffMember) else agent.duty
    kept = {name: getattr(agent, name) for name in ("email", "name", "role", "limits", "languages")}
    kept |= {name: getattr(duty, name) for name in ("queues", "skills", "capacity")}
    return {**kept, "is_customer": agent.business_ref is not None}


def _not_oneself(call: Call, number: int, *, is_only_for: bool = True) -> None:
    if is_only_for and number == call.agent.id:
        raise Conflict("Not one's own account: ask another administrator.", code="own_account")


CURSOR = Query(
    name="cursor", about="“next_cursor” of the answer before.", schema={"type": "string", "pattern": "^[0-9]+$"}
)


def _get(path: str, about: str, handler: Any, answer: Any, query: tuple[Query, ...] = ()) -> Operation:
    return reading(path, f"admin_{handler.__name__}", about, handler, answer, query=query, who=ADMINS)


def _post(path: str, about: str, handler: Any, body: Any, answer: Any, *, people: bool = False) -> Operation:
    name, secret = f"admin_{handler.__name__}", answer in _SHOWN_ONCE
    return changing(path, name, about, handler, body, answer, who=ADMINS, is_for_people=people, shows_secret=secret)


_SHOWN_ONCE = (wire.Link, wire.NewTokenLine, wire.NewWebhook)


_AGENT, _HOOK = "/admin/agents/{agent_number}", "/admin/webhooks/{webhook_number}"
OPERATIONS = (
    _get("/admin/agents", "Everybody who may sign in.", agents, wire.StaffList),
    _post("/admin/agents", "Make an account.", add_agent, wire.AddAgent, wire.Link, people=True),
    _post(_AGENT, "Change an account.", change_agent, wire.ChangeAgent, wire.StaffLine, people=True),
    _post(f"{_AGENT}/link", "Make a link to set the password.", send_link, wire.SendLink, wire.Link, people=True),
    _post(f"{_AGENT}/remove", "Take an account away.", remove_agent, wire.Nothing, wire.Done, people=True),
    _get("/admin/tokens", "Every token.", tokens, wire.TokenList),
    _post("/admin/tokens", "Make a token.", make_token, wire.MakeToken, wire.NewTokenLine, people=True),
    _post("/admin/tokens/{token_number}/revoke", "End a token.", revoke_token, wire.Nothing, wire.TokenLine),
    _get("/admin/webhooks", "Everybody who is told.", webhooks, wire.WebhookList),
    _post("/admin/webhooks", "Have somebody told.", add_webhook, wire.AddWebhook, wire.NewWebhook, people=True),
    _post(_HOOK, "Say what they are told.", change_webhook, wire.ChangeWebhook, wire.WebhookLine),
    _post(f"{_HOOK}/secret", "Make another secret.", rotate_webhook, wire.Nothing, wire.NewWebhook, people=True),
    _post(f"{_HOOK}/remove", "Tell them nothing more.", remove_webhook, wire.Nothing, wire.Done),
    _post(f"{_HOOK}/test", "Have a test told.", try_webhook, wire.Nothing, wire.Done),
    _get(f"{_HOOK}/deliveries", "A webhook's log.", deliveries, wire.DeliveryList, (CURSOR,)),
    _post("/admin/deliveries/{delivery_number}/redeliver", "Tell it again.", redeliver, wire.Nothing, wire.Done),
)
