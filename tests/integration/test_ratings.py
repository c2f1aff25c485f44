"""Contacts are asked once how it was, and their answer is kept with who dealt with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from relevo.contracts.brain import Question
from relevo.contracts.runtime import current
from relevo.domain.cases import Trigger
from relevo.domain.conversations import Conversation
from relevo.domain.handoff import HandoffRequest
from relevo.domain.messages import Button, Content
from relevo.flow.ratings import RatingWatch
from tests.integration.desks import DeskOf, at, desk_of, spoken
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio


async def _script(question: Question) -> Content:
    """Do something for “credit”, ask for a person for “person” and “danger”, offer for “offer”, else repeat."""
    turn, text = current(), question.text
    assert turn is not None
    if "credit" in text:
        await turn.perform("credit_points", text, {"points": 5}, amount=5, unit="points")
    if "person" in text or "danger" in text:
        trigger = Trigger.SAFETY if "danger" in text else Trigger.USER_REQUEST
        case = await turn.open_case("other", trigger, goal=text)
        await turn.hand_off(HandoffRequest(case_id=case, case_type="other", trigger=trigger, goal=text))
    if "offer" in text:
        return Content(text="Shall I?", buttons=(Button(title="Yes", payload="/affirm"),))
    return Content(text=f"You said {text}")


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot does things and asks for people."""
    async with open_doors(database, _script) as opened:
        yield opened


@pytest.fixture
async def sara(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent at her desk."""
    async with desk_of(doors, "Sara Molina", "supervisor") as desk:
        await desk.does("/presence", is_away=False)
        yield desk


async def _asks(doors: Doors) -> int:
    """Let whoever may be asked be asked."""
    store, live = doors.opened.store, doors.opened.live
    return await RatingWatch(ratings=store.ratings, live=live, default_language="en").step()


async def _is_quiet(doors: Doors) -> None:
    """Let some minutes of silence pass."""
    await doors.opened.database.run("UPDATE conversations SET updated_at = updated_at - interval '5 minutes'")


async def _handed_back(doors: Doors, sara: DeskOf, who: str, words: str, outcome: str = "resolved") -> Conversation:
    await doors.texts(who, words)
    conversation = await sara.takes(who)
    version = conversation.control_version
    await sara.does(f"{at(conversation)}/hand-back", version=version, outcome=outcome)
    await doors.until("SELECT NOT EXISTS (SELECT FROM inbox WHERE state IN ('waiting', 'held'))")
    return conversation


async def _kept(doors: Doors) -> list[tuple[Any, ...]]:
    return await doors.opened.database.rows("SELECT stretch, agent_id, score, comment FROM csat ORDER BY id")


async def test_what_a_person_resolved_is_rated_by_button_and_commented(doors: Doors, sara: DeskOf) -> None:
    """Asked after the bot's opening words, once; then everything is an ordinary message again."""
    await _handed_back(doors, sara, "amina", "a person please")
    assert await _asks(doors) == 1
    assert await _asks(doors) == 0
    question = (await doors.timeline("rest", "amina"))[-1]
    assert question.content.text == "How did Sara Molina do? From 1 (badly) to 5 (very well)."
    payloads = [button.payload for button in question.content.buttons]
    answer = (await doors.post("amina", payloads[1])).json()[-1]
    assert "sorry" in answer["text"]
    listening = await doors.texts("amina", answer["buttons"][0]["payload"])
    assert listening[-1] == "Go ahead: write it in one message."
    assert (await doors.texts("amina", "nobody called me back"))[-1].startswith("Thank you, it is noted")
    assert await doors.texts("amina", "5") == ["You said 5"]
    assert await _kept(doors) == [("person", sara.agent.id, 2, "nobody called me back")]
    await doors.texts("amina", payloads[4])
    assert (await _kept(doors))[0][2] == 2, "the first score stays"
    await _handed_back(doors, sara, "amina", "a person again")
    assert await _asks(doors) == 0, "once a day is enough"
    (line,) = (await sara.get("/reports/csat"))["rows"]
    assert (line["stretch"], line["asked"], line["answered"], line["average"]) == ("person", 1, 1, 2)


async def test_what_the_bot_did_is_rated_in_a_word_once_it_is_quiet(doors: Doors) -> None:
    """A number after the question is the score; without the question it is a number."""
    assert await doors.texts("ben", "5") == ["You said 5"]
    await doors.texts("ben", "credit one")
    assert await _asks(doors) == 0, "they may have more to say"
    await _is_quiet(doors)
    assert await _asks(doors) == 1
    heard = await doors.texts("ben", "5 / 5!")
    assert heard[-1] == "Thank you for telling me."
    assert await doors.texts("ben", "5") == ["You said 5"]
    assert await _kept(doors) == [("bot", None, 5, None)]


async def test_a_question_that_is_not_answered_is_over_with_the_next_message(doors: Doors) -> None:
    """Whoever goes on with something else is answered, and a later number is a number; the buttons still work."""
    await doors.texts("cara", "credit two")
    await _is_quiet(doors)
    await _asks(doors)
    button = (await doors.timeline("rest", "cara"))[-1].content.buttons[3]
    assert (await doors.texts("cara", "5 bags are missing"))[-1] == "You said 5 bags are missing"
    assert await doors.texts("cara", "4") == ["You said 4"]
    await doors.texts("cara", button.payload)
    assert await _kept(doors) == [("bot", None, 4, None)]
    assert await doors.texts("dan", button.payload) == [f"You said {button.payload}"], "shown to somebody else"


async def test_nobody_is_asked_who_waits_was_refused_offered_something_or_was_in_danger(
    doors: Doors, sara: DeskOf
) -> None:
    """Refused, still open, an alarm, an offer that waits for its yes: there is nothing to ask."""
    await _handed_back(doors, sara, "eva", "a person please", "refused")
    await _handed_back(doors, sara, "finn", "a person please", "promised")
    await _handed_back(doors, sara, "gus", "danger here")
    await doors.texts("hana", "credit three, and offer")
    await doors.texts("iris", "credit four")
    await doors.texts("iris", "a person please")
    await _is_quiet(doors)
    assert await _asks(doors) == 0


async def test_a_comment_that_is_a_cry_for_help_is_answered_as_one(doors: Doors, sara: DeskOf) -> None:
    """It is kept as the comment, and a person is asked for all the same."""
    conversation = await _handed_back(doors, sara, "jan", "a person please")
    await _asks(doors)
    position = (await doors.timeline("rest", "jan"))[-1].position
    await doors.texts("jan", f"/rate_{position}_1")
    await doors.texts("jan", f"/rate_{position}_comment")
    await doors.texts("jan", "I am in danger")
    assert (await _kept(doors))[0][2:] == (1, "I am in danger")
    assert (await sara.get(at(conversation)))["conversation"]["control"] == "queued"
    assert spoken(await doors.timeline("rest", "jan"))[-1] == "message bot: You said I am in danger"
