"""Has X tell us what happens: the webhook is registered and proven, and each kind of event subscribed to.

    none ─► registered ─► valid ─► all that is needed is subscribed to ─► X tells
                            └ not any more (X could not reach us): proven again

Everything may be done again; what is there stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from relevo.channels.x.answers import XRefused
from relevo.channels.x.api import Auth, XApi
from relevo.channels.x.envelopes import ident, mapping

PATH = "/webhooks/x"
NEEDED = (
    "dm.received", "dm.sent", "dm.read", "dm.indicate_typing", "chat.received", "chat.sent", "chat.conversation.join",
    "post.mention.create", "post.reply.create", "post.quote.create", "oauth.revoke",
)  # fmt: skip
"""The kinds of events that Relevo lives on."""
VITAL = ("dm.received", "dm.sent")
"""Without these, messages come by asking for them alone."""
REPLAYABLE = timedelta(hours=24)
_HOOKS, _SUBSCRIPTIONS = "/2/webhooks", "/2/activity/subscriptions"
_TAG = "relevo"
_MOST_PAGES = 20


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the webhook stands with X."""

    webhook_id: str | None
    """None: it is not registered."""
    is_valid: bool = False
    subscribed: Mapping[str, str | None] = msgspec.field(default_factory=dict)
    """By kind of event, to which webhook it goes; None: over the stream."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The kinds of events that X does not tell us."""
        return tuple(kind for kind in NEEDED if kind not in self.subscribed or self.subscribed[kind] != self.webhook_id)

    @property
    def problem(self) -> str | None:
        """What is wrong with it, and what to do; None where nothing is."""
        if self.webhook_id is None:
            return "X knows no webhook of this installation, so messages come a minute late: run relevo x setup."
        if not self.is_valid:
            return "X cannot prove the webhook, so it tells nothing: see that X reaches it, then run relevo x setup."
        return f"X does not tell of {', '.join(self.missing)}: run relevo x setup." if self.missing else None

    @property
    def is_healthy(self) -> bool:
        """Whether X tells us of every message."""
        return self.webhook_id is not None and self.is_valid and not {*VITAL} & {*self.missing}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about one thing."""

    what: str
    """``webhook``, or a kind of event."""
    done: str
    """``there``, ``added``, ``moved``, ``proven again`` or ``refused``."""
    why: str = ""


class XWebhooks(msgspec.Struct, frozen=True, kw_only=True):
    """The webhook of one account at one address."""

    api: XApi
    url: str
    """The door, as X reaches it."""

    async def standing(self) -> Standing:
        """Ask how it stands. Raises as XApi does."""
        hook = await self._hook()
        if hook is None:
            return Standing(webhook_id=None)
        subscribed = {kind: webhook_id for kind, (_, webhook_id) in (await self._subscribed(hook["id"])).items()}
        return Standing(webhook_id=hook["id"], is_valid=hook.get("valid") is True, subscribed=subscribed)

    async def repair(self) -> list[Step]:
        """Register what is missing, prove what is doubted, and tell what was done. Raises as XApi does."""
        hook = await self._hook()
        if hook is None:
            hook = mapping((await self.api.post(_HOOKS, body={"url": self.url}, auth=Auth.APP)).get("data"))
            steps = [Step(what="webhook", done="added")]
        elif hook.get("valid") is not True:
            steps = [await self.prove(hook["id"])]
        else:
            steps = [Step(what="webhook", done="there")]
        known = await self._subscribed(hook["id"])
        return [*steps, *[await self._subscribe(kind, hook["id"], known.get(kind)) for kind in NEEDED]]

    async def prove(self, webhook_id: str) -> Step:
        """Have X ask us once more whether we know its secret."""
        try:
            await self.api.put(f"{_HOOKS}/{webhook_id}", auth=Auth.APP)
        except XRefused as error:
            return Step(what="webhook", done="refused", why=error.sentence)
        return Step(what="webhook", done="proven again")

    async def replay(self, webhook_id: str, since: datetime, now: datetime) -> None:
        """Have X tell again what happened since, at most of a day; what is known already stays as it is."""
        begin = max(since, now - REPLAYABLE + timedelta(minutes=1))
        span = {"from_date": _minute(begin), "to_date": _minute(now)}
        await self.api.post(f"{_HOOKS}/replay", body={"webhook_id": webhook_id, **span}, auth=Auth.APP)

    async def _hook(self) -> Mapping[str, Any] | None:
        listed = (await self.api.get(_HOOKS, auth=Auth.APP)).get("data")
        hooks = [mapping(each) for each in listed] if isinstance(listed, list) else []
        return next((each for each in hooks if each.get("url") == self.url and ident(each.get("id"))), None)

    async def _subscribed(self, webhook_id: str) -> dict[str, tuple[str, str | None]]:
        """Give id and webhook of each of the account's subscriptions; of several of a kind, the one that is ours."""
        found: dict[str, tuple[str, str | None]] = {}
        token = None
        for _ in range(_MOST_PAGES):
            params = {"max_results": 1000, "pagination_token": token}
            page = await self.api.get(_SUBSCRIPTIONS, params=params, auth=Auth.APP)
            listed = page.get("data")
            for each in map(mapping, listed if isinstance(listed, list) else []):
                kind, own = each.get("event_type"), ident(each.get("subscription_id")) or ident(each.get("id"))
                is_ours = mapping(each.get("filter")).get("user_id") == self.api.account.account_id
                if isinstance(kind, str) and own and is_ours and found.get(kind, ("", None))[1] != webhook_id:
                    found[kind] = own, ident(each.get("webhook_id"))
            token = mapping(page.get("meta")).get("next_token")
            if not token:
                break
        return found

    async def _subscribe(self, kind: str, webhook_id: str, known: tuple[str, str | None] | None) -> Step:
        if known is not None and known[1] == webhook_id:
            return Step(what=kind, done="there")
        try:
            if known is not None:
                await self.api.put(f"{_SUBSCRIPTIONS}/{known[0]}", body={"webhook_id": webhook_id, "tag": _TAG})
                return Step(what=kind, done="moved")
            about = {"event_type": kind, "filter": {"user_id": self.api.account.account_id}}
            await self.api.post(_SUBSCRIPTIONS, body={**about, "tag": _TAG, "webhook_id": webhook_id})
        except XRefused as error:
            return Step(what=kind, done="refused", why=error.sentence)
        return Step(what=kind, done="added")


def _minute(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y%m%d%H%M")
