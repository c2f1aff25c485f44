"""Erasing a person: nothing of them is left, amounts stay without them, and nobody else is touched."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from relevo.contracts.personal import ERASED, Erasure
from relevo.contracts.store import Intent
from relevo.domain.cases import PRIVACY, TO_ERASE, TO_EXPORT
from relevo.domain.effects import EffectOrder, EffectState
from relevo.errors import Conflict, NotFound
from tests.integration.hands import written
from tests.integration.holding import (
    MAIL,
    NEEDLES,
    OLIVER,
    POINTS_KEY,
    dump,
    files,
    found_in,
    held_everywhere,
    staff,
)
from tests.integration.relaying import conversation_of
from tests.integration.talking import Customer, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

KEPT = {"effects", "cases", "mail_keys", "search_documents"}
"""Tables in which something of an erased person may stay, without them."""
UNTOUCHED = {
    "agents",
    "agent_sessions",
    "password_links",
    "bots",
    "models",
    "model_chunks",
    "installation",
    "overload",
    "process_numbers",
    "rate_limits",
    "refused_origins",
    "migrations",
    "search_progress",
    "tags",
    "saved_views",
    "canned_replies",
    "desk_settings",
    "macros",
    "api_tokens",
    "audit_log",
    "webhooks",
    "webhook_news",
    "platform_marks",
    "x_chat_pairs",
    "x_stops",
    "x_tokens",
    "x_windows",
    "post_incidents",
    "post_answers",
    "post_opt_outs",
}
"""Tables that hold nothing about contacts."""


async def erase(floor: Floor, term: str, *, closes_cases: bool = False) -> Erasure:
    """Erase whom a term means."""
    return await files(floor).erase(await files(floor).find(term), closes_cases=closes_cases)


async def verified(floor: Floor, address: str = "chat-77") -> Customer:
    """Have Oliver verified and nothing open."""
    oliver = floor.customer(address)
    await oliver.says("How many points do I have? I am AU73915024, booking OWH5T4")
    return oliver


async def refusal(floor: Floor, term: str = OLIVER, *, closes_cases: bool = False) -> str:
    """Try to erase, and give why not; nothing may have changed."""
    before = await dump(floor.opened.database)
    with pytest.raises(Conflict) as refused:
        await erase(floor, term, closes_cases=closes_cases)
    assert await dump(floor.opened.database) == before
    return str(refused.value)


async def test_nothing_of_an_erased_person_is_left_and_nobody_else_is_touched(floor: Floor) -> None:
    """Every table is searched for name, addresses, references and words; what stays are an amount and case numbers."""
    agent, database = await staff(floor), floor.opened.database
    await floor.customer("lucia").says("Me faltan los puntos de Dubái, soy AU48207315, reserva RBL7Q2")
    others = await dump(database)
    await held_everywhere(floor, agent)
    held = await dump(database)
    assert [needle for needle in NEEDLES if not found_in(held, needle)] == []
    assert {table for needle in NEEDLES for table in found_in(held, needle)} >= {
        *("contacts", "identities", "entries", "inbox", "tracker_events", "effects", "cases", "codes"),
        *("handoffs", "attachments"),
    }
    cases = [row[0] for row in await database.rows("SELECT id FROM cases WHERE business_ref = %s", (OLIVER,))]

    erasure = await erase(floor, OLIVER)

    left = await dump(database)
    assert {needle: tables for needle in NEEDLES if (tables := found_in(left, needle))} == {}
    more = {table: [row for row in rows if row not in others[table]] for table, rows in left.items()}
    assert {table for table, rows in more.items() if rows} <= KEPT | UNTOUCHED
    gone = {table for table, rows in others.items() if not set(rows) <= set(left[table])}
    assert gone <= UNTOUCHED, "somebody else's data changed"
    assert [(effect.key, effect.amount, effect.unit) for effect in erasure.kept_effects] == [
        (POINTS_KEY, 1245, "points")
    ]
    assert sorted(erasure.kept_cases) == sorted(cases)
    stay = await database.rows("SELECT business_ref, amount, unit, state FROM effects WHERE key = %s", (POINTS_KEY,))
    assert stay == [(ERASED, 1245, "points", "done")]


async def test_erasing_again_finds_nobody(floor: Floor) -> None:
    """The second time there is nothing, and nothing changes."""
    await verified(floor)
    await erase(floor, "rest:chat-77")
    before = await dump(floor.opened.database)
    for term in (OLIVER, MAIL, "rest:chat-77", "AU73915024"):
        with pytest.raises(NotFound, match=f"Relevo holds nothing about “{term}”"):
            await erase(floor, term)
    assert await dump(floor.opened.database) == before


async def test_who_writes_again_is_a_stranger(floor: Floor) -> None:
    """The bot remembers nothing, asks who it is, and credits nothing twice."""
    agent = await staff(floor)
    oliver = await held_everywhere(floor, agent)
    points = await floor.points(OLIVER)
    await erase(floor, OLIVER)
    oliver.position = 0
    assert "two" in await oliver.says("My points for flight AU3411 are missing")
    assert "already" in await oliver.says("AU73915024, booking OWH5T4")
    assert await floor.points(OLIVER) == points
    entries = await floor.opened.store.conversations.entries((await conversation_of(floor, oliver)).id, 0)
    assert entries[0].position == 1


async def test_an_open_case_keeps_a_person_until_it_is_closed_with_them(floor: Floor) -> None:
    """The refusal names the case; closed with the erasing, its number stays and tells why."""
    oliver = await verified(floor)
    await oliver.says("A person, please")
    (case,) = [case for case in await floor.cases() if case.business_ref == OLIVER]
    assert f"{case.id} ({case.type}) is open." in await refusal(floor)
    erasure = await erase(floor, OLIVER, closes_cases=True)
    assert erasure.closed_cases == (case.id,)
    left = await floor.opened.store.desk.case(case.id)
    assert (left.status, left.outcome, left.business_ref, left.goal) == ("closed", "erased", None, None)


async def test_whoever_is_with_a_person_is_not_erased_under_their_hands(floor: Floor) -> None:
    """Waiting for a person counts too; with the cases closed it is over, and the desk finds nothing."""
    await staff(floor)
    oliver = await verified(floor)
    await oliver.says("A person, please")
    conversation = await conversation_of(floor, oliver)
    assert "They are with a person, or wait for one." in await refusal(floor)
    await erase(floor, OLIVER, closes_cases=True)
    with pytest.raises(NotFound):
        await floor.opened.store.desk.conversation(conversation.id)


async def test_a_message_that_is_being_answered_is_waited_for(floor: Floor) -> None:
    """Whatever else is closed with it; one that still waits for its answer may be given up."""
    oliver = await verified(floor)
    await oliver.writes("And how many will I have in May?")
    assert "A message of theirs waits for its answer." in await refusal(floor)
    (claim,) = await floor.opened.store.inbox.claim(1)
    assert "being answered right now" in await refusal(floor, closes_cases=True)
    await floor.converse(claim)
    await erase(floor, OLIVER)


async def test_what_is_being_done_is_waited_for_and_what_is_undecided_is_named(floor: Floor) -> None:
    """An effect under way can still move money; one that waits for a decision is given up with the cases."""
    oliver = await verified(floor)
    conversation = await conversation_of(floor, oliver)
    effects = floor.opened.store.effects
    for key, state in (("refund:A:1", EffectState.INTENDED), ("refund:A:2", EffectState.PREPARED)):
        order = EffectOrder(key=key, kind="refund", business_ref=OLIVER, arguments={}, amount=100, unit="EUR")
        await effects.intend(order, state, "testing", Intent(conversation_id=conversation.id))
    assert "refund:A:1 is being done right now." in await refusal(floor, closes_cases=True)
    await floor.run("UPDATE effects SET state = 'unconfirmed' WHERE key = 'refund:A:1'")
    assert "refund:A:2 waits for a decision." in await refusal(floor)
    erasure = await erase(floor, OLIVER, closes_cases=True)
    assert [(effect.key, effect.state) for effect in erasure.kept_effects] == [("refund:A:1", "unconfirmed")]


@pytest.mark.parametrize(("wanted", "is_in_the_way"), [(TO_ERASE, False), (TO_EXPORT, True)])
async def test_the_case_that_asks_for_it_is_settled_by_it(floor: Floor, wanted: str, is_in_the_way: bool) -> None:
    """Who asked to be erased has an open case about just that; who wants a copy first must get it."""
    oliver = await verified(floor)
    conversation = await conversation_of(floor, oliver)
    await floor.run(
        "INSERT INTO cases (id, type, trigger, reference, business_ref, conversation_id)"
        " VALUES ('CASE-1', %s, 'user_request', %s, %s, %s)",
        (PRIVACY, wanted, OLIVER, conversation.id),
    )
    if is_in_the_way:
        assert "CASE-1 (privacy) is open." in await refusal(floor)
    else:
        assert (await erase(floor, OLIVER)).closed_cases == ("CASE-1",)


async def test_a_browser_that_two_people_share_is_told_apart(floor: Floor) -> None:
    """What both said in one conversation goes with whoever is erased; the other stays verified, with their cases."""
    shared = await verified(floor, "family-pc")
    await floor.run("UPDATE identities SET verified_until = now() - interval '1 hour', failed_tries = 0")
    await shared.says("Soy Lucía, AU48207315, reserva RBL7Q2. ¿Cuántos puntos tengo?")
    assert (await conversation_of(floor, shared)).identity.business_ref == "C001"
    await shared.says("quiero hablar con una persona")
    (case,) = [case for case in await floor.cases() if case.business_ref == "C001"]
    assert f"{case.id} of somebody else is open" in await refusal(floor, closes_cases=True)
    await floor.run("UPDATE cases SET status = 'closed', closed_at = now()")
    erasure = await erase(floor, OLIVER)
    assert (erasure.erased.shared, erasure.kept_cases) == (1, ())
    assert (await floor.opened.store.desk.case(case.id)).business_ref == "C001"
    shared.position = 0
    assert "18.250" in await shared.says("¿Cuántos puntos tengo?")


async def test_a_message_that_comes_meanwhile_begins_a_conversation_of_its_own(floor: Floor) -> None:
    """It waits for the erasing and is kept: nothing that was acknowledged is lost."""
    await verified(floor)
    database, inbox = floor.opened.database, floor.opened.store.inbox
    async with database.connection() as connection, connection.transaction():
        await connection.execute("SELECT FROM contacts WHERE business_ref = %s FOR UPDATE", (OLIVER,))
        erasing = asyncio.create_task(erase(floor, OLIVER))
        await _waits_for_a_lock(floor, 1)
        arriving = asyncio.create_task(inbox.receive([written("Hello again", number=9, by="chat-77", channel="rest")]))
        await _waits_for_a_lock(floor, 2)
    await erasing
    (received,) = await arriving
    assert (received.is_new, received.position) == (True, 1)
    conversation = await floor.opened.store.conversations.get(received.conversation_id)
    assert conversation.identity.business_ref is None


async def test_every_table_is_known_to_the_erasing(floor: Floor) -> None:
    """A table that nobody has thought about fails here: is there anything about a person in it, and who erases it?"""
    from relevo.store import personal_erase

    tables = set(await dump(floor.opened.database))
    named = tables & set(re.findall(r"\w+", personal_erase._ERASE))
    by_cascade = {"attachment_chunks", "search_places", "conversation_looks", "webhook_deliveries", "x_parts"} | {
        "post_readings"
    }
    assert tables == named | by_cascade | UNTOUCHED | {"mail_keys"}


async def _waits_for_a_lock(floor: Floor, count: int) -> None:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(400):
        if (await floor.opened.database.rows(asked))[0][0] >= count:
            return
        await asyncio.sleep(timedelta(milliseconds=25).total_seconds())
    pytest.fail("nobody waits")


async def test_what_was_confirmed_by_mail_is_forgotten_with_the_effect(floor: Floor) -> None:
    """The key of such a mail holds the person's reference; that of an amount that stays, stays."""
    await verified(floor)
    await floor.run(
        "INSERT INTO effects (key, kind, business_ref, arguments, state, hash)"
        " VALUES ('change_email:C002:1', 'change_email', 'C002', '{}', 'done', 'x')"
    )
    keys = ("confirmation:change_email:C002:1", "confirmation:change_email:C002:1:before", "confirmation:other:C001")
    for key in keys:
        await floor.run("INSERT INTO mail_keys (key) VALUES (%s)", (key,))
    await erase(floor, OLIVER)
    assert await floor.opened.database.rows("SELECT key FROM mail_keys") == [(keys[2],)]
