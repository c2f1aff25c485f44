"""Uploads: in one piece or in several, usable by their owner for a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import filetype
from aiohttp import web

from relevo.testing.x.door import Answer, Call, Door
from relevo.testing.x.messages import Picture
from relevo.testing.x.problems import bad_request, forbidden, not_found

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

USABLE = timedelta(hours=24)
CATEGORIES = {"dm_image": 5 << 20, "dm_gif": 15 << 20, "dm_video": 512 << 20, "tweet_image": 5 << 20}
"""Largest file by category, in bytes."""
_PATH = "/2/media/upload"


@dataclass(kw_only=True, eq=False)
class Upload:
    """A file on its way to X, or there."""

    id: str
    account_id: str
    category: str
    mime: str
    total_bytes: int
    expires_at: datetime
    parts: dict[int, bytes] = field(default_factory=dict)
    is_final: bool = False

    @property
    def data(self) -> bytes:
        """Everything so far, in order."""
        return b"".join(self.parts[index] for index in sorted(self.parts))

    def described(self, now: datetime) -> dict[str, Any]:
        """Describe it as X does."""
        left = int((self.expires_at - now).total_seconds())
        return {"id": self.id, "media_key": f"3_{self.id}", "expires_after_secs": left, "size": len(self.data)}


class Uploads:
    """All uploads."""

    def __init__(self, x: FakeX) -> None:
        self._x = x
        self.all: dict[str, Upload] = {}

    def begin(self, account_id: str, category: str, mime: str, total_bytes: int) -> Upload:
        """Begin one. Raises Problem 400."""
        if category not in CATEGORIES:
            raise bad_request(f"`media_category` is one of {', '.join(CATEGORIES)}.")
        if not 1 <= total_bytes <= CATEGORIES[category]:
            raise bad_request(f"A {category} has at most {CATEGORIES[category]} bytes.")
        upload = Upload(
            id=self._x.ids.next(),
            account_id=account_id,
            category=category,
            mime=mime,
            total_bytes=total_bytes,
            expires_at=self._x.clock() + USABLE,
        )
        self.all[upload.id] = upload
        return upload

    def find(self, account_id: str, media_id: str) -> Upload:
        """Give one of an account's. Raises Problem 404."""
        found = self.all.get(media_id)
        if found is None or found.account_id != account_id:
            raise not_found("the media")
        return found

    def used(self, account_id: str, media_id: str, dm_id: str) -> Picture:
        """Hang an upload on a direct message. Raises Problem 400 and 403."""
        found = self.all.get(media_id)
        is_there = found is not None and found.account_id == account_id and found.is_final
        if found is None or not is_there or found.expires_at <= self._x.clock():
            raise bad_request("One or more media ids are invalid, or the media is older than 24 hours.")
        if not found.category.startswith("dm_"):
            raise forbidden("You are not permitted to attach this media to a Direct Message.")
        return self._x.picture(found.data, found.mime, dm_id)


def doors() -> list[Door]:
    """Give the endpoints."""
    scopes = ("media.write",)
    named = {
        "": ("POST", _at_once),
        "/initialize": ("POST", _begin),
        "/{id}/append": ("POST", _append),
        "/{id}/finalize": ("POST", _end),
    }
    found = [
        Door(kind="media.upload", method=method, path=_PATH + path, handler=handler, scopes=scopes)
        for path, (method, handler) in named.items()
    ]
    return [*found, Door(kind="media.status", method="GET", path=_PATH, handler=_status, scopes=scopes)]


async def _at_once(call: Call) -> Answer:
    form = await call.request.post()
    data = _bytes(form.get("media"))
    kind = filetype.guess_mime(data) or "application/octet-stream"
    upload = call.x.uploads.begin(call.account_id, str(form.get("media_category", "")), kind, len(data))
    upload.parts[0] = data
    return _finished(call, upload)


async def _begin(call: Call) -> Answer:
    body = call.body
    total = body.get("total_bytes")
    if not isinstance(total, int) or not isinstance(body.get("media_type"), str):
        raise bad_request("`media_type` and `total_bytes` are needed.")
    category = str(body.get("media_category", ""))
    upload = call.x.uploads.begin(call.account_id, category, body["media_type"], total)
    return Answer(body={"data": upload.described(call.x.clock())})


async def _append(call: Call) -> Answer:
    upload = call.x.uploads.find(call.account_id, call.part("id"))
    form = await call.request.post()
    index = str(form.get("segment_index", ""))
    if not index.isdecimal() or int(index) > 999:
        raise bad_request("`segment_index` is a number from 0 to 999.")
    upload.parts[int(index)] = _bytes(form.get("media"))
    return Answer(body={"data": {"expires_at": int(upload.expires_at.timestamp())}})


async def _end(call: Call) -> Answer:
    upload = call.x.uploads.find(call.account_id, call.part("id"))
    is_whole = sorted(upload.parts) == list(range(len(upload.parts))) and len(upload.data) == upload.total_bytes
    if not is_whole:
        raise bad_request("Segments do not add up to provided total file size.")
    return _finished(call, upload)


async def _status(call: Call) -> Answer:
    if call.asked("command") != "STATUS":
        raise bad_request("`command` is STATUS.")
    upload = call.x.uploads.find(call.account_id, call.asked("media_id") or "")
    described = upload.described(call.x.clock())
    return Answer(body={"data": described | {"processing_info": {"state": "succeeded", "progress_percent": 100}}})


def _finished(call: Call, upload: Upload) -> Answer:
    if filetype.guess_mime(upload.data) is None:
        raise bad_request("The media's type is not supported.")
    upload.is_final = True
    described = upload.described(call.x.clock())
    if upload.category == "dm_video":
        described["processing_info"] = {"state": "pending", "check_after_secs": 1}
    return Answer(body={"data": described})


def _bytes(part: Any) -> bytes:
    if isinstance(part, web.FileField):
        with part.file:
            return bytes(part.file.read())
    if isinstance(part, (bytes, bytearray)):
        return bytes(part)
    raise bad_request("`media` is missing: a multipart file.")
