"""Uploads photos to X, for messages that carry one: small ones at once, others in pieces, until X has looked at them.

An upload is usable for 24 hours by the account that made it (X's documentation, August 2026).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from relevo.channels.x.answers import XAway, XRefused, XUnanswered
from relevo.channels.x.api import XApi
from relevo.contracts.clock import Clock, system_clock

AT_ONCE_BYTES = 1 << 20
PIECE_BYTES = 1 << 20
"""Below the 4 MB or so that X takes in one request."""
_USABLE = timedelta(hours=23)
"""An hour less than X says, so that none expires on its way."""
_LONGEST_LOOK_SECONDS = 40.0
_CATEGORIES = {"image/gif": "dm_gif", "video/mp4": "dm_video"}
_PATH = "/2/media/upload"


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file that X has."""

    media_id: str
    usable_until: datetime


class Uploads:
    """Uploads files. Whatever fails has sent nobody anything, so that it may be begun again."""

    def __init__(self, api: XApi, *, clock: Clock = system_clock) -> None:
        self._api = api
        self._clock = clock

    async def upload(self, name: str, mime: str, body: bytes) -> Uploaded:
        """Upload a file for a direct message; raises what XApi does, XAway in place of XUnanswered."""
        category = _CATEGORIES.get(mime, "dm_image")
        try:
            if len(body) <= AT_ONCE_BYTES and category == "dm_image":
                files = {"media": (name, body, mime)}
                data = _data(await self._api.post(_PATH, body={"media_category": category}, files=files))
            else:
                data = await self._in_pieces(mime, category, body)
        except XUnanswered as error:
            raise XAway(str(error)) from error
        await self._looked_at(data)
        return Uploaded(media_id=str(data["id"]), usable_until=self._clock() + _USABLE)

    async def _in_pieces(self, mime: str, category: str, body: bytes) -> Mapping[str, Any]:
        begun = {"media_type": mime, "total_bytes": len(body), "media_category": category}
        media_id = _data(await self._api.post(f"{_PATH}/initialize", body=begun))["id"]
        for number, start in enumerate(range(0, len(body), PIECE_BYTES)):
            piece = {"media": ("piece", body[start : start + PIECE_BYTES], "application/octet-stream")}
            await self._api.post(f"{_PATH}/{media_id}/append", body={"segment_index": str(number)}, files=piece)
        return _data(await self._api.post(f"{_PATH}/{media_id}/finalize"))

    async def _looked_at(self, data: Mapping[str, Any]) -> None:
        """Wait until X has looked at a file; raises XRefused where it takes none like it, XAway after too long."""
        waited, info = 0.0, data.get("processing_info")
        while isinstance(info, dict) and info.get("state") not in ("succeeded", None):
            if info["state"] == "failed":
                raise XRefused(400, "processing failed", "X cannot make a picture of this file.")
            seconds = min(float(info.get("check_after_secs", 1)), 10.0)
            waited += seconds
            if waited > _LONGEST_LOOK_SECONDS:
                raise XAway("X has not looked at the file in time.")
            await asyncio.sleep(seconds)
            asked = await self._api.get(_PATH, params={"command": "STATUS", "media_id": str(data["id"])})
            info = _data(asked).get("processing_info")


def _data(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    data = answer.get("data")
    if not isinstance(data, dict) or not data.get("id"):
        raise XAway("X did not say what became of the file.")
    return data
