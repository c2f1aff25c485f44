"""The demo's contacts, each of whom a newcomer may be: what a business's own server does, played by this one.

Opened in a demo only: a token for the asking is no proof of anything.
"""

from __future__ import annotations

from datetime import timedelta

import jwt
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import NotFound
from relevo.web.languages import WORDS
from relevo.web.origins import demand_own_page
from relevo.web.services import DemoContact, WebServices, services_of
from relevo.web.wire import json_answer

_LIFETIME = timedelta(minutes=15)


def add_demo_identities(app: Sanic) -> None:
    """Open ``/demo/contacts`` and ``/demo/identity/<contact>``."""
    app.add_route(_contacts, "/demo/contacts", methods=["GET"], name="demo_contacts")
    app.add_route(_identity, "/demo/identity/<contact:str>", methods=["POST"], name="demo_identity")


async def _contacts(request: Request) -> HTTPResponse:
    found = services_of(request).demo_contacts
    told = [{"id": one.ref, "name": one.name, "language": one.language, "about": _about(one.ref)} for one in found]
    return json_answer({"contacts": told})


async def _identity(request: Request, contact: str) -> HTTPResponse:
    demand_own_page(request)
    services = services_of(request)
    found = next((one for one in services.demo_contacts if one.ref == contact), None)
    if found is None:
        raise NotFound("The demo has no such contact; GET /demo/contacts tells which it has.")
    return json_answer({"jwt": _signed(services, found), "name": found.name})


def _signed(services: WebServices, contact: DemoContact) -> str:
    site, now = services.sites.named[0], services.clock()
    claims = {"sub": contact.ref, "name": contact.name, "email": contact.email, "aud": site.name}
    return jwt.encode(claims | {"iat": now, "exp": now + _LIFETIME}, site.identity_keys[0], algorithm="HS256")


def _about(ref: str) -> dict[str, str]:
    return {language: words[f"demo.about_{ref}"] for language, words in WORDS.items() if f"demo.about_{ref}" in words}
