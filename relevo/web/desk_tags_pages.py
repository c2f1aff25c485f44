"""Opens the room in which administrators see to tags: posted forms that need no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.tags import CountedTag
from relevo.domain.worklist import COLOURS, LONGEST_TAG
from relevo.errors import RequestError, Unreadable
from relevo.web import desk_tags as api
from relevo.web.desk_admin_pages import administrator, answer_part
from relevo.web.desk_doors import Call, audited
from relevo.web.desk_pages import desk_door
from relevo.web.desk_worklist import OPERATIONS as OF_LISTS
from relevo.web.desk_worklist_wire import DropTag, TagLine
from relevo.web.languages import WORDS, Words, language_of
from relevo.web.markup import known, text
from relevo.web.openapi import Operation
from relevo.web.services import services_of
from relevo.web.sign_in import Session, read_own_form

_BY_NAME = {operation.name: operation for operation in (*api.OPERATIONS, *OF_LISTS)}
_DOES: dict[str, tuple[str, type[Any]]] = {
    "put": ("admin_put_tag", api.PutTag),
    "merge": ("admin_merge_tags", api.MergeTags),
    "drop": ("drop_tag", DropTag),
    "add": ("set_tag", TagLine),
}


def add_tag_pages(app: Sanic) -> None:
    """Open ``/desk/admin/tags``."""
    app.add_route(desk_door(_get), "/desk/admin/tags", methods=["GET"], name="desk_admin_tags")
    app.add_route(desk_door(_post), "/desk/admin/tags", methods=["POST"], name="desk_admin_post_tags")


async def _get(request: Request) -> HTTPResponse:
    return await _page(request, await administrator(request))


async def _post(request: Request) -> HTTPResponse:
    session = await administrator(request)
    form = read_own_form(request)
    do, _, flag = form.get("do", "").partition(":")
    operation, body = _asked(do, {**form, "is_retired": flag or form.get("is_retired", "false")})
    request.app.ctx.desk_limits.demand(session, changes=True)
    call = Call(request=request, services=services_of(request), session=session, limits=request.app.ctx.desk_limits)
    try:
        await audited(operation, call, lambda: operation.handler(call, body), body)
    except RequestError as refusal:
        return await _page(request, session, refusal)
    return HTTPResponse(None, 303, {"Location": "/desk/admin/tags", "Cache-Control": "no-store"})


def _asked(do: str, form: dict[str, str]) -> tuple[Operation, Any]:
    """Give what a form asks for; raises Unreadable for what no form of ours would send."""
    name, kind = _DOES.get(do, ("", None))
    try:
        body = msgspec.convert({**form, "is_retired": form["is_retired"] == "true"}, kind) if kind else None
    except msgspec.ValidationError as error:
        raise Unreadable(f"The form cannot be read: {error}.") from None
    if body is None:
        raise Unreadable("The form does not say what to do.")
    return _BY_NAME[name], body


async def _page(request: Request, session: Session, refusal: RequestError | None = None) -> HTTPResponse:
    words, found = WORDS[language_of(request)], await services_of(request).store.tags.counted()
    inner = _Room(words, session.form_token, found).part(refusal)
    return answer_part(request, session, "tags", inner, refusal.status if refusal else 200)


class _Room:
    """The room as HTML."""

    def __init__(self, words: Words, token: str, tags: Sequence[CountedTag]) -> None:
        self._words, self._token, self._tags = words, token, tags

    def part(self, refusal: RequestError | None) -> str:
        """Give what stands under the room's title."""
        alert = ""
        if refusal is not None:
            sentence = self._words.get(f"problem.{refusal.reason}", str(refusal))
            alert = f'<p class="alert" role="alert">{text(sentence)}</p>'
        cards = "".join(self._card(number, tag) for number, tag in enumerate(self._tags))
        fields = self._name("new-name", "name", "") + self._colours("new-colour", COLOURS[0])
        add = self._box("add-tag", "add", self._form(fields, "add", "add_now"))
        empty = f'<li class="empty">{self._say("none")}</li>'
        return f'{alert}<div class="case-forms add">{add}</div><ul class="rows" id="tags">{cards or empty}</ul>'

    def _card(self, number: int, tag: CountedTag) -> str:
        badge = f' <span class="badge state-failed">{self._say("retired")}</span>' if tag.retired_at else ""
        where = f"/desk?{urlencode({'show': 'all', 'tag': tag.name})}"
        counted = (
            f'<a href="{text(where)}">{self._say("cases")}: {tag.cases}</a> · {self._say("open")}: {tag.open_cases}'
        )
        return f"""<li class="card"><p><span class="badge tag-{text(tag.colour)}">{text(tag.name)}</span>{badge}</p>
<p class="quiet">{counted}</p><div class="row">{self._retire(tag)}</div>
<div class="case-forms">{self._forms(number, tag)}</div></li>"""

    def _retire(self, tag: CountedTag) -> str:
        kept = _hidden("name", tag.name) + _hidden("colour", tag.colour)
        return self._form(kept, "put:false", "restore") if tag.retired_at else self._form(kept, "put:true", "retire")

    def _forms(self, number: int, tag: CountedTag) -> str:
        name, is_retired = _hidden("name", tag.name), _hidden("is_retired", str(tag.retired_at is not None).lower())
        fields = self._name(f"name-{number}", "new_name", tag.name) + self._colours(f"colour-{number}", tag.colour)
        others = [one.name for one in self._tags if one is not tag]
        options = "".join(f'<option value="{text(one)}">{text(one)}</option>' for one in others)
        into = f'<label>{self._say("into")}<select id="into-{number}" name="into">{options}</select></label>'
        merge = self._form(name + self._hint("merge_hint") + into, "merge", "merge_now")
        drop = self._form(name + self._hint("drop_hint"), "drop", "drop_now")
        forms = self._box(f"change-{number}", "rename", self._form(name + is_retired + fields, "put", "save"))
        forms += self._box(f"merge-{number}", "merge", merge) if others else ""
        return forms + self._box(f"drop-{number}", "drop", drop)

    def _form(self, fields: str, do: str, button: str) -> str:
        shown = f'<div class="pairs">{fields}</div>' if "<label" in fields or "<p" in fields else fields
        return f"""<form method="post" action="/desk/admin/tags">{_hidden("form_token", self._token)}{shown}
<button class="plain" name="do" value="{do}">{self._say(button)}</button></form>"""

    def _box(self, identifier: str, title: str, form: str) -> str:
        return f'<details id="{identifier}"><summary>{self._say(title)}</summary>{form}</details>'

    def _name(self, identifier: str, name: str, value: str) -> str:
        field = f'<input id="{identifier}" name="{name}" value="{text(value)}" required maxlength="{LONGEST_TAG}"'
        return f'<label>{self._say("name")}{field} autocomplete="off"></label>'

    def _colours(self, identifier: str, chosen: str) -> str:
        options = "".join(
            f'<option value="{one}"{" selected" if one == chosen else ""}>{known(self._words, "colour", one)}</option>'
            for one in COLOURS
        )
        return f'<label>{self._say("colour")}<select id="{identifier}" name="colour">{options}</select></label>'

    def _hint(self, name: str) -> str:
        return f'<p class="quiet">{self._say(name)}</p>'

    def _say(self, name: str) -> str:
        return text(self._words[f"tags.{name}"])


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{text(value)}">'
