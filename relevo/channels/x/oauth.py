"""Proves to X who asks: OAuth 2.0 user tokens that are renewed in time, OAuth 1.0a signatures, the app's bearer token.

A refresh token is used up by using it, so what X gives for it is kept before anything else happens, and only one host
at a time asks (contracts.x.Tokens.renew).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Any

import httpx

from relevo.channels.x.answers import XAway, XSignedOut, document_of
from relevo.configuration.x import XAccount
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.x import Tokens, UserTokens
from relevo.settings import Secret

TOKEN_PATH = "/2/oauth2/token"  # noqa: S105 - an address
_EARLY = timedelta(seconds=60)
_DEFAULT_SECONDS = 7_200


class Auth(Enum):
    """In whose name something is asked."""

    USER = "user"
    """The account's: OAuth 2.0, or OAuth 1.0a where only that is there."""
    SIGNED = "signed"
    """The account's by OAuth 1.0a, where it is there; else as USER. What keeps files of messages wants that."""
    APP = "app"
    """The app's own."""
    NOBODY = "nobody"


class Proof:
    """Gives the header that says who asks."""

    def __init__(
        self, account: XAccount, client: httpx.AsyncClient, tokens: Tokens, clock: Clock = system_clock
    ) -> None:
        self._account = account
        self._client = client
        self._tokens = tokens
        self._clock = clock
        # One at a time within a process, too: each that waits for another host holds a connection meanwhile.
        self._renewing = asyncio.Lock()

    async def header(self, auth: Auth, method: str, url: str) -> Mapping[str, str]:
        """Give the header of one request; raises XSignedOut where nothing is there to prove it with."""
        if auth is Auth.NOBODY:
            return {}
        if auth is Auth.APP:
            return _bearer(self._account.bearer_token)
        if auth is Auth.SIGNED and self._account.access_token:
            return self._signed(method, url)
        tokens = await self._tokens.read(self._account.account_id)
        if tokens is None:
            return self._signed(method, url)
        if tokens.expires_at - _EARLY <= self._clock():
            tokens = await self._renewed(tokens.access)
        return _bearer(tokens.access)

    async def renew(self, header: Mapping[str, str]) -> bool:
        """Get new tokens after X did not accept a header; False where that header has none that can be renewed."""
        kind, _, text = header.get("Authorization", "").partition(" ")
        if kind != "Bearer" or text == self._account.bearer_token.reveal():
            return False
        await self._renewed(Secret(text))
        return True

    async def _renewed(self, stale: Secret) -> UserTokens:
        account_id = self._account.account_id
        async with self._renewing:
            tokens = await self._tokens.read(account_id)
            if tokens is None or tokens.access == stale:
                tokens = await self._tokens.renew(account_id, stale, self._ask)
        if tokens is None:
            raise XSignedOut
        return tokens

    async def _ask(self, refresh: Secret) -> UserTokens:
        return await self.exchange({"grant_type": "refresh_token", "refresh_token": refresh.reveal()}, refresh)

    async def exchange(self, form: Mapping[str, str], refresh: Secret | None = None) -> UserTokens:
        """Ask for tokens; raises XSignedOut where X gives none, XAway where it could not be asked."""
        headers, fields = self._as_client(form)
        try:
            answer = await self._client.post(self._account.api_base + TOKEN_PATH, data=fields, headers=headers)
        except httpx.HTTPError as error:
            raise XAway(f"X could not be asked for tokens ({type(error).__name__}).") from error
        document = document_of(answer.content) or {}
        if answer.status_code in (400, 401, 403):
            raise XSignedOut
        if answer.status_code != 200 or not isinstance(document.get("access_token"), str):
            raise XAway(f"X gave no tokens (status {answer.status_code}).")
        return self._tokens_in(document, refresh)

    def _as_client(self, form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Give header and fields by which the app says who it is: with a secret where it has one."""
        client_id, secret = self._account.client_id or "", self._account.client_secret
        if secret is None:
            return {}, {**form, "client_id": client_id}
        both = base64.b64encode(f"{client_id}:{secret.reveal()}".encode()).decode()
        return {"Authorization": f"Basic {both}"}, dict(form)

    def _tokens_in(self, document: Mapping[str, Any], refresh: Secret | None) -> UserTokens:
        seconds, new = document.get("expires_in"), document.get("refresh_token")
        return UserTokens(
            access=Secret(document["access_token"]),
            refresh=Secret(new) if isinstance(new, str) else refresh,
            expires_at=self._clock() + timedelta(seconds=seconds if isinstance(seconds, int) else _DEFAULT_SECONDS),
            scopes=tuple(str(document.get("scope") or "").split()),
        )

    def _signed(self, method: str, url: str) -> Mapping[str, str]:
        account = self._account
        if account.access_token is None or account.access_secret is None:
            raise XSignedOut
        from oauthlib.oauth1 import Client  # noqa: PLC0415 - most accounts need none of it

        signer = Client(
            account.consumer_key,
            client_secret=account.consumer_secret.reveal(),
            resource_owner_key=account.access_token,
            resource_owner_secret=account.access_secret.reveal(),
        )
        # JSON and multipart bodies are no part of the signature (RFC 5849, 3.4.1.3.1); we send no forms here.
        _, headers, _ = signer.sign(url, http_method=method)
        return {"Authorization": headers["Authorization"]}


def _bearer(token: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.reveal()}"}
