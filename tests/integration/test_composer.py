"""How agents write and work together: nothing is sent twice, unseen, unfinished or by accident, and nothing is lost."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from relevo.domain.effects import Decision
from relevo.flow.macros import checked_steps
from relevo.store.aurora.desk import AuroraDesk
from tests.integration.composing import Room, room
from tests.integration.desks import NOELIA, DeskOf, desk_of, prepared

pytestmark = pytest.mark.anyio
EVER, NEVER = datetime(2000, 1, 1, tzinfo=timezone.utc), datetime(2100, 1, 1, tzinfo=timezone.utc)


async def test_a_reply_waits_for_a_moment_in_which_it_may_be_taken_back(database: str) -> None:
    """Until then only the desk sees it; taken back it is a draft; it is read in the order of writing, and once."""
    async with room(database) as here:
        sara, before = here.sara, await here.spoken()
        said = {"text": "First words", "client_id": "c1", "may_undo": True}
        first = await sara.does(f"{here.here}/replies", **said)
        assert first["position"] is None
        assert first["due_at"] is not None
        assert (await sara.does(f"{here.here}/replies", **said))["position"] is None  # pressed twice
        await sara.does(f"{here.here}/replies", text="Second words", client_id="c2", may_undo=True)
        assert await here.spoken() == before
        assert await here.send_due(is_due=False) == 0
        assert [each["text"] for each in (await here.composer())["being_sent"]] == ["First words", "Second words"]
        assert await sara.does(f"{here.here}/replies/undo", client_id="c1") == {"text": "First words"}
        assert [draft["text"] for draft in (await here.composer())["drafts"]] == ["First words"]
        assert await here.kim.is_refused(f"{here.here}/replies/undo", client_id="c2") == (409, "already_sent")
        assert await here.send_due() == 1
        assert await sara.is_refused(f"{here.here}/replies/undo", client_id="c2") == (409, "already_sent")
        again = await sara.does(f"{here.here}/replies", text="Second words", client_id="c2", may_undo=True)
        assert again["position"] == await here.position()
        assert (await here.spoken())[len(before) :] == ["message agent: Second words"]


async def test_what_waits_goes_out_before_control_does_and_is_kept_where_it_cannot(database: str) -> None:
    """A reply at once, handing back and a colleague who takes over send it first; without control it is a draft."""
    async with room(database) as here:
        sara = here.sara
        await sara.does(f"{here.here}/replies", text="One moment", client_id="c1", may_undo=True)
        await sara.says(here.amina, "Here it is")
        assert (await here.spoken())[-2:] == ["message agent: One moment", "message agent: Here it is"]
        await sara.does(f"{here.here}/replies", text="Goodbye", client_id="c3", may_undo=True)
        version = here.amina.control_version
        await sara.does(f"{here.here}/hand-back", version=version, outcome="resolved")
        assert "message agent: Goodbye" in await here.spoken()
        here.amina = await sara.takes("amina")
        await sara.does(f"{here.here}/replies", text="Lost?", client_id="c4", may_undo=True)
        await here.doors.opened.database.run("UPDATE conversations SET control = 'queued', agent_id = NULL")
        assert await here.send_due() == 1
        assert "message agent: Lost?" not in await here.spoken()
        (draft,) = (await here.composer())["drafts"]
        assert (draft["text"], draft["was_not_sent"]) == ("Lost?", True)


async def test_whoever_writes_hears_what_was_written_since_they_began(database: str) -> None:
    """A new message, or a colleague who types, stops a reply once; who has seen it sends it all the same."""
    async with room(database) as here:
        sara, seen = here.sara, await here.position()
        await here.doors.post("amina", "wait, one more thing")
        await here.kim.does(f"{here.here}/notes", text="She rang, too", client_id="n1")
        body = {"text": "All right", "client_id": "c1", "seen": seen}
        answer = await sara.post(f"{here.here}/replies", **body)
        assert answer.status_code == 409
        error = answer.json()["error"]
        assert (error["code"], error["details"]["count"]) == ("seen_since", 2)
        assert error["message"].startswith("2 new messages since you began")
        body["seen"] = error["details"]["position"]
        sent = await sara.does(f"{here.here}/replies", **body)
        assert await sara.does(f"{here.here}/replies", **{**body, "seen": seen}) == sent  # a retry is never asked
        body |= {"client_id": "c2", "seen": sent["position"]}
        assert (await here.kim.does(f"{here.here}/looking", is_typing=True))["others"] == []
        assert (await sara.does(f"{here.here}/looking"))["others"] == [
            {"agent_id": here.kim.agent.id, "name": "Kim Doe", "is_typing": True}
        ]
        refusal = await sara.post(f"{here.here}/replies", **body)
        assert refusal.json()["error"]["details"] == {"name": "Kim Doe"}
        await sara.does(f"{here.here}/replies", **body, is_sure=True)
        await here.doors.opened.database.run("UPDATE lookers SET seen_at = now() - interval '16 seconds'")
        assert (await sara.does(f"{here.here}/looking"))["others"] == []
        await sara.does(f"{here.here}/replies", **{**body, "client_id": "c3", "seen": await here.position()})


async def test_what_the_bot_wanted_to_say_is_sent_or_dropped_once(database: str) -> None:
    """It goes to the contact as the agent's words, with nothing but its text; a second decision is refused by name."""
    async with room(database) as here:
        sara, kim = here.sara, here.kim
        first, second = await _held(here, "I found your order"), await _held(here, "Shall I refund it?")
        assert await kim.is_refused(f"{here.here}/held/send", position=first) == (409, "not_in_control")
        sent = await sara.does(f"{here.here}/held/send", position=first)
        assert await sara.does(f"{here.here}/held/send", position=first) == sent
        await sara.does(f"{here.here}/held/drop", position=second)
        await sara.does(f"{here.here}/held/drop", position=second)
        assert await sara.is_refused(f"{here.here}/held/send", position=second) == (409, "held_decided")
        assert await sara.is_refused(f"{here.here}/held/send", position=1) == (404, "not_found")
        assert (await here.spoken())[-1] == "message agent: I found your order"
        decided = {each["position"]: (each["state"], each["agent_name"]) for each in (await here.composer())["held"]}
        assert decided == {first: ("sent", "Sara Molina"), second: ("dropped", "Sara Molina")}
        page = await sara.page(f"/desk/conversations/{here.amina.id}")
        assert page.count("Sent by Sara Molina") == page.count("Dropped by Sara Molina") == 1
        assert "I found your order" in await here.doors.texts("amina", "hello?")


async def _held(here: Room, text: str) -> int:
    """Have the bot's answer come too late: as a turn leaves it whose control was taken meanwhile."""
    rows = await here.doors.opened.database.rows(
        "WITH grown AS (UPDATE conversations SET last_position = last_position + 1 WHERE id = %s"
        " RETURNING id, last_position) INSERT INTO entries (conversation_id, position, kind, author, content)"
        " SELECT id, last_position, 'draft', 'bot', jsonb_build_object('text', %s::text) FROM grown RETURNING position",
        (here.amina.id, text),
    )
    return int(rows[0][0])


async def test_drafts_survive_another_machine_and_end_with_what_is_sent(database: str) -> None:
    """A reply and a note each; empty forgets; 100 kB is refused with a sentence; nobody else reads them."""
    async with room(database) as here:
        sara = here.sara
        draft = {"kind": "reply", "text": "Dear <b>Amina</b>", "seen": 3}
        await sara.does(f"{here.here}/drafts", **draft)
        await sara.does(f"{here.here}/drafts", kind="note", text="ask Kim")
        page = await sara.page(f"/desk/conversations/{here.amina.id}")
        assert "Dear \\u003cb" in page
        assert (await here.kim.get(f"{here.here}/composer"))["drafts"] == []
        status, code = await sara.is_refused(f"{here.here}/drafts", kind="reply", text="x" * 100_000)
        assert (status, code) == (400, "wrong_type")
        assert await sara.is_refused(f"{here.here}/replies", text="x" * 100_000, client_id="c") == (
            413,
            "text_too_long",
        )
        kept = {each["kind"]: each["text"] for each in (await here.composer())["drafts"]}
        assert kept == {"reply": "Dear <b>Amina</b>", "note": "ask Kim"}
        await sara.says(here.amina, "Dear Amina")
        await sara.does(f"{here.here}/drafts", kind="note", text=" ")
        assert (await here.composer())["drafts"] == []
        unknown = "/conversations/00000000-0000-4000-8000-000000000000"
        assert await sara.is_refused(f"{unknown}/drafts", **draft) == (404, "not_found")


async def test_a_conversation_is_given_to_a_colleague_with_a_note(database: str) -> None:
    """Control, cases and the note reach them; the contact hears the name; stale versions and strangers are refused."""
    async with room(database) as here:
        sara, kim, version = here.sara, here.kim, here.amina.control_version
        for target, refusal in ((sara, (409, "own_transfer")), (None, (404, "no_colleague"))):
            agent = target.agent.id if target else 999
            assert await sara.is_refused(f"{here.here}/transfer", version=version, agent_id=agent) == refusal
        body = {"version": version, "agent_id": kim.agent.id, "note": "She speaks <i>French</i>"}
        assert await here.noelia.is_refused(f"{here.here}/transfer", **body) == (409, "taken_over")
        given = await sara.does(f"{here.here}/transfer", **body)
        assert (given["agent_name"], given["control_version"]) == ("Kim Doe", version + 1)
        assert await sara.is_refused(f"{here.here}/transfer", **body) == (409, "taken_over")
        mentions = await kim.get("/mentions")
        assert (mentions["unread"], mentions["mentions"][0]["by_name"]) == (1, "Sara Molina")
        assert [case["agent_name"] for case in (await kim.get("/cases?show=mine"))["cases"]] == ["Kim Doe"]
        assert (await here.spoken())[-2:] == [
            "note agent: She speaks <i>French</i>",
            "message system: Kim Doe takes over from here and has everything you've written.",
        ]
        page = await kim.page(f"/desk/conversations/{here.amina.id}")
        assert "Sara Molina → <b>Kim Doe</b>" in page
        assert "She speaks &lt;i&gt;French" in page
        await kim.says(here.amina, "Bonjour")


async def test_a_note_calls_whom_it_names(database: str) -> None:
    """By name or first name, whatever accents and case; once; the list says what is new, and reading ends that."""
    async with room(database) as here:
        kim = here.kim
        for text in ("@kim, @NOELIA PRAT: please look", "mail to x@kim.example", "@sara myself"):
            await here.sara.does(f"{here.here}/notes", text=text, client_id=text[:9])
        found = await kim.get("/mentions")
        assert [(each["text"], each["read_at"]) for each in found["mentions"]] == [
            ("@kim, @NOELIA PRAT: please look", None)
        ]
        assert (found["unread"], (await here.noelia.get("/mentions"))["unread"]) == (1, 1)
        assert (await here.sara.get("/mentions"))["mentions"] == []
        assert "@kim, @NOELIA PRAT" in await kim.page("/desk/mentions")
        assert (await kim.does("/mentions/read", up_to=found["mentions"][0]["id"]))["unread"] == 0
        assert (await here.noelia.get("/mentions"))["unread"] == 1


async def test_ready_replies_are_filled_and_never_sent_with_a_gap(database: str) -> None:
    """Everybody keeps their own, supervisors everybody's; what nobody knows is named, and stops the reply."""
    async with room(database) as here:
        sara, noelia = here.sara, here.noelia
        thanks = {"language": "en", "code": "/Thanks", "title": "Thanks", "text": "Thanks, {{contact.name}}, {{ x }}!"}
        assert await sara.is_refused("/canned", **thanks, is_shared=True) == (403, "shared_words")
        await noelia.does("/canned", **thanks, is_shared=True)
        assert await noelia.is_refused("/canned", **thanks, is_shared=True) == (409, "code_taken")
        mine = {**thanks, "code": "case", "text": "{{agent.first_name}} has {{case.id}} about {{ case.order }}"}
        (shared,) = (await sara.get("/canned"))["replies"]
        (own, _) = (await sara.does("/canned", **mine))["replies"]
        assert (own["code"], shared["code"], len((await here.kim.get("/canned"))["replies"])) == ("case", "thanks", 1)
        assert await sara.is_refused("/canned/remove", id=shared["id"]) == (403, "shared_words")
        assert await here.kim.is_refused("/canned/change", **mine, id=own["id"]) == (404, "not_found")
        for wrong, code in (({"code": "two words"}, "bad_code"), ({"language": "E1"}, "bad_language")):
            assert await sara.is_refused("/canned", **{**mine, **wrong}) == (400, code)
        filled = {each["code"]: each for each in (await sara.get(f"{here.here}/canned"))["replies"]}
        assert filled["thanks"]["missing"] == ["contact.name"]
        assert filled["case"]["missing"] == []
        assert filled["case"]["text"].startswith("Sara has CASE-")
        unfilled = {"text": filled["thanks"]["text"], "client_id": "c1"}
        answer = await sara.post(f"{here.here}/replies", **unfilled)
        assert (answer.status_code, answer.json()["error"]["details"]) == (409, {"names": "contact.name"})
        await sara.says(here.amina, mine["text"])
        assert (await here.spoken())[-1].startswith("message agent: Sara has CASE-")
        assert (await sara.does("/canned/remove", id=own["id"]))["replies"] == [shared]
        page = await sara.page("/desk/replies")
        assert "Thanks, {{contact.name}}" in page


async def test_a_macro_takes_its_steps_until_one_is_refused(database: str) -> None:
    """Each step is what could have been done by hand; the run says where it ended, and repeated it writes nothing."""
    async with room(database) as here:
        sara, noelia = here.sara, here.noelia
        text = {"language": "en", "code": "bye", "title": "Bye", "text": "Goodbye, {{agent.name}} was here"}
        await noelia.does("/canned", **text, is_shared=True)
        wrong: list[dict[str, Any]]
        for wrong in ([{"do": "dance"}], [{"do": "reply"}], [{"do": "promise", "minutes": 0}], [{"do": "note"}]):
            assert await sara.is_refused("/macros", name="x", steps=wrong) == (400, "bad_steps")
        steps = [
            {"do": "reply", "code": "bye"},
            {"do": "note", "text": "done by macro"},
            {"do": "promise", "minutes": 60},
            {"do": "close", "outcome": "resolved"},
            {"do": "reply", "text": "too late"},
        ]
        (macro,) = (await noelia.does("/macros", name="Say goodbye", steps=steps, is_shared=True))["macros"]
        assert macro["steps"] == steps
        assert await sara.is_refused("/macros/remove", id=macro["id"]) == (403, "shared_words")
        run = {"macro_id": macro["id"], "client_id": "run-1"}
        told = await sara.does(f"{here.here}/run", **run)
        assert [(step["do"], step["code"]) for step in told["steps"]] == [
            ("reply", None),
            ("note", None),
            ("promise", None),
            ("close", None),
            ("reply", "not_in_control"),
        ]
        assert told["is_done"] is False
        before = await here.spoken()
        assert before[-2:] == ["message agent: Goodbye, Sara Molina was here", "note agent: done by macro"]
        await sara.does(f"{here.here}/run", **run)
        assert await here.spoken() == before


async def test_a_macro_changes_its_case_and_approves_no_more_than_its_agent_may(database: str) -> None:
    """Tags, snooze, priority, and the one effect that waits; beyond one's limit the run ends there and says why."""
    async with room(database) as here, desk_of(here.doors, "Rita Roe", powers=NOELIA) as rita:
        sara, doors = here.sara, here.doors
        wrong: list[dict[str, Any]]
        for wrong in ([{"do": "tag"}], [{"do": "snooze", "minutes": 0}], [{"do": "priority", "level": "low"}],
                      [{"do": "prepare", "kind": "refund", "amount": 1, "reason": "x"}]):  # fmt: skip
            assert await sara.is_refused("/macros", name="x", steps=wrong) == (400, "bad_steps")
        doors.policies.decision = Decision.NEEDS_APPROVAL
        await prepared(doors, sara, "bilal")
        bilal = await doors.conversation("rest", "bilal")
        (case,) = [each.id for each in await doors.opened.store.desk.cases_of(bilal.id)]
        steps = [
            {"do": "tag", "tag": "vip"},
            {"do": "tag", "tag": "soon"},
            {"do": "untag", "tag": "vip"},
            {"do": "priority", "level": "urgent"},
            {"do": "prepare", "kind": "voucher", "amount": 2_000, "reason": "sorry"},
        ]
        (macro,) = (await here.noelia.does("/macros", name="Settle", steps=steps, is_shared=True))["macros"]
        approving = [{"do": "snooze", "minutes": 60}, {"do": "approve", "kind": "refund"}]
        macros = (await here.noelia.does("/macros", name="Yes", steps=approving, is_shared=True))["macros"]
        yes = next(each["id"] for each in macros if each["name"] == "Yes")
        here.amina = bilal
        assert (await _runs(here, sara, macro["id"], "r1"))[-2:] == [("priority", None), ("prepare", "unknown_contact")]
        (listed,) = [each for each in (await sara.get("/cases"))["cases"] if each["id"] == case]
        assert ([tag["name"] for tag in listed["tags"]], listed["priority"]["level"]) == (["soon"], "urgent")
        assert await _runs(here, sara, yes, "r2") == [("snooze", None), ("approve", "no_limit")]
        await doors.opened.database.run("UPDATE cases SET business_ref = 'C001' WHERE id = %s", (case,))
        assert (await _runs(here, rita, macro["id"], "r3"))[-1] == ("prepare", None)
        assert [each["state"] for each in (await sara.get(f"/cases/{case}"))["effects"]] == ["prepared", "done"]
        assert await _runs(here, rita, yes, "r4") == [("snooze", None), ("approve", None)]
        assert await _runs(here, rita, yes, "r5") == [("snooze", "no_open_case")]
        await doors.opened.database.run(
            "UPDATE cases SET status = 'open', priority_reasons = priority_reasons || %s::jsonb WHERE id = %s",
            ('[{"code": "safety", "points": 100}]', case),
        )
        assert await sara.is_refused(f"/cases/{case}/priority", level="high") == (409, "grave")


async def _runs(here: Room, desk: DeskOf, macro_id: int, client_id: str) -> list[tuple[str, str | None]]:
    """Run a macro and give its steps with why the last one was refused."""
    told = await desk.does(f"{here.here}/run", macro_id=macro_id, client_id=client_id)
    return [(step["do"], step["code"]) for step in told["steps"]]


async def test_the_demo_has_ready_words_in_both_languages(database: str) -> None:
    """They are everybody's, are filled with what a case knows, have steps that can be taken, and come once."""
    async with room(database) as here:
        store, ready = here.doors.opened, here.doors.opened.store.composer.ready
        for _ in range(2):
            await AuroraDesk(store.database).load(EVER)
        replies, macros = await ready.replies(here.sara.agent.id), await ready.macros(here.sara.agent.id)
        languages = [reply.language for reply in replies]
        assert languages.count("es") == languages.count("en") == 5
        codes = {reply.code for reply in replies}
        for macro in macros:
            assert checked_steps(macro.steps) == [dict(step) for step in macro.steps]
            assert {step["code"] for step in macro.steps if "code" in step} <= codes
        await ready.remove_reply(replies[0].id)
        await AuroraDesk(store.database).load(EVER)
        assert len(await ready.replies(here.sara.agent.id)) == 9
