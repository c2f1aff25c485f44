"""One-time codes: sent by mail to the address on file, shown nowhere else, tried a few times, then dead."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from relevo.contracts.store import Claim
from relevo.domain.codes import MAX_WRONG_TRIES, CodeCheck, CodeSending
from relevo.domain.contacts import Level
from relevo.errors import AccessDenied
from relevo.flow.turn import ConversationTurn, TurnServices
from relevo.testing.ledger import Ledger, Permissive
from tests.integration.hands import claimed, everything, written
from tests.integration.mail_server import Fault, mail_server
from tests.integration.posting import ADDRESS, Office, mail, open_office

pytestmark = pytest.mark.anyio

PEOPLE = {
    "C001": {"name": "Amina", "loyalty_number": "L1", "email": ADDRESS},
    "C002": {"name": "Bilal", "loyalty_number": "L2", "email": "no address"},
}


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    """Give an office of this test alone."""
    async with open_office(database) as opened:
        yield opened


class Chat:
    """Somebody who writes in the chat, one turn a message."""

    def __init__(self, office: Office, by: str = "amina", *, ref: str | None = "C001") -> None:
        self.office, self.by, self.ref, self.said = office, by, ref, 0

    async def claim(self) -> Claim:
        """Write something, and begin its turn."""
        self.said += 1
        message = written(str(self.said), number=self.said, by=self.by)
        return await claimed(self.office.opened.store.inbox, message)

    def turn(self, claim: Claim) -> ConversationTurn:
        """Give the turn of a message; begun again, it is another one of the same message."""
        services = TurnServices(
            business=Ledger(PEOPLE),
            effects=self.office.opened.store.effects,
            policies=Permissive(),
            codes=self.office.codes,
        )
        turn = ConversationTurn(claim=claim, services=services)
        if self.ref is not None and turn.level < Level.TWO_FACTS:
            turn.who.rise(self.ref, Level.TWO_FACTS)
        return turn

    async def says(self, code: str | None = None) -> CodeSending | CodeCheck:
        """Ask for a code, or give one, in a turn of its own that ends well."""
        claim = await self.claim()
        turn = self.turn(claim)
        found = await turn.send_code() if code is None else await turn.check_code(code)
        await self.office.opened.store.inbox.settle(claim, turn.outcome())
        return found

    async def level(self) -> Level:
        """Give the level that is kept."""
        found = await self.office.opened.store.conversations.find("push", self.by)
        assert found is not None
        return found.identity.level


async def waiting_codes(office: Office) -> list[str]:
    """Give the codes that wait in the outbox, oldest first."""
    found = await office.opened.database.rows(
        "SELECT sent_instead ->> 'text' FROM deliveries WHERE sent_instead IS NOT NULL ORDER BY id"
    )
    return [match[0] for (text,) in found if (match := re.search(r"\b\d{6}\b", text))]


async def let_codes_grow_old(office: Office, by: timedelta) -> None:
    """Let time pass for codes."""
    await office.opened.database.run("UPDATE codes SET sent_at = sent_at - %s, expires_at = expires_at - %s", (by, by))


def wrong(code: str) -> str:
    """Give another code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_code_goes_to_the_address_on_file_and_proves_who_reads_it(office: Office) -> None:
    """Given back in time it raises the level; it works once."""
    amina = Chat(office)
    async with mail_server() as server:
        office.sends_to(server)
        assert await amina.says() is CodeSending.SENT
        await office.deliver()
        (sent,) = server.mails
        assert (sent["To"], sent["Subject"]) == (ADDRESS, "Your code from Aurora")
        (code,) = re.findall(r"\b\d{6}\b", server.texts[0])
    assert await amina.level() is Level.TWO_FACTS
    assert await amina.says(f" {code[:3]} {code[3:]}.") is CodeCheck.RIGHT
    assert await amina.level() is Level.CODE
    assert await amina.says(code) is CodeCheck.DEAD
    assert await amina.level() is Level.CODE


async def test_a_code_is_nowhere_but_in_its_mail(office: Office) -> None:
    """Agents see dots, the database keeps a hash, logs know nothing; what was waiting is forgotten once it has left."""
    amina = Chat(office)
    async with mail_server() as server:
        office.sends_to(server)
        with structlog.testing.capture_logs() as logs:
            await amina.says()
            (code,) = await waiting_codes(office)
            await amina.says(wrong(code))
            server.fail(Fault.GOES_AFTER_WORDS)
            await office.deliver()
        assert code in server.texts[0]
    (entry,) = await office.timeline()
    assert entry.content.text is not None
    assert "••••••" in entry.content.text
    kept = await everything(office.opened.database)
    kept["codes"] = await office.opened.database.rows("SELECT t::text FROM codes t")
    kept["mail_keys"] = await office.opened.database.rows("SELECT t::text FROM mail_keys t")
    assert not [table for table, rows in kept.items() if any(re.search(rf"\b{code}\b", row[0]) for row in rows)]
    assert logs
    assert not re.search(rf"\b{code}\b", str(logs))


async def test_five_wrong_tries_and_the_code_is_dead(office: Office) -> None:
    """The right one does not help any more; a new one does."""
    amina = Chat(office)
    await amina.says()
    (code,) = await waiting_codes(office)
    tried = [await amina.says(wrong(code)) for _ in range(MAX_WRONG_TRIES)]
    assert tried == [CodeCheck.WRONG] * 4 + [CodeCheck.DEAD]
    assert await amina.says(code) is CodeCheck.DEAD
    assert await amina.level() is Level.TWO_FACTS
    await amina.says()
    assert await amina.says((await waiting_codes(office))[-1]) is CodeCheck.RIGHT


@pytest.mark.parametrize("text", ["", "none", "12345", "1234567", "١٢٣٤٥٦", "0" * 60])
async def test_what_is_no_code_is_wrong(office: Office, text: str) -> None:
    """Whatever somebody types."""
    amina = Chat(office)
    await amina.says()
    assert await amina.says(text) is CodeCheck.WRONG


async def test_a_code_lives_for_ten_minutes(office: Office) -> None:
    """Not a second longer."""
    amina = Chat(office)
    await amina.says()
    (code,) = await waiting_codes(office)
    await let_codes_grow_old(office, timedelta(minutes=10))
    assert await amina.says(code) is CodeCheck.DEAD


async def test_a_new_code_ends_the_one_before(office: Office) -> None:
    """One lives at most."""
    amina = Chat(office)
    await amina.says()
    await amina.says()
    first, second = await waiting_codes(office)
    if first != second:
        assert await amina.says(first) is CodeCheck.WRONG
    assert await amina.says(second) is CodeCheck.RIGHT


async def test_an_identity_gets_three_codes_an_hour(office: Office) -> None:
    """What is too much is told, and ends nothing that lives."""
    amina = Chat(office)
    assert [await amina.says() for _ in range(4)] == [CodeSending.SENT] * 3 + [CodeSending.TOO_MANY]
    assert len(await office.timeline()) == 3
    assert await amina.says((await waiting_codes(office))[-1]) is CodeCheck.RIGHT
    await let_codes_grow_old(office, timedelta(hours=1))
    assert await amina.says() is CodeSending.SENT


async def test_an_address_gets_three_codes_an_hour_whoever_asks_at_once(office: Office) -> None:
    """Many chats that know the same two facts do not fill a mailbox, nor get more guesses."""
    chats = [Chat(office, f"browser {n}") for n in range(8)]
    turns = []
    for chat in chats:
        claim = await chat.claim()
        await office.opened.database.run("UPDATE contacts SET business_ref = 'C001'")
        turns.append(chat.turn(claim))
    sent = await asyncio.gather(*(turn.send_code() for turn in turns))
    assert sorted(sent) == [CodeSending.SENT] * 3 + [CodeSending.TOO_MANY] * 5
    assert len(await office.timeline()) == 3


async def test_a_code_belongs_to_the_identity_and_the_person_that_asked_for_it(office: Office) -> None:
    """Told to somebody else, it is worth nothing."""
    amina, bilal = Chat(office), Chat(office, "bilal", ref="C002")
    await amina.says()
    (code,) = await waiting_codes(office)
    assert await bilal.says(code) is CodeCheck.DEAD
    amina.ref = "C002"
    await office.opened.database.run("UPDATE identities SET verified_until = NULL")
    assert await amina.says(code) is CodeCheck.DEAD


async def test_a_turn_that_is_run_again_sends_no_second_code_and_counts_no_second_try(office: Office) -> None:
    """A crash between the deed and the end of the turn costs the contact nothing."""
    amina = Chat(office)
    asking = await amina.claim()
    assert await amina.turn(asking).send_code() is CodeSending.SENT
    again = amina.turn(asking)
    assert await again.send_code() is CodeSending.SENT
    await office.opened.store.inbox.settle(asking, again.outcome())
    (code,) = await waiting_codes(office)
    trying = await amina.claim()
    assert {await amina.turn(trying).check_code(wrong(code)) for _ in range(9)} == {CodeCheck.WRONG}
    await office.opened.store.inbox.settle(trying, amina.turn(trying).outcome())
    giving = await amina.claim()
    assert await amina.turn(giving).check_code(code) is CodeCheck.RIGHT
    after_crash = amina.turn(giving)
    assert await after_crash.check_code(code) is CodeCheck.RIGHT
    assert after_crash.level is Level.CODE
    later = replace(giving, received_at=giving.received_at + timedelta(days=1))
    assert await amina.turn(later).check_code(code) is CodeCheck.DEAD, "a replayed message asks anew"


async def test_one_message_is_one_try(office: Office) -> None:
    """A list of codes in one message is answered for its first."""
    amina = Chat(office)
    await amina.says()
    (code,) = await waiting_codes(office)
    turn = amina.turn(await amina.claim())
    assert [await turn.check_code(each) for each in (wrong(code), code)] == [CodeCheck.WRONG] * 2


async def test_a_signature_is_neither_lowered_nor_prolonged_by_a_code(office: Office) -> None:
    """What the business vouches for ends when it says so."""
    amina = Chat(office)
    await amina.says()
    turn = amina.turn(await amina.claim())
    until = turn.now + timedelta(minutes=5)
    turn.who.rise("C001", Level.SIGNED)
    assert turn.who.verification is not None
    turn.who.verification = replace(turn.who.verification, verified_until=until)
    assert await turn.check_code((await waiting_codes(office))[0]) is CodeCheck.RIGHT
    assert (turn.who.verification.level, turn.who.verification.verified_until) == (Level.SIGNED, until)


async def test_who_is_not_verified_gets_no_code_and_learns_nothing(office: Office) -> None:
    """Whether somebody has an address on file is nobody's business."""
    nobody = Chat(office, ref=None)
    turn = nobody.turn(await nobody.claim())
    for asked in (turn.send_code(), turn.check_code("123456")):
        with pytest.raises(AccessDenied):
            await asked
    assert await office.timeline() == []


async def test_without_an_address_to_write_to_a_person_must_verify(office: Office) -> None:
    """A file without one, and an address that is another contact's, look the same."""
    assert await Chat(office, "bilal", ref="C002").says() is CodeSending.NO_ADDRESS
    eve = await office.chat("eve", ref="C009")
    await office.mailer.send(mail(eve.id, business_ref="C009"))
    assert await Chat(office).says() is CodeSending.NO_ADDRESS


async def test_where_mail_is_off_it_is_told(database: str) -> None:
    """Nobody waits for a code that will never come."""
    async with open_office(database, company=None) as office:
        amina = Chat(office)
        assert await amina.says() is CodeSending.MAIL_OFF
        assert await amina.says("123456") is CodeCheck.DEAD
        office.codes = None  # type: ignore[assignment]
        assert await amina.says() is CodeSending.MAIL_OFF


async def test_a_code_that_could_not_be_sent_in_time_is_not_sent(office: Office) -> None:
    """Nobody gets a dead code from a mail server that comes back after an outage."""
    amina = Chat(office)
    await amina.says()
    async with mail_server() as server:
        office.sends_to(server)
        office.clock.move(minutes=11)
        await office.deliver()
        assert server.accepted == []
    assert [state for state, _, _ in await office.endings()] == ["refused"]
    assert await waiting_codes(office) == []


async def test_codes_differ_and_so_do_their_hashes(office: Office) -> None:
    """Equal codes of two people look unequal where they are kept."""
    for number in range(6):
        chat = Chat(office, f"person {number}", ref="C001")
        claim = await chat.claim()
        await office.opened.database.run("UPDATE contacts SET business_ref = 'C001'")
        if number % 3 == 0:
            await let_codes_grow_old(office, timedelta(hours=2))
        assert await chat.turn(claim).send_code() is CodeSending.SENT
    kept: list[tuple[Any, ...]] = await office.opened.database.rows("SELECT salt, hash FROM codes")
    assert len({row[0] for row in kept}) == len({row[1] for row in kept}) == 6
    assert all(len(row[1]) == 32 for row in kept)
