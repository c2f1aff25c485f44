"""Sets the webhook on X up, and has X tell again; as the command line asks for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from relevo.bootstrap.attachments import attachment_key
from relevo.bootstrap.everything import Settings
from relevo.bootstrap.store import OpenStore
from relevo.bootstrap.x_api import asking_x
from relevo.channels.x.answers import XError
from relevo.channels.x.marks import keep_standing
from relevo.channels.x.webhooks import PATH, REPLAYABLE, VITAL, Standing, Step, XWebhooks
from relevo.configuration.x import API_BASE, XAccount
from relevo.errors import ConfigurationError

_DURATION = re.compile(r"(\d{1,4})\s*(m|min|h)")


async def set_up(opened: OpenStore, settings: Settings, account: XAccount, url: str | None) -> tuple[str, list[Step]]:
    """Register or repair webhook and subscriptions, and give the webhook's address and what was done."""
    async with _webhooks(opened, settings, account, url) as webhooks:
        steps = await webhooks.repair()
        standing = await webhooks.standing()
        await keep_standing(opened.store.platform_marks, is_healthy=standing.is_healthy, problem=standing.problem)
        return webhooks.url, steps


async def replay(opened: OpenStore, settings: Settings, account: XAccount, since: str) -> datetime:
    """Have X tell again what happened since, and give since when."""
    now = datetime.now(timezone.utc)
    began = _since(since, now)
    async with _webhooks(opened, settings, account, None) as webhooks:
        standing = await webhooks.standing()
        if standing.webhook_id is None:
            raise ConfigurationError("X knows no webhook of this installation: run relevo x setup first.")
        await webhooks.replay(standing.webhook_id, began, now)
    return began


async def standing(opened: OpenStore, settings: Settings, account: XAccount) -> Standing:
    """Ask X how the webhook stands."""
    async with _webhooks(opened, settings, account, None) as webhooks:
        return await webhooks.standing()


def is_set_up(steps: list[Step]) -> bool:
    """Tell whether messages come by themselves after this."""
    return not any(step.done == "refused" and step.what in {"webhook", *VITAL} for step in steps)


@asynccontextmanager
async def _webhooks(
    opened: OpenStore, settings: Settings, account: XAccount, url: str | None
) -> AsyncIterator[XWebhooks]:
    door = _door(url or settings.web.public_url, account)
    async with asking_x(opened, account, attachment_key(settings)) as (api, *_):
        try:
            yield XWebhooks(api=api, url=door)
        except XError as error:
            raise ConfigurationError(f"{error} Nothing else was tried; mend that and run it again.") from error


def _door(url: str | None, account: XAccount) -> str:
    if url is None:
        raise ConfigurationError(
            "X must reach this installation: set RELEVO_PUBLIC_URL to where everybody does, such as"
            " https://help.example.com, or name it: relevo x setup --url https://help.example.com. Without it messages"
            " are asked for once a minute, and nothing has to be set up."
        )
    parts = urlsplit(url)
    if account.api_base == API_BASE and (parts.scheme != "https" or parts.port is not None):
        raise ConfigurationError(f"X tells nothing to {url}: it must begin with https:// and name no port.")
    return url.rstrip("/") + PATH


def _since(text: str, now: datetime) -> datetime:
    found = _DURATION.fullmatch(text.strip().lower())
    if found is not None:
        number = int(found[1])
        began = now - (timedelta(hours=number) if found[2] == "h" else timedelta(minutes=number))
    else:
        try:
            began = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        except ValueError:
            raise ConfigurationError("--since must be such as 90m, 6h or 2026-11-26T10:00Z.") from None
        began = began.replace(tzinfo=began.tzinfo or timezone.utc)
    if not now - REPLAYABLE <= began <= now:
        raise ConfigurationError("X tells again what happened within the last 24 hours; name a time within them.")
    return began
