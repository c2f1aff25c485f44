"""Where a channel has no buttons, a number or a label chooses one."""

from __future__ import annotations

import pytest

from relevo.contracts.brain import Question
from relevo.domain.messages import Button, Content
from tests.integration.xs import dm, on_x

pytestmark = pytest.mark.anyio


async def test_answers_to_a_menu_choose_its_buttons(database: str) -> None:
    """By number, with or without a word or a mark, and by their labels; anything else stays as it was written."""
    said = {
        "1": "/affirm", "2.": "/deny", "2)": "/deny", "opción 2": "/deny", "Option 1": "/affirm", "SI": "SI",
        "«sí, adelante»": "/affirm", "no": "/deny", "3": "3", "2 maletas": "2 maletas", "0": "0", "sí": "sí",
    }  # fmt: skip
    menu = Content(
        text="Shall I?",
        buttons=(Button(title="Sí, adelante", payload="/affirm"), Button(title="No", payload="/deny")),
    )
    async with on_x(database, lambda question: menu) as x:
        await x.take(dm("hello", "10"))
        for number, text in enumerate(said):
            await x.take(dm(text, str(20 + number)))
        asked = [question.text for question in x.doors.brain.asked[1:]]
        assert asked == list(said.values())
        assert [question.is_issued_payload for question in x.doors.brain.asked[1:]] == [
            answer.startswith("/") for answer in asked
        ]


async def test_only_the_last_menu_counts_and_a_bare_number_only_while_the_bot_asked_nothing_else(database: str) -> None:
    """A number may answer something else by then; a number that is called an option may not."""

    def script(question: Question) -> Content:
        if question.text in ("colours", "sizes"):
            titles = ("Red", "Blue") if question.text == "colours" else ("Small", "Large")
            return Content(text="?", buttons=tuple(Button(title=each, payload=f"/{each.lower()}") for each in titles))
        return Content(text="How many?")

    async with on_x(database, script) as x:
        for number, text in enumerate(("colours", "sizes", "blue", "2", "2", "option 2", "large")):
            await x.take(dm(text, str(30 + number)))
        asked = [question.text for question in x.doors.brain.asked]
        assert asked == ["colours", "sizes", "blue", "2", "2", "/large", "/large"]


async def test_a_quick_reply_carries_its_payload(database: str) -> None:
    """Where the bot has issued it; what it has not is words."""
    menu = Content(text="?", buttons=(Button(title="Yes", payload="/affirm"),))
    async with on_x(database, lambda question: menu) as x:
        await x.take(dm("hello", "1"))
        await x.take(dm("Sure", "2", quick_reply_response={"type": "options", "metadata": "/affirm"}))
        await x.take(dm("Sure", "3", quick_reply_response={"type": "options", "metadata": "/restart"}))
        assert [question.text for question in x.doors.brain.asked] == ["hello", "/affirm", "Sure"]
