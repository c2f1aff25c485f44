"""Opens the rooms in which administrators say queues, hours and times to answer: a page, and the form that it posts."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import Conflict, RequestError, Unreadable
from relevo.flow.desk_settings import CurrentService, Misfit
from relevo.web.desk_admin_pages import administrator, answer_part
from relevo.web.desk_board import board_of
from relevo.web.desk_doors import Call, audited
from relevo.web.desk_pages import desk_door
from relevo.web.desk_settings import OPERATIONS, current_of, say
from relevo.web.desk_settings_drafts import Draft, Form, act, draft_of, read_draft
from relevo.web.desk_settings_html import Overtaken, Shown, section_part
from relevo.web.languages import WORDS, language_of
from relevo.web.services import services_of
from relevo.web.sign_in import Session, own_form

_HISTORY = 10
_MOST_FIELDS = 5_000
_BY_NAME = {operation.name: operation for operation in OPERATIONS}


def add_settings_pages(app: Sanic) -> None:
    """Open ``/desk/admin/queues``, ``hours`` and ``sla``."""
    for section in ("queues", "hours", "sla"):
        path = f"/desk/admin/{section}"
        app.add_route(desk_door(_get(section)), path, methods=["GET"], name=f"desk_admin_{section}")
        app.add_route(desk_door(_post(section)), path, methods=["POST"], name=f"desk_admin_post_{section}")


def _get(section: str) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
    async def page(request: Request) -> HTTPResponse:
        session = await administrator(request)
        current = current_of(services_of(request))
        await current.look()
        found = current.section(section)
        shown = await _shown(request, session, current, section)
        shown = replace(shown, is_saved="saved" in request.args, mistakes=found.misfits)
        return _answer(request, session, draft_of(section, found.value), shown)

    return page


def _post(section: str) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
    async def page(request: Request) -> HTTPResponse:
        session = await administrator(request)
        form = own_form(request, _MOST_FIELDS)
        do, version = _one(form, "do", "save"), _one(form, "version", "")
        if not (version.isascii() and version.isdigit()) or len(version) > 9:
            raise Unreadable("“version” must be the number that the page came with.")
        draft = read_draft(section, form)
        if do not in ("save", "reset"):
            act(draft, do)
            shown = await _shown(request, session, current_of(services_of(request)), section)
            return _answer(request, session, draft, _at(shown, int(version)))
        try:
            await _keep(request, session, draft, int(version), do)
        except (Misfit, Conflict) as refusal:
            if do == "reset":  # such a form holds nothing that somebody typed
                draft = draft_of(section, current_of(services_of(request)).section(section).value)
            return await _refused(request, session, draft, int(version), refusal)
        return HTTPResponse(None, 303, {"Location": f"/desk/admin/{section}?saved=1", "Cache-Control": "no-store"})

    return page


async def _keep(request: Request, session: Session, draft: Draft, version: int, do: str) -> None:
    """Say what stands in the form, as the API would; raises Misfit and Conflict."""
    request.app.ctx.desk_limits.demand(session, changes=True)
    services = services_of(request)
    call = Call(request=request, services=services, session=session, limits=request.app.ctx.desk_limits)
    is_reset, section = do == "reset", draft.section
    operation = _BY_NAME["admin_reset_section" if is_reset else f"admin_put_{section}"]
    value, renamed = (None, {}) if is_reset else (draft.said(), draft.renamed())

    async def change() -> None:
        if not is_reset and (mistakes := draft.mistakes()):
            raise Misfit([*mistakes, *current_of(services).mistakes_in(section, draft.said())])
        await say(call, section, version, value, renamed)

    await audited(operation, call, change)


async def _refused(
    request: Request, session: Session, draft: Draft, version: int, refusal: RequestError
) -> HTTPResponse:
    """Show the form again as it was sent, with what is wrong, or with what somebody else has changed meanwhile."""
    current = current_of(services_of(request))
    shown = await _shown(request, session, current, draft.section)
    if isinstance(refusal, Misfit):
        return _answer(request, session, draft, _at(replace(shown, mistakes=refusal.mistakes), version), 400)
    newest = shown.section.newest
    if newest is not None:
        before = await current.value_at(draft.section, version)
        after = await current.value_at(draft.section, newest.version)
        shown = replace(shown, overtaken=Overtaken(by=newest, before=before, after=after))
    return _answer(request, session, draft, shown, 409)


async def _shown(request: Request, session: Session, current: CurrentService, section: str) -> Shown:
    services = services_of(request)
    history = await services.store.desk_settings.versions(section, _HISTORY)
    shown = Shown(form_token=session.form_token, section=current.section(section), history=history)
    if section != "queues":
        return shown
    choices = await board_of(request).choices()
    named = [key.partition(".")[2] for key in WORDS["en"] if key.startswith("case_type.")]
    workers: dict[str, Sequence[str]] = {}
    for agent in await services.store.accounts.agents():
        for queue in agent.duty.queues:
            workers[queue] = [*workers.get(queue, ()), agent.name]
    types = sorted({*named, *choices["type"]})
    return replace(shown, languages=current.bot.languages, case_types=types, workers=workers)


def _at(shown: Shown, version: int) -> Shown:
    """Give the page with the number that the form came with: who was overtaken hears of it when they save."""
    return replace(shown, version=version)


def _answer(request: Request, session: Session, draft: Draft, shown: Shown, status: int = 200) -> HTTPResponse:
    words = WORDS[language_of(request)]
    return answer_part(request, session, draft.section, section_part(words, draft, shown), status)


def _one(form: Form, name: str, usual: str) -> str:
    found: Mapping[str, Sequence[str]] = form
    return next(iter(found.get(name, ())), usual)
