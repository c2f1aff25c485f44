"""A bot on X for tests: the door, the part that reads what came, and a brain that speaks by a script."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from relevo.channels.x.answers import XAway, XRefused
from relevo.channels.x.platform import Downloads, XPlatform
from relevo.configuration.x import XAccount
from relevo.domain.messages import Entry
from relevo.flow.hearing import Hearing
from relevo.flow.intake import Intake
from relevo.settings import Secret
from relevo.testing.scripted import Script, echo
from tests.integration.doors import Doors, open_doors

SECRET = "x-consumer-secret"
ACCOUNT = XAccount(
    account_id="1111",
    consumer_key="key",
    consumer_secret=Secret(SECRET),
    bearer_token=Secret("bearer"),
    access_token="token",
    access_secret=Secret("token-secret"),
)


@dataclass
class Files:
    """What X keeps for us, by address."""

    kept: dict[str, bytes] = field(default_factory=dict)
    is_away: bool = False
    api: Downloads | None = None
    """Who is asked in its place."""

    async def download(self, path_or_url: str, *, limit_bytes: int) -> bytes:
        if self.api is not None:
            return await self.api.download(path_or_url, limit_bytes=limit_bytes)
        if self.is_away:
            raise XAway
        if path_or_url not in self.kept:
            raise XRefused(404, "not found", "There is none.")
        return self.kept[path_or_url][:limit_bytes]


@dataclass(kw_only=True)
class OnX:
    """A bot on X."""

    doors: Doors
    intake: Intake
    files: Files

    async def post(self, body: Any, *, secret: str = SECRET) -> httpx.Response:
        """Post as X does."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.doors.http.post(
            "/webhooks/x", content=raw, headers={"x-twitter-webhooks-signature": signed(raw, secret)}
        )

    async def take(self, *bodies: Any) -> None:
        """Post these, have all of it read, and have it answered."""
        for body in bodies:
            response = await self.post(body)
            assert response.status_code == 200, response.text
        await self.read()
        await self.doors.until("SELECT count(*) = 0 FROM inbox WHERE state IN ('waiting', 'held')")

    async def read(self) -> None:
        """Read what waits."""
        while await self.intake.step():
            pass

    async def timeline(self, address: str = "2222") -> list[Entry]:
        """Give what was said with somebody."""
        return [entry for entry in await self.doors.timeline("x", address) if entry.kind == "message"]

    async def said(self, address: str = "2222") -> list[tuple[str, str | None]]:
        """Give who said what."""
        return [(entry.author.value, entry.content.text) for entry in await self.timeline(address)]

    async def events(self) -> dict[str, str]:
        """Give the state of every event by its key."""
        return dict(await self.doors.opened.database.rows("SELECT key, state FROM platform_events ORDER BY id"))


@asynccontextmanager
async def on_x(
    dsn: str, script: Script = echo, *, is_reading: bool = False, has_bot: bool = True, **parts: Any
) -> AsyncIterator[OnX]:
    """Open the door over a migrated database; ``is_reading`` has events read all the time, as the web process does."""
    async with open_doors(dsn, script, x=ACCOUNT, has_bot=has_bot) as doors:
        files, stop = Files(), asyncio.Event()
        store, live = doors.opened.store, doors.opened.live
        intake = Intake(
            platforms={"x": XPlatform(ACCOUNT, files)},
            events=store.platform_events,
            hearing=Hearing(store=store, live=live, default_language="en", **parts),
            live=live,
        )
        running = asyncio.create_task(intake.run(stop)) if is_reading else None
        try:
            yield OnX(doors=doors, intake=intake, files=files)
        finally:
            stop.set()
            doors.opened.live.wake_intakes()
            if running:
                await running


def picture() -> bytes:
    """Give a photo."""
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(drawn, "JPEG")
    return drawn.getvalue()


def signed(raw: bytes, secret: str = SECRET) -> str:
    """Sign as X does."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


def dm(
    text: str,
    message_id: str = "2080765901528535096",
    *,
    sender: str = "2222",
    recipient: str = "1111",
    account: str = "1111",
    **data: Any,
) -> dict[str, Any]:
    """Give a direct message as the X Activity API tells it."""
    return {
        "data": {
            "event_uuid": f"-{message_id}",
            "event_type": "dm.received" if recipient == account else "dm.sent",
            "filter": {"user_id": account},
            "payload": {"direct_message_events": [message(text, message_id, sender, recipient, **data)]},
        }
    }


def message(text: str, message_id: str, sender: str = "2222", recipient: str = "1111", **data: Any) -> dict[str, Any]:
    """Give one of ``direct_message_events``."""
    return {
        "type": "message_create",
        "id": message_id,
        "created_timestamp": "1784928224372",
        "message_create": {
            "target": {"recipient_id": recipient},
            "sender_id": sender,
            "message_data": {"text": text, "entities": {"urls": []}, **data},
        },
    }
