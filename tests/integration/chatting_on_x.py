"""X's encrypted chat for tests: a customer who holds keys of their own, and a business's hosts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import httpx
from chat_xdk import Chat

from relevo.channels.x.api import XApi, x_client
from relevo.channels.x.chat import ChatReader
from relevo.channels.x.chat_keys import Keyring
from relevo.channels.x.chat_media import ChatMedia
from relevo.channels.x.chat_registration import Registrar
from relevo.channels.x.chat_sending import ChatSender
from relevo.contracts.channel import Delivery
from relevo.contracts.platform import Written
from relevo.contracts.x import CHAT, Peer
from relevo.domain.attachments import Attachment
from relevo.domain.messages import Author, Content
from relevo.store.pool import Database
from relevo.store.x_chat import PostgresChatRecords
from relevo.store.x_chat_keys import PostgresChatKeys
from relevo.store.x_limits import PostgresXLimits
from relevo.testing.x import wire
from tests.integration.chat_x import ANN, CONVERSATION, NOW, OWN, FakeX
from tests.integration.xs import ACCOUNT

SEALING_KEY = bytes(range(32))


@dataclass
class Customer:
    """Somebody who writes by XChat with keys of their own."""

    x: FakeX
    user_id: str = ANN
    chat: Chat = field(default_factory=Chat)
    version: str = "1"
    key: tuple[str, bytes] = ("", b"")

    def joins(self, version: str = "1") -> None:
        """Make keys and have X know them, in place of those before."""
        told = self.chat.generate_keypairs().public_key
        self.version = version
        self.chat.set_identity(self.user_id, version)
        self.x.keys[self.user_id] = [
            {
                "public_key_version": version,
                "public_key": told.public_key,
                "signing_public_key": told.signing_public_key,
                "identity_public_key_signature": told.identity_public_key_signature,
            }
        ]

    def changes_key(self) -> str:
        """Make a new key for the conversation and give the event that tells of it."""
        newest = [
            (user, max(rows, key=lambda row: int(row["public_key_version"]))) for user, rows in self.x.keys.items()
        ]
        people = [
            {"user_id": user, "public_key": row["public_key"], "key_version": row["public_key_version"]}
            for user, row in newest
        ]
        made = self.chat.prepare_conversation_key_change(people, conversation_id=CONVERSATION)
        while made["conversation_key_version"] <= self.key[0]:  # made within the same millisecond
            made = self.chat.prepare_conversation_key_change(people, conversation_id=CONVERSATION)
        self.key = made["conversation_key_version"], bytes(made["conversation_key"])
        action = made["action_signatures"][0]
        told = wire.event(
            sequence_id=self.x.number(),
            message_id=action["message_id"],
            sender_id=self.user_id,
            conversation_id=CONVERSATION,
            created_at_msec=NOW,
            detail=wire.action_detail(action),
            signature=wire.action_signature(action),
        )
        self.x.key_events.append(told)
        return told

    def writes(self, text: str, *, change: str | None = None, **more: Any) -> dict[str, Any]:
        """Encrypt a message and give the payload of ``chat.received``."""
        version, key = self.key
        sent = self.chat.encrypt_message(
            CONVERSATION, text, conversation_key=key, conversation_key_version=version, **more
        )
        return self.told(sent, change=change)

    def told(self, sent: Any, *, change: str | None = None, sender: str | None = None) -> dict[str, Any]:
        """Give the payload of something encrypted."""
        event = wire.message_event(
            sent,
            sequence_id=self.x.number(),
            sender_id=sender or self.user_id,
            conversation_id=CONVERSATION,
            created_at_msec=NOW,
        )
        self.x.keep(event, self.user_id)
        return {
            "id": sent.message_id,
            "sender_id": self.user_id,
            "conversation_id": f"{self.user_id}:{OWN}",
            "conversation_token": "token-1",
            "conversation_key_version": self.key[0],
            "encoded_event": event,
            **({"conversation_key_change_event": change} if change else {}),
        }

    def shows(self, name: str, body: bytes) -> list[dict[str, Any]]:
        """Upload a photo and give the attachment that names it."""
        self.x.media[name] = bytes(self.chat.encrypt_stream(body, self.key[1]))
        return [
            {
                "attachment_type": "media",
                "media_hash_key": name,
                "width": 40,
                "height": 30,
                "filesize_bytes": len(body),
                "filename": "passport.jpg",
            }
        ]

    def signing_keys(self) -> list[dict[str, str]]:
        """Give everybody's keys as chatxdk wants them."""
        return [
            {
                "user_id": user,
                "public_key_version": row["public_key_version"],
                "public_key": row["signing_public_key"],
                "identity_public_key": row["public_key"],
                "identity_public_key_signature": row["identity_public_key_signature"],
            }
            for user, rows in self.x.keys.items()
            for row in rows
        ]

    def reads(self) -> list[dict[str, Any]]:
        """Decrypt everything that the business sent, oldest first."""
        found = self.chat.decrypt_events([*self.x.key_events, *self.x.messages.values()], self.signing_keys())
        assert not found["errors"], found["errors"]
        told = [each["event"] for each in found["messages"] if each["event"]["type"] == "Message"]
        if keys := found["conversation_keys"]["keys"]:
            self.key = max((version, bytes(key)) for version, key in keys.items())
        return told


@dataclass(kw_only=True)
class Host:
    """One web process's part in it."""

    keys: PostgresChatKeys
    ring: Keyring
    records: PostgresChatRecords
    reader: ChatReader
    sender: ChatSender
    registrar: Registrar
    peers: Peers


@dataclass
class Peers:
    """Who wrote by which way."""

    told: list[tuple[str, str, str | None]] = field(default_factory=list)

    async def heard(
        self,
        address: str,
        transport: str,
        *,
        at: datetime,
        chat_conversation_id: str | None = None,
        conversation_token: str | None = None,
    ) -> None:
        assert at.tzinfo is not None
        assert chat_conversation_id == CONVERSATION
        self.told.append((address, transport, conversation_token))

    async def opted_out(self, address: str) -> None:
        raise AssertionError("Nobody has said so.")

    async def of(self, address: str) -> Peer:
        return Peer(address=address, transport=CHAT)


@dataclass(kw_only=True)
class Chatting:
    """X, a customer, a business."""

    x: FakeX
    ann: Customer
    database: Database
    client: httpx.AsyncClient
    files: dict[UUID, bytes] = field(default_factory=dict)

    def host(self) -> Host:
        """Give one more process of the business's."""
        api = XApi(ACCOUNT, self.client, _NoTokens())  # type: ignore[arg-type]  # the account has tokens of its own
        keys, records, peers = PostgresChatKeys(self.database, SEALING_KEY), PostgresChatRecords(self.database), Peers()
        ring = Keyring(api, keys)
        media = ChatMedia(ring)
        return Host(
            keys=keys,
            ring=ring,
            records=records,
            peers=peers,
            reader=ChatReader(ring, records, peers, media),
            sender=ChatSender(ring, records, media, PostgresXLimits(self.database), self._body),
            registrar=Registrar(ring, keys),
        )

    async def _body(self, address: str, attachment: Attachment) -> bytes:
        return self.files[attachment.id]


class _NoTokens:
    async def read(self, account_id: str) -> None:
        return None


@asynccontextmanager
async def chatting(dsn: str) -> AsyncIterator[Chatting]:
    """Open X, a customer who has keys and a business that has none, over a migrated database."""
    x = FakeX()
    ann = Customer(x)
    ann.joins()
    database = Database(dsn, size=2)
    await database.open()
    try:
        async with x_client(httpx.MockTransport(x.answer)) as client:
            yield Chatting(x=x, ann=ann, database=database, client=client)
    finally:
        await database.close()


def delivery(number: int, text: str | None, *, attempts: int = 1, **content: Any) -> Delivery:
    """Give one message on its way out."""
    return Delivery(
        id=number,
        channel="x",
        address=ANN,
        conversation_id=UUID(int=1),
        position=number,
        content=Content(text=text, **content),
        author=Author.BOT,
        queued_at=datetime.now(timezone.utc),
        attempts=attempts,
    )


PEER = Peer(address=ANN, transport=CHAT, chat_conversation_id=CONVERSATION, conversation_token="token-1")


async def begun(chat: Chatting) -> Host:
    """Give a host whose account has keys, and have the customer begin a conversation."""
    host = chat.host()
    await host.registrar.register()
    change = chat.ann.changes_key()
    assert await told(host, chat.ann.writes("hola", change=change)) == ["hola"]
    return host


async def told(host: Host, payload: dict[str, Any]) -> list[str]:
    """Give the words that were read."""
    return [each.text for each in await host.reader.read(payload) if isinstance(each, Written)]
