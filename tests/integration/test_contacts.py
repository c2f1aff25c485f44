"""One person across channels: a single timeline, what happened elsewhere, and how urgent that makes things."""

from __future__ import annotations

from typing import Any

import pytest

from relevo.flow.contacts import raise_unanswered
from tests.integration.people import BECAUSE, NOBODY, contact_of, happened, office, paged

pytestmark = pytest.mark.anyio


async def test_everything_of_a_person_is_on_one_timeline(database: str) -> None:
    """Two channels, a call and a public post in one order; filtered, and page by page without a gap."""
    async with office(database) as (doors, sara):
        await doors.texts("amina", "refund my order")
        amina = await contact_of(doors, "amina")
        call, post = happened(60), happened(30, kind="post", summary="<b>Shame</b>", reach={"followers": 302_000})
        post["url"] = "https://social.example/1"
        first = await sara.does("/contacts/events", **call)
        assert (first["contact_id"], first["is_new"]) == (amina, True)
        await sara.does("/contacts/events", **post)
        mail = happened(10, kind="email", contact={"channel": "email", "address": "amina@example.com"})
        other = (await sara.does("/contacts/events", **mail))["contact_id"]
        assert other != amina
        await sara.does(f"/contacts/{amina}/merge", other=other, evidence="call", reason=BECAUSE)

        told = await sara.get(f"/contacts/{amina}/timeline")
        groups = [line["group"] for line in told["lines"]]
        assert groups[:3] == ["elsewhere"] * 3
        assert set(groups) == {"elsewhere", "messages", "effects", "steps", "merges"}
        assert [line["at"] for line in told["lines"]] == sorted(line["at"] for line in told["lines"])
        assert told["earlier"] is None
        merge = told["lines"][-1]["merge"]
        assert (merge["merged_by"], merge["evidence"], merge["reason"]) == ("Sara Molina", "call", BECAUSE)

        assert await paged(sara, amina) == told["lines"]
        for query, kinds in (("kinds=elsewhere,notes", ["call", "post", "email"]), ("channel=email", ["email"])):
            some = await sara.get(f"/contacts/{amina}/timeline?{query}")
            assert [line["kind"] for line in some["lines"]] == kinds
        found = await sara.get("/search?q=amina%40example.com")
        assert [hit["contact_id"] for hit in found["hits"] if hit["kind"] == "contact"] == [amina]
        view = await sara.get(f"/contacts/{other}")
        assert (view["id"], view["reach"]["followers"]) == (amina, 302_000), (
            "whoever was merged is found where they are"
        )
        assert {(seen["channel"], seen["level"]) for seen in view["seen_on"]} == {
            ("rest", "claimed"),
            ("email", "claimed"),
        }


async def test_what_is_sent_about_people_is_bounded_and_refused_with_a_sentence(database: str) -> None:
    """Wrong ids, cursors, filters, times and addresses; the same encounter again changes nothing, another one is no."""
    async with office(database) as (doors, sara):
        await doors.texts("amina", "hello")
        amina = await contact_of(doors, "amina")
        for path in (
            f"/contacts/{NOBODY}",
            f"/contacts/{NOBODY}/timeline",
            f"/contacts/{NOBODY}/business",
            "/contacts/7",
        ):
            assert (await sara.http.get(f"/desk/api{path}")).status_code == 404
        for query in ("before=x", "before=" + "A" * 500, "kinds=everything", "limit=0", "limit=999"):
            assert (await sara.http.get(f"/desk/api/contacts/{amina}/timeline?{query}")).status_code == 400
        wrong: tuple[tuple[dict[str, Any], str], ...] = (
            ({"source": "a b"}, "wrong_type"),
            ({"external_id": ""}, "wrong_type"),
            ({"external_id": "\n"}, "bad_word"),
            ({"kind": "fax"}, "wrong_type"),
            ({"at": "2031-01-01T00:00:00Z"}, "bad_time"),
            ({"at": "yesterday"}, "wrong_type"),
            ({"summary": "x" * 4_001}, "wrong_type"),
            ({"url": "javascript:alert(1)"}, "wrong_type"),
            ({"reach": {"followers": -1}}, "wrong_type"),
            ({"contact": {}}, "bad_contact"),
            ({"contact": {"business_ref": "C001", "channel": "rest", "address": "amina"}}, "bad_contact"),
        )
        for change, code in wrong:
            assert await sara.is_refused("/contacts/events", **happened(**change)) == (400, code), change
        assert await sara.is_refused("/contacts/events", **happened(contact={"business_ref": "C404"})) == (
            *(404, "unknown_person"),
        )
        call = happened()
        first = await sara.does("/contacts/events", **call)
        again = await sara.does("/contacts/events", **{**call, "answered": True, "reach": {"impressions": 9}})
        assert (again["id"], again["is_new"]) == (first["id"], False)
        assert await sara.is_refused("/contacts/events", **{**call, "summary": "Other"}) == (409, "encounter_reused")
        assert await sara.is_refused("/contacts/events", **call) == (409, "encounter_reused"), "it was answered"


async def test_whoever_tries_elsewhere_unanswered_has_a_more_urgent_case(database: str) -> None:
    """The reason counts; answered, old and outgoing ones do not; a case that is opened later learns it too."""
    async with office(database) as (doors, sara):
        await doors.texts("amina", "refund my order")
        (case,) = (await sara.get("/cases"))["cases"]
        for more in ({"answered": True}, {"direction": "out"}, {"minutes_ago": 60 * 25}):
            await sara.does("/contacts/events", **happened(**more))
        assert (await sara.get(f"/cases/{case['id']}"))["case"]["priority"] == case["priority"]
        for count in (1, 2):
            await sara.does("/contacts/events", **happened())
            reasons = (await sara.get(f"/cases/{case['id']}"))["case"]["priority"]["reasons"]
            assert [(r["points"], r["detail"]) for r in reasons if r["code"] == "unanswered_contacts"] == [
                (30, str(count))
            ]
        await sara.does("/contacts/events", **happened(contact={"channel": "rest", "address": "bilal"}))
        await doors.texts("bilal", "a person please")
        contacts = doors.opened.store.contacts
        assert [await raise_unanswered(contacts, doors.opened.live) for _ in range(2)] == [1, 0]
