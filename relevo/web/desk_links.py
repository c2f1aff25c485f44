"""Makes links with which people set their password: mailed where mail is on, else answered once, to hand over."""

from __future__ import annotations

from sanic.request import Request

from relevo.flow.password_links import LINK_PATH, new_secret
from relevo.web.desk_admin_wire import Link
from relevo.web.desk_doors import Call
from relevo.web.languages import language_of
from relevo.web.origins import header, is_https
from relevo.web.services import services_of


def is_mailed(call: Call, *, by_hand: bool) -> bool:
    """Tell whether a link goes by mail."""
    return call.services.mails_links and not by_hand


async def link_for(call: Call, agent_id: int, *, by_hand: bool) -> Link:
    """Make a link for an account; raises NotFound."""
    links = call.services.store.admin.links
    if is_mailed(call, by_hand=by_hand):
        agent = await links.mail(agent_id, language_of(call.request))
        return Link(id=agent.id, email=agent.email, role=agent.role, is_mailed=True, link=None)
    secret, kept = new_secret()
    agent = await links.make(agent_id, kept)
    link = f"{_desk_url(call.request)}{LINK_PATH}{secret}"
    return Link(id=agent.id, email=agent.email, role=agent.role, is_mailed=False, link=link)


def _desk_url(request: Request) -> str:
    """Give where everybody reaches the desk; where nobody has said it, where this administrator does."""
    said = services_of(request).settings.public_url
    here = f"{'https' if is_https(request) else 'http'}://{header(request, 'host')}"
    return (said or here).rstrip("/")
