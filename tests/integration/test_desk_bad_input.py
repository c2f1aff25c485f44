"""What careless and malicious hands do at the desk: markup in every field, wrong ids, somebody else's things."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest

from relevo.contracts.clock import system_clock
from relevo.domain.conversations import Control
from relevo.domain.effects import Decision
from relevo.web.settings import WebSettings
from tests.files import photo
from tests.integration.desks import NOELIA, DeskOf, Request, at, desk_of, prepared
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(1)</script></textarea>"
SHORT = '"><u>x'
ENDS = ("remove", "drop", "revoke", "reset", "split", "merge", "approve", "undo", "sent")
"""Operations that take away what others have kept, or put it elsewhere."""
MANY = 10**6
PAGE = {"Accept": "text/html"}
NOWHERE = (
    *("/desk/cases/CASE-404", f"/desk/conversations/{uuid4()}", f"/desk/contacts/{uuid4()}"),
    *("/desk/nothing", "/desk/conversations/nonsense", "/desk/contacts/nonsense"),
)
_TOMORROW = (system_clock() + timedelta(days=1)).isoformat()
_OF_FORMAT = {"date-time": _TOMORROW, "uuid": "00000000-0000-4000-8000-000000000001"}
_KNOWN: Mapping[str, Any] = {
    "version": 1,
    "seen": 10**6,
    "agent_number": 2,
    "colour": "blue",
    "outcome": "nothing_to_do",
    "language": "en",
    "languages": ["en"],
    "attachments": [],
    "way": None,
    "url": "https://crm.example/<b>hook",
    "events": ["case.opened"],
    "email": "x@aurora.example",
    "role": "agent",
    "steps": [{"do": "reply", "text": MARKUP}],
    "code": "hola",
    "source": "crm",
    "at": "2026-05-04T12:00:00Z",
    "contact": {"channel": "rest", "address": "amina"},
}


@dataclass(kw_only=True)
class Forms:
    """Every change that the desk's API describes, filled with markup wherever words fit."""

    document: Mapping[str, Any]
    known: dict[str, Any]
    """Fields that only some values fit into, and ids that lead to something."""
    words: str = MARKUP

    def all(self) -> Iterator[tuple[str, str, Any]]:
        """Give name, path and body of each."""
        for path, methods in self.document["paths"].items():
            operation = methods.get("post", {})
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content and not any(word in operation["operationId"] for word in ENDS):
                filled = re.sub(r"\{(\w+)\}", lambda found: str(self.known.get(found[1], 1)), path)
                yield operation["operationId"], filled.removeprefix("/desk/api"), self._of(content["schema"], "")

    def _of(self, schema: Mapping[str, Any], name: str) -> Any:
        if "$ref" in schema:
            return self._of(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name)
        if name in self.known or "enum" in schema:
            return self.known[name] if name in self.known else schema["enum"][0]
        if "anyOf" in schema:
            return self._of(schema["anyOf"][0], name)
        return self._made(schema, name)

    def _made(self, schema: Mapping[str, Any], name: str) -> Any:
        inner = schema.get("properties", {})
        made = {
            "object": {each: self._of(of, each) for each, of in inner.items()} or {self.words: self.words},
            "array": [self._of(schema["items"], name)] if schema.get("items") else [self.words],
            "string": _OF_FORMAT.get(schema.get("format", "")) or self.words[: schema.get("maxLength", MANY)],
            "integer": schema.get("minimum", 1),
            "boolean": False,
        }
        return made.get(str(schema.get("type")))


class Elements(HTMLParser):
    """What a browser would make of a page: its elements that nobody meant, and how often markup is shown as text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.strange: list[str] = []
        self.shown = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        is_ours = (given.get("src") or "").startswith("/static/") or given.get("type") == "application/json"
        if tag == "u" or any(name.startswith("on") for name in given) or given.get("src") == "x":
            self.strange.append(str(self.get_starttag_text()))
        if tag == "script" and not is_ours:
            self.strange.append(str(self.get_starttag_text()))

    def handle_data(self, data: str) -> None:
        self.shown += data.count("<img src=x")


@asynccontextmanager
async def desk(database: str) -> AsyncIterator[tuple[Doors, DeskOf]]:
    """Give an administrator at a desk that counts nobody's calls, with a case, an effect and a conversation."""
    settings = WebSettings(desk_reads_burst=MANY, desk_writes_burst=MANY)
    async with open_doors(database, Request(), settings=settings) as doors:
        doors.policies.decision = Decision.NEEDS_APPROVAL
        async with desk_of(doors, "Ada Doe", "admin", NOELIA) as ada:
            yield doors, ada


async def test_markup_in_every_field_of_every_form_is_text_on_every_page(database: str) -> None:
    """Each change that the API describes is sent with markup in it; no page makes an element of it, many show it."""
    async with desk(database) as (doors, ada):
        effect = await prepared(doors, ada)
        await doors.texts("amina", f"a person {MARKUP}")
        conversation = await ada.takes("amina")
        contact = conversation.identity.contact_id
        await doors.opened.database.run("UPDATE contacts SET display_name = %s", (MARKUP,))
        known = {**_KNOWN, "conversation_id": str(conversation.id), "contact_id": str(contact)}
        known |= {name: effect[name] for name in ("case_id", "key", "hash")}
        document = (await doors.http.get("/desk/api/openapi.json")).json()
        taken = await sends(doors, ada, Forms(document=document, known=known))
        assert {"note", "reply", "hand_back", "effect_decline", "add_canned", "admin_make_token"} <= taken
        assert len(taken) > 25
        shown = set()
        for path, page in await pages(doors, ada, {**known, "name": "outcomes"}):
            elements = Elements(page)
            assert elements.strange == [], path
            shown |= {f"{path}/".split("/")[2]} if elements.shown else set()
        assert shown >= {"search", "replies", "team", "admin", "audit", "conversations", "cases", "contacts"}


async def sends(doors: Doors, ada: DeskOf, forms: Forms) -> set[str]:
    """Send every change, again with little markup where much does not fit; give the names of those that were taken."""
    taken: set[str] = set()
    for forms.words in (MARKUP, SHORT):
        for name, path, body in forms.all():
            if name in taken:
                continue
            answer = await ada.post(path, **body)
            assert answer.status_code < 500, (name, answer.text)
            taken |= {name} if answer.status_code == 200 else set()
            current = await doors.conversation("rest", "amina")
            if current.control is not Control.AGENT:
                current = await ada.takes("amina")
            forms.known["version"] = current.control_version
    return taken


async def pages(doors: Doors, ada: DeskOf, ids: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give every page that there is, as it is and with markup in everything that pages are asked with."""
    asked = dict.fromkeys(
        ("q", "show", "view", "tag", "channel", "language", "kinds", "sort", "after", "since"), MARKUP
    )
    routes = [f"/{route.path}" for route in doors.app.router.routes if "GET" in route.methods]
    rooms = [path for path in routes if path.startswith("/desk") and not path.startswith("/desk/api")]
    assert len(rooms) > 20
    paths = [re.sub(r"<(\w+):\w+>", lambda found: str(ids.get(found[1], 1)), path) for path in rooms]
    return [
        (path, (await ada.http.get(path, params=query)).text)
        for path in paths
        for query in ({}, {"q": MARKUP} if path == "/desk/search" else asked)
    ]


async def test_what_is_not_there_and_what_is_somebody_else_s_look_alike(database: str) -> None:
    """By ids that nobody has and ids of a colleague's: the same status and the same words, and nothing is changed."""
    async with desk(database) as (doors, ada), desk_of(doors, "Kim Doe") as kim:
        await doors.texts("amina", "a person please")
        here = at(await ada.takes("amina"))
        canned = {"language": "en", "code": "mine", "title": "Mine", "text": "mine", "is_shared": False}
        (reply,) = (await ada.does("/canned", **canned))["replies"]
        steps = [{"do": "note", "text": "mine"}]
        (macro,) = (await ada.does("/macros", name="Mine", steps=steps, is_shared=False))["macros"]
        view = await ada.does("/views", name="Mine", show="mine")
        kept = await ada.http.post(f"/desk/api{here}/attachments", content=photo(), headers=ada.own)
        file = kept.json()["attachment"]
        before = [await ada.get(path) for path in ("/canned", "/macros", "/views")]
        for path, body, name, theirs in (
            ("/canned/change", canned, "id", reply["id"]),
            ("/canned/remove", {}, "id", reply["id"]),
            ("/macros/change", {"name": "x", "steps": steps}, "id", macro["id"]),
            ("/macros/remove", {}, "id", macro["id"]),
            (f"{here}/run", {"client_id": "1"}, "macro_id", macro["id"]),
            ("/views/drop", {}, "id", view["id"]),
            (f"{here}/replies", {"client_id": "1", "text": "x"}, "attachments", [file["id"]]),
        ):
            nobody_s = [str(uuid4())] if name == "attachments" else 9_999
            answers = [await kim.post(path, **body, **{name: value}) for value in (theirs, nobody_s)]
            assert answers[0].json() == answers[1].json(), path
        assert [await ada.get(path) for path in ("/canned", "/macros", "/views")] == before
        files = [await kim.http.get(f"/desk/attachments/{each}", headers=PAGE) for each in (file["id"], uuid4())]
        gone = [await kim.http.get(path, headers=PAGE) for path in NOWHERE]
        assert {answer.status_code for answer in (*files, *gone)} == {404}
        assert len({answer.text for answer in (*files[1:], *gone)}) <= 2, "one for files, one for everything else"
        assert files[0].text == files[1].text


async def test_a_mistake_of_ours_is_a_page_at_the_desk(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Browsers get a page with a number to tell, programs an error in JSON; neither gets the exception's words."""
    async with desk(database) as (doors, ada):

        async def fails(*_: object) -> None:
            raise RuntimeError("secret words")

        monkeypatch.setattr(doors.app.ctx.services.store.desk, "case", fails)
        page = await ada.http.get("/desk/cases/CASE-1", headers={**PAGE, "Accept-Language": "es"})
        assert (page.status_code, page.headers["content-type"]) == (500, "text/html; charset=utf-8")
        (number,) = re.findall(r"este número a quien lleva Relevo: (\w+)", page.text)
        answer = await ada.http.get("/desk/api/cases/CASE-1")
        assert answer.json()["code"] == "internal_error"
        written = "".join(capsys.readouterr())
        assert number in written
        assert "secret" not in page.text + answer.text + written
