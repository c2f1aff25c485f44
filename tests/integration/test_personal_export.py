"""What is held about a person, handed out: all of it, in the published shape, and nobody else's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from relevo.contracts.personal import ContactRecord
from relevo.errors import Conflict, NotFound
from relevo.web.schemas import schema_of
from tests.integration.holding import MAIL, OLIVER, POINTS_KEY, TOLD, files, held_everywhere, staff
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


async def exported(floor: Floor, term: str) -> ContactRecord:
    """Give what is handed out about whom a term means."""
    return await files(floor).export(await files(floor).find(term))


def document(record: ContactRecord) -> dict[str, Any]:
    """Give a record as it is read by others, in the published shape."""
    read: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    Draft202012Validator(schema_of("contact")).validate(read)
    return read


async def test_everything_that_is_held_is_handed_out(floor: Floor) -> None:
    """Who they are, what was said and noted, what was done, what was mailed, what they sent and who looked at it."""
    agent = await staff(floor)
    await floor.customer("lucia").says("Me faltan los puntos de Dubái, soy AU48207315, reserva RBL7Q2")
    await held_everywhere(floor, agent)
    told = document(await exported(floor, OLIVER))
    assert [contact["display_name"] for contact in told["contacts"]] == ["Oliver James Whitfield"]
    assert {(i["channel"], i["address"]) for i in told["identities"]} == {("rest", "chat-77"), ("email", MAIL)}
    chat, mails = sorted(told["conversations"], key=lambda one: one["channel"] == "email")
    assert {entry["kind"] for entry in chat["timeline"]} >= {"message", "note", "case", "control", "effect", "handback"}
    assert [arrival["text"] for arrival in chat["arrivals"]][2].endswith(TOLD[0] + " left me")
    assert {event["event"] for event in chat["bot_memory"]} >= {"user", "bot", "slot"}
    assert [handoff["handback"]["outcome"] for handoff in chat["handoffs"]] == ["resolved"]
    assert [entry["delivery"]["state"] for entry in mails["timeline"]] == ["queued", "queued"]
    assert "1,245 points" in mails["timeline"][0]["content"]["text"]
    assert [(code["address"], code["answer"]) for code in told["codes"]] == [(MAIL, "wrong")]
    assert [(effect["key"], effect["amount"]) for effect in told["effects"]] == [(POINTS_KEY, 1245)]
    assert {case["status"] for case in told["cases"]} == {"resolved"}
    passport, unsent = told["attachments"]
    assert [view["agent"] for view in passport["views"]] == ["Noelia Prat"]
    assert (passport["kind"], unsent["name"]) == ("identity_document", "my late aunt Philippa.jpg")
    everything = msgspec.json.encode(told).decode()
    assert all(words in everything for words in TOLD)
    assert "Lucía" not in everything


async def test_the_codes_that_were_sent_are_not_handed_out(floor: Floor) -> None:
    """One that still lives would open whatever it protects."""
    await held_everywhere(floor, await staff(floor))
    record = await exported(floor, OLIVER)
    waiting = await floor.opened.database.rows(
        "SELECT sent_instead ->> 'text' FROM deliveries WHERE sent_instead IS NOT NULL"
    )
    assert len(waiting) == 1
    assert waiting[0][0] not in msgspec.json.encode(record).decode()


async def test_the_files_are_handed_out_or_it_is_said_why_not(floor: Floor) -> None:
    """What was erased before is named without its bytes."""
    await held_everywhere(floor, await staff(floor))
    await floor.run("UPDATE attachments SET erased_at = now() WHERE conversation_id IS NULL")
    record = await exported(floor, OLIVER)
    bodies = {name: body async for name, body in files(floor).bodies(record)}
    passport, erased = record.attachments
    assert passport.file is not None
    assert bodies[passport.file].startswith(b"\xff\xd8")
    assert (erased.file, "was erased" in str(erased.problem)) == (None, True)
    document(record)


@pytest.mark.parametrize(
    "term", [OLIVER, MAIL, MAIL.upper(), f" {MAIL} ", f"email:{MAIL}", "rest:chat-77", "AU73915024"]
)
async def test_a_person_is_found_by_what_is_at_hand(floor: Floor, term: str) -> None:
    """Their reference, an address of theirs on a channel, their mail address or their loyalty number."""
    await floor.customer("chat-77").says("How many points do I have? I am AU73915024, booking OWH5T4")
    await floor.run(
        "INSERT INTO identities (contact_id, channel, address, business_ref)"
        " SELECT id, 'email', %s, %s FROM contacts WHERE business_ref = %s",
        (MAIL, OLIVER, OLIVER),
    )
    assert (await files(floor).find(term)).business_ref == OLIVER


async def test_a_stranger_is_found_by_their_address_alone(floor: Floor) -> None:
    """Nobody verified them, so what they wrote is theirs and no customer's; nothing is known by any other name."""
    await floor.customer("stranger").says("Hello, my name is Oliver Whitfield")
    record = await exported(floor, "rest:stranger")
    assert (record.business_ref, len(record.conversations)) == (None, 1)
    for term in (OLIVER, MAIL, "rest:nobody", "Oliver Whitfield", "", "%"):
        with pytest.raises(NotFound, match="Relevo holds nothing about"):
            await exported(floor, term)


async def test_a_term_that_may_be_two_people_is_asked_about(floor: Floor) -> None:
    """A stranger who writes from an address on file is not taken for its owner."""
    await floor.customer("chat-77").says("How many points do I have? I am AU73915024, booking OWH5T4")
    await floor.run(
        "WITH k AS (INSERT INTO contacts DEFAULT VALUES RETURNING id)"
        " INSERT INTO identities (contact_id, channel, address) SELECT id, 'email', %s FROM k",
        (MAIL,),
    )
    with pytest.raises(Conflict, match=f"more than one person here: {OLIVER}, email:{MAIL}"):
        await exported(floor, MAIL)


async def test_what_two_people_said_in_one_browser_is_withheld(floor: Floor) -> None:
    """Neither gets to read the other: a person tells apart who said what."""
    shared = floor.customer("family-pc")
    await shared.says("How many points do I have? I am AU73915024, booking OWH5T4")
    await floor.run("UPDATE identities SET verified_until = now() - interval '1 hour'")
    await shared.says("Soy Lucía, AU48207315, reserva RBL7Q2. ¿Cuántos puntos tengo?")
    for ref in (OLIVER, "C001"):
        record = await exported(floor, ref)
        assert ([conversation.channel for conversation in record.withheld], record.conversations) == (["rest"], [])
