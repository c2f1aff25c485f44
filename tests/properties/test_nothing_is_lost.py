"""Whatever is repeated, late, killed, refused or taken over, in whatever order: nothing is lost, doubled or disordered.

Hypothesis writes the stories: contacts write on three channels, platforms send again, bots and senders are halted and
killed between any two steps, leases run out, agents take control and give it back, the business and the platforms fail.
After each step everything that the database and the outside hold is checked. RELEVO_LONG=1 runs it for many more.
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from relevo.contracts.store import Claim
from relevo.domain.conversations import TRANSITIONS, Control, Conversation
from relevo.domain.messages import Arrival, Author, Content
from relevo.errors import Conflict
from relevo.testing.ledger import Trouble
from relevo.testing.loopback import Fault
from tests.properties.invariants import check_everything, check_the_end
from tests.properties.walkers import Walker
from tests.properties.world import Snapshot, World

IS_LONG = bool(os.environ.get("RELEVO_LONG"))
WRITERS = [("push", "amina"), ("safe", "amina"), ("safe", "bilal"), ("rest", "chidi")]
VERBS = ["hello", "hello", "credit", "credit", "credit", "credit", "silence", "boom", "late-boom"]
TICKETS = ["T1", "T2"]
TO_THE_END = 20
"""More halts than any process meets."""
KILLED = 0
TROUBLES = [Trouble.REFUSES, Trouble.SILENT_BEFORE, Trouble.SILENT_AFTER]
FAULTS = [Fault.DEFERRED, Fault.REFUSED, Fault.ANSWER_LOST, Fault.SEND_LOST, Fault.BROKEN]

SIGHTS = [
    "draft of bot",
    "message of agent",
    "message of system",
    "control of system",
    "effects done",
    "effects refused",
    "effects unconfirmed",
    "effects tried again",
    "inbox dead",
    "inbox tried again",
    "deliveries delivered",
    "deliveries refused",
    "deliveries tried again",
    "deliveries unconfirmed",
    "asked without a model",
]
"""What the stories must have come by; else a change has made them too tame to find anything."""

SETTINGS = settings(
    max_examples=2000 if IS_LONG else 120,
    stateful_step_count=80 if IS_LONG else 40,
    derandomize=not IS_LONG,
    print_blob=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)

any_one = st.sampled_from(range(12))
mostly = st.sampled_from([True, True, True, False])
halts = st.sampled_from([1, 2, 4, TO_THE_END])
anything_said = st.tuples(st.sampled_from(WRITERS), st.sampled_from(VERBS), st.sampled_from(TICKETS))


class Story(RuleBasedStateMachine):
    """One story; the world stays, and is emptied before each."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.world.begin()
        self.arrivals: list[Arrival] = []
        self.replies: dict[int, list[int]] = {}

    @initialize(said=st.lists(anything_said, min_size=2, max_size=5))
    def some_have_written(self, said: list[tuple[tuple[str, str], str, str]]) -> None:
        for writer, verb, ticket in said:
            (received,) = self._receive([self._new(writer, f"{verb} {ticket}")])
            assert received.is_new

    @rule(said=st.lists(anything_said, min_size=1, max_size=2))
    def some_write(self, said: list[tuple[tuple[str, str], str, str]]) -> None:
        self.some_have_written(said)

    @precondition(lambda self: self.arrivals)
    @rule(which=any_one, how=st.sampled_from(["again", "with another text", "in a batch with new ones"]))
    def a_platform_repeats_itself(self, which: int, how: str) -> None:
        known, before = self.arrivals[which % len(self.arrivals)], self.world.snapshot()
        if how == "in a batch with new ones":
            self._receive_mixed(which)
            return
        if how == "again":
            (received,) = self._receive([known])
            assert not received.is_new
        else:
            with pytest.raises(Conflict):
                self._receive([replace(known, text=known.text + "!")])
        assert self.world.snapshot() == before

    @rule(limit=st.integers(min_value=1, max_value=4), halts=halts)
    def a_bot_takes_messages(self, limit: int, halts: int) -> None:
        for claim in self.world.run(self.world.inbox.claim(limit)):
            self._go_on(self._answer(claim), halts)

    @rule(halts=halts)
    def a_sender_takes_a_delivery(self, halts: int) -> None:
        self._go_on(self.world.walk("sender", lambda: self.world.deliverer.step(limit=1)), halts)

    @precondition(lambda self: self.world.walkers)
    @rule(which=any_one, halts=st.one_of(halts, st.just(KILLED)))
    def a_process_goes_on_or_is_killed(self, which: int, halts: int) -> None:
        self._go_on(self.world.walkers[which % len(self.world.walkers)], halts)

    @rule(halts=halts)
    def leases_run_out_and_others_take_over(self, halts: int) -> None:
        self.world.let_leases_expire()
        self.a_bot_takes_messages(2, halts)
        self.a_sender_takes_a_delivery(halts)

    @precondition(lambda self: self.arrivals)
    @rule(which=any_one, is_swept=st.booleans())
    def time_passes(self, which: int, is_swept: bool) -> None:
        self.world.let_all_be_due()
        if is_swept:
            self._sweep(self.arrivals[which % len(self.arrivals)])

    @rule(what=st.sampled_from(["model", *TROUBLES, *FAULTS]), platform=st.sampled_from(["push", "safe"]))
    def something_will_fail(self, what: str | Trouble | Fault, platform: str) -> None:
        if isinstance(what, Trouble):
            self.world.business.fail(what)
        elif isinstance(what, Fault):
            self.world.platforms[platform].fail(what)
        else:
            self.world.has_model = not self.world.has_model

    @precondition(lambda self: self.arrivals)
    @rule(which=any_one, is_in_a_turn=mostly, is_there_and_back=mostly)
    def control_passes(self, which: int, is_in_a_turn: bool, is_there_and_back: bool) -> None:
        turns = self.world.turns() if is_in_a_turn else []
        some = turns[which % len(turns)].conversation.id if turns else self._conversation(which).id
        conversation = self.world.run(self.world.conversations.get(some))
        after = Control.AGENT if conversation.control is Control.BOT else Control.BOT
        if not is_there_and_back or after not in TRANSITIONS[conversation.control]:
            allowed = sorted(TRANSITIONS[conversation.control], key=lambda control: control.value)
            after = allowed[which % len(allowed)]
        self.world.run(self.world.conversations.pass_control(conversation.id, conversation.control_version, after))

    @precondition(lambda self: self.arrivals)
    @rule(which=any_one)
    def an_agent_writes(self, which: int) -> None:
        content = Content(text="agent")
        self.world.run(self.world.conversations.say(self._conversation(which).id, Author.AGENT, content))

    @precondition(lambda self: any(arrival.channel == "rest" for arrival in self.arrivals))
    @rule(which=any_one)
    def a_caller_asks_for_a_reply(self, which: int) -> None:
        rest = [arrival for arrival in self.arrivals if arrival.channel == "rest"]
        self._ask(rest[which % len(rest)])

    # What holds.

    @invariant()
    def everything_holds(self) -> None:
        written = {(a.channel, a.address, a.external_id): a.text for a in self.arrivals}
        check_everything(self.world.snapshot(), written, self.world)

    def teardown(self) -> None:
        """Let everything come to its end, and look once more."""
        for number, walker in enumerate(self.world.walkers):
            walker.kill() if number % 3 == 0 else walker.advance(TO_THE_END)
        self.everything_holds()
        self._drain()
        self.everything_holds()
        end = self.world.snapshot()
        self.world.note(end)
        check_the_end(end, self.world)
        for count in (1, len(self.arrivals)):
            self._receive(self.arrivals[:count])
        assert self.world.snapshot() == end, "what arrived again changed something"

    def _new(self, writer: tuple[str, str], text: str, serial: int = 0) -> Arrival:
        channel, address = writer
        external_id = f"{channel}/{address}/{len(self.arrivals) + serial}"
        return Arrival(channel=channel, address=address, external_id=external_id, text=f"{text} #{external_id}")

    def _receive(self, batch: list[Arrival]) -> Any:
        received = self.world.run(self.world.inbox.receive(batch)) if batch else []
        self.arrivals += [arrival for arrival, found in zip(batch, received, strict=True) if found.is_new]
        return received

    def _receive_mixed(self, seed: int) -> None:
        new = [self._new(writer, "hello T1", serial) for serial, writer in enumerate(WRITERS[seed % 3 :])]
        batch = self.arrivals[-4:] + new
        random.Random(seed).shuffle(batch)
        received = self._receive(batch)
        assert [found.is_new for found in received] == [arrival in new for arrival in batch]

    def _sweep(self, arrival: Arrival) -> None:
        self.world.make_old(arrival.external_id)
        for claim in self.world.run(self.world.inbox.abandoned(60)):
            self._walk("sweeper", claim, lambda claim=claim: self.world.sweeper._hand_off(claim))

    def _answer(self, claim: Claim) -> Walker:
        return self._walk("bot", claim, lambda: self.world.converser.converse(claim))

    def _walk(self, name: str, claim: Claim, work: Any) -> Walker:
        if claim.conversation.control is not Control.BOT:
            self.world.kept.add(claim.inbox_id)
        return self.world.walk(name, work, claim)

    def _go_on(self, walker: Walker, halts: int) -> None:
        if halts == KILLED:
            walker.kill()
        else:
            walker.advance(halts)
        if walker.is_done:
            self.world.walkers.remove(walker)

    def _conversation(self, which: int) -> Conversation:
        arrival = self.arrivals[which % len(self.arrivals)]
        found: Conversation = self.world.run(self.world.conversations.find(arrival.channel, arrival.address))
        return found

    def _ask(self, arrival: Arrival) -> None:
        ((inbox_id,),) = self.world.connection.execute(
            "SELECT id FROM inbox WHERE external_id = %s", (arrival.external_id,)
        ).fetchall()
        reply = self.world.run(self.world.inbox.reply(inbox_id))
        if reply is None:
            return
        heard = [entry.position for entry in reply.entries]
        assert heard == sorted(set(heard))
        assert set(self.replies.setdefault(inbox_id, heard)) <= set(heard), "what was heard once is not there again"
        self.replies[inbox_id] = heard

    def _drain(self) -> None:
        world = self.world
        world.has_model = True
        for _ in range(200):
            world.walkers.clear()
            world.let_leases_expire()
            world.let_all_be_due()
            for claim in world.run(world.inbox.claim(100)):
                self._answer(claim)
            for _ in WRITERS:
                world.walk("sender", lambda: world.deliverer.step(limit=1))
            for walker in world.walkers:
                walker.advance(TO_THE_END)
            if self._is_drained(world.snapshot()):
                return self._fetch_everything()
        pytest.fail("something never ends")

    def _fetch_everything(self) -> None:
        for which, arrival in enumerate(self.arrivals):
            if arrival.channel == "rest":
                self._ask(arrival)
                self.world.run(self.world.outbox.collect(self._conversation(which).id, 10**6))

    def _is_drained(self, found: Snapshot) -> bool:
        pushed = [row for row in found.rows("deliveries") if row["channel"] != "rest"]
        waiting = {row["state"] for row in (*found.rows("inbox"), *pushed)}
        return not waiting & {"waiting", "held", "queued", "sending"}


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """Give a world on a database that need not survive a crash, and no logs: there are thousands of stories."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off")
    world = World.open(database)
    yield world
    world.close()
    structlog.reset_defaults()


@pytest.mark.timeout(0 if IS_LONG else 600)  # a story that fails is made shorter first
def test_nothing_is_lost_doubled_or_disordered_in_any_story(world: World) -> None:
    """Every invariant holds after every step of every story, and everything comes to an end."""
    _tell(world, SETTINGS)
    if _unseen(world):  # what is claimed first hangs on the clock, so that the same story may go another way
        _tell(world, settings(SETTINGS, max_examples=4 * SETTINGS.max_examples))
    assert not _unseen(world), f"no story tells of {_unseen(world)}"


def _tell(world: World, how: settings) -> None:
    run_state_machine_as_test(lambda: Story(world), settings=how)  # type: ignore[no-untyped-call]
    print(f"seen in these stories: {dict(sorted(world.seen.items()))}")


def _unseen(world: World) -> list[str]:
    return [sight for sight in SIGHTS if not world.seen[sight]]


@pytest.mark.parametrize(
    "passed", [(Control.REQUESTED, Control.EXPIRED), (Control.AGENT, Control.WRAP_UP, Control.CLOSED)]
)
def test_who_wrote_before_a_conversation_ended_is_answered(world: World, passed: tuple[Control, ...]) -> None:
    """Nobody has control by then, and what waits is the bot's."""
    story = Story(world)
    story.some_have_written([(("push", "amina"), "hello", "T1"), (("push", "amina"), "hello", "T1")])
    for control in passed:
        conversation = story._conversation(0)
        world.run(world.conversations.pass_control(conversation.id, conversation.control_version, control))
    story.teardown()
    assert story._conversation(0).control is Control.BOT
