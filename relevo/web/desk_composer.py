"""The composer's doors: replies, held words, drafts, who else is here, transfer, files, mentions."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote
from uuid import UUID

import msgspec

from relevo.contracts.composer import Written
from relevo.domain.attachments import MAX_FILE_BYTES, desk_channel
from relevo.domain.messages import clean_text
from relevo.errors import TooMany
from relevo.flow.attach import SentFile, attach, too_large
from relevo.flow.composing import Composing
from relevo.web import composer_wire as wire
from relevo.web import desk_wire
from relevo.web.bodies import read_body
from relevo.web.chat_state import TYPING_SECONDS
from relevo.web.desk_doors import Call
from relevo.web.desk_verbs import ways_of
from relevo.web.limits import whole_seconds
from relevo.web.openapi import Operation, changing, reading
from relevo.web.origins import header


def composing(call: Call) -> Composing:
    """Give what the caller writes with."""
    services = call.services
    return Composing(
        store=services.store,
        live=services.live,
        service=services.service,
        clock=services.clock,
        ways=ways_of(services, call.agent),
    )


async def reply(call: Call, body: wire.Reply, conversation_id: UUID) -> wire.Replied:
    """Write to the contact."""
    written = Written(
        text=body.text,
        client_id=body.client_id,
        attachments=tuple(body.attachments),
        seen=body.seen,
        is_sure=body.is_sure,
    )
    outcome = await composing(call).reply(
        conversation_id, call.agent, written, may_undo=body.may_undo, way=body.way and clean_text(body.way)
    )
    return msgspec.convert(outcome, wire.Replied, from_attributes=True)


async def note(call: Call, body: desk_wire.Write, conversation_id: UUID) -> desk_wire.Position:
    """Write for agents alone."""
    written = await composing(call).note(conversation_id, call.agent, body.text, body.client_id)
    return desk_wire.Position(position=written)


async def undo_reply(call: Call, body: wire.TakeBack, conversation_id: UUID) -> wire.TakenBack:
    """Take back a reply that has not gone out."""
    return wire.TakenBack(text=await composing(call).take_back(conversation_id, call.agent, body.client_id))


async def send_held(call: Call, body: wire.HeldWords, conversation_id: UUID) -> desk_wire.Position:
    """Send what the bot wanted to say, once."""
    sent = await composing(call).send_held(conversation_id, call.agent, body.position, body.seen)
    return desk_wire.Position(position=sent)


async def drop_held(call: Call, body: wire.HeldWords, conversation_id: UUID) -> wire.DraftKept:
    """Decide that it is not said."""
    await composing(call).drop_held(conversation_id, call.agent, body.position)
    return wire.DraftKept(is_kept=False)


async def composer(call: Call, conversation_id: UUID) -> wire.ComposerView:
    """Give what is being written."""
    store = call.services.store
    await store.conversations.get(conversation_id)
    return wire.ComposerView(
        being_sent=[
            msgspec.convert(each, wire.BeingSent, from_attributes=True)
            for each in await store.composer.unsent.of(conversation_id)
        ],
        held=list((await store.composer.writing.held(conversation_id)).values()),
        drafts=await store.composer.desktop.drafts(conversation_id, call.agent.id),
    )


async def keep_draft(call: Call, body: wire.KeepDraft, conversation_id: UUID) -> wire.DraftKept:
    """Keep what was begun; not told to anybody, since nobody else sees it."""
    desktop = call.services.store.composer.desktop
    await desktop.keep_draft(conversation_id, call.agent.id, body.kind, body.text, body.seen)
    return wire.DraftKept(is_kept=bool(body.text.strip()))


async def looking(call: Call, body: wire.Looking, conversation_id: UUID) -> wire.Lookers:
    """Say that one is here, and hear who else is."""
    if body.is_leaving:
        await call.services.store.composer.desktop.leave(conversation_id, call.agent.id)
        return wire.Lookers(others=[])
    others = await composing(call).look(conversation_id, call.agent, is_typing=body.is_typing)
    if body.is_typing:
        call.services.live.agent_stirred(conversation_id)
    signs = await call.services.store.chats.signs(conversation_id, TYPING_SECONDS)
    return wire.Lookers(others=others, contact_types=signs.is_typing, read_position=signs.read_position)


async def transfer(call: Call, body: wire.PassOn, conversation_id: UUID) -> desk_wire.Conversation:
    """Give it to a colleague."""
    await composing(call).transfer(conversation_id, body.version, call.agent, body.agent_id, body.note)
    return desk_wire.conversation_line(await call.services.store.desk.conversation(conversation_id))


async def upload(call: Call, conversation_id: UUID) -> wire.Uploaded:
    """Keep a file, to be sent with a reply later."""
    services, agent = call.services, call.agent
    await services.store.conversations.get(conversation_id)
    settings = services.settings
    wait = await services.store.accounts.take(
        f"upload:desk:{agent.id}", settings.uploads_per_address, settings.uploads_window_seconds
    )
    if wait:
        raise TooMany("You attached many files lately; wait a moment.", retry_after_seconds=whole_seconds(wait))
    request = call.request
    sent = SentFile(
        channel=desk_channel(agent.id),
        address=str(conversation_id),
        name=unquote(header(request, "x-file-name"), errors="replace"),
        claimed_mime=header(request, "content-type").partition(";")[0].strip().lower(),
        data=await read_body(request, MAX_FILE_BYTES, too_large()),
    )
    return wire.Uploaded(attachment=await attach(services.store.attachments, sent))


async def ways(call: Call, conversation_id: UUID) -> wire.Ways:
    """Give where this person may be written to."""
    return wire.Ways(ways=await ways_of(call.services, call.agent).of(conversation_id, call.agent))


async def colleagues(call: Call) -> wire.Colleagues:
    """Give everybody who may sign in."""
    return wire.Colleagues(colleagues=await call.services.store.composer.desktop.colleagues())


async def mentions(call: Call) -> wire.Mentions:
    """Give the notes that speak to the caller."""
    desktop = call.services.store.composer.desktop
    return wire.Mentions(
        unread=await desktop.unread_mentions(call.agent.id), mentions=await desktop.mentions(call.agent.id)
    )


async def read_mentions(call: Call, body: wire.ReadMentions) -> wire.Mentions:
    """Mark mentions as read."""
    await call.services.store.composer.desktop.read_mentions(call.agent.id, body.up_to)
    return await mentions(call)


def get(path: str, about: str, handler: Any, answer: Any) -> Operation:
    """Describe a door that reads."""
    return reading(path, handler.__name__, about, handler, answer)


def post(path: str, about: str, handler: Any, body: Any, answer: Any) -> Operation:
    """Describe a door that changes something."""
    name = _NAMES.get(handler.__name__, handler.__name__)
    return changing(path, name, about, handler, body, answer, is_audited=name not in _QUIET)


_NAMES = {"look": "looking"}
_QUIET = frozenset({"keep_draft", "looking", "read_mentions"})
"""What everybody does all the time, and for themselves alone."""
_ONE = "/conversations/{conversation_id}"
_UPLOAD = Operation(
    method="POST",
    path=f"{_ONE}/attachments",
    name="upload",
    about="Keep a file for a reply: the body is the file, X-File-Name its name.",
    handler=upload,
    answer=wire.Uploaded,
    takes_file=True,
)

OPERATIONS = (
    post(f"{_ONE}/replies", "Write to the contact, here or by another way.", reply, wire.Reply, wire.Replied),
    post(f"{_ONE}/replies/undo", "Take a reply back in time.", undo_reply, wire.TakeBack, wire.TakenBack),
    post(f"{_ONE}/notes", "Write for agents alone.", note, desk_wire.Write, desk_wire.Position),
    get(f"{_ONE}/composer", "What is being written.", composer, wire.ComposerView),
    post(f"{_ONE}/held/send", "Send what the bot wanted to say.", send_held, wire.HeldWords, desk_wire.Position),
    post(f"{_ONE}/held/drop", "Do not say it.", drop_held, wire.HeldWords, wire.DraftKept),
    post(f"{_ONE}/drafts", "Keep what was begun.", keep_draft, wire.KeepDraft, wire.DraftKept),
    post(f"{_ONE}/looking", "Say that one is here, and typing.", looking, wire.Looking, wire.Lookers),
    post(f"{_ONE}/transfer", "Give it to a colleague.", transfer, wire.PassOn, desk_wire.Conversation),
    _UPLOAD,
    get(f"{_ONE}/ways", "Where this person may be written to.", ways, wire.Ways),
    get("/colleagues", "Everybody who may sign in.", colleagues, wire.Colleagues),
    get("/mentions", "Notes that speak to the caller.", mentions, wire.Mentions),
    post("/mentions/read", "Mark mentions as read.", read_mentions, wire.ReadMentions, wire.Mentions),
)
