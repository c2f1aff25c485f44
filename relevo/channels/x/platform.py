"""X as a platform: says what its events mean, and fetches the files that they name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from relevo.channels.x.answers import XError, XLimited, XRefused
from relevo.channels.x.envelopes import UNREADABLE, Node, ident, mapping
from relevo.channels.x.files import lookups
from relevo.channels.x.reading import read_message, read_seen, read_typing
from relevo.channels.x.reading_posts import read_deleted, read_post
from relevo.configuration.x import XAccount
from relevo.contracts.platform import Heard, PlatformEvent, RemoteFile, Revoked
from relevo.contracts.x import X
from relevo.errors import PlatformAway, TooLarge, Unreadable

MAX_FILE_BYTES = 10_000_000


class Downloads(Protocol):
    """Fetching in the account's name."""

    async def download(self, path_or_url: str, *, limit_bytes: int) -> bytes:
        """Give the bytes of a file; raises TooLarge, and what XApi raises."""
        ...


class ChatReader(Protocol):
    """Reads what is encrypted between two; see channels/x/chat.py."""

    async def read(self, payload: Mapping[str, Any]) -> Sequence[Heard]:
        """Say what an event means. Raises PlatformAway and Unreadable."""
        ...

    async def fetch(self, reference: str) -> bytes:
        """Get a file's bytes. Raises as Platform.fetch does."""
        ...


Reader = Callable[[Node, str], Sequence[Heard]]


class XPlatform:
    """X, as a platform; see contracts.platform.Platform."""

    name = X

    def __init__(self, account: XAccount, api: Downloads, chat: ChatReader | None = None) -> None:
        self._account = account
        self._api = api
        self._chat = chat

    async def read(self, event: PlatformEvent) -> Sequence[Heard]:
        """Say what an event means: nothing, where it came to another account or is of a kind that means nothing."""
        if event.kind == UNREADABLE:
            raise Unreadable("It is signed by X and cannot be read.")
        told = mapping(json.loads(event.body))
        if told.get("account") not in (None, self._account.account_id):
            return ()
        if event.kind.startswith("chat."):
            return await self._chat.read(mapping(told.get("event"))) if self._chat else ()
        reader = _READERS.get(event.kind)
        return reader(told, self._account.account_id) if reader else ()

    async def fetch(self, file: RemoteFile) -> bytes:
        """Get a file's bytes by the first of its addresses that has it."""
        if file.reference.startswith("chat:") and self._chat is not None:
            return await self._chat.fetch(file.reference)
        for address in lookups(file.reference):
            if (found := await self._fetched(address)) is not None:
                return found
        raise Unreadable("X does not have this file any more; send it again.", code="file_gone")

    async def _fetched(self, address: str) -> bytes | None:
        try:
            return await self._api.download(address, limit_bytes=MAX_FILE_BYTES)
        except TooLarge as error:
            raise TooLarge(str(error), code="file_too_large") from error
        except XRefused:
            return None
        except XLimited as error:
            raise PlatformAway(str(error), until=error.until) from error
        except XError as error:
            raise PlatformAway(str(error)) from error


def _revoked(told: Node, account_id: str) -> Sequence[Heard]:
    event = mapping(told.get("event"))
    revoke = mapping(event.get("revoke")) or event
    who = ident(mapping(revoke.get("source")).get("user_id")) or ident(revoke.get("user_id")) or account_id
    return [Revoked(account_id=who)] if who == account_id else []


_READERS: Mapping[str, Reader] = {
    "dm": read_message,
    "dm.received": read_message,
    "dm.sent": read_message,
    "dm.indicate_typing": read_typing,
    "dm.read": read_seen,
    "oauth.revoke": _revoked,
    "post.mention.create": read_post,
    "post.reply.create": read_post,
    "post.quote.create": read_post,
    "post.create": read_post,
    "post.delete": read_deleted,
}
