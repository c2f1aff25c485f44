"""Two bots on the same conversations, and everything between them goes wrong: none answers from what was not written.

Whatever a bot has in memory, it must say what a bot says that has just read the conversation from the database.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import random
import re
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from relevo.contracts import runtime
from relevo.contracts.brain import Answer, History, Question
from relevo.contracts.store import Claim, Committed, TurnOutcome
from relevo.domain.conversations import Control
from relevo.domain.messages import Arrival
from relevo.errors import Unavailable
from relevo.flow import converse
from relevo.flow.turn import ConversationTurn
from relevo.store.inbox import PostgresInbox
from tests.integration.hands import let_leases_expire
from tests.integration.talking import Floor
from tests.integration.test_parity import WRITTEN_BY_WEB, Walk

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa, pytest.mark.filterwarnings("ignore::UserWarning")]
STEPS = int(os.environ.get("RELEVO_STALE_STEPS", "120"))
TROUBLES = ("", "", "", "breaks", "is cut off", "is unsure", "is overtaken", "finds another version")
_WRITE_BEHIND = """
WITH moved AS (
    UPDATE conversations SET tracker_version = tracker_version + 1
    WHERE workspace_id = 1 AND id = %s AND tracker_version > 0 RETURNING id, tracker_version
)
INSERT INTO tracker_events (conversation_id, version, events) SELECT id, tracker_version, %s FROM moved
"""


@pytest.mark.parametrize("seed", [3, 45])
async def test_a_bot_says_what_one_would_that_has_just_read_the_conversation(
    floor: Floor, bot: RasaBrain, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Turns that break, are cut off, overtaken, or written and not told of: the other bot's and the next are right."""
    monkeypatch.setattr(converse, "OUTAGE_PAUSE_SECONDS", 0)
    schedule = Schedule(floor, bot, Walk(seed))
    await schedule.play(STEPS)
    assert schedule.met == set(TROUBLES), "so few troubles show nothing"
    assert schedule.from_memory > STEPS / 4, "hardly anything was answered from memory"
    assert await _unfinished(floor) == 0


class Unforeseen(Exception):
    """An error that nobody thought of."""


@dataclass
class Schedule:
    """Who does what next."""

    floor: Floor
    bot: RasaBrain
    walk: Walk
    met: set[str] = field(default_factory=set)
    from_memory: int = 0
    contacts: int = 0

    async def play(self, steps: int) -> None:
        """Have contacts write, and either bot answer, well or not; at the end all is answered."""
        self.hands = [Hand(self, dataclasses.replace(self.floor.converser, brain=Reader(self))) for _ in range(2)]
        addresses = [self._new_contact(), self._new_contact()]
        for step in range(steps):
            place = self.walk.chance.randrange(2)
            if await self._is_with_a_person(addresses[place]) or self.walk.chance.random() < 0.05:
                addresses[place] = self._new_contact()
            text, _ = self.walk.next(())
            await self._say(addresses[place], step, text or "?")
            await self.walk.chance.choice(self.hands).answer_one(self.walk.chance.choice(TROUBLES))
        while await self.hands[0].answer_one("") or await self.hands[1].answer_one(""):
            pass

    def other(self, hand: Hand) -> Hand:
        """Give the other bot."""
        return self.hands[self.hands[0] is hand]

    def _new_contact(self) -> str:
        self.contacts += 1
        self.walk.begin()
        return f"contact-{self.contacts}"

    async def _is_with_a_person(self, address: str) -> bool:
        found = await self.floor.opened.store.conversations.find("rest", address)
        return found is not None and found.control is not Control.BOT

    async def _say(self, address: str, number: int, text: str) -> None:
        arrival = Arrival(channel="rest", address=address, external_id=f"{address}/{number}", text=text)
        await self.floor.opened.store.inbox.receive([arrival])


class Hand(PostgresInbox):
    """A bot: its own memory, and an inbox with which something may be wrong when it writes."""

    def __init__(self, schedule: Schedule, converser: Any) -> None:
        super().__init__(schedule.floor.opened.database)
        self.schedule, self.converser = schedule, dataclasses.replace(converser, inbox=self)
        self.trouble = ""

    async def answer_one(self, trouble: str) -> bool:
        """Answer the message that is due first; tell whether there was one."""
        await let_leases_expire(self.schedule.floor.opened.database)
        claims = await self.claim(1)
        self.trouble = trouble
        for claim in claims:
            with suppress(Unforeseen):
                await self.converser.converse(claim)
        self.trouble = ""
        return bool(claims)

    async def settle(self, claim: Claim, outcome: TurnOutcome) -> Committed:
        """Write a turn, unless it is the one that goes wrong."""
        trouble, self.trouble = self.trouble, ""
        self.schedule.met.add(trouble)
        await self._meet(trouble, claim)
        committed = await super().settle(claim, outcome)
        if trouble == "is unsure":
            raise Unavailable
        return committed

    async def _meet(self, trouble: str, claim: Claim) -> None:
        database = self.schedule.floor.opened.database
        if trouble == "breaks":
            raise Unforeseen
        if trouble == "is cut off":
            raise Unavailable
        if trouble == "is overtaken":
            await self.schedule.other(self).answer_one("")
        if trouble == "finds another version":
            events = [self.schedule.walk.chance.choice(WRITTEN_BY_WEB) | {"timestamp": 1.0}]
            await database.run(_WRITE_BEHIND, (claim.conversation.id, msgspec.json.encode(events)))


class Reader:
    """A brain with a memory of its own, compared with one that has none."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule, self._mine = schedule, _without_memory(schedule.bot)

    async def answer(self, question: Question, history: History) -> Answer:
        """Answer, and see that it is what is said by somebody who has just read the conversation."""
        turn = runtime.current()
        assert isinstance(turn, ConversationTurn)
        is_current = await self._is_current(question)
        was_read = False

        async def read() -> Any:
            nonlocal was_read
            was_read = True
            return await history()

        answer = await _answer(self._mine, question, read)
        self.schedule.from_memory += bool(question.conversation.tracker_version and not was_read)
        if is_current:
            runtime.enter(ConversationTurn(claim=turn.claim, services=turn.services))
            afresh = await _answer(_without_memory(self.schedule.bot), question, history)
            runtime.enter(turn)
            assert _essence(answer) == _essence(afresh)
        return answer

    async def _is_current(self, question: Question) -> bool:
        conversations, address = self.schedule.floor.opened.store.conversations, question.conversation.identity.address
        found = await conversations.find("rest", address)
        return found is not None and found.tracker_version == question.conversation.tracker_version


def _without_memory(brain: RasaBrain) -> RasaBrain:
    made = copy.copy(brain)
    made._trackers = OrderedDict()
    return made


async def _answer(brain: RasaBrain, question: Question, history: History) -> Answer:
    random.seed(question.message_id)
    np.random.seed(int(question.message_id) % 2**32)
    return await brain.answer(question, history)


def _essence(answer: Answer) -> str:
    """Give all that was said and remembered, but for the numbers of new cases: each attempt draws another."""
    from tests.integration.plain_rasa import essence

    events = essence([msgspec.json.decode(event) for event in answer.tracker_events])
    return re.sub(r"CASE-\d+", "CASE", repr((events, answer.messages, answer.language)))


async def _unfinished(floor: Floor) -> int:
    rows = await floor.opened.database.rows("SELECT count(*) FROM inbox WHERE state NOT IN ('settled', 'dead')")
    return int(rows[0][0])
