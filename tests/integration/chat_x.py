"""X as one sees it who talks by its encrypted chat: it numbers events, and keeps what it cannot read."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx

from relevo.contracts.clock import system_clock
from relevo.testing.x import wire

OWN, ANN = "1111", "2222"
CONVERSATION = "1111:2222"
NOW = 1_795_700_000_000


@dataclass
class FakeX:
    """What X does: gives out public keys, numbers events, keeps what it cannot read."""

    keys: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    key_events: list[str] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """What the next messages are refused for."""
    faults: list[Callable[[], httpx.Response]] = field(default_factory=list)
    """What the next messages are answered with once they are taken."""
    messages: dict[str, str] = field(default_factory=dict)
    """Event by signed message id: one that comes twice is shown once."""
    numbers: int = 100
    now: datetime = field(default_factory=system_clock)

    def paths(self, ending: str) -> list[dict[str, Any]]:
        """Give the bodies of calls to paths that end so."""
        return [body for _, path, body in self.asked if path.endswith(ending)]

    def number(self) -> str:
        """Give the next place."""
        self.numbers += 1
        return str(self.numbers)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Serve one call."""
        path = request.url.path
        body = json.loads(request.content) if request.content else {}
        self.asked.append((request.method, path, body))
        for method, pattern, handler in self._doors():
            if request.method == method and (found := re.fullmatch(pattern, path)):
                return handler(body, *found.groups())
        return httpx.Response(404, json={"title": "Not Found", "detail": path, "status": 404})

    def _doors(self) -> list[tuple[str, str, Callable[..., httpx.Response]]]:
        conversation = r"/2/chat/conversations/[0-9-]+"
        return [
            ("GET", r"/2/users/(\d+)/public_keys", self._public_keys),
            ("POST", r"/2/users/(\d+)/public_keys", self._register),
            ("POST", f"{conversation}/messages", self._message),
            ("POST", f"{conversation}/keys", self._new_key),
            ("POST", f"{conversation}/(?:read|typing)", lambda body: httpx.Response(200, json={"data": {}})),
            ("GET", f"{conversation}/events", self._history),
            ("GET", r"/2/chat/conversations", self._conversations),
            ("POST", r"/2/chat/media/upload/initialize", self._initialize),
            ("POST", r"/2/chat/media/upload/(\w+)/append", self._append),
            ("POST", r"/2/chat/media/upload/(\w+)/finalize", self._finalize),
            ("GET", r"/2/chat/media/[0-9-]+/(\w+)", self._download),
        ]

    def _public_keys(self, _: Any, user_id: str) -> httpx.Response:
        return httpx.Response(200, json={"data": self.keys.get(user_id, [])})

    def _register(self, body: dict[str, Any], user_id: str) -> httpx.Response:
        version = str(NOW + len(self.keys.get(user_id, [])))
        self.keys.setdefault(user_id, []).append({**body["public_key"], "public_key_version": version})
        return httpx.Response(200, json={"data": {"public_key_version": version}})

    def _message(self, body: dict[str, Any]) -> httpx.Response:
        if self.failures:
            told = self._event(str(uuid4()), wire.failure_detail(self.failures.pop(0)), None)
            return httpx.Response(201, json={"data": {"encoded_message_event": told}})
        if body["message_id"] not in self.messages:
            self.messages[body["message_id"]] = self._event(
                body["message_id"],
                wire.message_detail(body["encoded_message_create_event"]),
                wire.message_signature(body["encoded_message_event_signature"]),
            )
            self.keep(self.messages[body["message_id"]], OWN)
        if self.faults:
            return self.faults.pop(0)()
        return httpx.Response(201, json={"data": {"encoded_message_event": self.messages[body["message_id"]]}})

    def _event(self, message_id: str, detail: bytes, signature: bytes | None) -> str:
        return wire.event(
            sequence_id=self.number(),
            message_id=message_id,
            sender_id=OWN,
            conversation_id=CONVERSATION,
            created_at_msec=NOW,
            detail=detail,
            signature=signature,
        )

    def keep(self, event: str, sender: str) -> None:
        """Have an event in the conversation's history."""
        self.events.insert(
            0,
            {
                "id": f"e{self.numbers}",
                "sender_id": sender,
                "conversation_id": CONVERSATION,
                "created_at": self.now.isoformat(),
                "encoded_event": event,
            },
        )

    def _new_key(self, body: dict[str, Any]) -> httpx.Response:
        action = body["action_signatures"][0]
        told = self._event(
            action["message_id"],
            wire.action_detail(action),
            wire.action_signature(action["message_event_signature"]),
        )
        self.key_events.append(told)
        return httpx.Response(201, json={"data": {"conversation_id": CONVERSATION, "sequence_id": "1"}})

    def _history(self, _: Any) -> httpx.Response:
        return httpx.Response(
            200, json={"data": self.events, "meta": {"conversation_key_events": self.key_events, "has_more": False}}
        )

    def _conversations(self, _: Any) -> httpx.Response:
        listed = [{"id": CONVERSATION, "type": "direct", "updated_at": f"2026-11-26T14:00:{self.numbers % 60:02}Z"}]
        return httpx.Response(200, json={"data": listed, "meta": {"has_more": False}})

    def _initialize(self, _: dict[str, Any]) -> httpx.Response:
        name = f"mhk{len(self.media)}"
        self.media[name] = b""
        return httpx.Response(
            200, json={"data": {"session_id": name, "media_hash_key": name, "conversation_id": CONVERSATION}}
        )

    def _append(self, body: dict[str, Any], session: str) -> httpx.Response:
        self.media[session] += base64.b64decode(body["media"])
        return httpx.Response(200, json={"data": {"expires_at": 1}})

    def _finalize(self, _: dict[str, Any], session: str) -> httpx.Response:
        return httpx.Response(200, json={"data": {"success": session in self.media}})

    def _download(self, _: Any, name: str) -> httpx.Response:
        return httpx.Response(200, content=self.media[name]) if name in self.media else httpx.Response(404, json={})
