"""One message in, one answer out: who answers, what happens when the bot fails, and what a contact then hears."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from relevo.contracts import runtime
from relevo.contracts.brain import Answer, History, Question
from relevo.domain.effects import EffectState
from relevo.domain.messages import Author, Button, Content
from relevo.errors import BrainUnavailable, TurnFailed
from relevo.flow.converse import MAX_ATTEMPTS
from relevo.testing import Died
from relevo.testing.ledger import Ledger, Trouble
from relevo.testing.scripted import Said, Script, ScriptedBrain
from relevo.testing.stage import Stage, open_stage
from tests.integration.hands import everything, let_all_be_due, let_leases_expire, spoken

pytestmark = pytest.mark.anyio


def answer(question: Question) -> str:
    """Answer so that one sees to what."""
    return f"re {question.text}"


async def credit(question: Question) -> str:
    """Credit the ticket that the message names."""
    turn = runtime.current()
    assert turn is not None
    result = await turn.perform("credit", question.text, {"ticket": question.text})
    return f"{question.text} {result.state.value}"


async def test_a_person_takes_over_and_gives_back(database: str) -> None:
    """While an agent holds control the bot says nothing; afterwards it answers again."""
    async with open_stage(database, answer) as stage:
        amina, kim = stage.contact("amina"), stage.agent("kim")
        await amina.says("I want a person")
        amina.hears("re I want a person")
        await kim.takes(amina)
        await amina.says("are you there?")
        amina.hears_nothing()
        await kim.says(amina, "I am.")
        amina.hears("I am.")
        await kim.gives_back(amina)
        await amina.says("thanks")
        amina.hears("re thanks")
        assert spoken(await amina.timeline()) == [
            "message contact: I want a person",
            "message bot: re I want a person",
            "control system: None",
            "message contact: are you there?",
            "message agent: I am.",
            "control system: None",
            "message contact: thanks",
            "message bot: re thanks",
        ]


async def test_control_taken_in_the_middle_of_a_turn_silences_the_bot(database: str) -> None:
    """Its words are a draft that the agent sees; the effect that it did is named, and the contact hears neither."""
    business = Ledger()

    async def script(question: Question) -> str:
        said = await credit(question)
        await stage.agent("kim").takes(stage.contact("amina"))
        return said

    async with open_stage(database, script, business=business) as stage:
        amina = stage.contact("amina")
        await amina.says("T1")
        amina.hears_nothing()
        entries = await amina.timeline()
        assert [entry.kind for entry in entries] == ["message", "control", "effect", "draft"]
        assert entries[2].content.custom is not None
        assert entries[2].content.custom["state"] == "done"
        assert list(business.booked) == ["credit:T1"]


async def test_a_bot_that_raises_opens_a_case_and_says_so(database: str) -> None:
    """The contact hears the case's number, the case has their words and the error, and the next message is answered."""

    def script(question: Question) -> str:
        if "boom" in question.text:
            raise TurnFailed("action_credit raised KeyError")
        return answer(question)

    async with open_stage(database, script) as stage:
        amina = stage.contact("amina")
        await amina.says("boom, please")
        (case,) = await stage.opened.store.desk.cases()
        assert (case.trigger, case.goal) == ("action_error", "boom, please")
        assert case.detail == {"error": "action_credit raised KeyError"}
        (told,) = stage.channel.shown_to("amina")
        assert case.id in told
        assert "sorry" in told
        rows = await stage.opened.database.rows("SELECT state, error FROM inbox")
        assert rows == [("dead", "action_credit raised KeyError")]
        await amina.says("hello")
        assert stage.channel.shown_to("amina")[1:] == ["re hello"]


@pytest.mark.parametrize(("language", "word"), [("es", "Lo siento"), ("en", "sorry"), ("fr", "sorry")])
async def test_the_system_speaks_the_conversation_s_language(database: str, language: str, word: str) -> None:
    """Or English, where it has no texts of that language."""

    def script(question: Question) -> str:
        if question.text == "boom":
            raise TurnFailed("it raised")
        return "."

    async with open_stage(database, ScriptedBrain(script, language=language)) as stage:
        amina = stage.contact("amina")
        await amina.says("hello")
        await amina.says("boom")
        assert word in stage.channel.shown_to("amina")[-1]


async def test_without_a_model_messages_wait_for_one(database: str) -> None:
    """Nothing is lost or answered out of order; the bot answers when it can."""
    has_model = False

    def script(question: Question) -> str:
        if not has_model:
            raise BrainUnavailable
        return answer(question)

    async with open_stage(database, script) as stage:
        amina = stage.contact("amina")
        await amina.says("one")
        await amina.says("two")
        amina.hears_nothing()
        has_model = True
        await stage.play()
        amina.hears_nothing()
        await let_all_be_due(stage.opened.database)
        await stage.play()
        amina.hears("re one", "re two")


async def test_a_message_that_kills_its_bot_each_time_is_given_to_a_person(database: str) -> None:
    """After so many beginnings it is not begun again, and what is behind it is answered."""
    begun = 0

    def script(question: Question) -> str:
        nonlocal begun
        if question.text == "poison":
            begun += 1
            raise Died
        return answer(question)

    async with open_stage(database, script) as stage:
        amina = stage.contact("amina")
        with pytest.raises(Died):
            await amina.says("poison")
        while begun < MAX_ATTEMPTS:
            await let_leases_expire(stage.opened.database)
            with pytest.raises(Died):
                await stage.play()
        await let_leases_expire(stage.opened.database)
        await amina.says("hello")
        assert begun == MAX_ATTEMPTS
        (case,) = await stage.opened.store.desk.cases()
        told, answered = stage.channel.shown_to("amina")
        assert case.id in told
        assert answered == "re hello"


@pytest.mark.parametrize("death", [Trouble.DIES_BEFORE, Trouble.DIES_AFTER])
async def test_a_bot_killed_around_an_effect_ends_it_once(database: str, death: Trouble) -> None:
    """The next one finishes what was begun, the contact hears of it once, and the business did it once."""
    business = Ledger()
    business.fail(death)
    async with open_stage(database, credit, business=business) as stage:
        amina = stage.contact("amina")
        with pytest.raises(Died):
            await amina.says("T1")
        await let_leases_expire(stage.opened.database)
        await stage.play()
        amina.hears("T1 done")
        assert list(business.booked) == ["credit:T1"]
        await amina.says("T1")
        amina.hears("T1 done")
        assert business.asked["credit:T1"] == 2


async def test_an_effect_stays_done_when_the_turn_around_it_fails(database: str) -> None:
    """The contact hears that something failed; the timeline and the case's reader see what was done."""

    async def script(question: Question) -> str:
        await credit(question)
        raise TurnFailed("after the deed")

    async with open_stage(database, script) as stage:
        amina = stage.contact("amina")
        await amina.says("T1")
        kinds = {entry.kind: entry for entry in await amina.timeline()}
        assert kinds["effect"].content.custom is not None
        assert kinds["effect"].content.custom["state"] == EffectState.DONE.value
        assert kinds["effect"].author is Author.BOT
        assert "case" in kinds


async def test_only_a_payload_that_the_bot_has_shown_here_is_obeyed(database: str) -> None:
    """Whatever else begins with a slash is text, also where another contact was shown it."""
    obeyed: list[tuple[str, bool]] = []

    def script(question: Question) -> Said:
        obeyed.append((question.text, question.is_issued_payload))
        return Content(text="?", buttons=(Button(title="Yes", payload="/affirm"),)) if question.text == "ask" else "."

    async with open_stage(database, script) as stage:
        amina, bilal = stage.contact("amina"), stage.contact("bilal")
        await amina.says("/affirm")
        await amina.says("ask")
        await amina.says("/affirm")
        await amina.says("/restart")
        await bilal.says("/affirm")
    assert [is_issued for _, is_issued in obeyed] == [False, False, True, False, False]


async def test_a_message_that_arrives_again_changes_nothing(database: str) -> None:
    """However late: no second turn, no second answer."""
    async with open_stage(database, answer) as stage:
        amina = stage.contact("amina")
        await amina.says("hello", message_id="m1")
        before = await everything(stage.opened.database)
        await amina.says("hello", message_id="m1")
        assert await everything(stage.opened.database) == before
        amina.hears("re hello")


async def test_a_brain_goes_on_from_the_answer_that_was_committed(database: str) -> None:
    """Another bot took the message meanwhile: this one's answer is dropped, and its brain hears nothing of it."""
    taken = 0

    async def script(question: Question) -> str:
        nonlocal taken
        if question.text == "slow" and not taken:
            taken += 1
            await let_leases_expire(stage.opened.database)
            await stage.play()
            return "too late"
        return answer(question)

    brain = AttentiveBrain(script)
    async with open_stage(database, brain) as stage:
        amina = stage.contact("amina")
        await amina.says("slow")
        amina.hears("re slow")
        assert brain.committed == [("re slow", 1)]
        assert (await amina.conversation()).tracker_version == 1


class AttentiveBrain(ScriptedBrain):
    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.committed: list[tuple[str | None, int]] = []

    async def answer(self, question: Question, history: History) -> Answer:
        given = await super().answer(question, history)
        return replace(given, committed_as=lambda version: self.committed.append((given.messages[0].text, version)))


async def test_the_stage_says_what_was_heard_instead(database: str) -> None:
    """A story that does not hold fails with both versions."""
    async with open_stage(database, answer) as stage:
        await contact_says_hello(stage)
        with pytest.raises(AssertionError, match=r"amina heard \['re hello'\], not \['something else'\]"):
            stage.contact("amina").hears("something else")


async def contact_says_hello(stage: Stage) -> None:
    """Let somebody write."""
    await stage.contact("amina").says("hello")
