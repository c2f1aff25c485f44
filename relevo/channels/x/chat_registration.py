"""The account's own pair of keys: made once, told to X once, kept, saved elsewhere, brought back, replaced.

    made ─► kept ─► told to X ─► its version kept
             └ killed in between: the next try finds the pair waiting, and looks whether X has it already

Whoever loses it cannot read what was said before, and X lets an account register few pairs a day.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from relevo.channels.x import chat_crypto as crypto
from relevo.channels.x.answers import XError
from relevo.channels.x.chat_keys import Keyring
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.x_chat import ChatKeys, OwnPair, PublicKey
from relevo.errors import ConfigurationError, Conflict, Unreadable

FORMAT = "relevo.x-chat-keys/1"
SHORTEST_PASSPHRASE = 12
_SALT_BYTES, _NONCE_BYTES = 16, 12


class KeyState(msgspec.Struct, frozen=True, kw_only=True):
    """What there is: here, and with X."""

    pairs: Sequence[OwnPair]
    waiting: OwnPair | None
    at_x: Sequence[PublicKey]

    @property
    def newest(self) -> OwnPair | None:
        """The pair that is used."""
        return self.pairs[0] if self.pairs else None

    @property
    def is_known_to_x(self) -> bool:
        """Whether X gives others the pair that is used."""
        newest = self.newest
        return newest is not None and any(crypto.same_key(key.public_key, newest.public_key) for key in self.at_x)

    @property
    def foreign(self) -> Sequence[PublicKey]:
        """Keys that X has for the account and nobody has here: those of X's own app, or lost ones."""
        ours = [*self.pairs, *([self.waiting] if self.waiting else [])]
        return [key for key in self.at_x if not any(crypto.same_key(key.public_key, pair.public_key) for pair in ours)]


class Registrar:
    """Looks after the account's pair."""

    def __init__(self, ring: Keyring, keys: ChatKeys, *, clock: Clock = system_clock) -> None:
        self._ring = ring
        self._keys = keys
        self._clock = clock

    async def state(self) -> KeyState:
        """Tell what there is. Raises ConfigurationError where X cannot be asked."""
        try:
            at_x = await self._ring.public_keys(self._ring.own_id, afresh=True)
        except XError as error:
            raise ConfigurationError(f"{error} Nothing was changed; try again.") from error
        own_id = self._ring.own_id
        return KeyState(pairs=await self._keys.pairs(own_id), waiting=await self._keys.waiting(own_id), at_x=at_x)

    async def register(self, *, replaces: bool = False) -> OwnPair:
        """Make a pair and tell X of it; where there is one already, that is given unless it is to be replaced.

        Raises Conflict where X has keys that nobody has here: ``replaces`` makes them useless.
        """
        state = await self.state()
        if (done := await self._found_at_x(state)) is not None and not replaces:
            return done
        if state.newest is not None and state.is_known_to_x and not replaces:
            return state.newest
        if state.foreign and not replaces:
            raise Conflict(
                "X has other keys of this account already, such as those of its app on a phone or of an earlier"
                " installation. Bring them back with: relevo x keys --restore FILE. Or replace them, so that nobody"
                " who has only those reads what comes from now on: relevo x keys --rotate.",
                code="foreign_keys",
            )
        return await self._told(state.waiting or await self._keys.begin(self._ring.own_id, crypto.new_pair()))

    async def restore(self, saved: bytes, passphrase: str) -> Sequence[OwnPair]:
        """Bring back what ``save`` gave; raises Unreadable for what is none, or with another passphrase."""
        pairs = _unsealed(saved, passphrase, self._ring.own_id)
        for pair in pairs:
            await self._keys.registered(self._ring.own_id, pair)
        return pairs

    async def save(self, passphrase: str) -> bytes:
        """Give all pairs, sealed with a passphrase: a file that is worth as much as the account's private mail."""
        pairs = await self._keys.pairs(self._ring.own_id)
        if not pairs:
            raise ConfigurationError("There are no keys to save; make some with: relevo x keys --register.")
        return _sealed(pairs, passphrase, self._ring.own_id)

    async def _found_at_x(self, state: KeyState) -> OwnPair | None:
        """Give the waiting pair where X has it, whose answer was lost then."""
        waiting = state.waiting
        known = next(
            (key for key in state.at_x if waiting and crypto.same_key(key.public_key, waiting.public_key)), None
        )
        if waiting is None or known is None:
            return None
        registered = replace(waiting, version=known.version)
        await self._keys.registered(self._ring.own_id, registered)
        return registered

    async def _told(self, pair: OwnPair) -> OwnPair:
        version = str(int(self._clock().timestamp() * 1000))  # as X's own are, should it take ours
        body = {"public_key": dict(pair.registration), "version": version, "generate_version": True}
        try:
            answer = await self._ring.api.post(f"/2/users/{self._ring.own_id}/public_keys", body=body)
        except XError as error:
            raise ConfigurationError(f"{error} The keys are kept; the same command goes on with them.") from error
        data = answer.get("data")
        known_as = data.get("public_key_version") if isinstance(data, dict) else None
        if not known_as:
            raise ConfigurationError("X took the keys and did not say how it calls them; run the same command again.")
        registered = replace(pair, version=str(known_as))
        await self._keys.registered(self._ring.own_id, registered)
        await self._ring.public_keys(self._ring.own_id, afresh=True)
        return registered


def _sealed(pairs: Sequence[OwnPair], passphrase: str, account_id: str) -> bytes:
    rows = [
        {
            "public_key": pair.public_key,
            "signing_public_key": pair.signing_public_key,
            "secret": base64.b64encode(pair.secret).decode(),
            "registration": dict(pair.registration),
            "version": pair.version,
        }
        for pair in pairs
    ]
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    body = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, json.dumps(rows).encode(), _place(account_id))
    told = {"format": FORMAT, "account_id": account_id, "sealed": base64.b64encode(salt + nonce + body).decode()}
    return json.dumps(told, indent=1).encode() + b"\n"


def _unsealed(saved: bytes, passphrase: str, account_id: str) -> list[OwnPair]:
    try:
        told = json.loads(saved)
        sealed = base64.b64decode(told["sealed"], validate=True)
        is_ours = told["format"] == FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("This file holds no keys that relevo x keys --save has written.") from error
    if not is_ours or told.get("account_id") != account_id:
        raise Unreadable(f"This file holds keys of another account than {account_id}, or of a newer Relevo.")
    salt, nonce = sealed[:_SALT_BYTES], sealed[_SALT_BYTES : _SALT_BYTES + _NONCE_BYTES]
    try:
        opened = AESGCM(_stretched(passphrase, salt)).decrypt(
            nonce, sealed[_SALT_BYTES + _NONCE_BYTES :], _place(account_id)
        )
    except (InvalidTag, ValueError) as error:
        raise Unreadable("The passphrase is another one, or the file was changed.") from error
    return [_pair(row) for row in json.loads(opened)]


def _pair(row: dict[str, Any]) -> OwnPair:
    pair = OwnPair(**{**row, "secret": base64.b64decode(row["secret"])})
    if not crypto.opens(pair):
        raise Unreadable("The file's secret keys are not those of its public ones.")
    return pair


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())


def _place(account_id: str) -> bytes:
    return f"{FORMAT}:{account_id}".encode()
