"""Accounts at the desk: made and changed, links that set passwords once, who signed in, and what those leave who go."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from relevo.cli.written_down import write_down
from relevo.domain.conversations import Control
from relevo.flow.leaving import Leaving
from relevo.flow.password_links import LinkPost, secret_hash
from relevo.testing.loopback import Fault, Loopback
from relevo.web.settings import WebSettings
from tests.databases import Databases
from tests.integration.desks import PASSWORD, DeskOf, Request, at, desk_of
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

OFTEN = WebSettings(desk_writes_per_second=1e3, desk_writes_burst=9_999, password_links_per_email=2)
NEW = "four words are enough"


@pytest.fixture(scope="module")
async def office(databases: Databases, postgres: str) -> AsyncIterator[tuple[Doors, DeskOf]]:
    """Doors and an administrator for all these tests."""
    name = databases.take()
    async with AsyncExitStack() as stack:
        dsn = make_conninfo(postgres, dbname=name)
        doors = await stack.enter_async_context(open_doors(dsn, Request(), settings=OFTEN))
        yield doors, await stack.enter_async_context(desk_of(doors, "Ada Doe", "admin"))
    databases.give_back(name)


@pytest.fixture
def doors(office: tuple[Doors, DeskOf]) -> Doors:
    """The doors."""
    return office[0]


@pytest.fixture
def ada(office: tuple[Doors, DeskOf]) -> DeskOf:
    """The administrator."""
    return office[1]


async def filled(http: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Open a page without scripts, fill in its form and send it."""
    page = await http.get(path, follow_redirects=True)
    token = re.findall(r'name="form_token" value="(\w+)"', page.text)
    return await http.post(path, data={"form_token": token[0] if token else "", **fields})


async def signs_in(doors: Doors, email: str, password: str) -> bool:
    """Tell whether somebody may sign in."""
    async with httpx.AsyncClient(base_url=doors.url, timeout=20) as http:
        return (await filled(http, "/desk/login", email=email, password=password)).status_code == 303


async def audited(ada: DeskOf, operation: str, **asked: Any) -> list[dict[str, Any]]:
    """Give what the log has about a deed, newest first."""
    answer = await ada.http.get("/desk/api/audit", params={"operation": operation, **asked})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["entries"])


async def test_administrators_see_to_accounts(doors: Doors, ada: DeskOf) -> None:
    """Made, changed with queues, skills and capacity, removed; before and after are kept; the last one stays."""
    duty = {"queues": ["default"], "skills": ["refunds"], "capacity": 5, "languages": ["es"]}
    body = {"email": "Kim@Aurora.example", "name": " Kim  Reyes ", "role": "agent", "money": 5_000}
    added = await ada.does("/admin/agents", **body, **duty)
    assert (added["email"], added["is_mailed"]) == ("kim@aurora.example", False)
    assert added["link"].startswith(f"{doors.url}/desk/password/")
    again = await ada.is_refused("/admin/agents", email="kim@aurora.example", name="K", role="admin")
    assert again == (409, "agent_exists")
    here = f"/admin/agents/{added['id']}"
    changed = await ada.does(here, name="Kim Reyes", role="supervisor", points=50, queues=["supervisors"], capacity=0)
    assert (changed["role"], changed["limits"]) == ("supervisor", {"points": 50})
    assert [changed[name] for name in ("queues", "skills", "capacity")] == [["supervisors"], [], 0]
    (entry,) = await audited(ada, "admin_change_agent")
    both = [(entry[side]["role"], entry[side]["queues"], entry[side]["capacity"]) for side in ("before", "after")]
    assert both == [("agent", ["default"], 5), ("supervisor", ["supervisors"], 0)]
    for wrong in ({"queues": ["nowhere"]}, {"skills": ["Two words"]}, {"capacity": 101}):
        assert (await ada.post(here, name="Kim", role="agent", **wrong)).status_code == 400, wrong
    page = await ada.page("/desk/admin")
    assert re.search(r'name="queues" value="supervisors" data-type="each" checked', page)

    own = f"/admin/agents/{ada.agent.id}"
    assert await ada.is_refused(own, name="Ada", role="agent") == (409, "own_account")
    assert await ada.is_refused(f"{own}/remove") == (409, "own_account")
    await ada.does(f"{here}/remove")
    assert await ada.is_refused(f"{here}/remove") == (404, "not_found")
    assert await ada.is_refused(f"{here}/link") == (404, "not_found")
    assert await ada.is_refused("/admin/agents/99999999999/remove") == (404, "not_found")
    assert "Ask for a new one" in (await doors.http.get(added["link"])).text, "whoever is gone sets no password"


async def test_what_is_shown_once_is_kept_for_no_key(doors: Doors, ada: DeskOf) -> None:
    """Links, tokens and webhooks' secrets: asked for again with the same key they are others, and nothing has them."""
    hook = await ada.does("/admin/webhooks", url="https://crm.example/hook", events=["case.opened"])
    token = {"name": "crm", "role": "readonly", "scopes": ["read"]}
    headers, shown = {"X-Form-Token": ada.token, "Idempotency-Key": "once"}, []
    for path, body, name in (
        (f"/admin/agents/{ada.agent.id}/link", {}, "link"),
        (f"/admin/webhooks/{hook['id']}/secret", {}, "secret"),
        ("/admin/tokens", token, "token"),
    ):
        for _ in range(2):
            answer = await ada.http.post(f"/desk/api{path}", json=body, headers=headers)
            shown.append(answer.json()[name])
    assert len({hook["secret"], *shown}) == 7
    assert (await ada.get("/admin/webhooks"))["webhooks"][0]["old_secret_until"] is not None
    (rotated, *_) = await audited(ada, "admin_rotate_webhook")
    assert rotated["target"] == f"webhook:{hook['id']}"
    kept = await doors.opened.database.rows(
        "SELECT t::text FROM api_answers t UNION ALL SELECT a::text FROM audit_log a"
    )
    assert not [row for row in kept for secret in shown if secret[-30:] in row[0]]


async def test_a_link_sets_a_password_once_and_ends_all_sessions(doors: Doors, ada: DeskOf) -> None:
    """Without scripts; sentences say what is wrong; used, other and old links hold no more; only hashes are kept."""
    async with desk_of(doors, "Lee Doe") as lee, httpx.AsyncClient(base_url=doors.url, timeout=20) as http:
        here = f"/admin/agents/{lee.agent.id}/link"
        link, other = [(await ada.does(here))["link"].removeprefix(doors.url) for _ in range(2)]
        for password, again, said in (
            ("short", "short", "needs 10 characters"),
            ("x" * 1_025, "", "at most 1024"),
            (NEW, "four words are enough?", "not the same"),
        ):
            refused = await filled(http, link, password=password, again=again)
            assert (refused.status_code, said in refused.text) == (400, True)
        assert await signs_in(doors, lee.agent.email, PASSWORD), "until it is used the old one holds"
        forged = await http.post(link, data={"password": NEW, "again": NEW, "form_token": "0" * 64})
        assert forged.status_code == 403
        done = await filled(http, link, password=NEW, again=NEW)
        assert (done.status_code, done.headers["location"]) == (303, "/desk/login?done=password")
        assert "Sign in with it." in (await http.get(done.headers["location"])).text
        assert (await lee.http.get("/desk/api/me")).status_code == 401
        assert await signs_in(doors, lee.agent.email, NEW)
        assert not await signs_in(doors, lee.agent.email, PASSWORD)
        for dead in (link, other, "/desk/password/guessed"):
            assert "does not hold any more" in (await http.get(dead)).text
        kept = secret_hash((await ada.does(here))["link"].rpartition("/")[2])
        racing = await asyncio.gather(*(doors.opened.store.admin.links.use(kept, f"hash {n}") for n in range(4)))
        assert [owner.id for owner in racing if owner is not None] == [lee.agent.id]
        old = (await ada.does(here))["link"].removeprefix(doors.url)
        await doors.opened.database.run("UPDATE password_links SET expires_at = now() - interval '1 second'")
        token = re.findall(r'name="form_token" value="(\w+)"', (await http.get("/desk/login")).text)[0]
        late = await http.post(old, data={"password": PASSWORD, "again": PASSWORD, "form_token": token})
        assert (late.status_code, await signs_in(doors, lee.agent.email, PASSWORD)) == (404, False)
        stored = await doors.opened.database.rows(
            "SELECT l::text FROM password_links l UNION ALL SELECT a::text FROM audit_log a"
        )
        assert not [row for row in stored for secret in (link[-43:], old[-43:], NEW) if secret in row[0]]


async def test_who_forgot_a_password_gets_a_link_by_mail(doors: Doors, ada: DeskOf) -> None:
    """The same answer for who has no account; tried again with another secret while no mail leaves; not too often."""
    assert "Ask an administrator" in (await doors.http.get("/desk/login")).text
    doors.app.ctx.services = replace(doors.app.ctx.services, mails_links=True)
    channel = Loopback("email")
    links = doors.opened.store.admin.links
    post = LinkPost(links=links, channel=channel, company="Aurora", desk_url="https://help.example")
    async with desk_of(doors, "Mo Doe") as mo, httpx.AsyncClient(base_url=doors.url, timeout=20) as http:
        assert "/desk/forgotten" in (await http.get("/desk/login")).text
        asked = [await filled(http, "/desk/forgotten", email=email) for email in (mo.agent.email, "no@aurora.example")]
        assert [answer.status_code for answer in asked] == [200, 200]
        assert asked[0].text == asked[1].text
        channel.fail(Fault.DEFERRED)
        assert [await post.step() for _ in range(2)] == [True, False]
        await doors.opened.database.run("UPDATE password_links SET due_at = now() - interval '1 second'")
        assert [await post.step() for _ in range(2)] == [True, False]
        (mail,) = channel.shown_to(mo.agent.email)
        (link,) = re.findall(r"https://help\.example(/desk/password/\S{43})\n", mail)
        assert (await filled(http, link, password=NEW, again=NEW)).status_code == 303
        answers = [(await filled(http, "/desk/forgotten", email=mo.agent.email)).status_code for _ in range(2)]
        assert answers == [200, 429]

        sent = await ada.does(f"/admin/agents/{mo.agent.id}/link")
        assert (sent["is_mailed"], sent["link"]) == (True, None)
        by_hand = await ada.does(f"/admin/agents/{mo.agent.id}/link", by_hand=True)
        assert (by_hand["is_mailed"], by_hand["link"] is None) == (False, False)
        channel.fail(Fault.REFUSED, Fault.ANSWER_LOST)
        assert [await post.step() for _ in range(3)] == [True, True, False]
        assert len(channel.shown_to(mo.agent.email)) == 2, "what may have arrived is not sent again"
    told = {entry["operation"] for entry in await audited(ada, "", agent_id=mo.agent.id)}
    assert {"sign_in", "ask_password_link", "set_password"} <= told
    doors.app.ctx.services = replace(doors.app.ctx.services, mails_links=False)


async def test_signing_in_and_commands_stand_in_the_log(doors: Doors, ada: DeskOf) -> None:
    """With the reason of a refusal, and never what a stranger typed; the page filters them, old entries end."""
    async with desk_of(doors, "Nel Doe") as nel:
        for email in (nel.agent.email, "amina@example.com"):
            assert not await signs_in(doors, email, "wrong password")
        page = await nel.page("/desk")
        token = re.findall(r'name="form_token" value="(\w+)"', page)[0]
        await nel.http.post("/desk/logout", data={"form_token": token})
    unknown, wrong, good = (await audited(ada, "sign_in"))[:3]
    assert [(entry["status"], entry["code"]) for entry in (unknown, wrong, good)] == [
        (401, "unknown_account"),
        (401, "wrong_password"),
        (200, None),
    ]
    assert (unknown["agent_id"], wrong["agent_id"], good["agent_id"]) == (None, nel.agent.id, nel.agent.id)
    assert "amina@example.com" not in str(unknown)
    assert (await audited(ada, "sign_out"))[0]["agent_name"] == "Nel Doe"
    await write_down(doors.opened, "agent_remove", "agent:7", before={"role": "agent"})
    await write_down(doors.opened, "contact_erase", after={"kept": {}})
    commands = (await ada.get("/audit?agent_id=command_line"))["entries"]
    assert [(entry["operation"], entry["agent_name"]) for entry in commands] == [
        ("contact_erase", "command line"),
        ("agent_remove", "command line"),
    ]
    page = await ada.page("/desk/audit?agent_id=command_line&operation=&target=", "es")
    assert page.count("<td>línea de órdenes</td>") == 2
    await ends_with_time(doors)


async def ends_with_time(doors: Doors) -> None:
    """Let years pass: entries end, but what shows that somebody was erased; nothing ends within a month."""
    audit, database = doors.opened.store.audit, doors.opened.database
    assert await audit.end_old(30) == 0
    await database.run("ALTER TABLE audit_log DISABLE TRIGGER USER")
    await database.run("UPDATE audit_log SET at = at - interval '731 days'")
    await database.run("ALTER TABLE audit_log ENABLE TRIGGER USER")
    (count,) = (await database.rows("SELECT count(*) FROM audit_log"))[0]
    assert await audit.end_old(730) == count - 1
    left = await database.rows("SELECT operation, after FROM audit_log ORDER BY id")
    assert left == [("contact_erase", {"kept": {}}), ("audit_retention", {"ended": count - 1, "days": 730})]


async def test_who_is_removed_leaves_their_work_to_the_others(doors: Doors, ada: DeskOf) -> None:
    """What they sent goes out, what they had begun is a note, a promised time holds; closed cases stay theirs."""
    store = doors.opened.store
    async with desk_of(doors, "Sara Molina") as sara:
        await doors.texts("amina", "a person please")
        conversation = await sara.takes("amina")
        (case,) = (await sara.get("/cases?show=mine"))["cases"]
        promised = "2999-01-01T00:00:00Z"
        await doors.opened.database.run("UPDATE cases SET promised_at = %s", (promised,))
        await doors.texts("bilal", "a person please")
        closed = await sara.takes("bilal")
        version = closed.control_version
        await sara.does(f"{at(closed)}/hand-back", version=version, outcome="resolved", told="Done.")
        for kind, text in (("reply", "I have looked and"), ("note", "Ask the depot")):
            await sara.does(f"{at(conversation)}/drafts", kind=kind, text=text)
        doors.app.ctx.services = replace(
            doors.app.ctx.services, service=replace(doors.app.ctx.services.service, undo_seconds=60)
        )
        await sara.does(f"{at(conversation)}/replies", text="One moment.", client_id="1", may_undo=True)
        await sara.does(f"{at(conversation)}/drafts", kind="reply", text="I have looked and")
        await ada.does(f"/admin/agents/{sara.agent.id}/remove")
    found = await doors.conversation("rest", "amina")
    assert (found.control, found.agent_id) == (Control.QUEUED, None)
    said = [(entry.kind, entry.content.text) for entry in await doors.timeline("rest", "amina")]
    assert [line for line in said if line[1] in ("One moment.", "I have looked and", "Ask the depot")] == [
        ("message", "One moment."),
        ("note", "Ask the depot"),
        ("note", "I have looked and"),
    ]
    page = await ada.page(f"/desk{at(conversation)}")
    assert page.count("begun as a reply, never sent") == 1
    after = {
        one.id: one
        for each in ("amina", "bilal")
        for one in await store.desk.cases_of((await doors.conversation("rest", each)).id)
    }
    assert (after.pop(case["id"]).agent_id, [one.agent_id for one in after.values()]) == (None, [sara.agent.id])
    rows = await doors.opened.database.rows("SELECT DISTINCT promised_at::date::text FROM cases WHERE status = 'open'")
    assert rows == [("2999-01-01",)]
    assert await store.handoffs.left_behind() == []
    await a_killed_removal_is_ended(doors)


async def a_killed_removal_is_ended(doors: Doors) -> None:
    """Take an account away and do nothing more: the next look puts back what they have."""
    store = doors.opened.store
    async with desk_of(doors, "Tom Doe") as tom:
        await tom.takes("bilal")
        await store.accounts.remove_agent(tom.agent.email)
        await Leaving(store=store, live=doors.opened.live).step()
    assert (await doors.conversation("rest", "bilal")).control is Control.QUEUED


async def test_what_people_do_to_cases_stands_there_and_in_the_log(doors: Doors, ada: DeskOf) -> None:
    """One by one or many at once: by whom, how it was before and is now, and what was refused."""
    await doors.opened.database.run(
        "INSERT INTO cases (id, type, trigger) VALUES ('CASE-A', 'refund', 'user_request'),"
        " ('CASE-B', 'refund', 'user_request')"
    )
    three = ["CASE-A", "CASE-B", "CASE-C"]
    await ada.does("/cases/bulk", cases=three, agent_id=ada.agent.id, add_tags=["monday"], follow=True)
    await ada.does("/cases/CASE-A/priority", level="urgent")
    await ada.does("/cases/CASE-A/tags", add=["tuesday"], remove=["monday"])
    await ada.does("/cases/CASE-A/tags", add=["tuesday"])
    await ada.does("/cases/bulk", cases=["CASE-A"], outcome="resolved")
    changes = (await ada.get("/cases/CASE-A/changes"))["changes"]
    assert [each["what"] for each in changes] == ["assigned", "tags", "followed", "priority", "tags", "closed"]
    assert {each["agent_name"] for each in changes} == {"Ada Doe"}
    assert (changes[0]["before"]["agent"], changes[0]["after"]["agent"]) == (None, "Ada Doe")
    assert (changes[3]["before"], changes[3]["after"]) == ({"level": "normal"}, {"level": "urgent"})
    page = await ada.page("/desk/cases/CASE-A")
    assert page.count('class="event event-change"') == 6, "what changes nothing is no change"
    assert "+ <b>tuesday</b>, – <s>monday</s>" in page
    assert "nobody → <b>Ada Doe</b>" in page
    (closed, first) = await audited(ada, "bulk", target="CASE-A")
    assert (first["before"]["tags"], first["after"]["tags"], closed["after"]["status"]) == ([], ["monday"], "closed")
    (refused,) = await audited(ada, "bulk", target="CASE-C")
    assert (refused["status"], refused["code"]) == (404, "not_found")
    (prioritised,) = await audited(ada, "prioritise", target="CASE-A")
    assert (prioritised["before"], prioritised["after"]) == ({"level": "normal"}, {"level": "urgent"})
