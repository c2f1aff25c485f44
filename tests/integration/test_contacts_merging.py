"""Contacts and cases that are merged with evidence and a reason, and split exactly."""

from __future__ import annotations

from uuid import UUID

import pytest

from relevo.bootstrap.store import open_store
from relevo.contracts.accounts import AgentPowers
from relevo.contracts.personal import Subject
from relevo.store.case_merges import CASE_LINKS, CASE_MOVES
from relevo.store.merges import MOVES
from relevo.store.personal import PostgresPersonalData
from tests.integration.desks import at, desk_of
from tests.integration.holding import dump, found_in
from tests.integration.people import BECAUSE, NOBODY, contact_of, happened, kept, office, three_people

pytestmark = pytest.mark.anyio


async def test_a_split_puts_back_exactly_what_a_merge_moved(database: str) -> None:
    """Row by row, whatever was merged in which order, contacts and cases; the logs stay, on both timelines."""
    async with office(database) as (doors, sara):
        ids = await three_people(doors, sara)
        before = await kept(doors.opened.database)
        for order in (ids, ids[::-1], [ids[1], ids[2], ids[0]]):
            first, second, third = order
            numbers = []
            for other in (second, third):
                merged = await sara.does(f"/contacts/{first}/merge", other=other, evidence="document", reason=BECAUSE)
                numbers.append(merged["merges"][0]["id"])
            view = await sara.get(f"/contacts/{first}")
            assert await sara.is_refused(f"/contacts/{first}/split", merge_id=numbers[0], reason="x") == (
                409,
                "later_merge",
            )
            cases = [case["id"] for case in view["cases"] if case["status"] == "open"]
            assert len(cases) == 4
            assert (view["display_name"], view["business_ref"]) == ("Bilal", "C001")
            for lesser in cases[1:]:
                await sara.does(f"/cases/{cases[0]}/merge", other=lesser, reason="The same thing.")
            whole = await sara.get(f"/cases/{cases[0]}")
            assert (len(whole["effects"]), whole["case"]["contacted"]) == (1, 4)
            one = await sara.get(f"/cases/{cases[1]}")
            assert (one["case"]["status"], one["case"]["outcome"], one["effects"]) == ("closed", "merged", [])
            newest = {"merge_id": numbers[1], "reason": "x"}
            assert await sara.is_refused(f"/contacts/{first}/split", **newest) == (409, "cases_of_both")
            for merge in (await sara.get(f"/contacts/{first}"))["case_merges"]:
                await sara.does(f"/cases/{cases[0]}/split", merge_id=merge["id"], reason="Not the same.")
            for number in numbers[::-1]:
                await sara.does(f"/contacts/{first}/split", merge_id=number, reason="A mistake.")
            assert await sara.is_refused(f"/contacts/{first}/split", merge_id=numbers[0], reason="x") == (
                409,
                "split_already",
            )
            assert await kept(doors.opened.database) == before
        for contact in ids:
            kinds = [line["kind"] for line in (await sara.get(f"/contacts/{contact}/timeline?kinds=merges"))["lines"]]
            assert {"merge", "split"} <= set(kinds)


async def test_two_people_of_the_business_are_never_merged(database: str) -> None:
    """Nor without evidence, nor with oneself, nor one's own, nor who is merged already; each with its sentence."""
    async with office(database) as (doors, sara), desk_of(doors, powers=AgentPowers(business_ref="C001")) as kim:
        ids = []
        for address, ref in (("amina", "C001"), ("bilal", "C002"), ("chen", None), ("dana", "C001")):
            await doors.texts(address, "hello")
            ids.append(await contact_of(doors, address))
            await doors.opened.database.run(
                "UPDATE identities SET business_ref = %s, level = 1 WHERE address = %s", (ref, address)
            )
            await doors.opened.database.run("UPDATE contacts SET business_ref = %s WHERE id = %s", (ref, ids[-1]))
        amina, bilal, chen, dana = ids
        named = {"evidence": "document", "reason": BECAUSE}
        merge = f"/contacts/{amina}/merge"
        assert await sara.is_refused(merge, other=bilal, **named) == (409, "different_people")
        assert await sara.is_refused(merge, other=amina, **named) == (400, "same_contact")
        assert await sara.is_refused(merge, other=NOBODY, **named) == (404, "not_found")
        assert await sara.is_refused(merge, other=chen, evidence="same_reference", reason="x") == (
            409,
            "no_such_evidence",
        )
        assert await sara.is_refused(merge, other=chen, evidence="hunch", reason="x") == (400, "wrong_type")
        assert await sara.is_refused(merge, other=chen, evidence="code", reason=" ") == (400, "bad_merge_reason")
        assert await kim.is_refused(merge, other=chen, **named) == (403, "own_contact")
        (hint,) = (await sara.get(f"/contacts/{amina}"))["suggestions"]
        assert (hint["contact_id"], hint["why"]) == (dana, "same_reference")
        await sara.does(merge, other=dana, evidence="same_reference", reason=BECAUSE)
        assert await sara.is_refused(f"/contacts/{bilal}/merge", other=dana, **named) == (409, "merged_already")


async def test_what_comes_after_a_merge_goes_with_the_address_it_came_from(database: str) -> None:
    """A case that was opened since, and who was proved to write: a split leaves neither with the wrong person."""
    async with office(database) as (doors, sara):
        for address in ("amina", "bilal"):
            await doors.texts(address, "hello")
        amina, bilal = await contact_of(doors, "amina"), await contact_of(doors, "bilal")
        view = await sara.does(f"/contacts/{amina}/merge", other=bilal, evidence="call", reason=BECAUSE)
        await doors.texts("bilal", "a person please")
        await sara.does("/contacts/events", **happened(contact={"channel": "rest", "address": "bilal"}))
        doors.business.people["C001"] = {"name": "Bilal"}
        conversation = await sara.takes("bilal")
        await sara.does(f"{at(conversation)}/verify", version=conversation.control_version, business_ref="C001")
        parted = await sara.does(f"/contacts/{amina}/split", merge_id=view["merges"][0]["id"], reason="Two brothers.")
        left = await sara.get(f"/contacts/{amina}")
        assert (parted["id"], parted["business_ref"], len(parted["cases"])) == (bilal, "C001", 1)
        assert (left["business_ref"], left["display_name"], left["cases"]) == (None, None, [])
        told = await sara.get(f"/contacts/{bilal}/timeline?kinds=elsewhere")
        assert len(told["lines"]) == 1


async def test_cases_of_two_contacts_or_that_are_closed_are_not_merged(database: str) -> None:
    """Nor one that something is being done in; what waits for a decision is decided in the other one."""
    async with office(database) as (doors, sara):
        await doors.texts("amina", "refund my order")
        await doors.texts("amina", "a person please")
        await doors.texts("bilal", "a person please")
        by_trigger = {
            (c["contact_name"], c["trigger"], c["conversation_id"]): c for c in (await sara.get("/cases"))["cases"]
        }
        mine = str((await doors.conversation("rest", "amina")).id)
        refund, asked = (by_trigger[None, trigger, mine]["id"] for trigger in ("approval", "user_request"))
        (other,) = (case["id"] for key, case in by_trigger.items() if key[2] != mine)
        because = {"reason": "One thing."}
        assert await sara.is_refused(f"/cases/{asked}/merge", other=other, **because) == (409, "other_contact")
        assert await sara.is_refused(f"/cases/{asked}/merge", other=asked, **because) == (400, "same_case")
        assert await sara.is_refused(f"/cases/{asked}/merge", other="CASE-1", **because) == (404, "not_found")
        await doors.opened.database.run("UPDATE effects SET state = 'intended'")
        assert await sara.is_refused(f"/cases/{asked}/merge", other=refund, **because) == (409, "being_done")
        await doors.opened.database.run("UPDATE effects SET state = 'prepared'")
        await sara.does(f"/cases/{asked}/merge", other=refund, **because)
        assert await sara.is_refused(f"/cases/{asked}/merge", other=refund, **because) == (409, "case_closed")
        (effect,) = (await sara.get(f"/cases/{asked}"))["effects"]
        done = await sara.does("/effects/approve", key=effect["key"], hash=effect["hash"])
        assert (done["state"], done["case_id"]) == ("done", asked)
        assert (await sara.get(f"/cases/{asked}"))["case"]["outcome"] == "approved"


async def test_of_who_was_merged_everything_is_handed_out_and_erased(database: str) -> None:
    """Both addresses, both cases, what happened elsewhere and why they were merged; and then nothing of it is left."""
    async with office(database) as (doors, sara):
        for address in ("amina", "bilal"):
            await doors.texts(address, "a person please")
        amina, bilal = await contact_of(doors, "amina"), await contact_of(doors, "bilal")
        await sara.does("/contacts/events", **happened(summary="About the kettle."))
        view = await sara.does(f"/contacts/{bilal}/merge", other=amina, evidence="call", reason="It is Philippa.")
        first, second = (case["id"] for case in view["cases"])
        await sara.does(f"/cases/{first}/merge", other=second, reason="Both about the kettle.")
        held = PostgresPersonalData(doors.opened.database)
        (subject,) = await held.find("rest:amina", None)
        assert subject == Subject(contact_id=UUID(bilal), known_as="rest:amina")
        record = await held.export(subject)
        assert {identity.address for identity in record.identities} == {"amina", "bilal"}
        assert (len(record.contacts), len(record.conversations), len(record.cases)) == (2, 2, 2)
        assert [encounter.summary for encounter in record.encounters] == ["About the kettle."]
        assert [merge.reason for merge in record.merges] == ["It is Philippa."]
        assert [merge.reason for merge in record.case_merges] == ["Both about the kettle."]
        erasure = await held.erase(subject, closes_cases=True)
        assert len(erasure.kept_cases) == 2
        left = await dump(doors.opened.database)
        words = ("amina", "bilal", "Philippa", "kettle")
        assert {word: tables for word in words if (tables := found_in(left, word))} == {}
        assert left["contacts"] == []


async def test_every_table_that_belongs_to_a_contact_or_a_case_is_known_to_merging(database: str) -> None:
    """A table that nobody has thought about fails here: does it move with the person, with the case, or stay?"""
    asked = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = %s"
    async with open_store(database) as opened:
        of_contacts = {row[0] for row in await opened.database.rows(asked, ("contact_id",))}
        of_cases = {row[0] for row in await opened.database.rows(asked, ("case_id",))}
    assert of_contacts == {*MOVES, "search_documents"}
    assert of_cases == {*CASE_MOVES, *CASE_LINKS, "search_documents", "notices", "csat", "case_changes"}
