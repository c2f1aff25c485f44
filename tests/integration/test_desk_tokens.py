"""Programs at the desk: tokens that end, requests that are carried out once, limits, and a log of who changed what."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest

from relevo.domain.effects import Decision
from relevo.store.personal import PostgresPersonalData
from relevo.web.settings import WebSettings
from tests.integration.desks import NOELIA, DeskOf, Request, at, desk_of, prepared, shown
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

FEW = WebSettings(token_reads_burst=12, token_reads_per_second=0.001, bad_tokens_burst=3, bad_tokens_per_second=0.001)


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot prepares refunds and asks for people."""
    async with open_doors(database, Request(), settings=FEW) as opened:
        opened.policies.decision = Decision.NEEDS_APPROVAL
        yield opened


@pytest.fixture
async def ada(doors: Doors) -> AsyncIterator[DeskOf]:
    """An administrator."""
    async with desk_of(doors, "Ada Doe", "admin", NOELIA) as desk:
        yield desk


async def made(ada: DeskOf, role: str = "agent", *scopes: str, name: str = "crm") -> dict[str, Any]:
    """Have a token made."""
    body = {"name": name, "role": role, "scopes": list(scopes) or ["read", "write"]}
    return dict(await ada.does("/admin/tokens", **body))


def program(doors: Doors, token: str) -> httpx.AsyncClient:
    """Give a program that has a token, no cookie and no form token."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=f"{doors.url}/desk/api", headers=headers, timeout=20)


async def test_a_token_works_until_it_is_revoked_or_over(doors: Doors, ada: DeskOf) -> None:
    """Shown once, kept as a hash, seen by its end; it acts as its own account, which nobody signs in with."""
    line = await made(ada)
    assert line["token"].startswith("rlv_")
    async with program(doors, line["token"]) as crm:
        me = (await crm.get("/me")).json()
        assert (me["agent"]["name"], me["agent"]["role"], me["form_token"]) == ("crm", "agent", "")
        (listed,) = (await ada.get("/admin/tokens"))["tokens"]
        assert listed["last_used_at"] is not None
        assert line["token"].endswith(listed["hint"])
        database = doors.opened.database
        stored = await database.rows("SELECT t::text FROM api_tokens t UNION ALL SELECT a::text FROM audit_log a")
        assert not [row for row in stored if line["token"][4:] in row[0]]
        await ada.does(f"/admin/tokens/{line['id']}/revoke")
        refused = await crm.get("/me")
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_token")
    other = await made(ada)
    await database.run("UPDATE api_tokens SET expires_at = now() WHERE id = %s", (other["id"],))
    async with program(doors, other["token"]) as crm:
        assert (await crm.get("/me")).status_code == 401
    assert (await ada.is_refused("/admin/tokens", name="crm", role="admin", scopes=["read"])) == (409, "another_role")
    assert [agent.name for agent in await doors.opened.store.accounts.agents()] == ["Ada Doe"]
    assert await doors.opened.store.accounts.agent("service:crm") is None


async def test_a_token_that_asks_too_often_hears_when_to_come_back(doors: Doors, ada: DeskOf) -> None:
    """Each token for itself; an address that guesses is held back; cookies do not help a token that does not hold."""
    line, other = await made(ada, "readonly", "read"), await made(ada, "readonly", "read", name="other")
    async with program(doors, line["token"]) as crm, program(doors, other["token"]) as second:
        answers = [await crm.get("/cases") for _ in range(13)]
        assert [answer.status_code for answer in answers] == [200] * 12 + [429]
        late = answers[-1]
        assert int(late.headers["Retry-After"]) > 1
        assert late.headers["content-type"] == "application/problem+json"
        assert late.json() == {
            "type": "urn:relevo:problem:too_many_requests",
            "title": "Too Many Requests",
            "status": 429,
            "detail": late.json()["error"]["message"],
            "code": "too_many_requests",
            "error": late.json()["error"],
        }
        assert (await second.get("/cases")).status_code == 200
    headers = {"Authorization": "Bearer rlv_guessed"}
    guessed = [(await ada.http.get("/desk/api/me", headers=headers)).status_code for _ in range(4)]
    assert guessed == [401, 401, 401, 429]


async def test_a_request_with_a_key_is_carried_out_once(doors: Doors, ada: DeskOf) -> None:
    """The same again is answered the same, also a refusal; another body is not; of several at once, one is done."""
    line = await made(ada)
    await doors.texts("amina", "hello")
    conversation = await doors.conversation("rest", "amina")
    async with program(doors, line["token"]) as crm:
        take, key = f"{at(conversation)}/take-over", {"Idempotency-Key": "take/1"}
        body = {"version": conversation.control_version}
        first, again = await crm.post(take, json=body, headers=key), await crm.post(take, json=body, headers=key)
        assert (first.status_code, first.content) == (200, again.content)
        assert [answer.headers.get("Idempotency-Replayed") for answer in (first, again)] == [None, "true"]
        other = await crm.post(take, json={"version": 99}, headers=key)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
        assert (await ada.http.post(f"/desk/api{take}", json=body, headers=key)).json()["code"] == "stale_form"

        note = {"text": "Only once", "client_id": "a"}
        at_once = [
            crm.post(f"{at(conversation)}/notes", content=httpx_json(note), headers={"Idempotency-Key": "n"})
            for _ in range(5)
        ]
        answers = await asyncio.gather(*at_once)
        assert {answer.json().get("code") for answer in answers} <= {None, "in_progress"}
        assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
        entries = await doors.timeline("rest", "amina")
        assert len([entry for entry in entries if entry.content.text == "Only once"]) == 1

        refusals = [
            await crm.post("/cases/CASE-1/close", json={"outcome": "resolved"}, headers={"Idempotency-Key": "x"})
            for _ in range(2)
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in refusals] == [(404, "not_found")] * 2
        assert refusals[1].headers["content-type"] == "application/problem+json"
        bad = await crm.post("/cases/CASE-1/close", json={"outcome": "x"}, headers={"Idempotency-Key": "k" * 256})
        assert (bad.status_code, bad.json()["code"]) == (400, "bad_idempotency_key")
        await doors.opened.database.run("UPDATE api_answers SET created_at = now() - interval '25 hours'")
        assert await doors.opened.store.answers.forget_old(86_400) == 3


def httpx_json(value: Any) -> bytes:
    """Give a body that is the same every time."""
    return httpx.Request("POST", "http://x", json=value).content


async def test_the_log_tells_who_changed_what_and_quotes_nobody(doors: Doors, ada: DeskOf) -> None:
    """Before and after, refusals and their reasons, by person and by program; newest first, filtered, as CSV."""
    effect = await prepared(doors, ada)
    line = await made(ada, "agent", "read", "write", name="=cmd()")
    async with program(doors, line["token"]) as crm:
        refused = await crm.post("/effects/approve", json=shown(effect))
        assert refused.status_code == 403
        conversation = await doors.conversation("rest", "amina")
        await crm.post(f"{at(conversation)}/take-over", json={"version": conversation.control_version})
        await crm.post(f"{at(conversation)}/notes", json={"text": "She sounds like Amina Haddad", "client_id": "1"})
        wrong = {"outcome": "resolved", "note": "secret words", "slots": {"email": "amina@example.com"}, "version": 0}
        await crm.post(f"{at(conversation)}/hand-back", json=wrong)
    await ada.does("/effects/change", **shown(effect), amount=8_000)

    *found, signed_in = (await ada.get("/audit"))["entries"]
    assert (signed_in["operation"], signed_in["agent_name"], signed_in["address"]) == (
        "sign_in",
        "Ada Doe",
        "127.0.0.1",
    )
    told = [(entry["operation"], entry["status"], entry["agent_name"], entry["code"]) for entry in found]
    assert told == [
        ("effect_change_amount", 200, "Ada Doe", None),
        ("hand_back", 409, "=cmd()", "taken_over"),
        ("note", 200, "=cmd()", None),
        ("take_over", 200, "=cmd()", None),
        ("effect_approve", 403, "=cmd()", "no_limit"),
        ("admin_make_token", 200, "Ada Doe", None),
    ]
    changed, handed, _, taken, _, token = found
    assert (changed["target"], changed["before"]["amount"], changed["after"]["amount"]) == (effect["key"], 9_000, 8_000)
    assert (taken["before"]["control"], taken["after"]["control"]) == ("bot", "agent")
    assert (taken["token_id"], taken["address"], taken["target"]) == (line["id"], "127.0.0.1", str(conversation.id))
    assert handed["request"]["note"] == "12 characters"
    assert (token["target"], token["request"]["scopes"]) == (f"token:{line['id']}", ["read", "write"])
    rows = await doors.opened.database.rows("SELECT a::text FROM audit_log a")
    quoted = ("Haddad", "secret words", "amina@example.com", "amina")
    assert not [(word, row) for word in quoted for row in rows if word in row[0]]

    await is_filtered_and_final(doors, ada, found)


async def is_filtered_and_final(doors: Doors, ada: DeskOf, found: list[dict[str, Any]]) -> None:
    """Ask for parts of the log, and try to change it."""
    (one,) = (await ada.get(f"/audit?operation=note&agent_id={found[1]['agent_id']}&since=2020-01-01"))["entries"]
    assert one["operation"] == "note"
    assert (await ada.get("/audit?until=2020-01-01T00:00:00Z"))["entries"] == []
    assert (await ada.get(f"/audit?cursor={found[3]['id']}"))["entries"][:-1] == found[4:]
    table = (await ada.http.get("/desk/api/audit.csv")).text
    names = [line["agent_name"] for line in csv.DictReader(io.StringIO(table))]
    assert names == ["Ada Doe", *["'=cmd()"] * 4, "Ada Doe", "Ada Doe"]
    for path in ("/audit?since=yesterday", "/audit?agent_id=x", "/audit?cursor=x", "/audit.csv?until=1"):
        assert (await ada.http.get(f"/desk/api{path}")).status_code == 400
    for statement in ("UPDATE audit_log SET status = 200", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only added to"):
            await doors.opened.database.run(statement)


async def test_an_erased_persons_answers_and_news_are_erased_too(doors: Doors, ada: DeskOf) -> None:
    """What was answered to a key is gone, and is not done again; the log holds nothing of them and stays."""
    await doors.opened.store.webhooks.add("https://crm.example/hook", ["message.created"], "whsec_x")
    await doors.texts("amina", "hello")
    await doors.texts("bilal", "hello")
    conversation, others = [await doors.conversation("rest", name) for name in ("amina", "bilal")]
    line = await made(ada)
    async with program(doors, line["token"]) as crm:
        for each in (conversation, others):
            take, body = f"{at(each)}/take-over", {"version": each.control_version}
            assert (await crm.post(take, json=body, headers={"Idempotency-Key": "k"})).status_code == 200
            assert (
                await crm.post(f"{at(each)}/close", json={"version": body["version"] + 1, "outcome": "resolved"})
            ).status_code == 200
        await doors.opened.store.webhooks.read_news()
        files = PostgresPersonalData(doors.opened.database)
        (amina,) = await files.find("rest:amina", None)
        await files.erase(amina)
        again = [
            await crm.post(f"{at(each)}/take-over", json={"version": 0}, headers={"Idempotency-Key": "k"})
            for each in (conversation, others)
        ]
        assert [answer.status_code for answer in again] == [410, 200]
    events = await doors.opened.database.rows("SELECT DISTINCT conversation_id FROM webhook_events")
    assert events == [(others.id,)]
    kept = await doors.opened.database.rows("SELECT 1 FROM audit_log WHERE target = %s", (str(conversation.id),))
    assert len(kept) == 2
