"""The door of X: answers its challenge, and keeps what it tells; what that means is read afterwards.

Nothing here waits for anything but the database: X gives up on a door that is slow, and turns it off if it stays so.
"""

from __future__ import annotations

import re

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.channels.x.envelopes import split
from relevo.channels.x.signing import HEADER, is_signed, signature
from relevo.configuration.x import XAccount
from relevo.contracts.x import X
from relevo.errors import AccessDenied, TooLarge, Unreadable
from relevo.web.bodies import read_body, streamed
from relevo.web.services import services_of
from relevo.web.wire import json_answer

PATH = "/webhooks/x"
MAX_BODY_BYTES = 2_000_000
# X signs bodies with the very same key and in the very same way: no token may be one that is a body.
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{1,200}")


def add_x_door(app: Sanic, account: XAccount) -> None:
    """Open ``/webhooks/x``: GET is X's challenge, POST its events."""
    secret = account.consumer_secret.reveal()

    async def answer_challenge(request: Request) -> HTTPResponse:
        token = request.args.get("crc_token", "")
        if not _TOKEN.fullmatch(token):
            raise Unreadable("Send X's challenge as “crc_token”: letters, digits and no more.", code="no_challenge")
        services_of(request).channel_log.count(X, "challenge", "ok")
        return json_answer({"response_token": signature(secret, token.encode())})

    async def take_events(request: Request) -> HTTPResponse:
        body = await read_body(request, MAX_BODY_BYTES, TooLarge("The body is larger than this door accepts."))
        if not is_signed(secret, body, request.headers.get(HEADER)):
            raise AccessDenied(f"Sign the body with the app's secret in “{HEADER}”.", code="bad_signature")
        services = services_of(request)
        await services.store.platform_events.keep(split(body, account.account_id))
        services.live.wake_intakes()
        services.channel_log.count(X, "webhook", "ok")
        return json_answer({})

    app.add_route(answer_challenge, PATH, methods=["GET"], name="x_challenge")
    app.add_route(streamed(take_events), PATH, methods=["POST"], name="x_events", stream=True)
