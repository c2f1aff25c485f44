"""Questions, answered from the business's articles; what no article answers is never made up, and a person is offered.

    asked, or not understood ──► an article fits ──► its passage and link ──► "did this help?" ──► no: a person?
                             └─► none does       ──► said so                                  ──► a person?
    in the middle of a request the passage is told, and the request goes on

What was asked is kept in the slot ``help`` until the next action: a yes long after is to something else.
"""

from __future__ import annotations

from msgspec.structs import replace

from actions import handoff, perhaps
from actions.cases import open_case
from actions.conversation import Talk
from relevo.contracts.help import Passage
from relevo.domain.cases import Trigger

ASKED = "ask_question"
"""Intent of a question; whatever else is looked up must fit better, for perhaps nothing was asked."""
OUTSIDE = "out_of_scope"
"""Intent of what is none of the bot's business: an article may still know of it."""
CASE_TYPE = "question"
NOT_FOUND = {
    (True, False): "utter_help_not_found",
    (True, True): "utter_help_not_found_here",
    (False, False): "utter_out_of_scope",
    (False, True): "utter_out_of_scope_here",
}
"""What is said where no article fits, by whether something was asked for sure, and whether a request is open."""

_SAID_LAST = {"affirm": "utter_help_glad", "deny": "utter_ok", "thanks": "utter_thanks", "bye": "utter_bye"}
_LONGEST_QUESTION = 500


def question(talk: Talk) -> None:
    """Answer what was asked, or say that it cannot be."""
    if answered(talk):
        return
    is_asked, in_request = talk.heard.intent == ASKED, bool(talk.memory["in_request"])
    talk.say(NOT_FOUND[is_asked, in_request])
    if is_asked and not in_request:
        _wait_for_answer(talk, "person", article=None)


def answered(talk: Talk) -> bool:
    """Answer from an article where one surely fits, and tell whether that was so."""
    passage = _passage(talk)
    if passage is None:
        return False
    talk.say("utter_help_passage", title=passage.title, passage=passage.text, link=passage.link)
    if not talk.memory["in_request"]:
        talk.say("utter_help_useful")
        _wait_for_answer(talk, "useful", article=passage.slug)
    return True


async def not_understood(talk: Talk) -> bool:
    """Look up what was not understood, else ask what is meant; tell whether nothing else is to be said."""
    before = talk.memory["help"] or {}
    if before and before.get("stage") != perhaps.STAGE:  # what was said before was answered: this is the first
        talk.heard = replace(talk.heard, not_understood_before=None)
    is_request = perhaps.has_choices(talk) and not perhaps.may_be(talk, ASKED, OUTSIDE)
    return (is_request or not answered(talk)) and await perhaps.not_understood(talk)


async def go_on(talk: Talk) -> None:
    """Hear whether the answer helped, and whether a person is wanted."""
    asked, intent = talk.memory["help"] or {}, talk.heard.intent
    if asked.get("control_version") != talk.turn.control_version:  # somebody else spoke since: this is to them
        talk.say("utter_what_can_i_do" if intent == "affirm" else _SAID_LAST.get(intent, "utter_ok"))
    elif asked.get("stage") == perhaps.STAGE and intent in ("affirm", "deny"):
        perhaps.go_on(talk)
    elif intent == "affirm" and asked.get("stage") == "person":
        await _to_person(talk, asked)
    elif intent == "deny" and asked.get("stage") == "useful":
        talk.say("utter_help_person")
        _wait_for_answer(talk, "person", article=asked["article"], words=asked["question"])
    else:
        talk.say(_SAID_LAST.get(intent, "utter_ok"))


def leave(talk: Talk) -> None:
    """Forget what was asked, unless it has just been: a later yes or no is to something else."""
    if not talk.memory.is_new("help"):
        talk.memory.forget("help", "is_help_open")


def _passage(talk: Talk) -> Passage | None:
    found = talk.turn.find_help(talk.heard.text, talk.memory["language"])
    return found if found and (found.is_sure or talk.heard.intent == ASKED) else None


def _wait_for_answer(talk: Talk, stage: str, *, article: str | None, words: str | None = None) -> None:
    asked = words or talk.heard.text[:_LONGEST_QUESTION]
    version = talk.turn.control_version
    talk.memory["help"] = {"stage": stage, "question": asked, "article": article, "control_version": version}
    talk.memory["is_help_open"] = True
    if not talk.memory["case_id"]:  # whoever asks for a person now asks about this
        talk.memory["goal"] = asked


async def _to_person(talk: Talk, asked: dict[str, str]) -> None:
    """Open a case of its own, with the question in the contact's words and the article that did not help."""
    talk.memory["goal"] = asked["question"]
    number = await open_case(
        talk, CASE_TYPE, Trigger.USER_REQUEST, goal=asked["question"], named={}, article=asked["article"]
    )
    await handoff.to_person(talk, number, CASE_TYPE, Trigger.USER_REQUEST, "utter_case_opened")
