"""What goes out to X arrives once, as people read it there; and what X says no to is told, deferred or given up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from relevo.bootstrap.x import x_problem
from relevo.channels.x.direct import cut
from relevo.contracts.reaching import Reach
from relevo.domain.messages import Author, Button, Content
from relevo.store.x import PostgresXPeers
from relevo.testing.x.faults import Fault
from relevo.testing.x.limits import Limit
from tests.integration.desks import desk_of
from tests.integration.doors import open_doors
from tests.integration.sending_on_x import sending

pytestmark = pytest.mark.anyio
WEEK = 7 * 86_400


async def test_an_answer_is_a_direct_message_with_a_numbered_menu(database: str) -> None:
    """In the language of the conversation; what X calls it is kept, and no word of it is in the log."""
    async with sending(database) as here:
        await here.answer(
            Content(text="¿Sigo?", buttons=(Button(title="Sí", payload="/y"), Button(title="No", payload="/n"))),
            language="es",
        )
        await here.answer("Hello", to=here.x.customer("3333").id)
        await here.send()
        assert here.ann.heard() == ["¿Sigo?\n\n1. Sí\n2. No\nResponde con el número."]
        rows = await here.opened.database.rows("SELECT state, external_id FROM deliveries ORDER BY id")
        assert sorted(rows) == sorted(("sent", message.id) for message in here.x.brand.sent)
        assert set(await here.log()) == {("send_dm", "ok"), ("message", "sent")}


async def test_a_long_text_is_cut_at_sentences_and_goes_on_where_it_stopped(database: str) -> None:
    """Each piece costs a slot; a piece that X has is not sent again."""
    sentence = "This is one of many sentences, and it ends here. "
    text = (sentence * 500).strip()
    pieces = list(cut(text))
    assert " ".join(pieces) == text
    assert all(len(piece) <= 10_000 and piece.endswith("here.") for piece in pieces)
    assert list(cut("x" * 25_000)) == ["x" * 10_000, "x" * 10_000, "x" * 5_000]
    async with sending(database) as here:
        here.x.faults.next("dm.send", None, Fault.LIMITED)
        await here.answer(text)
        await here.send()
        assert here.ann.heard() == pieces[:1]
        ((state, reason),) = await here.states()
        assert (state, reason) == ("queued", "X takes no more messages from the account for now.")
        await here.later(120)
        await here.send()
        assert here.ann.heard() == pieces


async def test_whoever_wants_nothing_from_a_program_is_answered_and_not_written_to(database: str) -> None:
    """What is ours to tell is refused with the reason beside it; what they ask and what people write goes out."""
    async with sending(database) as here:
        peers, said = PostgresXPeers(here.opened.database), here.opened.store.conversations.say
        await peers.heard("2222", "dm", at=here.time.now)
        await peers.opted_out("2222")
        conversation_id = await here.answer("It is in Madrid.")
        await said(conversation_id, Author.SYSTEM, Content(text="Your case goes on."))
        await here.send()
        assert here.ann.heard() == ["It is in Madrid."]
        (_, (state, reason)) = await here.states()
        assert state == "refused"
        assert "no program writes to them" in reason
        assert await here.opened.database.rows("SELECT count(*) FROM handoffs") == [(0,)], "nobody has to see to it"
        await peers.heard("2222", "dm", at=here.time.now)
        await said(conversation_id, Author.SYSTEM, Content(text="It comes tomorrow."))
        await here.send()
        assert here.ann.heard()[1:] == ["It comes tomorrow."]


REFUSALS = {
    Fault.DM_CLOSED: "X does not let the account write to them",
    Fault.GONE: "This account is not on X any more.",
}


@pytest.mark.parametrize("fault", REFUSALS)
async def test_what_x_refuses_is_refused_once_and_says_what_to_do_instead(database: str, fault: Fault) -> None:
    """Asked once; what is behind it goes its way, and a person is asked for."""
    async with sending(database) as here:
        here.x.faults.next("dm.send", fault)
        await here.answer("One")
        await here.answer("Two")
        await here.send()
        (first, second) = await here.states()
        assert first[0] == "refused"
        assert first[1].startswith(REFUSALS[fault])
        assert second[0] == "sent"
        assert len(here.x.calls("dm.send")) == 2
        handoffs = await here.opened.database.rows("SELECT trigger, state, record::text FROM handoffs")
        assert [row[:2] for row in handoffs] == [("unreachable", "requested")]
        assert REFUSALS[fault] in handoffs[0][2]


async def test_without_credits_nobody_asks_and_nothing_is_lost(database: str) -> None:
    """Said in the log and beside the message; after ten minutes one tries, and then the others go."""
    async with sending(database, hosts=2) as here:
        here.x.faults.next("dm.send", Fault.NO_CREDITS)
        for number in range(5):
            await here.answer(f"Answer {number}", to=here.x.customer(f"30{number}").id)
        await here.host.deliverer.step(1)
        await here.send()
        assert len(here.x.calls("dm.send")) == 1
        assert {reason for _, reason in await here.states()} == {
            "The account's credits with X are used up; buy new ones in the developer portal."
        }
        assert ("send_dm", "no_credits") in await here.log()
        stopped = await here.host.limits.stopped("1111")
        assert stopped is not None
        assert stopped.why == "no_credits"
        await here.later(599)
        await here.send()
        assert len(here.x.calls("dm.send")) == 1
        await here.later(2)
        await here.send()
        assert await here.host.limits.stopped("1111") is None
        await here.later(61)
        await here.send()
        assert {state for state, _ in await here.states()} == {"sent"}
        assert not here.x.brand.sent_twice


async def test_a_platform_that_cannot_be_reached_costs_no_slot(database: str) -> None:
    """What could not be asked is given back, and goes out later."""
    async with sending(database) as here:
        account = here.host.api.account
        here.host.api.account = replace(account, api_base="http://127.0.0.1:9")
        await here.answer("Hello")
        await here.send(steps=1)
        assert (await here.states())[0][0] == "queued"
        windows = {window.span: window for window in await here.host.limits.windows("1111", "send_dm")}
        assert windows["short"].remaining == 15
        here.host.api.account = account
        await here.later(5)
        await here.send()
        assert here.ann.heard() == ["Hello"]


async def test_three_senders_at_once_never_go_beyond_a_limit(database: str) -> None:
    """Counted together before X is asked; part of it is kept for agents; after the reset it goes on."""
    async with sending(database, hosts=3) as here:
        for number in range(30):
            await here.answer(f"Answer {number}", to=here.x.customer(f"40{number}").id)
        await here.send()
        assert len(here.x.brand.sent) == 12  # of 15, three are kept
        assert here.x.limits.exceeded["dm.send"] == 0
        waiting = [row for row in await here.states() if row[0] == "queued"]
        assert len(waiting) == 18
        due = await here.opened.database.rows("SELECT due_at FROM deliveries WHERE state = 'queued'")
        waits = {(due_at - here.time.now) / timedelta(minutes=15) for (due_at,) in due}
        assert all(0.99 < wait < 1.01 for wait in waits), waits
        for _ in range(2):
            await here.later(903)
            await here.send()
        assert len(here.x.brand.sent) == 30
        assert here.x.limits.exceeded["dm.send"] == 0
        assert not here.x.brand.sent_twice


async def test_what_x_says_corrects_what_is_counted(database: str) -> None:
    """Another limit, and what others have used of it; its daily limit too."""
    async with sending(database) as here:
        day = Limit(count=7, window=timedelta(hours=24))
        here.x.limits.set("dm.send", Limit(count=100), day)
        await here.answer("The first, whose answer tells")
        await here.send()
        for number in range(20):
            await here.answer(f"Answer {number}", to=here.x.customer(f"50{number}").id)
        await here.send()
        assert len(here.x.brand.sent) == 5  # of seven, two are kept
        windows = {window.span: window for window in await here.host.limits.windows("1111", "send_dm")}
        assert (windows["short"].limit, windows["user_day"].limit) == (100, 7)
        assert here.x.limits.exceeded["dm.send"] == 0


async def test_agents_and_administrators_see_what_waits_for_x_and_until_when(database: str) -> None:
    """Beside the message, at the channel, and where whoever runs it looks; and nothing of it any more afterwards."""
    async with (
        sending(database) as here,
        open_doors(database, has_bot=False) as doors,
        desk_of(doors, "Ada Doe", "admin") as ada,
    ):
        reaches = {"x": Reach(joins_turns=True)}
        doors.app.ctx.services = replace(doors.app.ctx.services, reaches=reaches)
        here.x.faults.next("dm.send", Fault.NO_CREDITS)
        conversation = await here.answer("Hello")
        await here.send()
        until = f"{(here.time.now + timedelta(minutes=10)):%Y-%m-%d %H:%M} UTC"
        why = "credits with X are used up"
        page = await ada.page(f"/desk/conversations/{conversation}")
        assert "delayed until" in page
        assert until in page
        assert why in page
        (line,) = (await ada.get("/admin/channels"))["channels"]
        assert (line["condition"], line["delayed_until"][:16]) == ("delayed", until[:16].replace(" ", "T"))
        assert why in await ada.page("/desk/admin/channels")
        assert why in str(await x_problem(here.opened, "1111"))
        await here.later(601)
        await here.send()
        assert here.ann.heard() == ["Hello"]
        assert await x_problem(here.opened, "1111") is None
        assert "delayed until" not in await ada.page(f"/desk/conversations/{conversation}")
        (line,) = (await ada.get("/admin/channels"))["channels"]
        assert line["condition"] == "fine"
