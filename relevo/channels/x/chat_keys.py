"""The keys that XChat needs at any moment: our own pairs, public keys of people, keys of conversations.

    one asked for ─► kept in the database? ─► else asked of X, once, and kept

Nothing is taken on X's word alone: public keys only where one hand made both, a conversation's key only from a change
that one of the two has signed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import structlog

from relevo.channels.x import chat_crypto as crypto
from relevo.channels.x.answers import XRefused
from relevo.channels.x.api import XApi
from relevo.channels.x.chat_crypto import NotSigned, Signers, conversation_of
from relevo.contracts.x_chat import ChatKeys, OwnPair, PublicKey
from relevo.errors import Unreadable

_FIELDS = "public_key_version,public_key,signing_public_key,identity_public_key_signature"
_MOST_PAGES = 5
_MOST_KEYS = 20
_MOST_VERSION = 40
_log = structlog.get_logger()

NO_KEYS = "The account has no keys for X's encrypted chat; run: relevo x keys --register."


class Keyring:
    """Finds keys, in the name of one account."""

    def __init__(self, api: XApi, keys: ChatKeys) -> None:
        self.own_id = api.account.account_id
        self.api = api
        self._keys = keys

    async def pairs(self) -> Sequence[OwnPair]:
        """Give our registered pairs, newest first; nothing before the first."""
        return await self._keys.pairs(self.own_id)

    async def signers(self, address: str, *, afresh: Sequence[str] = ()) -> Signers:
        """Give the keys of both who talk; those of ``afresh`` are asked of X whatever is kept."""
        return {each: await self.public_keys(each, afresh=each in afresh) for each in (self.own_id, address)}

    async def public_keys(self, user_id: str, *, afresh: bool = False) -> Sequence[PublicKey]:
        """Give somebody's keys, newest first; nothing for who is not on XChat. Raises XError."""
        kept = None if afresh else await self._keys.public_keys(user_id)
        if kept:  # who had none may have some by now
            return kept
        found = await self._asked(user_id)
        await self._keys.keep_public_keys(user_id, found)
        return found

    async def conversation_keys(self, address: str) -> Mapping[str, bytes]:
        """Give the keys of a conversation by version, as they are known here."""
        return await self._keys.conversation_keys(conversation_of(self.own_id, address))

    async def learn(self, address: str, changes: Sequence[str]) -> bool:
        """Keep the keys of changes that are signed by one of the two; tell whether there was any.

        What is not signed is no change: whoever relies on its key finds that there is none. Raises Unreadable where we
        have no pair to open it with: it could come soon or never, and direct messages of the same contact wait behind.
        """
        found: dict[str, bytes] = {}
        for change in changes:
            found.update(await self._learned(address, change))
        if found:
            await self.keep(address, found)
        return bool(found)

    async def keep(self, address: str, keys: Mapping[str, bytes]) -> None:
        """Keep keys of a conversation."""
        await self._keys.keep_conversation_keys(conversation_of(self.own_id, address), address, keys)

    async def fetch_history(self, address: str) -> bool:
        """Learn what keys X kept of a conversation; tell whether there was any. Raises XError."""
        changes: list[str] = []
        async for page in self.history(address):
            changes += key_changes(page)
        return await self.learn(address, list(dict.fromkeys(changes)))

    async def history(self, address: str, pages: int = _MOST_PAGES) -> AsyncIterator[Mapping[str, Any]]:
        """Give X's pages of a conversation's events, newest first; nothing where X knows no such conversation."""
        token: str | None = None
        path = f"/2/chat/conversations/{conversation_of(self.own_id, address).replace(':', '-')}/events"
        for _ in range(pages):
            try:
                page = await self.api.get(path, params={"max_results": 100, "pagination_token": token})
            except XRefused as error:
                if error.status == 404:
                    return
                raise
            yield page
            token = _meta(page).get("next_token")
            if not token:
                return

    async def _learned(self, address: str, change: str) -> Mapping[str, bytes]:
        pairs, expected = await self.pairs(), conversation_of(self.own_id, address)
        if not pairs:
            raise Unreadable(NO_KEYS, code="no_chat_keys")
        for afresh in ((), (self.own_id, address)):
            try:
                conversation, keys = crypto.learned(
                    change, pairs, self.own_id, await self.signers(address, afresh=afresh)
                )
            except NotSigned:
                continue
            except ValueError:
                return {}
            is_ours = crypto.partner_in(conversation, self.own_id) == address
            return {version: key for version, key in keys.items() if is_ours and len(version) <= _MOST_VERSION}
        _log.warning("x_chat.key_change_not_signed", conversation=expected)
        return {}

    async def _asked(self, user_id: str) -> Sequence[PublicKey]:
        try:
            answer = await self.api.get(f"/2/users/{user_id}/public_keys", params={"public_key.fields": _FIELDS})
        except XRefused as error:
            if error.status in (400, 404):  # no such person, or one without keys
                return []
            raise
        rows = answer.get("data")
        told = [key for row in (rows if isinstance(rows, list) else [])[:_MOST_KEYS] if (key := public_key(row))]
        bound = [key for key in told if crypto.is_bound(key)]
        if len(bound) < len(told):
            _log.warning("x_chat.keys_not_bound", dropped=len(told) - len(bound))
        return sorted(bound, key=lambda key: (len(key.version), key.version), reverse=True)


def public_key(row: Any) -> PublicKey | None:
    """Read one row of X's public keys; None where something is missing."""
    names = ("public_key_version", "public_key", "signing_public_key", "identity_public_key_signature")
    parts = [row.get(name) if isinstance(row, Mapping) else None for name in names]
    if not all(isinstance(part, (str, int)) and part for part in parts):
        return None
    version, public, signing, signature = map(str, parts)
    return PublicKey(version=version, public_key=public, signing_public_key=signing, signature=signature)


def key_changes(page: Mapping[str, Any]) -> list[str]:
    """Give the key changes that X put beside a page of events."""
    changes = _meta(page).get("conversation_key_events")
    return [each for each in changes if isinstance(each, str)] if isinstance(changes, list) else []


def _meta(page: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = page.get("meta")
    return meta if isinstance(meta, Mapping) else {}
