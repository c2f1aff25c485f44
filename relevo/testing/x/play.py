"""A page on the fake X where a newcomer plays the customer, and sees what the business answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from relevo.testing.x.customer import Customer
from relevo.testing.x.limits import TABLE, Limit
from relevo.testing.x.messages import Message
from relevo.testing.x.passport import passport
from relevo.testing.x.posts import Posted
from relevo.testing.x.problems import Problem
from relevo.testing.x.world import FakeX

_PAGE = Path(__file__).parent / "page"
_FILES = {
    "play.css": "text/css",
    "play.js": "text/javascript",
    "es.json": "application/json",
    "en.json": "application/json",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LARGEST_PHOTO = 5 << 20
_LARGEST_TEXT = 10_000
_FIRST_STRANGER = 8001
_HEARTBEAT_SECONDS = 15.0
EASY = (Limit(count=500),)
"""For playing: X itself takes 15 messages in 15 minutes."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a newcomer may be; texts by language."""

    user_id: str
    name: str
    username: str
    followers: int
    language: str
    about: Mapping[str, str] = msgspec.field(default_factory=dict)
    sentence: Mapping[str, str] = msgspec.field(default_factory=dict)


@dataclass(kw_only=True, eq=False)
class Play:
    """One game."""

    x: FakeX
    roles: Sequence[Role]
    desk: str
    """Where the agents work."""
    is_ready: bool = False
    """Whether the bot listens."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.x.limits.set("dm.send", *EASY)
        for role in self.roles:
            self.x.customer(role.user_id, username=role.username, name=role.name, followers=role.followers)

    def add_to(self, app: web.Application) -> None:
        """Open the page and what it asks."""
        app.router.add_get("/", self._page)
        app.router.add_get("/play/file/{name}", self._file)
        app.router.add_get("/play/state", self._state)
        app.router.add_get("/play/changes", self._changes)
        app.router.add_get("/play/picture/{user}/{message}", self._picture)
        app.router.add_get("/play/passport/{user}", self._passport)
        for name in ("say", "choose", "post", "spread", "stranger", "limit"):
            app.router.add_post(f"/play/{name}", self._act)

    def ready(self) -> None:
        """Tell the page that the bot listens."""
        self.is_ready = True
        self.x.happened(())

    async def _page(self, request: web.Request) -> web.StreamResponse:
        _demand_here(request)
        page = (_PAGE / "index.html").read_text(encoding="utf-8")
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        body = (_PAGE / name).read_text(encoding="utf-8")
        return web.Response(text=body, content_type=_FILES[name], headers=headers)

    async def _state(self, request: web.Request) -> web.StreamResponse:
        _demand_here(request)
        return _json(self._told(self._customer(request.query.get("user"))))

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        """Say each time that something happened; the page asks then for what it shows."""
        _demand_here(request)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # whoever looked has gone
            while True:
                await response.write(b"data: changed\n\n")
                await self.x.change(_HEARTBEAT_SECONDS)
        return response

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        _demand_here(request)
        user = self._customer(request.match_info["user"])
        for message in self._messages(user):
            if message.id == request.match_info["message"] and message.picture:
                headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
                mime = message.picture.mime if message.picture.mime.startswith("image/") else "application/octet-stream"
                return web.Response(body=message.picture.data, content_type=mime, headers=headers)
        raise web.HTTPNotFound

    async def _passport(self, request: web.Request) -> web.StreamResponse:
        _demand_here(request)
        name = self._customer(request.match_info["user"]).name
        return web.Response(body=await asyncio.to_thread(passport, name), content_type="image/jpeg")

    async def _act(self, request: web.Request) -> web.StreamResponse:
        _demand_here(request)
        if request.headers.get("Origin") not in {None, f"http://{request.host}"}:
            raise web.HTTPForbidden
        form = await request.post()
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        photo = form.get("photo")
        data = _read(photo) if isinstance(photo, web.FileField) else None
        try:
            acting = getattr(self, f"_{request.path.rpartition('/')[2]}")
            told = await acting(texts, data)
        except (AssertionError, Problem, StopIteration, ValueError) as error:
            return _json({"error": str(error) or "That did not work."}, status=400)
        return _json(told or {})

    async def _say(self, form: Mapping[str, str], photo: bytes | None) -> None:
        text = form.get("text", "").strip()[:_LARGEST_TEXT]
        if text or photo:
            await self._customer(form["user"]).writes(text, photo=photo, transport=form.get("transport", "dm"))

    async def _choose(self, form: Mapping[str, str], photo: bytes | None) -> None:
        await self._customer(form["user"]).chooses(form["label"])

    async def _post(self, form: Mapping[str, str], photo: bytes | None) -> None:
        user, text = self._customer(form["user"]), form.get("text", "").strip()[:280]
        user.followers = min(int(form.get("followers") or user.followers), 10**9)
        if text:
            impressions = min(int(form.get("impressions") or 0), 10**10)
            await user.posts(text, impressions=impressions, mentions=form.get("mentions") == "yes")

    async def _spread(self, form: Mapping[str, str], photo: bytes | None) -> None:
        post = self.x.posts.find(form["post"])
        post.impressions = min(max(post.impressions, 100) * 10, 10**10)
        self.x.happened(())

    async def _stranger(self, form: Mapping[str, str], photo: bytes | None) -> dict[str, str]:
        known = {int(user_id) for user_id in self.x.users}
        user_id = next(number for number in range(_FIRST_STRANGER, _FIRST_STRANGER + 1000) if number not in known)
        name = form.get("name", "").strip()[:50] or f"Stranger {user_id - _FIRST_STRANGER + 1}"
        self.x.customer(str(user_id), username=f"stranger{user_id}", name=name, followers=50)
        self.x.happened(())
        return {"user": str(user_id)}

    async def _limit(self, form: Mapping[str, str], photo: bytes | None) -> None:
        self.x.limits.set("dm.send", *(TABLE["dm.send"] if form.get("real") == "yes" else EASY))
        self.x.happened(())

    def _customer(self, user_id: str | None) -> Customer:
        user = self.x.users.get(user_id or self.roles[0].user_id)
        if not isinstance(user, Customer):
            raise web.HTTPNotFound
        return user

    def _messages(self, user: Customer) -> list[Message]:
        return self.x.mailbox.between(user.id, self.x.brand.id)

    def _told(self, user: Customer) -> dict[str, Any]:
        x = self.x
        chat = x.chats.known(user.id, x.brand.id)
        used, most = x.limits.used("dm.send", x.brand.id)
        people = [each for each in x.users.values() if isinstance(each, Customer)]
        return {
            "brand": {"name": x.brand.name, "username": x.brand.username},
            "desk": self.desk,
            "is_ready": self.is_ready,
            "has_chat": bool(x.chats.keys.get(x.brand.id)),
            "is_real_limit": x.limits.table["dm.send"] != EASY,
            "limit": {"used": used, "most": most},
            "waiting": len(x.deliveries.not_taken),
            "people": [self._described(each) for each in people],
            "user": user.id,
            "is_typing": chat is not None and chat.is_typing(x.brand.id),
            "messages": [self._message(user, message) for message in self._messages(user)],
            "posts": [
                self._shown(post) for post in reversed(x.posts.all) if not post.replies_to and not post.is_deleted
            ],
        }

    def _described(self, user: Customer) -> dict[str, Any]:
        role = next((each for each in self.roles if each.user_id == user.id), None)
        unread = [each for each in user.received if each.sender_id == self.x.brand.id]
        return {
            "id": user.id,
            "name": user.name,
            "username": user.username,
            "followers": user.followers,
            "heard": len(unread),
            "about": role.about if role else {},
            "try": role.sentence if role else {},
        }

    def _message(self, user: Customer, message: Message) -> dict[str, Any]:
        chat = self.x.chats.known(user.id, self.x.brand.id)
        return {
            "id": message.id,
            "is_mine": message.sender_id == user.id,
            "text": message.text,
            "picture": f"/play/picture/{user.id}/{message.id}" if message.picture else None,
            "is_image": bool(message.picture and message.picture.mime.startswith("image/")),
            "transport": message.transport,
            "is_seen": chat is not None and chat.has_seen(self.x.brand.id, message.id),
            "options": message.options,
            "at": message.sent_at.isoformat(),
        }

    def _shown(self, post: Posted) -> dict[str, Any]:
        author = self.x.users[post.author_id]
        return {
            "id": post.id,
            "name": author.name,
            "username": author.username,
            "author": author.id,
            "text": post.text,
            "at": post.created_at.isoformat(),
            "impressions": post.impressions,
            "invites": post.id in self.x.invitations or "/messages/compose" in post.text,
            "answers": [self._shown(each) for each in self.x.posts.replies_to(post)],
        }


def _read(photo: web.FileField) -> bytes:
    with photo.file:
        data = bytes(photo.file.read(_LARGEST_PHOTO + 1))
    if len(data) > _LARGEST_PHOTO:
        raise web.HTTPRequestEntityTooLarge(max_size=_LARGEST_PHOTO, actual_size=len(data))
    return data


def _demand_here(request: web.Request) -> None:
    """Let in only browsers that came to this machine by its own name: no other page may lead them here."""
    if request.host.rpartition(":")[0] not in {"127.0.0.1", "localhost"}:
        raise web.HTTPForbidden


def _json(body: Mapping[str, Any], status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json", headers=headers)
