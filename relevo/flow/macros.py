"""Macros: named steps that an agent has taken one after another, as if by hand; the first refusal ends them.

A step is a row of ``STEPS``: its name, what it needs, and the verb that takes it; those of cases are in case_steps.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import msgspec

from relevo.contracts.composer import Macro, Written
from relevo.domain.handoff import Handback
from relevo.errors import Conflict, RequestError, Unreadable
from relevo.flow.case_steps import STEPS_OF_CASES, Take
from relevo.flow.desk import MAX_OUTCOME_CHARACTERS, MAX_PROMISE_DAYS, MAX_TOLD_CHARACTERS
from relevo.flow.macro_run import Done, Run

MAX_STEPS = 10
MAX_STEP_CHARACTERS = 4_000
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_STEP_CHARACTERS)]
Outcome = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_OUTCOME_CHARACTERS)]


class Reply(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Writes to the contact: words of its own, or those under a code in the conversation's language."""

    text: Text | None = None
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None


class Note(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Writes for agents alone."""

    text: Text


class Promise(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Promises an answer within so many minutes."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=MAX_PROMISE_DAYS * 1_440)]


class HandBack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Gives the bot control, which opens with what it is told."""

    outcome: Outcome
    told: Annotated[str, msgspec.Meta(max_length=MAX_TOLD_CHARACTERS)] | None = None


class Close(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ends the conversation silently."""

    outcome: Outcome


class PutBack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Puts the conversation back into the queue."""


async def _reply(run: Run, number: int, step: Reply) -> None:
    text = step.text if step.text is not None else await _canned(run, step.code or "")
    written = Written(text=text, client_id=f"{run.client_id}:{number}")
    await run.composing.reply(run.conversation_id, run.agent, written)


async def _note(run: Run, number: int, step: Note) -> None:
    await run.composing.note(run.conversation_id, run.agent, step.text, f"{run.client_id}:{number}")


async def _promise(run: Run, _number: int, step: Promise) -> None:
    await run.work.promise(
        (await run.open_cases())[0].id, run.agent, run.work.clock() + timedelta(minutes=step.minutes)
    )


async def _hand_back(run: Run, _number: int, step: HandBack) -> None:
    handback = Handback(outcome=step.outcome, told=step.told)
    await run.work.hand_back(run.conversation_id, await run.version(), run.agent, handback)


async def _close(run: Run, _number: int, step: Close) -> None:
    await run.work.close(run.conversation_id, await run.version(), run.agent, Handback(outcome=step.outcome))


async def _put_back(run: Run, _number: int, _step: PutBack) -> None:
    await run.work.put_back(run.conversation_id, await run.version(), run.agent)


STEPS: dict[str, tuple[type[msgspec.Struct], Take]] = {
    "reply": (Reply, _reply),
    "note": (Note, _note),
    "promise": (Promise, _promise),
    "hand_back": (HandBack, _hand_back),
    "close": (Close, _close),
    "put_back": (PutBack, _put_back),
    **STEPS_OF_CASES,
}
"""What a step may do: what it needs, and who takes it."""


def checked_steps(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give steps as they are kept; raises Unreadable, naming the first that is wrong."""
    if not 1 <= len(steps) <= MAX_STEPS:
        raise Unreadable(f"A macro has 1 to {MAX_STEPS} steps.", code="bad_steps")
    return [{"do": step.get("do"), **msgspec.to_builtins(_read(number, step))} for number, step in enumerate(steps, 1)]


async def run_macro(run: Run, macro: Macro) -> list[Done]:
    """Take the steps in order, and give what became of each up to the first that was refused."""
    done: list[Done] = []
    for number, step in enumerate(macro.steps, 1):
        name = str(step.get("do"))
        try:
            await STEPS[name][1](run, number, _read(number, step)) if name in STEPS else _read(number, step)
        except RequestError as error:
            done.append(Done(do=name, is_done=False, code=error.reason, message=str(error)))
            break
        done.append(Done(do=name, is_done=True))
    return done


def _read(number: int, step: Mapping[str, Any]) -> msgspec.Struct:
    name = step.get("do")
    if name not in STEPS:
        raise Unreadable(f"Step {number}: “do” must be one of {', '.join(STEPS)}.", code="bad_steps")
    try:
        read = msgspec.convert({key: value for key, value in step.items() if key != "do"}, STEPS[name][0])
    except msgspec.ValidationError as error:
        raise Unreadable(f"Step {number} ({name}): {error}.", code="bad_steps") from None
    if isinstance(read, Reply) and (read.text is None) == (read.code is None):
        raise Unreadable(f"Step {number} (reply) needs either “text” or “code”.", code="bad_steps")
    return read


async def _canned(run: Run, code: str) -> str:
    language = (await run.work.store.conversations.get(run.conversation_id)).language
    found = [reply for reply in run.replies if reply.code == code]
    fitting = [reply for reply in found if reply.language == language] or found
    if not fitting:
        raise Conflict(f"There is no ready reply with the code {code}.", code="no_such_code")
    own = [reply for reply in fitting if reply.agent_id == run.agent.id]
    return (own or fitting)[0].text
