"""X's encrypted chat, where credentials.yml names an account on X: chatxdk is imported here and nowhere above."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from relevo.bootstrap.attachments import attachment_key
from relevo.bootstrap.everything import Settings, read_bot_files
from relevo.bootstrap.store import OpenStore
from relevo.contracts.x import Limits, Peers, X
from relevo.domain.attachments import Attachment
from relevo.errors import ConfigurationError, RequestError, SendRefused, Unavailable
from relevo.store.x import PostgresXTokens
from relevo.store.x_chat import PostgresChatRecords
from relevo.store.x_chat_keys import PostgresChatKeys

if TYPE_CHECKING:
    from relevo.channels.x.api import XApi
    from relevo.channels.x.chat import ChatReader
    from relevo.channels.x.chat_history import ChatHistory
    from relevo.channels.x.chat_registration import Registrar
    from relevo.channels.x.chat_sending import ChatSender
    from relevo.channels.x.chat_typing import TypingSigns


class ChatOnX(msgspec.Struct, frozen=True, kw_only=True):
    """What reads, what sends, and what runs beside: it looks for what was missed, and shows who writes."""

    reader: ChatReader
    sender: ChatSender
    history: ChatHistory
    typing: TypingSigns


def chat_on_x(opened: OpenStore, api: XApi, peers: Peers, limits: Limits, key: bytes) -> ChatOnX:
    """Give X's encrypted chat; its keys are sealed with the key of attachments."""
    from relevo.channels.x.chat import ChatReader
    from relevo.channels.x.chat_history import ChatHistory
    from relevo.channels.x.chat_keys import Keyring
    from relevo.channels.x.chat_media import ChatMedia
    from relevo.channels.x.chat_sending import ChatSender
    from relevo.channels.x.chat_typing import TypingSigns

    async def body(address: str, attachment: Attachment) -> bytes:
        try:
            return (await opened.store.attachments.read(X, address, attachment.id)).body
        except Unavailable:
            raise
        except RequestError as error:
            raise SendRefused(f"The file cannot be opened here. {error}") from error

    ring, records = Keyring(api, PostgresChatKeys(opened.database, key)), PostgresChatRecords(opened.database)
    media = ChatMedia(ring)
    sender = ChatSender(ring, records, media, limits, body)
    return ChatOnX(
        reader=ChatReader(ring, records, peers, media),
        sender=sender,
        typing=TypingSigns(records, sender),
        history=ChatHistory(ring, opened.store.platform_events, opened.store.platform_marks, opened.live),
    )


@asynccontextmanager
async def chat_keys(opened: OpenStore, settings: Settings) -> AsyncIterator[Registrar]:
    """Give what looks after the account's keys; raises ConfigurationError where no account is named."""
    account = read_bot_files(settings).x
    if account is None:
        raise ConfigurationError("credentials.yml names no account on X; docs/howto/x.md shows what to write there.")
    from relevo.channels.x.api import XApi, x_client

    key = attachment_key(settings)
    async with x_client() as client:
        yield registrar_of(opened, XApi(account, client, PostgresXTokens(opened.database, key)), key)


def registrar_of(opened: OpenStore, api: XApi, key: bytes) -> Registrar:
    """Give what looks after an account's keys."""
    from relevo.channels.x.chat_keys import Keyring
    from relevo.channels.x.chat_registration import Registrar

    keys = PostgresChatKeys(opened.database, key)
    return Registrar(Keyring(api, keys), keys)


async def chat_found(opened: OpenStore, account_id: str) -> str:
    """Say whether the account has keys."""
    if await PostgresChatKeys(opened.database, None).is_registered(account_id):
        return "encrypted messages are read, too"
    return "encrypted messages (XChat) are not, before you run relevo x keys --register"
