"""A visitor's own copy of what was said: as a file, or by mail to the address that the business has on file."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.mail import Mail, Posting
from relevo.domain.addresses import mail_address
from relevo.domain.contacts import Level
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Content
from relevo.errors import AccessDenied, BusinessUnavailable, Conflict, NotFound, TooMany, Unavailable, Unreadable
from relevo.flow.texts import say
from relevo.flow.transcript import transcript
from relevo.web.limits import whole_seconds
from relevo.web.services import WebServices, services_of
from relevo.web.visitor_doors import CHANNEL, Visitor
from relevo.web.wire import read_json

_MAILS, _WINDOW_SECONDS = 3, 3_600.0
"""Transcripts that one visitor may have mailed within that time."""
_REFUSED = {
    Posting.MAIL_OFF: "No mail is sent from here; save the file instead.",
    Posting.BAD_ADDRESS: "There is no mail address on file that could be written to.",
    Posting.ANOTHER_CONTACT: "The address on file belongs to somebody else, too; save the file instead.",
}


class Wanted(msgspec.Struct):
    """Where a visitor would like it sent."""

    email: str | None = None


_decoder = msgspec.json.Decoder(Wanted)


async def give_transcript(request: Request, visitor: Visitor) -> HTTPResponse:
    """Give what was said as a file of plain text."""
    if request.args.get("format", "txt") != "txt":
        raise Unreadable("“format” can be “txt”.", code="bad_format")
    services, conversation = services_of(request), await _conversation(request, visitor)
    text = await _transcript(services, visitor, conversation)
    name = f"chat-{services.clock():%Y-%m-%d}.txt"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HTTPResponse(text, 200, headers, "text/plain; charset=utf-8")


async def mail_transcript(request: Request, visitor: Visitor) -> HTTPResponse:
    """Mail what was said, to the address on file and to no other."""
    services, conversation = services_of(request), await _conversation(request, visitor)
    wanted = read_json(request.body, _decoder).email if request.body else None
    ref, address = await _on_file(services, conversation)
    if wanted is not None and mail_address(wanted) != mail_address(address):
        raise AccessDenied("It is sent to the address on file alone, and that is another one.", code="other_address")
    if services.mailer is None or not services.mailer.is_on:
        raise Conflict(_REFUSED[Posting.MAIL_OFF], code=Posting.MAIL_OFF.value)
    wait = await services.store.accounts.take(f"transcript:{visitor.address}", _MAILS, _WINDOW_SECONDS)
    if wait:
        raise TooMany("It was sent several times already; look there.", retry_after_seconds=whole_seconds(wait))
    subject = say(conversation.language, "transcript_title", company=visitor.site.title)
    content = Content(text=await _transcript(services, visitor, conversation), subject=subject)
    mail = Mail(about=conversation.id, business_ref=ref, address=address, content=content)
    posting = await services.mailer.send(mail)
    if posting is not Posting.POSTED:
        raise Conflict(_REFUSED.get(posting, "It could not be sent."), code=posting.value)
    return HTTPResponse(None, 202)


async def _transcript(services: WebServices, visitor: Visitor, conversation: Conversation) -> str:
    return await transcript(
        services.store.conversations,
        conversation.id,
        language=conversation.language or visitor.site.default_language,
        company=visitor.site.title,
        zone=ZoneInfo(services.service.timezone),
    )


async def _on_file(services: WebServices, conversation: Conversation) -> tuple[str, str]:
    identity = conversation.identity
    is_verified = identity.level_at(services.clock()) >= Level.TWO_FACTS
    if not is_verified or identity.business_ref is None or services.decider is None:
        raise AccessDenied(
            "It is mailed to those alone who have shown who they are; save the file.", code="not_verified"
        )
    try:
        return identity.business_ref, (await services.decider.business.person(identity.business_ref)).email
    except (BusinessUnavailable, NotFound) as error:
        raise Unavailable("Which address is on file cannot be looked up right now; save the file.") from error


async def _conversation(request: Request, visitor: Visitor) -> Conversation:
    found = await services_of(request).store.conversations.find(CHANNEL, visitor.address)
    if found is None:
        raise NotFound("Nothing has been said yet.", code="nothing_said")
    return found
