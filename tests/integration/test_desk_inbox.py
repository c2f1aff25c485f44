"""The list that agents work from: views, filters, pages, marks, and many cases at once, by the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from relevo.domain.effects import Decision
from relevo.web.settings import WebSettings
from tests.databases import Databases
from tests.integration.desks import DeskOf, Request, at, desk_of, refused
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio
_FORGET = """
DELETE FROM search_documents; DELETE FROM tracker_events; DELETE FROM deliveries; DELETE FROM inbox;
DELETE FROM entries; DELETE FROM handoffs; DELETE FROM effects; DELETE FROM cases; DELETE FROM case_conversations;
DELETE FROM conversations; DELETE FROM identities; DELETE FROM contacts; DELETE FROM tags; DELETE FROM saved_views
"""
_MANY = """
INSERT INTO cases (id, type, trigger, due_at, opened_at)
SELECT 'CASE-' || n, 'refund', 'user_request', now() + mod(n, 7) * interval '1 hour', now() - n * interval '1 minute'
FROM generate_series(1, %s) n
"""


@pytest.fixture(scope="module")
async def opened(databases: Databases, postgres: str) -> AsyncIterator[tuple[Doors, DeskOf, DeskOf]]:
    """Doors, and two agents, for all these tests."""
    name = databases.take()
    often = WebSettings(
        desk_reads_per_second=1e3, desk_reads_burst=9_999, desk_writes_per_second=1e3, desk_writes_burst=9_999
    )
    async with (
        open_doors(make_conninfo(postgres, dbname=name), Request(), settings=often) as doors,
        desk_of(doors) as kim,
        desk_of(doors, "Noelia Prat", "supervisor") as noelia,
    ):
        yield doors, kim, noelia
    databases.give_back(name)


@pytest.fixture
async def doors(opened: tuple[Doors, DeskOf, DeskOf]) -> Doors:
    """Nothing written yet, and an agent there."""
    doors, kim, _ = opened
    for statement in _FORGET.split(";"):
        await doors.opened.database.run(statement)
    await doors.opened.store.accounts.seen(kim.agent.id)
    return doors


@pytest.fixture
def kim(opened: tuple[Doors, DeskOf, DeskOf], doors: Doors) -> DeskOf:
    """An agent."""
    return opened[1]


@pytest.fixture
def noelia(opened: tuple[Doors, DeskOf, DeskOf], doors: Doors) -> DeskOf:
    """Another one."""
    return opened[2]


async def listed(desk: DeskOf, **asked: Any) -> list[str]:
    """Give the numbers of the cases that a view has."""
    answer = await desk.http.get("/desk/api/cases", params=asked)
    assert answer.status_code == 200, answer.text
    return [case["id"] for case in answer.json()["cases"]]


async def counts(desk: DeskOf) -> dict[str, int]:
    """Give what the views count, without those that have nothing."""
    return {view: count for view, count in (await desk.get("/counts"))["views"].items() if count}


def later(**delta: float) -> str:
    """Give a time that is still to come."""
    return (datetime.now(timezone.utc) + timedelta(**delta)).isoformat()


async def test_a_case_goes_through_the_views_as_people_work_on_it(doors: Doors, kim: DeskOf, noelia: DeskOf) -> None:
    """It waits for a person, is somebody's, waits for the customer, is due, and is closed; counts and views agree."""
    await doors.texts("amina", "a person please")
    (case,) = await listed(kim, show="queue")
    assert await counts(kim) == {"queue": 1, "unassigned": 1, "open": 1}
    conversation = await kim.takes("amina")
    assert await counts(kim) == {"mine": 1, "open": 1}
    assert await counts(noelia) == {"open": 1}
    await kim.says(conversation, "Hello, Kim here.")
    assert [await listed(kim, show=view) for view in ("mine", "waiting", "queue")] == [[case], [case], []]
    assert await listed(noelia, show="mine") == []
    await doors.texts("amina", "thank you")
    assert await listed(kim, show="waiting") == []
    await doors.opened.database.run("UPDATE cases SET due_at = now() + interval '14 minutes'")
    assert await listed(kim, show="breaching") == [case]
    await kim.does(f"/cases/{case}/close", outcome="resolved")
    assert await counts(kim) == {}
    assert [await listed(kim, show=view) for view in ("open", "closed", "all")] == [[], [case], [case]]


async def test_a_snoozed_case_is_out_of_the_way_until_its_time_or_the_customer_writes(
    doors: Doors, kim: DeskOf
) -> None:
    """It comes back by itself both ways, and by hand."""
    await doors.texts("amina", "a person please")
    await kim.takes("amina")
    (case,) = await listed(kim)
    for come_back in ("time", "customer", "hand"):
        shown = await kim.does(f"/cases/{case}/snooze", until=later(hours=1))
        assert shown["snoozed_until"] is not None
        assert [await listed(kim, show=view) for view in ("mine", "open", "snoozed")] == [[], [], [case]], come_back
        assert await counts(kim) == {"snoozed": 1}
        if come_back == "time":
            await doors.opened.database.run("UPDATE cases SET snoozed_until = now() - interval '1 second'")
            doors.app.ctx.desk_board.forget()  # counts are looked at anew every ten seconds
        elif come_back == "customer":
            await doors.texts("amina", "are you there?")
        else:
            await kim.does(f"/cases/{case}/snooze", until=None)
        assert [await listed(kim, show=view) for view in ("mine", "snoozed")] == [[case], []], come_back
        assert await counts(kim) == {"mine": 1, "open": 1}
    for until in (later(hours=-1), later(days=91), "2030-01-01T00:00:00"):
        assert (await kim.post(f"/cases/{case}/snooze", until=until)).status_code == 400
    await kim.does(f"/cases/{case}/close", outcome="resolved")
    assert await kim.is_refused(f"/cases/{case}/snooze", until=later(hours=1)) == (409, "case_closed")


async def test_what_grew_since_one_looked_is_unread_for_oneself_alone(
    doors: Doors, kim: DeskOf, noelia: DeskOf
) -> None:
    """An earlier position changes nothing, and nobody can have read what is not written."""
    await doors.texts("amina", "a person please")
    conversation = await doors.conversation("rest", "amina")

    async def unread(desk: DeskOf) -> bool:
        return bool((await desk.get("/cases"))["cases"][0]["is_unread"])

    assert (await unread(kim), await unread(noelia)) == (True, True)
    await kim.does(f"{at(conversation)}/look", position=conversation.last_position)
    assert (await unread(kim), await unread(noelia)) == (False, True)
    await kim.does(f"{at(conversation)}/look", position=1)
    assert not await unread(kim)
    await kim.does(f"{at(conversation)}/look", position=2**62)
    await doors.texts("amina", "hello?")
    assert await unread(kim)
    nowhere = "/conversations/6c1e1b1e-6f0f-4b9c-9d3e-3f6f4f6f4f6f/look"
    assert await kim.is_refused(nowhere, position=1) == (404, "not_found")


async def test_tags_are_known_coloured_put_on_and_taken_off(doors: Doors, kim: DeskOf, noelia: DeskOf) -> None:
    """A new word becomes known; the list is filtered by it; forgetting it takes it off every case."""
    await doors.texts("amina", "a person please")
    await doors.texts("bilal", "a person please")
    one, other = sorted(await listed(kim))
    await kim.does("/tags", name="VIP", colour="violet")
    shown = await kim.does(f"/cases/{one}/tags", add=["VIP", "  late   train "])
    assert [tag["name"] for tag in shown["tags"]] == ["VIP", "late train"]
    assert {"name": "VIP", "colour": "violet"} in (await noelia.get("/tags"))["tags"]
    assert await listed(noelia, tag="VIP") == [one]
    assert [tag["name"] for tag in (await kim.does(f"/cases/{one}/tags", remove=["late train"]))["tags"]] == ["VIP"]
    assert await listed(kim, tag="late train") == []
    await kim.does(f"/cases/{other}/tags", add=["VIP"])
    await noelia.does("/tags/drop", name="VIP")
    assert await listed(kim, tag="VIP") == []
    for name in ("", " ", "x" * 41, "a\nb\x00" + "c" * 60):
        assert (await kim.post(f"/cases/{one}/tags", add=[name])).status_code == 400
    assert (await kim.post("/tags", name="VIP", colour="#ff0000")).status_code == 400
    assert await kim.is_refused("/tags/drop", name="VIP") == (404, "not_found")
    assert await kim.is_refused("/cases/CASE-0/tags", add=["VIP"]) == (404, "not_found")


async def test_a_followed_case_is_found_whoever_has_it_and_when_it_is_closed(
    doors: Doors, kim: DeskOf, noelia: DeskOf
) -> None:
    """By who follows it, until they no longer do."""
    await doors.texts("amina", "a person please")
    (case,) = await listed(kim)
    assert (await noelia.does(f"/cases/{case}/follow", follow=True))["is_followed"]
    await kim.does(f"/cases/{case}/assign", agent_id=kim.agent.id)
    await kim.does(f"/cases/{case}/close", outcome="refused")
    assert (await listed(noelia, show="following"), await listed(kim, show="following")) == ([case], [])
    assert await counts(noelia) == {"following": 1}
    await noelia.does(f"/cases/{case}/follow", follow=False)
    assert await listed(noelia, show="following") == []


async def test_filters_and_orders(doors: Doors, kim: DeskOf) -> None:
    """By channel, language, type and priority, together with any view."""
    await doors.texts("amina", "a person please")
    await doors.opened.database.run("UPDATE conversations SET language = 'en'")
    (case,) = await listed(kim)
    await doors.opened.database.run(
        "INSERT INTO cases (id, type, trigger, priority, due_at, opened_at) VALUES"
        " ('CASE-A', 'damage', 'user_request', 60, now() + interval '1 hour', now() - interval '2 days'),"
        " ('CASE-B', 'damage', 'user_request', 30, NULL, now() - interval '1 day')"
    )
    assert await listed(kim, show="open") == ["CASE-A", case, "CASE-B"]
    assert await listed(kim, show="open", sort="newest") == [case, "CASE-B", "CASE-A"]
    assert await listed(kim, show="open", sort="oldest") == ["CASE-A", "CASE-B", case]
    for asked, found in (
        ({"channel": "rest"}, [case]),
        ({"channel": "email"}, []),
        ({"language": "en"}, [case]),
        ({"type": "damage"}, ["CASE-A", "CASE-B"]),
        ({"priority": "urgent"}, ["CASE-A"]),
        ({"priority": "high", "type": "damage"}, ["CASE-B"]),
        ({"type": "damage", "tag": "none"}, []),
    ):
        assert await listed(kim, show="unassigned", **asked) == found, asked


async def test_pages_lose_and_double_nothing_while_cases_come_and_go(doors: Doors, kim: DeskOf) -> None:
    """In every order; a stretch between two cursors holds what moved into it."""
    await doors.opened.database.run(_MANY, (23,))
    wanted = {f"CASE-{n}" for n in range(1, 24)}
    for show, sort in (("open", "due"), ("open", "newest"), ("open", "oldest"), ("all", "due"), ("closed", "due")):
        if show == "closed":
            await doors.opened.database.run("UPDATE cases SET status = 'closed', closed_at = opened_at WHERE id <> 'X'")
        seen: list[str] = []
        cursor, cursors = "", []
        while True:
            page = await kim.get(f"/cases?show={show}&sort={sort}&limit=5&cursor={cursor}")
            seen += [case["id"] for case in page["cases"]]
            await doors.opened.database.run(
                "INSERT INTO cases (id, type, trigger, status, due_at, opened_at, closed_at)"
                " VALUES (%s, 'x', 'x', %s, now() - interval '1 day', now() - interval '1 day', now())",
                (f"NEW-{len(seen)}", "open" if show != "closed" else "closed"),
            )
            if (cursor := page["next_cursor"]) is None:
                break
            cursors.append(cursor)
        old = [case for case in seen if case in wanted]
        assert len(old) == len(set(old)) == 23, (show, sort)
        stretch = await kim.get(f"/cases?show={show}&sort={sort}&cursor={cursors[0]}&until={cursors[1]}")
        assert set(old[5:10]) <= {case["id"] for case in stretch["cases"]} or sort == "oldest"
        await doors.opened.database.run("DELETE FROM cases WHERE id LIKE 'NEW-%'")


async def test_wrong_questions_are_refused_with_a_sentence(kim: DeskOf) -> None:
    """Unknown views, orders, priorities; cursors that are none, or of another list; limits."""
    await kim.doors.opened.database.run(_MANY, (3,))
    cursor = (await kim.get("/cases?show=open&limit=1"))["next_cursor"]
    for asked, code in (
        ({"show": "nonsense"}, "bad_filter"),
        ({"sort": "nonsense"}, "bad_filter"),
        ({"priority": "9"}, "bad_filter"),
        ({"tag": "x" * 65}, "bad_filter"),
        ({"cursor": "nonsense"}, "bad_cursor"),
        ({"cursor": "ZHVlfHh8eA"}, "bad_cursor"),
        ({"cursor": cursor, "show": "closed"}, "bad_cursor"),
        ({"cursor": "x" * 500}, "bad_cursor"),
        ({"limit": "101"}, "bad_limit"),
        ({"limit": "0"}, "bad_limit"),
    ):
        assert refused(await kim.http.get("/desk/api/cases", params={"show": "open", **asked})) == (400, code), asked


async def test_many_cases_at_once_tell_each_what_happened(doors: Doors, kim: DeskOf, noelia: DeskOf) -> None:
    """What can be done is done; what cannot says why, and keeps nothing from the others."""
    doors.policies.decision = Decision.NEEDS_APPROVAL
    await doors.texts("amina", "refund my order")
    (waits,) = await listed(kim)
    await doors.opened.database.run(_MANY, (3,))
    everything = ["CASE-1", "CASE-2", waits, "CASE-0", "CASE-1"]
    answer = await kim.does("/cases/bulk", cases=everything, agent_id=noelia.agent.id, add_tags=["monday"])
    assert [(line["case_id"], (line["problem"] or {}).get("code")) for line in answer["cases"]] == [
        ("CASE-1", None),
        ("CASE-2", None),
        (waits, None),
        ("CASE-0", "not_found"),
    ]
    assert sorted(await listed(noelia, show="mine", tag="monday")) == sorted(["CASE-1", "CASE-2", waits])
    answer = await kim.does("/cases/bulk", cases=["CASE-1", waits], outcome="resolved", follow=True)
    assert [(line["problem"] or {}).get("code") for line in answer["cases"]] == [None, "undecided"]
    assert sorted(await listed(kim, show="following")) == sorted(["CASE-1", waits])
    answer = await kim.does("/cases/bulk", cases=["CASE-1", "CASE-2"], snoozed_until=later(hours=2), agent_id=None)
    assert [(line["problem"] or {}).get("code") for line in answer["cases"]] == ["case_closed", None]
    assert await listed(kim, show="snoozed") == ["CASE-2"]
    assert await kim.is_refused("/cases/bulk", cases=["CASE-2"]) == (400, "bad_selection")
    assert (await kim.post("/cases/bulk", cases=[], outcome="resolved")).status_code == 400
    assert (await kim.post("/cases/bulk", cases=["CASE-2"] * 101, outcome="resolved")).status_code == 400
    (line,) = (await kim.does("/cases/bulk", cases=["CASE-2"], agent_id=99_999))["cases"]
    assert line["problem"]["code"] == "unknown_agent"


async def test_all_cases_of_a_list_are_changed_as_many_as_were_confirmed_and_no_more(
    doors: Doors, kim: DeskOf, noelia: DeskOf
) -> None:
    """Beyond the page, by the view's filter; who leads closes and gives; what is sensitive is looked at one by one."""
    await doors.opened.database.run(_MANY, (112,))
    await doors.opened.database.run("UPDATE cases SET trigger = 'safety', type = 'refund' WHERE id = 'CASE-7'")
    await doors.opened.database.run("UPDATE cases SET type = 'points' WHERE id = 'CASE-8'")
    refunds = {"show": "open", "type": "refund"}
    assert await kim.get("/counts/matching?show=open&type=refund") == {"number": 111, "is_more": False}
    many = "/cases/bulk/matching"
    assert await kim.is_refused(many, matching=refunds, number=110, follow=True) == (409, "matching_changed")
    for wish in ({"outcome": "resolved"}, {"agent_id": noelia.agent.id}):
        assert await kim.is_refused(many, matching=refunds, number=111, **wish) == (403, "bulk_for_leaders")
    tagged = await kim.does(many, matching=refunds, number=111, add_tags=["storm"])
    assert [line["problem"] for line in tagged["cases"]] == [None] * 111
    assert (await kim.get("/counts/matching?show=all&tag=storm"))["number"] == 111
    closed = await noelia.does(many, matching={"show": "open", "tag": "storm"}, number=111, outcome="resolved")
    refused_ones = [(line["case_id"], line["problem"]["code"]) for line in closed["cases"] if line["problem"]]
    assert refused_ones == [("CASE-7", "one_by_one")]
    assert sorted(await listed(kim, show="open")) == ["CASE-7", "CASE-8"]
    await kim.does("/cases/CASE-7/close", outcome="resolved")
    await doors.opened.database.run(_MANY.replace("'CASE-'", "'MANY-'"), (1_001,))
    assert await noelia.get("/counts/matching?show=unassigned") == {"number": 1_000, "is_more": True}
    assert await noelia.is_refused(many, matching={}, number=1_000, follow=True) == (409, "too_many_match")
    assert await noelia.is_refused(many, matching={"show": "open"}, number=1) == (400, "bad_selection")


async def test_kept_views_are_one_s_own(kim: DeskOf, noelia: DeskOf) -> None:
    """The same name replaces; nobody else sees or forgets them."""
    kept = await kim.does("/views", name=" My  refunds ", show="open", type="refund")
    again = await kim.does("/views", name="My refunds", show="mine", sort="newest")
    assert (kept["id"], again["query"]) == (again["id"], {"show": "mine", "sort": "newest"})
    assert [view["name"] for view in (await kim.get("/views"))["views"]] == ["My refunds"]
    assert (await noelia.get("/views"))["views"] == []
    assert await noelia.is_refused("/views/drop", id=kept["id"]) == (404, "not_found")
    assert (await kim.does("/views/drop", id=kept["id"]))["views"] == []


async def test_a_desk_that_looks_again_gets_nothing_where_nothing_changed(
    doors: Doors, kim: DeskOf, noelia: DeskOf
) -> None:
    """The list is answered with 304, also where something changed that it does not show; else with what is new."""
    await doors.opened.database.run(_MANY, (60,))

    async def look(etag: str | None = None) -> Any:
        return await kim.http.get("/desk/list?show=open", headers={"If-None-Match": etag} if etag else {})

    first = await look()
    assert (first.text.count("data-case="), first.status_code) == (50, 200)
    assert (await look(first.headers["ETag"])).status_code == 304
    await noelia.does("/cases/CASE-1/follow", follow=True)
    assert (await look(first.headers["ETag"])).status_code == 304
    await noelia.does("/cases/CASE-7/tags", add=["<b>loud</b>"])
    second = await look(first.headers["ETag"])
    assert second.status_code == 200
    assert "&lt;b&gt;loud&lt;/b&gt;" in second.text
    cursor = first.text.partition('data-next="')[2].partition('"')[0]
    further = (await kim.http.get(f"/desk/list?show=open&cursor={cursor}")).text
    assert (further.count("data-case="), "list-views" in further) == (10, False)
    assert (await doors.http.get("/desk/list")).status_code == 303
