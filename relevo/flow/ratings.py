"""Asks contacts how it was, once what they wanted is settled, and hears the answer in front of the brain.

A watcher asks (the turn that settles something is not made longer); the answer is an ordinary message that the
conversation is known to be open for, so that nobody looks anything up to tell a rating from an order of five.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
import structlog

from relevo.contracts.live import Live
from relevo.contracts.ratings import Ratings
from relevo.contracts.store import Claim, TurnOutcome
from relevo.domain.messages import Author, Button, Content
from relevo.domain.ratings import DueRating, Rating, Stage, payload, pressed, said
from relevo.flow.texts import say
from relevo.flow.waiting import keep_watch

LOOK_SECONDS = 3.0
_log = structlog.get_logger()


class RatingWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Asks whoever may be asked."""

    ratings: Ratings
    live: Live
    default_language: str = "es"

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        await keep_watch(stop, self.step, live=self.live, what="ratings", pause_seconds=LOOK_SECONDS)

    async def step(self) -> int:
        """Ask those whom it is time to ask, and give how many that were."""
        asked = 0
        for due in await self.ratings.due():
            if await self.ratings.ask(due, _question(due, due.language or self.default_language)):
                asked += 1
                self.live.changed(due.conversation_id)
                self.live.wake_senders()
        return asked


def heard(claim: Claim, language: str) -> Rating | None:
    """Read a message as an answer to the question that is open; None when there is none, or it is something else."""
    conversation, text = claim.conversation, claim.arrival.text
    if claim.handback is not None or claim.arrival.attachments:
        return None
    if text in conversation.issued_payloads and (rating := pressed(text)):
        return rating
    return said(conversation.rating, text, _score_words(language)) if conversation.rating else None


def thanks(rating: Rating, language: str) -> TurnOutcome:
    """Give what a turn writes that only heard a rating."""
    if rating.comment is not None:
        content = Content(text=say(language, "rating_commented"))
    elif rating.next_stage is Stage.COMMENT:
        content = Content(text=say(language, "rating_listening"))
    else:
        key = "rating_thanks" if (rating.score or 0) >= 4 else "rating_thanks_sorry"
        button = Button(title=say(language, "rating_comment"), payload=payload(rating.position, "comment"))
        content = Content(text=say(language, key), buttons=(button,))
    return TurnOutcome(messages=(content,), author=Author.SYSTEM, rating=rating)


def is_over(claim: Claim) -> Rating | None:
    """Give that the open question is over, where there is one: something else was written."""
    asked = claim.conversation.rating
    return Rating(position=asked.position) if asked and claim.handback is None else None


def _question(due: DueRating, language: str) -> Content:
    position = due.last_position + 1
    titles = say(language, "rating_scores").split("|")
    buttons = tuple(Button(title=title, payload=payload(position, score)) for score, title in enumerate(titles, 1))
    if due.agent_name:
        return Content(text=say(language, "rating_question_person", agent=due.agent_name), buttons=buttons)
    return Content(text=say(language, "rating_question_bot"), buttons=buttons)


def _score_words(language: str) -> Mapping[str, int]:
    """Give the words for each score; those of one score are separated by commas."""
    by_score = say(language, "rating_words").split("|")
    return {word.strip(): score for score, words in enumerate(by_score, 1) for word in words.split(",")}
