"""What careless and malicious hands do at the desk: markup in every field, wrong ids, somebody else's things."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest

from relevo.domain.conversations import Control
from relevo.domain.effects import Decision
from relevo.web.settings import WebSettings
from tests.integration.desks import NOELIA, DeskOf, Request, desk_of, prepared
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(1)</script></textarea>"
SHORT = '"><u>x'
ENDS = ("remove", "drop", "revoke", "reset", "split", "merge", "logout")
"""Operations that take away what others have kept, or put it elsewhere."""
MANY = 10**6


@dataclass(kw_only=True)
class Forms:
    """Every change that the desk's API describes, filled with markup wherever words fit."""

    document: Mapping[str, Any]
    known: dict[str, Any]

    def all(self) -> Iterator[tuple[str, str, Any]]:
        """Give name, path and body of each."""
        for path, methods in self.document["paths"].items():
            operation = methods.get("post", {})
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content and not any(word in operation["operationId"] for word in ENDS):
                filled = re.sub(r"\{(\w+)\}", lambda found: str(self.known[found[1]]), path)
                yield operation["operationId"], filled.removeprefix("/desk/api"), self._of(content["schema"], "")

    def _of(self, schema: Mapping[str, Any], name: str) -> Any:
        if name in self.known:
            return self.known[name]
        if "$ref" in schema:
            return self._of(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name)
        if "anyOf" in schema:
            return self._of(schema["anyOf"][0], name)
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "object":
            return {each: self._of(inner, each) for each, inner in schema.get("properties", {}).items()} or {
                MARKUP: MARKUP
            }
        if schema.get("type") == "array":
            return [self._of(schema.get("items", {}), name)]
        if schema.get("type") == "string":
            return MARKUP if schema.get("maxLength", MANY) >= len(MARKUP) else SHORT[: schema["maxLength"]]
        return {"integer": schema.get("minimum", 1), "boolean": False}.get(str(schema.get("type")))


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
        forms = Forms(
            document=(await doors.http.get("/desk/api/openapi.json")).json(),
            known={
                "conversation_id": str(conversation.id),
                "contact_id": str(contact),
                "case_id": effect["case_id"],
                "key": effect["key"],
                "hash": effect["hash"],
                "agent_number": 2,
                "token_number": 1,
                "webhook_number": 1,
                "delivery_number": 1,
            },
        )
        taken = {}
        for name, path, body in forms.all():
            current = await doors.conversation("rest", "amina")
            if current.control is not Control.AGENT:
                current = await ada.takes("amina")
            forms.known["version"] = current.control_version
            answer = await ada.post(path, **body)
            taken[name] = (answer.status_code, answer.text[:150])
            assert answer.status_code < 500, (name, answer.text)
        print("\n".join(f"{k}: {v}" for k, v in taken.items()))
