"""Webhooks with their check, subscriptions, and replay."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from relevo.testing.x.access import Who
from relevo.testing.x.door import Answer, Call, Door
from relevo.testing.x.faults import CRC, Fault
from relevo.testing.x.ids import iso
from relevo.testing.x.messages import Event
from relevo.testing.x.problems import Problem, bad_request, forbidden, not_found
from relevo.testing.x.signing import signature

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

MOST_WEBHOOKS = 5
MOST_SUBSCRIPTIONS = 1500
PRIVATE_SCOPES: Mapping[str, str] = {"dm.": "dm.read", "chat.": "dm.read", "like.": "like.read", "post.": "tweet.read"}
"""What a subscription to events of this beginning needs, beside the account's own token."""
EVENT_TYPES = (
    "dm.received", "dm.sent", "dm.read", "dm.indicate_typing", "chat.received", "chat.sent", "chat.conversation.join",
    "chat.conversation_join",
    "post.create", "post.delete", "post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create",
    "oauth.revoke", "profile.update.bio",
)  # fmt: skip


@dataclass(kw_only=True, eq=False)
class Webhook:
    """A place that events are posted to."""

    id: str
    url: str
    created_at: datetime
    is_valid: bool = True

    def described(self) -> dict[str, Any]:
        """Describe it as X does."""
        return {"id": self.id, "url": self.url, "valid": self.is_valid, "created_at": iso(self.created_at)}


@dataclass(kw_only=True, eq=False)
class Subscription:
    """Who wants to hear of which events of which account, and where."""

    id: str
    event_type: str
    user_id: str
    tag: str | None
    webhook_id: str | None
    created_at: datetime

    def described(self) -> dict[str, Any]:
        """Describe it as X does."""
        described: dict[str, Any] = {
            "subscription_id": self.id,
            "event_type": self.event_type,
            "filter": {"user_id": self.user_id},
            "created_at": iso(self.created_at),
            "updated_at": iso(self.created_at),
        }
        optional = {"tag": self.tag, "webhook_id": self.webhook_id}
        return described | {name: value for name, value in optional.items() if value is not None}


class Webhooks:
    """All webhooks and subscriptions of the app."""

    def __init__(self, x: FakeX) -> None:
        self._x = x
        self.all: dict[str, Webhook] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.checks: list[tuple[str, str]] = []
        """URL and result of every check: ``valid``, or what was wrong."""

    def subscribed(self, event: Event) -> list[tuple[str, str | None]]:
        """Give address and tag for each subscription that wants an event and can be reached."""
        if not any(hook.is_valid for hook in self.all.values()):
            return []
        wanted = [
            each
            for each in self.subscriptions.values()
            if each.user_id == event.user_id and each.event_type == event.type and each.webhook_id in self.all
        ]
        hooks = [(self.all[each.webhook_id or ""], each.tag) for each in wanted]
        return [(hook.url, tag) for hook, tag in hooks if hook.is_valid]

    def add(self, url: str) -> Webhook:
        """Register a webhook without any check, as if that had been done."""
        hook = Webhook(id=self._x.ids.next(), url=url, created_at=self._x.clock())
        self.all[hook.id] = hook
        return hook

    def subscribe(
        self, event_type: str, user_id: str, *, tag: str | None = None, webhook_id: str | None
    ) -> Subscription:
        """Subscribe without any check."""
        made = Subscription(
            id=self._x.ids.next(),
            event_type=event_type,
            user_id=user_id,
            tag=tag,
            webhook_id=webhook_id,
            created_at=self._x.clock(),
        )
        self.subscriptions[made.id] = made
        return made

    def find(self, webhook_id: str) -> Webhook:
        """Give one. Raises Problem 404."""
        if webhook_id not in self.all:
            raise Problem(404, "WebhookIdInvalid", "WebhookIdInvalid: no webhook of this app has this id.")
        return self.all[webhook_id]

    async def check(self, url: str) -> bool:
        """Ask a webhook to prove that it knows the consumer secret."""
        if self._x.faults.take(CRC) is Fault.CRC_INVALID:
            result = "CrcValidationFailed on demand"
        else:
            result = await self._checked(url)
        self.checks.append((url, result))
        return result == "valid"

    async def _checked(self, url: str) -> str:
        token = token_urlsafe(16)
        session = self._x.deliveries.session
        try:
            async with session.get(url, params={"crc_token": token}, allow_redirects=False) as answer:
                if answer.status != 200:
                    return f"answered {answer.status}"
                if answer.content_type != "application/json":
                    return f"answered {answer.content_type}"
                said = msgspec.json.decode(await answer.read())
        except (aiohttp.ClientError, asyncio.TimeoutError, msgspec.DecodeError) as error:
            return type(error).__name__
        expected = signature(self._x.app.consumer_secret, token.encode())
        return "valid" if said == {"response_token": expected} else "wrong token"


def doors() -> list[Door]:
    """Give the endpoints."""
    hooks, subscriptions, one = "/2/webhooks", "/2/activity/subscriptions", "/{id}"
    return [
        Door(kind="webhooks", method="POST", path=hooks, handler=_register, who=Who.APP),
        Door(kind="webhooks", method="GET", path=hooks, handler=_list, who=Who.APP),
        Door(kind="webhooks.replay", method="POST", path=f"{hooks}/replay", handler=_replay, who=Who.APP),
        Door(kind="webhooks", method="PUT", path=hooks + one, handler=_check_again, who=Who.APP),
        Door(kind="webhooks", method="DELETE", path=hooks + one, handler=_remove, who=Who.APP),
        Door(kind="subscriptions", method="POST", path=subscriptions, handler=_subscribe, who=Who.EITHER),
        Door(kind="subscriptions", method="GET", path=subscriptions, handler=_subscriptions, who=Who.EITHER),
        Door(kind="subscriptions", method="DELETE", path=subscriptions, handler=_end_several, who=Who.EITHER),
        Door(kind="subscriptions", method="PUT", path=subscriptions + one, handler=_change, who=Who.EITHER),
        Door(kind="subscriptions", method="DELETE", path=subscriptions + one, handler=_end, who=Who.EITHER),
    ]


async def _register(call: Call) -> Answer:
    hooks, url = call.x.webhooks, call.body.get("url")
    if not isinstance(url, str) or not _may_be_webhook(url):
        raise _failed("UrlValidationFailed", "the URL must be https, without a port, and at most 200 characters long")
    if any(hook.url == url for hook in hooks.all.values()):
        raise _failed("DuplicateUrlFailed", "the URL is registered already")
    if len(hooks.all) >= MOST_WEBHOOKS:
        raise _failed("WebhookLimitExceeded", f"an app has at most {MOST_WEBHOOKS} webhooks")
    if not await hooks.check(url):
        raise _failed("CrcValidationFailed", "the webhook did not answer the check with the right token")
    return Answer(body={"data": hooks.add(url).described()})


def _failed(reason: str, sentence: str) -> Problem:
    return Problem(400, reason, f"{reason}: {sentence}.", "invalid-request")


def _may_be_webhook(url: str) -> bool:
    """X takes public https addresses without a port; the fake takes loopback as well, where nothing else is."""
    parts = urlsplit(url)
    if len(url) > 200 or not parts.hostname:
        return False
    return _is_loopback(parts.hostname) or (parts.scheme == "https" and parts.port is None)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _list(call: Call) -> Answer:
    found = [hook.described() for hook in call.x.webhooks.all.values()]
    return Answer(
        body={"data": found, "meta": {"result_count": len(found)}} if found else {"meta": {"result_count": 0}}
    )


async def _check_again(call: Call) -> Answer:
    hook = call.x.webhooks.find(call.part("id"))
    hook.is_valid = await call.x.webhooks.check(hook.url)
    if not hook.is_valid:
        raise _failed("CrcValidationFailed", "the webhook did not answer the check with the right token")
    return Answer(body={"data": {"valid": True}})


async def _remove(call: Call) -> Answer:
    hooks, hook = call.x.webhooks, call.x.webhooks.find(call.part("id"))
    del hooks.all[hook.id]
    hooks.subscriptions = {id_: one for id_, one in hooks.subscriptions.items() if one.webhook_id != hook.id}
    return Answer(body={"data": {"deleted": True}})


async def _replay(call: Call) -> Answer:
    hook = call.x.webhooks.find(str(call.body.get("webhook_id")))
    begin, end = (_minute(call.body.get(name)) for name in ("from_date", "to_date"))
    if begin > end or begin < call.x.clock() - timedelta(hours=24, minutes=1):
        raise bad_request("Events of the last 24 hours can be replayed.")
    call.x.deliveries.tell_again(hook.url, begin, end + timedelta(seconds=59, microseconds=999_999))
    return Answer(body={"data": {"job_id": call.x.ids.next(), "created_at": iso(call.x.clock())}})


def _minute(given: Any) -> datetime:
    try:
        return datetime.strptime(str(given), "%Y%m%d%H%M").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise bad_request("Dates are written yyyymmddhhmm, in UTC.") from error


async def _subscribe(call: Call) -> Answer:
    hooks, event_type = call.x.webhooks, call.body.get("event_type")
    user_id, webhook_id = (call.body.get("filter") or {}).get("user_id"), call.body.get("webhook_id")
    if event_type not in EVENT_TYPES or not isinstance(user_id, str):
        raise bad_request("A subscription needs a known `event_type` and `filter.user_id`.")
    _demand_right(call, event_type, user_id)
    if webhook_id is not None:
        hooks.find(str(webhook_id))
    if len(hooks.subscriptions) >= MOST_SUBSCRIPTIONS:
        raise forbidden("The limit of subscriptions is reached.")
    for known in hooks.subscriptions.values():
        if (known.event_type, known.user_id, known.webhook_id) == (event_type, user_id, webhook_id):
            raise bad_request("DuplicateSubscriptionFailed: this subscription exists.")
    made = hooks.subscribe(event_type, user_id, tag=call.body.get("tag"), webhook_id=webhook_id)
    total = len(hooks.subscriptions)
    return Answer(body={"data": {"subscription": made.described()}, "meta": {"total_subscriptions": total}})


def _demand_right(call: Call, event_type: str, user_id: str) -> None:
    scope = next((scope for begin, scope in PRIVATE_SCOPES.items() if event_type.startswith(begin)), None)
    if scope is None:
        return
    if call.caller.account_id != user_id or scope not in call.caller.scopes:
        raise forbidden(f"{event_type} needs a token of the account itself with the scope {scope}.")


async def _subscriptions(call: Call) -> Answer:
    most, above = call.number("max_results", 1000, 1000), int(call.asked("pagination_token") or 0)
    found = [each for id_, each in call.x.webhooks.subscriptions.items() if int(id_) > above]
    meta: dict[str, Any] = {"total_subscriptions": len(call.x.webhooks.subscriptions)}
    if len(found) > most:
        meta["next_token"] = found[most - 1].id
    return Answer(body={"data": [each.described() for each in found[:most]], "meta": meta})


def _found(call: Call, subscription_id: str) -> Subscription:
    if subscription_id not in call.x.webhooks.subscriptions:
        raise not_found("the subscription")
    return call.x.webhooks.subscriptions[subscription_id]


async def _change(call: Call) -> Answer:
    found = _found(call, call.part("id"))
    if unknown := sorted(set(call.body) - {"tag", "webhook_id"}):
        raise bad_request(f"`{unknown[0]}` cannot be changed.")
    if "webhook_id" in call.body:
        found.webhook_id = call.x.webhooks.find(str(call.body["webhook_id"])).id
    found.tag = call.body.get("tag", found.tag)
    return Answer(body={"data": {"subscription": found.described()}})


async def _end(call: Call) -> Answer:
    return _ended(call, [call.part("id")])


async def _end_several(call: Call) -> Answer:
    return _ended(call, [each for each in (call.asked("ids") or "").split(",") if each])


def _ended(call: Call, ids: list[str]) -> Answer:
    for found in [_found(call, each) for each in ids]:
        del call.x.webhooks.subscriptions[found.id]
    return Answer(body={"data": {"deleted": True}, "meta": {"total_subscriptions": len(call.x.webhooks.subscriptions)}})
