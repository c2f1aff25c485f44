"""Made fast, not different: our brain writes every event that Rasa as it is writes, whatever people say.

A number of steps in RELEVO_PARITY_STEPS, for a longer walk than the suite has time for.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml
from msgspec.structs import replace

from relevo.brain import lean

lean.install()

from relevo.brain.rasa_brain import RasaBrain, _encode, _message
from relevo.contracts import runtime
from relevo.contracts.brain import Answer, Question
from relevo.contracts.store import Claim, TurnOutcome
from relevo.domain.messages import Arrival
from relevo.flow.turn import ConversationTurn
from tests.integration.talking import BOT, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa, pytest.mark.filterwarnings("ignore")]
STEPS = int(os.environ.get("RELEVO_PARITY_STEPS", "500"))
SEED = int(os.environ.get("RELEVO_PARITY_SEED", "41"))
LONGEST = 8
WRITTEN_BY_WEB: tuple[dict[str, Any], ...] = (
    {"event": "rewind"},
    {"event": "undo"},
    {"event": "restart"},
    {"event": "followup", "name": "utter_thanks"},
    {"event": "slot", "name": "language", "value": "en"},
    {"event": "slot", "name": "in_request", "value": None},
    {"event": "reset_slots"},
    {"event": "session_started"},
    {"event": "action", "name": "action_listen"},
)
"""Events that others may add between two turns: what people at the desk teach, and the ends of requests."""


@dataclass
class Talked:
    """One conversation, in both brains."""

    claim: Claim
    version: int = 0
    kept: list[bytes] = field(default_factory=list)
    buttons: tuple[str, ...] = ()


class Walk:
    """What is said next: of the bot's stories, rules and examples, or something that nobody foresaw."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._examples = {language: _examples(BOT / "data" / "nlu" / language) for language in ("es", "en")}
        self._stories = list(_stories(BOT / "data"))
        self._planned: list[str] = []

    def begin(self) -> None:
        """Begin another conversation, in either language, along one or two stories."""
        self.language = self.chance.choice(["es", "en"])
        self._planned = [intent for _ in range(2) for intent in self.chance.choice(self._stories)]

    def next(self, buttons: Sequence[str]) -> tuple[str, bool]:
        """Give a text, and whether the server issued it as a payload."""
        number = self.chance.random()
        if buttons and number < 0.2:
            return self.chance.choice(buttons), True
        if number < 0.27:
            return self.chance.choice(["/restart", "/back", "/session_start", "/affirm", "/deny", "/nonsense"]), True
        if number < 0.35:
            return self.chance.choice(_UNFORESEEN), False
        if number < 0.5:
            return self.chance.choice(_FACTS), False
        planned = self._planned.pop(0) if self._planned and number < 0.85 else None
        examples = self._examples[self.language]
        return self.chance.choice(examples.get(planned or "") or self.chance.choice(list(examples.values()))), False


_UNFORESEEN = (
    "",
    "asdf ñandú 77",
    "🙂",
    "¿?",
    "x" * 300,
    "what is the meaning of life",
    "/restart",
    "12",
    "no sé, da igual",
)
_FACTS = (
    "AU48207315",
    "AU48207315, RBL7Q2",
    "amina.benali@example.com",
    "sí",
    "yes please",
    "no",
    "el mes pasado",
    "yesterday",
    "AO-50044",
    "150 €",
)


async def test_every_event_is_that_of_rasa_as_it_is(
    floor: Floor, bot: RasaBrain, bot_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through restarts, rewinds, taught facts, dropped trackers, other versions, and conversations in between."""
    from tests.integration.plain_rasa import Answered, PlainRasa

    answered = Answered()
    theirs = PlainRasa(bot_model, answered)
    answered.listen(bot._processor.action_endpoint, monkeypatch)
    walk, talks, compared = Walk(SEED), list[Talked](), 0
    for step in range(STEPS):
        if len(talks) < 3 or walk.chance.random() < 1 / LONGEST:
            talks = [*talks[-2:], await _begun(floor, f"parity-{step}")]
            walk.begin()
        talk = walk.chance.choice(talks)
        compared += await _step(floor, bot, theirs, walk, talk, step)
    assert not answered.waiting, "Rasa as it is ran fewer actions"
    assert compared > 5 * STEPS, "so few events show nothing"
    runtime.enter(None)


async def _step(floor: Floor, bot: RasaBrain, theirs: Any, walk: Walk, talk: Talked, step: int) -> int:
    from tests.integration.plain_rasa import Silence, essence

    if walk.chance.random() < 0.1:
        bot._trackers.pop(talk.claim.conversation.id, None)
    if talk.kept and walk.chance.random() < 0.06:
        _write_behind_their_backs(theirs, walk.chance.choice(WRITTEN_BY_WEB), talk)
    text, is_issued = walk.next(talk.buttons)
    question, turn = _question(floor, talk, text or "?", is_issued, step)
    runtime.enter(turn)
    np.random.seed(step)
    answer = await bot.answer(question, lambda: _given(talk.kept))
    introduction = bot._introduction(question, theirs.tracker(str(question.conversation.id)))
    message = _message(question, Silence("rest"))
    events = await theirs.turn(message, introduction, step)
    ours = essence([msgspec.json.decode(event) for event in answer.tracker_events])
    assert ours == essence(msgspec.json.decode(msgspec.json.encode(events))), (step, text)
    _commit(talk, answer, turn)
    return len(ours)


def _question(floor: Floor, talk: Talked, text: str, is_issued: bool, step: int) -> tuple[Question, ConversationTurn]:
    conversation = replace(talk.claim.conversation, tracker_version=talk.version)
    claim = replace(talk.claim, arrival=replace(talk.claim.arrival, text=text), conversation=conversation)
    question = Question(conversation=conversation, message_id=str(step), text=text, is_issued_payload=is_issued)
    return question, ConversationTurn(claim=claim, services=floor.converser.services)


def _commit(talk: Talked, answer: Answer, turn: ConversationTurn) -> None:
    talk.kept.append(b"[" + b",".join(answer.tracker_events) + b"]")
    talk.version += 1
    answer.committed_as(talk.version)
    talk.claim = replace(talk.claim, conversation=turn.conversation_by_now)
    talk.buttons = tuple(button.payload for content in answer.messages for button in content.buttons)


def _write_behind_their_backs(theirs: Any, event: dict[str, Any], talk: Talked) -> None:
    from rasa.shared.core.events import Event

    read = Event.from_parameters({**event, "timestamp": 1.0})
    talk.kept.append(b"[" + _encode(read) + b"]")
    talk.version += 1
    theirs.tracker(str(talk.claim.conversation.id)).update(Event.from_parameters({**event, "timestamp": 1.0}))


async def _begun(floor: Floor, address: str) -> Talked:
    inbox = floor.opened.store.inbox
    await inbox.receive([Arrival(channel="rest", address=address, external_id=address, text="hola")])
    (claim,) = await inbox.claim(1)
    await inbox.settle(claim, TurnOutcome())  # what is said from now on does not go through the database
    return Talked(claim)


async def _given(kept: list[bytes]) -> Sequence[bytes]:
    return kept


def _examples(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in sorted(folder.glob("*.yml")):
        for block in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["nlu"]:
            if "intent" in block:
                lines = (line.strip()[2:] for line in block["examples"].splitlines())
                plain = (re.sub(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})", r"\1", line) for line in lines if line)
                found.setdefault(block["intent"], []).extend(plain)
    return found


def _stories(data: Path) -> Iterator[list[str]]:
    for file in sorted([*(data / "rules").glob("*.yml"), *(data / "stories").glob("*.yml")]):
        written = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for story in [*written.get("rules", ()), *written.get("stories", ())]:
            intents = [step["intent"] for step in story["steps"] if "intent" in step]
            if intents:
                yield intents
