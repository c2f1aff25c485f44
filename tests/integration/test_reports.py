"""Reports about a week whose numbers were worked out by hand; see reported.py for what happened in it."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import pytest

from relevo.domain.clocks import Policy
from relevo.domain.reports import LINES
from relevo.domain.roles import READONLY
from relevo.domain.service import Service
from relevo.flow.sla import SlaWatch
from relevo.web.csv import cell_of
from relevo.web.desk_api import API
from tests.integration.desks import DeskOf, desk_of, refused
from tests.integration.doors import Doors, open_doors
from tests.integration.reported import World, make_week

pytestmark = pytest.mark.anyio
WEEK = "from=2026-05-04&to=2026-05-10"
SAID = "call a.b@example.com about AU73915024"
OUTCOMES = {"contained": 3, "open": 2, "abandoned": 1, "nobody_came": 1, "refused": 1, "resolved": 1}


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors behind which the week has happened; nobody answers any more."""
    async with open_doors(database, has_bot=False) as opened:
        yield opened


@pytest.fixture
async def sara(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent who worked that week."""
    async with desk_of(doors, "Sara Molina") as desk:
        yield desk


@pytest.fixture
async def noelia(doors: Doors, sara: DeskOf) -> AsyncIterator[DeskOf]:
    """A supervisor, after the week."""
    async with desk_of(doors, "Leo Sanz") as leo:
        await make_week(World(opened=doors.opened), sara.agent, leo.agent)
    async with desk_of(doors, "Noelia Prat", "supervisor") as desk:
        yield desk


async def _rows(desk: DeskOf, name: str, more: str = "") -> list[dict[str, Any]]:
    return list((await desk.get(f"/reports/{name}?{WEEK}{more}"))["rows"])


async def test_every_episode_has_one_outcome_and_shares_sum_to_one(noelia: DeskOf) -> None:
    """Nine episodes: silence in the queue ends none, midnight is Madrid's, whoever came after it is not counted."""
    rows = await _rows(noelia, "outcomes")
    assert {row["outcome"]: row["episodes"] for row in rows} == OUTCOMES
    assert sum(row["share"] for row in rows) == pytest.approx(1, abs=1e-5)
    days = {row["row"]: (row["episodes"], row["messages"]) for row in await _rows(noelia, "days")}
    assert days["2026-05-04/push"] == (1, 2)
    assert days["2026-05-10/push"] == (1, 1)
    assert "2026-05-11/push" not in days
    hours = {row["row"]: row["episodes"] for row in await _rows(noelia, "hours")}
    assert hours == {"8/email": 1, "8/push": 1, "9/email": 1, "9/push": 2, "10/push": 1, "12/push": 1, "23/push": 2}


async def test_times_count_from_the_handoff_and_promises_are_those_that_were_made(noelia: DeskOf) -> None:
    """Median and ninth decile of what people took; who left before the time was over was not kept waiting."""
    times = {row["measure"]: (row["handoffs"], row["median_seconds"], row["p90_seconds"])
             for row in await _rows(noelia, "times")}  # fmt: skip
    assert times == {
        "to_person": (3, 600, 35_400),
        "first_response": (3, 1_200, 36_240),
        "resolution": (2, 25_200, 42_480),
    }
    rates = {row["measure"]: (row["count"], row["of"]) for row in await _rows(noelia, "rates")}
    assert rates == {"contained": (3, 9), "durable": (3, 4), "sla": (2, 4), "repeat": (1, 9)}
    assert [(row["trigger"], row["handoffs"]) for row in await _rows(noelia, "reasons")] == [("user_request", 5)]


async def test_effects_and_agents_are_counted_with_amounts_and_promises(noelia: DeskOf) -> None:
    """Amounts keep their unit, and each agent has what they took."""
    effects = {row["row"]: (row["effects"], row["amount"]) for row in await _rows(noelia, "effects")}
    assert effects == {"credit_points/done/points": (1, 500), "refund/prepared/EUR": (1, 4_500)}
    sara, leo = await _rows(noelia, "agents")
    assert (sara["name"], sara["handoffs"], sara["resolved"], sara["refused"]) == ("Sara Molina", 2, 1, 1)
    assert (sara["first_response_seconds"], sara["resolution_seconds"]) == (23_100, 25_200)
    assert (sara["sla_kept"], sara["sla_of"]) == (1, 2)
    assert (leo["name"], leo["handoffs"], leo["first_response_seconds"], leo["resolution_seconds"]) == (
        "Leo Sanz", 1, 900, None
    )  # fmt: skip


async def test_each_number_leads_to_the_episodes_that_it_counts(noelia: DeskOf) -> None:
    """As many as the number says, for every row of every report that counts episodes."""
    for name, counted in (("outcomes", "episodes"), ("hours", "episodes"), ("days", "episodes"), ("rates", "count")):
        for row in await _rows(noelia, name):
            found = await noelia.get(f"/reports/{name}/cases?{WEEK}&row={row['row']}")
            assert len(found["episodes"]) == row[counted], (name, row)
    (missed,) = [{e["case_id"] for e in (await noelia.get(f"/reports/rates/cases?{WEEK}&row=sla/no"))["episodes"]}]
    assert missed == {"CASE-cara", "CASE-eva"}
    (refund,) = (await noelia.get(f"/reports/effects/cases?{WEEK}&row=refund/prepared/EUR"))["episodes"]
    assert refund["url"] == "/desk/cases/CASE-finn"
    for name, key in (("times", "to_person"), ("reasons", "user_request"), ("csat", "bot"), ("agents", "1")):
        await noelia.get(f"/reports/{name}/cases?{WEEK}&row={key}")


async def test_queues_and_promised_times_are_counted_and_lead_to_their_cases(noelia: DeskOf, doors: Doors) -> None:
    """By queue, and by clock and priority as the clocks of the handoffs have it: kept, late, and what still runs."""
    soon = Policy(first_response_seconds=1_800, next_response_seconds=1_800, resolution_seconds=86_400, is_wall=True)
    service = Service(sla=dict.fromkeys(("normal", "high", "urgent"), soon))
    await SlaWatch(rounds=doors.opened.store.rounds, live=doors.opened.live, service=service).step()
    (line,) = await _rows(noelia, "queues")
    names = ("queue", "handoffs", "taken", "nobody_came", "resolved", "refused", "sla_kept", "sla_of")
    assert [line[name] for name in names] == ["default", 5, 3, 1, 1, 1, 2, 4]
    assert await _rows(noelia, "queues", "&queue=money") == await _rows(noelia, "times", "&queue=money") == []
    assert sum(row["episodes"] for row in await _rows(noelia, "outcomes", "&queue=default")) == 5
    sla = {row["row"]: (row["kept"], row["late"], row["running"], row["share"]) for row in await _rows(noelia, "sla")}
    assert sla == {"first_response/normal": (2, 2, 0, 0.5), "resolution/normal": (2, 3, 0, 0.4)}
    for name, row, cases in (
        ("sla", "first_response/normal/late", {"CASE-cara", "CASE-eva"}),
        ("sla", "first_response/normal/running", set()),
        ("sla", "resolution/normal/kept", {"CASE-ben", "CASE-cara"}),
        ("queues", "default/nobody_came", {"CASE-eva"}),
        ("queues", "default/sla/no", {"CASE-cara", "CASE-eva"}),
        ("agents", "1/sla", {"CASE-ben"}),
    ):
        found = (await noelia.get(f"/reports/{name}/cases?{WEEK}&row={row}"))["episodes"]
        assert {each["case_id"] for each in found} == cases, (name, row)
    page = await noelia.page(f"/desk/reports?{WEEK}&queue=default")
    shown = ("By queue", "Promised times", "First answer · Normal", '<option value="default" selected>')
    assert [part for part in shown if part not in page] == []


async def test_filters_narrow_and_agents_see_their_own_numbers_alone(noelia: DeskOf, sara: DeskOf) -> None:
    """A channel, a language, an agent; whoever leads nobody may not look at a colleague's."""
    by_mail = {row["outcome"] for row in await _rows(noelia, "outcomes", "&channel=email")}
    assert by_mail == {"resolved", "nobody_came"}
    assert sum(row["episodes"] for row in await _rows(noelia, "outcomes", "&language=en")) == 2
    own = {row["outcome"]: row["episodes"] for row in await _rows(sara, "outcomes")}
    assert own == {"resolved": 1, "refused": 1}
    assert [row["name"] for row in await _rows(sara, "agents")] == ["Sara Molina"]
    other = await sara.http.get(f"/desk/api/reports/outcomes?agent={noelia.agent.id}")
    assert refused(other) == (403, "others_numbers")
    for wrong in ("from=yesterday", "from=2026-05-10&to=2026-05-04", "from=2026-01-01&to=2026-05-04", "agent=x"):
        assert (await noelia.http.get(f"/desk/api/reports/days?{wrong}")).status_code == 400, wrong


async def test_the_page_shows_charts_with_words_beside_them_and_links(noelia: DeskOf, sara: DeskOf) -> None:
    """Charts have a title and say their numbers; tables link to cases; nothing is shown where nothing happened."""
    page = await noelia.page(f"/desk/reports?{WEEK}&compare=yes")
    assert '<title id="outcomes-said">How they ended</title>' in page
    assert "Contained by the bot: 33.3 %" in page
    assert "row=resolved&quot;" not in page
    assert f"/desk/reports/outcomes/cases?{WEEK.replace('&', '&amp;')}&amp;row=resolved" in page
    assert "0 before" in page
    assert "33,3 %" in await noelia.page(f"/desk/reports?{WEEK}", "es")
    assert "Nobody began a conversation in these days." in await noelia.page("/desk/reports")
    assert 'name="agent"' not in await sara.page(f"/desk/reports?{WEEK}")
    behind = await noelia.page(f"/desk/reports/outcomes/cases?{WEEK}&row=refused")
    assert "=help cara" in behind
    assert "/desk/cases/CASE-cara" in behind
    for wrong, status in ((f"outcomes/cases?{WEEK}&row={'x' * 101}", 400), ("evil/cases", 404)):
        assert (await noelia.http.get(f"/desk/reports/{wrong}")).status_code == status


async def test_the_same_numbers_come_as_a_table_that_runs_nothing(noelia: DeskOf, doors: Doors) -> None:
    """CSV of RFC 4180 in UTF-8; a name that begins like a formula is text."""
    await doors.opened.database.run("UPDATE agents SET name = '=cmd|\"1\",2' WHERE name = 'Sara Molina'")
    answer = await noelia.http.get(f"/desk/api/reports/agents.csv?{WEEK}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    assert text.count("\r\n") == 3
    rows = list(csv.DictReader(StringIO(text)))
    assert rows[0]["name"] == '\'=cmd|"1",2'
    assert rows[0]["handoffs"] == "2"
    spreads = ("=1", "+1", "-1", "@a", "\t=1", "\r=1", "\uff1d1")
    await doors.opened.database.run("UPDATE agents SET name = %s WHERE name LIKE '=cmd%%'", (f"{SAID} {SAID}",))
    tables = [each.path for each in API.operations if each.answer_type == "text/csv" and READONLY in each.roles]
    assert len(tables) == len(LINES)
    async with desk_of(doors, "Rae Doe", READONLY) as rae:
        read = {path: (await rae.http.get(f"/desk/api{path}?{WEEK}")).text for path in tables}
    assert [path for path, table in read.items() if "@example" in table or "AU73915024" in table] == []
    assert "•••" in read["/reports/agents.csv"], "as on the page"
    assert SAID in (await noelia.http.get(f"/desk/api/reports/agents.csv?{WEEK}")).text
    assert [cell_of(each)[0] for each in spreads] == ["'"] * len(spreads)
    assert cell_of(-1) == "-1"
