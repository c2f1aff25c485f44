"""A contact's page and the pieces of it that are asked for one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.contacts import Line
from relevo.contracts.deliveries import Place
from relevo.contracts.store import Store
from relevo.domain.attachments import AttachmentState
from relevo.web.desk_belongings import belongings_page
from relevo.web.desk_contacts import belongings_of, wanted
from relevo.web.desk_delivery import has_delivery
from relevo.web.desk_pages import desk_door
from relevo.web.desk_person import PersonReading, person_page
from relevo.web.desk_reading import agent_of, names_of
from relevo.web.desk_readonly import for_reader
from relevo.web.desk_sight import eyes_of
from relevo.web.languages import language_of
from relevo.web.markup import WITH_FILES, page_answer
from relevo.web.services import services_of
from relevo.web.sign_in import demand_session


def add_contact_pages(app: Sanic) -> None:
    """Open ``/desk/contacts/…``."""
    here = "/desk/contacts/<contact_id:uuid>"
    app.add_route(desk_door(_contact), here, methods=["GET"], name="desk_contact")
    app.add_route(desk_door(_business), f"{here}/business", methods=["GET"], name="desk_contact_business")


async def _contact(request: Request, contact_id: UUID) -> HTTPResponse:
    session = await demand_session(request)
    store = services_of(request).store
    asked = wanted(request)
    eyes = eyes_of(services_of(request), session.agent)
    view = await store.contacts.get(contact_id)
    page = await store.contacts.timeline(contact_id, await eyes.narrowed(view, asked))
    if view.id != contact_id:  # whoever was merged is found where they are now
        return HTTPResponse(None, 303, {"Location": f"/desk/contacts/{view.id}", "Cache-Control": "no-store"})
    entries = [line.entry for line in page.lines if line.entry]
    reading = PersonReading(
        view=for_reader(session, await eyes.person(view)),
        page=for_reader(session, page),
        wanted=asked,
        names=await names_of(store, {agent for entry in entries if (agent := agent_of(entry)) is not None}),
        files=await _files(store, page.lines),
        deliveries=await store.deliveries.at(_places(page.lines)),
    )
    return page_answer(person_page(language_of(request), session, reading), headers=WITH_FILES)


async def _business(request: Request, contact_id: UUID) -> HTTPResponse:
    session = await demand_session(request)
    found = await belongings_of(services_of(request), contact_id)
    return page_answer(belongings_page(language_of(request), for_reader(session, found)))


def _places(lines: Sequence[Line]) -> list[Place]:
    return [
        (line.conversation_id, line.entry.position)
        for line in lines
        if line.conversation_id and line.entry and has_delivery(line.entry)
    ]


async def _files(store: Store, lines: Sequence[Line]) -> Mapping[UUID, AttachmentState]:
    """Tell of every file on the page whether it may be opened."""
    with_files = {
        line.conversation_id for line in lines if line.conversation_id and line.entry and line.entry.content.attachments
    }
    found: dict[UUID, AttachmentState] = {}
    for conversation_id in with_files:
        found.update(await store.attachments.states(conversation_id))
    return found
