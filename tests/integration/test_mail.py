"""Writing to contacts by mail: posted with the timeline, once for its key, sent in order whatever the server does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from relevo.contracts.mail import Posting
from relevo.domain.messages import Author
from relevo.errors import NotFound
from relevo.flow.deliver import MAX_ATTEMPTS, Deliverer
from relevo.testing.loopback import Loopback
from tests.integration.hands import everything, let_leases_expire, written
from tests.integration.mail_server import Fault, MailServer, mail_server
from tests.integration.posting import ADDRESS, Office, mail, open_office

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    """Give an office of this test alone."""
    async with open_office(database) as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """Give a mail server."""
    async with mail_server() as running:
        yield running


async def test_a_mail_is_on_the_timeline_of_its_address_for_the_same_contact(office: Office) -> None:
    """Identity and conversation are made on the way; the chat that it is about stays as it was."""
    chat = await office.chat()
    assert (
        await office.mailer.send(mail(chat.id, "one", address=" Amina@Example.COM ", language="en")) is Posting.POSTED
    )
    assert await office.mailer.send(mail(chat.id, "two")) is Posting.POSTED
    found = await office.opened.store.conversations.find("email", ADDRESS)
    assert found is not None
    assert (found.identity.contact_id, found.identity.business_ref) == (chat.identity.contact_id, "C001")
    assert (found.language, int(found.identity.level)) == ("en", 0)
    entries = await office.timeline()
    assert [(e.position, e.kind, e.author, e.content.subject, e.content.text) for e in entries] == [
        (1, "message", Author.SYSTEM, "Your points", "one"),
        (2, "message", Author.SYSTEM, "Your points", "two"),
    ]
    assert await office.endings() == [("queued", 0, None)] * 2
    assert (await office.opened.store.conversations.get(chat.id)).last_position == 1


async def test_senders_hear_of_a_mail_at_once(office: Office, server: MailServer) -> None:
    """Nobody waits for the next look."""
    chat = await office.chat()
    with office.opened.live.senders() as wake:
        await office.mailer.send(mail(chat.id))
        assert await wake.wait(10)


async def test_an_address_stays_with_the_contact_who_has_it(office: Office) -> None:
    """Somebody else may claim anything: nothing is posted, nothing is moved, and the reason is plain."""
    await office.mailer.send(mail((await office.chat()).id))
    eve = await office.chat("eve", ref=None)
    before = await everything(office.opened.database)
    stranger = mail(eve.id, "secret", business_ref="C002")
    assert await office.mailer.send(stranger) is Posting.ANOTHER_CONTACT
    assert await everything(office.opened.database) == before


async def test_an_address_that_wrote_by_itself_proves_nothing(office: Office) -> None:
    """A mail may come from anywhere: its conversation is another contact's until that one is verified."""
    await office.chat(ADDRESS, ref=None, channel="email")
    chat = await office.chat()
    assert await office.mailer.send(mail(chat.id)) is Posting.ANOTHER_CONTACT
    await office.chat("amina", ref="C001")
    await office.opened.database.run("UPDATE contacts SET business_ref = 'C001'")
    assert await office.mailer.send(mail(chat.id)) is Posting.POSTED


async def test_the_same_person_in_another_browser_is_written_to_at_the_same_address(office: Office) -> None:
    """The business knows both contacts as one person, and that person has one mailbox."""
    first, second = await office.chat("browser 1"), await office.chat("browser 2")
    assert first.identity.contact_id != second.identity.contact_id
    assert await office.mailer.send(mail(first.id, "one")) is Posting.POSTED
    assert await office.mailer.send(mail(second.id, "two")) is Posting.POSTED
    assert [entry.content.text for entry in await office.timeline()] == ["one", "two"]


async def test_mails_with_one_key_are_posted_once_whoever_posts_at_once(office: Office) -> None:
    """By constraint, not by looking first; also when they would go to different addresses."""
    chat = await office.chat()
    addresses = [ADDRESS, "amina@example.org"]
    posted = await asyncio.gather(
        *(office.mailer.send(mail(chat.id, once="k", address=addresses[n % 2])) for n in range(8))
    )
    assert sorted(posted) == [Posting.POSTED] + [Posting.POSTED_BEFORE] * 7
    assert len(await office.endings()) == 1


async def test_a_mail_that_could_not_be_posted_leaves_its_key(office: Office) -> None:
    """Else its second chance would be taken for a repetition."""
    await office.mailer.send(mail((await office.chat()).id))
    eve = await office.chat("eve", ref=None)
    other = mail(eve.id, business_ref="C002", once="k")
    assert await office.mailer.send(other) is Posting.ANOTHER_CONTACT
    assert await office.mailer.send(mail(eve.id, address="eve@example.com", once="k")) is Posting.POSTED


@pytest.mark.parametrize("address", ["", "nobody", "a@b\nBcc: eve@example.com", "a b@example.com"])
async def test_what_is_no_address_is_told_and_nothing_is_kept(office: Office, address: str) -> None:
    """The file of the business may hold anything."""
    chat = await office.chat()
    before = await everything(office.opened.database)
    assert await office.mailer.send(mail(chat.id, address=address)) is Posting.BAD_ADDRESS
    assert await everything(office.opened.database) == before
    with pytest.raises(NotFound):
        await office.mailer.send(mail(chat.identity.id))


async def test_where_mail_is_off_nothing_is_posted(database: str) -> None:
    """Whoever wants to write is told so, and can ask beforehand."""
    async with open_office(database, company=None) as office:
        chat = await office.chat()
        assert not office.mailer.is_on
        assert await office.mailer.send(mail(chat.id)) is Posting.MAIL_OFF
        assert await office.timeline() == []


async def test_mails_of_a_conversation_arrive_in_order_whatever_the_server_does(
    office: Office, server: MailServer
) -> None:
    """A later one waits for an earlier one, another conversation's does not."""
    chat = await office.chat()
    for text in ("one", "two", "three"):
        await office.mailer.send(mail(chat.id, text))
    office.sends_to(server)
    server.fail(Fault.NOT_NOW, Fault.GOES_BEFORE_WORDS, Fault.WORDS_NOT_NOW)
    for _ in range(4):
        await office.deliver()
    assert server.texts == ["one\n", "two\n", "three\n"]
    assert [state for state, _, _ in await office.endings()] == ["sent"] * 3
    ids = await office.opened.database.rows("SELECT external_id FROM deliveries ORDER BY position")
    assert [mail["Message-ID"] for mail in server.mails] == [row[0] for row in ids]


async def test_a_mail_that_is_refused_lets_the_next_one_go(office: Office, server: MailServer) -> None:
    """The desk sees in the server's words why."""
    chat = await office.chat()
    await office.mailer.send(mail(chat.id, "one"))
    await office.mailer.send(mail(chat.id, "two"))
    office.sends_to(server)
    server.fail(Fault.WORDS_REFUSED)
    await office.deliver()
    assert server.texts == ["two\n"]
    (state, _, reason), (next_state, _, _) = await office.endings()
    assert (state, next_state) == ("refused", "sent")
    assert reason == "The mail server refuses it: 554 5.7.1 Looks like spam."


@pytest.mark.parametrize("fault", [Fault.GOES_AFTER_WORDS, Fault.SILENT_AFTER_WORDS])
async def test_a_mail_that_nobody_confirmed_is_not_sent_again(office: Office, server: MailServer, fault: Fault) -> None:
    """It stays unconfirmed for a person, and the next one goes."""
    chat = await office.chat()
    await office.mailer.send(mail(chat.id, "one"))
    await office.mailer.send(mail(chat.id, "two"))
    office.sends_to(server, seconds=0.5)
    server.fail(fault)
    await office.deliver()
    assert server.texts == ["one\n", "two\n"]
    assert [state for state, _, _ in await office.endings()] == ["unconfirmed", "sent"]


async def test_a_sender_killed_after_sending_leaves_it_unconfirmed_and_sends_nothing_twice(
    office: Office, server: MailServer
) -> None:
    """The process ends between the server's yes and our note of it."""
    chat = await office.chat()
    await office.mailer.send(mail(chat.id, "one"))
    await office.mailer.send(mail(chat.id, "two"))
    deliverer = office.sends_to(server)
    ((delivery, _),) = await office.opened.store.outbox.claim(["email"], 1)
    await deliverer.channels["email"].send(delivery)
    await let_leases_expire(office.opened.database)
    await office.deliver()
    assert server.texts == ["one\n", "two\n"]
    assert [state for state, _, _ in await office.endings()] == ["unconfirmed", "sent"]


async def test_a_mail_server_that_is_away_for_a_day_costs_nothing_but_time(office: Office) -> None:
    """It is asked at growing pauses, ten minutes at most; then everything arrives in order, with all its attempts."""
    async with mail_server() as server:
        pass
    amina, bilal = await office.chat(), await office.chat("bilal", ref="C002")
    for text in ("one", "two"):
        await office.mailer.send(mail(amina.id, text))
    await office.mailer.send(mail(bilal.id, "uno", address="bilal@example.com", business_ref="C002"))
    office.sends_to(server)
    began, tries = office.clock(), []
    while office.clock() < began + timedelta(days=1):
        if await office.deliver():
            tries.append(office.clock())
        office.clock.move(seconds=1 if len(tries) < 9 else 30)
    pauses = [round((later - earlier).total_seconds()) for earlier, later in itertools.pairwise(tries)]
    assert pauses[:8] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert max(pauses) <= 630
    assert 140 < len(tries) < 160
    assert await office.endings() == [("queued", 0, None)] * 3
    async with mail_server(server):
        office.clock.move(minutes=10)
        server.fail(Fault.NOT_NOW)
        await office.deliver()
        await office.deliver()
    assert sorted(server.texts) == ["one\n", "two\n", "uno\n"]
    assert server.texts.index("one\n") < server.texts.index("two\n")
    assert {state for state, _, _ in await office.endings()} == {"sent"}
    assert max(attempts for _, attempts, _ in await office.endings()) <= 2 < MAX_ATTEMPTS


async def test_a_mail_server_that_is_away_for_ever_is_not_waited_for_longer_than_was_set(office: Office) -> None:
    """The desk sees since when it waited, and why it was given up."""
    async with mail_server() as server:
        pass
    await office.mailer.send(mail((await office.chat()).id))
    office.sends_to(server, patience_seconds=3600)
    await office.deliver()
    office.clock.move(minutes=59)
    await office.deliver()
    assert [state for state, _, _ in await office.endings()] == ["queued"]
    office.clock.move(minutes=11)
    await office.deliver()
    ((state, _, reason),) = await office.endings()
    assert state == "refused"
    assert reason.startswith("Waited since 20")
    assert "cannot be reached" in reason


async def test_a_platform_that_is_away_keeps_no_other_from_sending(office: Office, server: MailServer) -> None:
    """Only its own deliveries wait."""
    async with mail_server() as gone:
        pass
    chat = await office.chat()
    await office.mailer.send(mail(chat.id))
    deliverer = office.sends_to(gone)
    loopback = Loopback("push")
    both = Deliverer(
        outbox=office.opened.store.outbox,
        channels={**deliverer.channels, "push": loopback},
        live=office.opened.live,
        clock=office.clock,
    )
    for text in ("uno", "dos"):
        await office.opened.store.conversations.say(chat.id, Author.AGENT, mail(chat.id, text).content)
        await both.step()
    assert loopback.shown_to("amina") == ["uno", "dos"]
    assert await office.endings() == [("queued", 0, None)]


async def test_a_mail_that_has_outlived_its_time_is_not_sent(office: Office, server: MailServer) -> None:
    """And is forgotten; the next one goes."""
    chat = await office.chat()
    await office.mailer.send(mail(chat.id, "shown", sent_instead=mail(chat.id, "hidden").content, lives_seconds=60))
    await office.mailer.send(mail(chat.id, "next"))
    office.sends_to(server)
    office.clock.move(minutes=2)
    await office.deliver()
    assert server.texts == ["next\n"]
    assert (await office.endings())[0][0] == "refused"
    assert await office.opened.database.rows("SELECT 1 FROM deliveries WHERE sent_instead IS NOT NULL") == []


async def test_what_a_contact_wrote_by_mail_meets_our_mails_on_one_timeline(office: Office) -> None:
    """Posting and receiving share the conversation of an address."""
    chat = await office.chat()
    await office.mailer.send(mail(chat.id, "one"))
    await office.opened.store.inbox.receive([written("thanks", by=ADDRESS, channel="email")])
    assert [(e.author.value, e.content.text) for e in await office.timeline()] == [
        ("system", "one"),
        ("contact", "thanks"),
    ]
