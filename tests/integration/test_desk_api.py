"""The desk's API: described as it is, closed to whoever may not, and never without a sentence."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from jsonschema import Draft202012Validator

from relevo.contracts.accounts import AgentPowers
from relevo.domain.effects import Decision
from relevo.domain.messages import MAX_TEXT_BYTES
from relevo.web.app import WebServices, create_app
from relevo.web.desk_api import API
from relevo.web.openapi import describe
from relevo.web.schemas import PUBLISHED, file_name, file_text, schema_of
from relevo.web.settings import WebSettings
from tests.integration.desks import DeskOf, Request, at, desk_of, refused
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
EVERYTHING = AgentPowers(limits={"money": 1_000_000, "points": 100_000})
NOWHERE = "/conversations/6c1e1b1e-6f0f-4b9c-9d3e-3f6f4f6f4f6f"


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot prepares refunds and asks for people."""
    async with open_doors(database, Request()) as opened:
        opened.policies.decision = Decision.NEEDS_APPROVAL
        yield opened


@pytest.fixture
async def kim(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent who may approve much."""
    async with desk_of(doors, powers=EVERYTHING) as desk:
        yield desk


class Description:
    """The OpenAPI document, to hold answers against."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def demand(self, method: str, path: str, answer: httpx.Response) -> None:
        """Demand that an answer is one that is described for its method and address."""
        operation = self.document["paths"][path][method]
        described = operation["responses"][str(answer.status_code)]
        if "$ref" in described:
            described = self.document["components"]["responses"][described["$ref"].rpartition("/")[2]]
        is_refusal = answer.status_code >= 400
        schema = described["content"]["application/problem+json" if is_refusal else "application/json"]["schema"]
        Draft202012Validator({**schema, "components": self.document["components"]}).validate(answer.json())


def test_every_door_is_described_and_every_description_has_its_door(database: str) -> None:
    """What the router knows under /desk/api is exactly what the document says."""
    app = create_app(WebServices(store=None, live=None, readiness=None))  # type: ignore[arg-type]
    routed = {
        (method, "/" + "/".join(part.partition(":")[0].strip("<>") for part in route.path.split("/")))
        for route in app.router.routes
        for method in route.methods
        if route.path.startswith("desk/api")
    }
    described = {
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in describe(API)["paths"].items()
        for method in methods
    }
    assert routed == described


async def test_the_description_is_well_formed_and_open_to_everybody(doors: Doors) -> None:
    """OpenAPI 3.1; every reference leads somewhere, every schema is one, every operation has a name of its own."""
    document = (await doors.http.get("/desk/api/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    text = json.dumps(document)
    for reference in {part.partition('"')[0] for part in text.split('"$ref": "')[1:]}:
        kind, name = reference.rsplit("/", 2)[1:]
        assert name in document["components"][kind], reference
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


async def test_real_answers_to_questions_are_what_is_described(doors: Doors, kim: DeskOf) -> None:
    """Everything that may be read, answer by answer, refusals too."""
    told = Description((await doors.http.get("/desk/api/openapi.json")).json())
    await doors.opened.store.accounts.seen(kim.agent.id)
    await doors.texts("amina", "refund my order")
    await doors.texts("bilal", "a person please")
    cases = (await kim.http.get("/desk/api/cases")).json()["cases"]
    amina, bilal = await doors.conversation("rest", "amina"), await doors.conversation("rest", "bilal")
    for path, address in (
        ("/me", "/me"),
        ("/cases", "/cases?show=open"),
        ("/cases", "/cases?show=mine&limit=3"),
        ("/cases", "/cases?show=nonsense"),
        ("/cases/{case_id}", f"/cases/{cases[0]['id']}"),
        ("/cases/{case_id}", f"/cases/{cases[1]['id']}"),
        ("/cases/{case_id}", "/cases/CASE-1"),
        ("/conversations", "/conversations"),
        ("/conversations/{conversation_id}", at(bilal)),
        ("/conversations/{conversation_id}/entries", f"{at(amina)}/entries"),
        ("/conversations/{conversation_id}/entries", f"{at(amina)}/entries?after=-1"),
        ("/conversations/{conversation_id}", NOWHERE),
        ("/search", "/search?q=refund"),
        ("/search", f"/search?q={cases[0]['id']}&limit=1"),
        ("/search", "/search?q=x"),
        ("/search", "/search"),
    ):
        told.demand("get", f"/desk/api{path}", await kim.http.get(f"/desk/api{address}"))


async def test_real_answers_to_changes_are_what_is_described(doors: Doors, kim: DeskOf) -> None:
    """A morning's work, answer by answer, refusals too."""
    told = Description((await doors.http.get("/desk/api/openapi.json")).json())
    await doors.texts("amina", "refund my order")
    await doors.texts("bilal", "hello")
    amina, bilal = await doors.conversation("rest", "amina"), await doors.conversation("rest", "bilal")
    (case,) = (await kim.get("/cases"))["cases"]
    (effect,) = (await kim.get(f"/cases/{case['id']}"))["effects"]
    doors.business.people["C001"] = {"name": "Bilal"}
    shown, one = {"key": effect["key"], "hash": effect["hash"]}, "/conversations/{conversation_id}"
    version = bilal.control_version
    for path, address, body in (
        ("/presence", "/presence", {"is_away": True}),
        (f"{one}/take-over", f"{at(bilal)}/take-over", {"version": version}),
        (f"{one}/take-over", f"{at(amina)}/take-over", {"version": 99}),
        (f"{one}/replies", f"{at(bilal)}/replies", {"text": "Hello", "client_id": "1"}),
        (f"{one}/notes", f"{at(bilal)}/notes", {"text": "He is kind", "client_id": "2"}),
        (f"{one}/verify", f"{at(bilal)}/verify", {"version": version + 1, "business_ref": "C001"}),
        (f"{one}/verify", f"{at(bilal)}/verify", {"version": version + 1, "business_ref": "C404"}),
        (f"{one}/hand-back", f"{at(bilal)}/hand-back", {"version": version + 1, "outcome": "resolved"}),
        (f"{one}/close", f"{at(bilal)}/close", {"version": version, "outcome": "resolved"}),
        (f"{one}/put-back", f"{at(bilal)}/put-back", {"version": version}),
        ("/cases/{case_id}/promise", f"/cases/{case['id']}/promise", {"promised_at": "2020-01-01T00:00:00Z"}),
        ("/cases/{case_id}/close", f"/cases/{case['id']}/close", {"outcome": "refused"}),
        ("/effects/change", "/effects/change", {**shown, "amount": 8_000}),
        ("/effects/decline", "/effects/decline", {**shown, "reason": "It was paid back."}),
        ("/effects/approve", "/effects/approve", {**shown, "hash": "another"}),
    ):
        told.demand("post", f"/desk/api{path}", await kim.post(address, **body))


@pytest.mark.parametrize("name", PUBLISHED)
async def test_the_published_schemas_are_fresh_and_served(doors: Doors, name: str) -> None:
    """docs/reference/ holds what the records are now (else: python tools/write_schemas.py), and so does the API."""
    assert (REFERENCE / file_name(name)).read_text(encoding="utf-8") == file_text(name)
    assert (await doors.http.get(f"/desk/api/schemas/{name}")).json() == schema_of(name)
    assert refused(await doors.http.get("/desk/api/schemas/other")) == (404, "not_found")


async def test_real_records_validate_against_the_published_schemas(doors: Doors, kim: DeskOf) -> None:
    """A handoff that the bot made, one of a takeover, and what came back."""
    await doors.opened.store.accounts.seen(kim.agent.id)
    await doors.texts("amina", "a person please")
    await doors.texts("bilal", "hello")
    for address in ("amina", "bilal"):
        conversation = await kim.takes(address)
        body = {"version": conversation.control_version, "outcome": "promised", "slots": {"flight": ["AU3411"]}}
        await kim.does(f"{at(conversation)}/hand-back", **body, told="Soon.", note="Call again.")
        (episode,) = (await kim.get(at(conversation)))["handoffs"]
        Draft202012Validator(schema_of("handoff")).validate(episode["record"])
        Draft202012Validator(schema_of("handback")).validate(episode["handback"])
        assert episode["record"]["trigger"] == ("user_request" if address == "amina" else "agent_takeover")


async def test_a_change_needs_the_page_s_own_token(doors: Doors, kim: DeskOf) -> None:
    """Another site cannot change anything: neither without the token nor with one that it somehow learned."""
    await doors.texts("amina", "hello")
    path = f"/desk/api{at(await doors.conversation('rest', 'amina'))}/notes"
    note = {"text": "x", "client_id": "1"}
    for headers in ({}, {"X-Form-Token": "0" * 64}, {"X-Form-Token": ""}):
        assert refused(await kim.http.post(path, json=note, headers=headers)) == (403, "stale_form")
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await kim.http.post(path, json=note, headers={"X-Form-Token": kim.token, **foreign})
        assert refused(answer) == (403, "cross_site")
    assert [entry.kind for entry in await doors.timeline("rest", "amina")] == ["message", "message"]


async def test_who_is_not_signed_in_any_more_changes_and_reads_nothing(doors: Doors, kim: DeskOf) -> None:
    """An expired session, and the session of somebody who was removed, are no session."""
    await doors.opened.database.run("UPDATE agent_sessions SET expires_at = now()")
    assert await kim.is_refused("/presence") == (401, "not_authenticated")
    async with desk_of(doors, "Lee Roe") as lee:
        await lee.does("/presence")
        await doors.opened.store.accounts.remove_agent(lee.agent.email)
        assert await lee.is_refused("/presence") == (401, "not_authenticated")
        assert refused(await lee.http.get("/desk/api/cases")) == (401, "not_authenticated")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (f"{NOWHERE}/take-over", {"version": 0}, (404, "not_found")),
        (f"{NOWHERE}/replies", {"text": "x", "client_id": "1"}, (404, "not_found")),
        (f"{NOWHERE}/notes", {"text": "x", "client_id": "1"}, (404, "not_found")),
        (f"{NOWHERE}/hand-back", {"version": 0, "outcome": "resolved"}, (404, "not_found")),
        (f"{NOWHERE}/close", {"version": 0, "outcome": "resolved"}, (404, "not_found")),
        (f"{NOWHERE}/put-back", {"version": 0}, (404, "not_found")),
        ("/conversations/7/notes", {"text": "x", "client_id": "1"}, (404, "not_found")),
        ("/cases/CASE-1/close", {"outcome": "resolved"}, (404, "not_found")),
        ("/cases/CASE-1/promise", {"promised_at": "2020-01-01T00:00:00Z"}, (400, "bad_promise")),
        ("/cases/CASE-1/promise", {"promised_at": "tomorrow"}, (400, "wrong_type")),
        ("/cases/CASE-1/promise", {"promised_at": "2030-01-01T00:00:00"}, (400, "wrong_type")),
        ("/effects/approve", {"key": "refund:1", "hash": "x"}, (404, "not_found")),
        ("/effects/decline", {"key": "refund:1", "hash": "x", "reason": "no"}, (404, "not_found")),
        ("/effects/decline", {"key": "refund:1", "hash": "x", "reason": " "}, (400, "bad_reason")),
        ("/effects/change", {"key": "refund:1", "hash": "x", "amount": 5}, (404, "not_found")),
        ("/effects/change", {"key": "refund:1", "hash": "x", "amount": 5.5}, (400, "wrong_type")),
        ("/effects/approve", {"key": ["refund:1"], "hash": None}, (400, "wrong_type")),
        ("/presence", {"is_away": "yes"}, (400, "wrong_type")),
        ("/nothing", {}, (404, "not_found")),
    ],
)
async def test_what_does_not_exist_or_fit_is_refused_with_a_sentence(
    kim: DeskOf, path: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    """Unknown conversations, cases and effects, wrong types, times that have passed."""
    assert await kim.is_refused(path, **body) == expected


@pytest.mark.parametrize("verb", ["take-over", "put-back", "hand-back", "close"])
@pytest.mark.parametrize("version", [-1, 10**25])
async def test_a_version_that_no_conversation_can_have_is_refused(
    doors: Doors, kim: DeskOf, verb: str, version: int
) -> None:
    """What the database cannot hold is no reason for an incident."""
    await doors.texts("bilal", "hello")
    address = f"{at(await doors.conversation('rest', 'bilal'))}/{verb}"
    assert await kim.is_refused(address, version=version, outcome="resolved") == (400, "wrong_type")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"text": "", "client_id": "1"}, (400, "empty_text")),
        ({"text": " \n", "client_id": "1"}, (400, "empty_text")),
        ({"text": "\x00", "client_id": "1"}, (400, "empty_text")),
        ({"text": "é" * MAX_TEXT_BYTES, "client_id": "1"}, (413, "text_too_long")),
        ({"text": "x"}, (400, "wrong_type")),
        ({"text": 7, "client_id": "1"}, (400, "wrong_type")),
        ({"text": "x", "client_id": ""}, (400, "bad_client_id")),
        ({"text": "x", "client_id": "i" * 101}, (400, "bad_client_id")),
        ({"text": "x", "client_id": "a\nb"}, (400, "bad_client_id")),
    ],
    ids=repr,
)
async def test_texts_that_cannot_be_sent_are_refused(
    doors: Doors, kim: DeskOf, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    """Empty, huge, or without an id of their own; nothing reaches the timeline."""
    await doors.texts("amina", "hello")
    conversation = await kim.takes("amina")
    before = await doors.timeline("rest", "amina")
    for verb in ("replies", "notes"):
        assert await kim.is_refused(f"{at(conversation)}/{verb}", **body) == expected
    assert await doors.timeline("rest", "amina") == before


async def test_a_text_of_the_largest_size_is_kept_whole(doors: Doors, kim: DeskOf) -> None:
    """64 KiB, and characters that no database holds are left out."""
    await doors.texts("amina", "hello")
    conversation = await kim.takes("amina")
    await kim.says(conversation, "x" * MAX_TEXT_BYTES)
    await kim.says(conversation, "a\x00b")
    assert [len(entry.content.text or "") for entry in (await doors.timeline("rest", "amina"))[-2:]] == [65_536, 2]


async def test_what_goes_back_to_the_bot_is_bounded(doors: Doors, kim: DeskOf) -> None:
    """Words for the customer, facts and outcomes are small; a mistake changes nothing."""
    await doors.texts("amina", "hello")
    conversation = await kim.takes("amina")
    sent: dict[str, Any] = {"version": conversation.control_version, "outcome": "resolved"}
    for wrong, code in (
        ({"told": "x" * 2001}, "text_too_long"),
        ({"slots": {str(number): 1 for number in range(21)}}, "too_many_slots"),
        ({"slots": {"name": "x" * 5000}}, "too_many_slots"),
        ({"outcome": "x" * 51}, "bad_outcome"),
        ({"outcome": " "}, "bad_outcome"),
        ({"outcome": "a\x00"}, "bad_outcome"),
    ):
        status, found = await kim.is_refused(f"{at(conversation)}/hand-back", **{**sent, **wrong})
        assert (status, found) == (400 if code == "bad_outcome" else 413, code)
    assert (await doors.conversation("rest", "amina")).control_version == conversation.control_version


async def test_a_page_that_went_mad_is_held_back(database: str) -> None:
    """Changes and questions of one agent have a rate, and the answer says when to try again."""
    settings = WebSettings(
        desk_writes_per_second=0.1, desk_writes_burst=2, desk_reads_per_second=0.1, desk_reads_burst=3
    )
    async with open_doors(database, settings=settings) as doors, desk_of(doors) as kim:
        statuses = [(await kim.post("/presence")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        answers = [await kim.http.get("/desk/api/cases") for _ in range(4)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1


async def test_pages_hear_that_something_changed_and_when_they_are_signed_out(database: str) -> None:
    """The stream says “changed” for any conversation or case, “here” in silence, and “ended” with the session."""
    async with (
        open_doors(database, settings=WebSettings(heartbeat_seconds=0.2)) as doors,
        desk_of(doors) as kim,
        kim.http.stream("GET", "/desk/api/changes") as stream,
    ):
        lines = stream.aiter_lines()
        await _event(lines, "here")
        await doors.texts("amina", "hello")
        await _event(lines, "changed")
        doors.opened.live.changed(None)
        await _event(lines, "changed")
        await doors.opened.database.run("DELETE FROM agent_sessions")
        await _event(lines, "ended")


async def _event(lines: AsyncIterator[str], name: str) -> None:
    """Wait for an event."""
    async for line in lines:
        if line == f"event: {name}":
            return
    raise AssertionError(f"the stream ended without {name}")


async def test_a_note_with_a_random_id_is_nobody_else_s(doors: Doors, kim: DeskOf) -> None:
    """Two agents may use the same client id: each writes their own."""
    await doors.texts("amina", "hello")
    conversation = await doors.conversation("rest", "amina")
    async with desk_of(doors, "Lee Roe") as lee:
        client_id = uuid4().hex
        mine = await kim.does(f"{at(conversation)}/notes", text="mine", client_id=client_id)
        hers = await lee.does(f"{at(conversation)}/notes", text="hers", client_id=client_id)
        assert mine != hers
