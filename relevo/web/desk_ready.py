"""The doors of ready words: canned replies and macros, kept and used."""

from __future__ import annotations

from uuid import UUID

import msgspec

from relevo.contracts.composer import CannedText
from relevo.domain.variables import fill
from relevo.flow.desk import demand_client_id
from relevo.flow.known_values import known_values
from relevo.flow.macro_run import Run
from relevo.flow.macros import run_macro
from relevo.flow.ready_words import ReadyWork
from relevo.web import composer_wire as wire
from relevo.web.desk_composer import composing, get, post
from relevo.web.desk_doors import Call


async def canned(call: Call) -> wire.CannedList:
    """Give all that the caller may use."""
    return wire.CannedList(replies=await _work(call).ready.replies(call.agent.id))


async def canned_here(call: Call, conversation_id: UUID) -> wire.CannedHereList:
    """Give them as they read here, those in the conversation's language first."""
    values = await known_values(call.services.store, conversation_id, call.agent)
    language = (await call.services.store.conversations.get(conversation_id)).language
    found = sorted(await _work(call).ready.replies(call.agent.id), key=lambda reply: reply.language != language)
    shown = [(reply, fill(reply.text, values)) for reply in found]
    return wire.CannedHereList(
        replies=[
            wire.CannedHere(
                id=reply.id,
                language=reply.language,
                code=reply.code,
                title=reply.title,
                text=filled.text,
                missing=filled.missing,
                is_own=reply.agent_id is not None,
            )
            for reply, filled in shown
        ]
    )


async def add_canned(call: Call, body: wire.CannedNew) -> wire.CannedList:
    """Keep a new one."""
    await _work(call).add_reply(call.agent, _text(call, body))
    return await canned(call)


async def change_canned(call: Call, body: wire.CannedChange) -> wire.CannedList:
    """Put other words in its place."""
    await _work(call).change_reply(call.agent, body.id, _text(call, body))
    return await canned(call)


async def remove_canned(call: Call, body: wire.RemoveReady) -> wire.CannedList:
    """Forget one."""
    await _work(call).remove_reply(call.agent, body.id)
    return await canned(call)


async def macros(call: Call) -> wire.MacroList:
    """Give all that the caller may run."""
    return wire.MacroList(macros=await _work(call).ready.macros(call.agent.id))


async def add_macro(call: Call, body: wire.MacroNew) -> wire.MacroList:
    """Keep a new one."""
    owner = None if body.is_shared else call.agent.id
    await _work(call).add_macro(call.agent, body.name, body.steps, owner)
    return await macros(call)


async def change_macro(call: Call, body: wire.MacroChange) -> wire.MacroList:
    """Put other steps in its place."""
    await _work(call).change_macro(call.agent, body.id, body.name, body.steps)
    return await macros(call)


async def remove_macro(call: Call, body: wire.RemoveReady) -> wire.MacroList:
    """Forget one."""
    await _work(call).remove_macro(call.agent, body.id)
    return await macros(call)


async def run(call: Call, body: wire.RunMacro, conversation_id: UUID) -> wire.MacroRun:
    """Take a macro's steps."""
    demand_client_id(body.client_id)
    await call.services.store.conversations.get(conversation_id)
    ready = _work(call)
    macro = await ready.macro(call.agent, body.macro_id)
    steps = await run_macro(
        Run(
            conversation_id=conversation_id,
            agent=call.agent,
            client_id=body.client_id[:80],
            work=call.work,
            composing=composing(call),
            replies=await ready.ready.replies(call.agent.id),
            eyes=call.eyes,
            decider=call.services.decider,
        ),
        macro,
    )
    return wire.MacroRun(
        is_done=all(step.is_done for step in steps),
        steps=[msgspec.convert(step, wire.StepDone, from_attributes=True) for step in steps],
    )


def _work(call: Call) -> ReadyWork:
    return ReadyWork(ready=call.services.store.composer.ready)


def _text(call: Call, body: wire.CannedNew) -> CannedText:
    owner = None if body.is_shared else call.agent.id
    return CannedText(language=body.language, code=body.code, title=body.title, text=body.text, agent_id=owner)


_ONE = "/conversations/{conversation_id}"
OPERATIONS = (
    get("/canned", "Ready replies.", canned, wire.CannedList),
    get(f"{_ONE}/canned", "Ready replies as they read here.", canned_here, wire.CannedHereList),
    post("/canned", "Keep a ready reply.", add_canned, wire.CannedNew, wire.CannedList),
    post("/canned/change", "Change a ready reply.", change_canned, wire.CannedChange, wire.CannedList),
    post("/canned/remove", "Remove a ready reply.", remove_canned, wire.RemoveReady, wire.CannedList),
    get("/macros", "Macros.", macros, wire.MacroList),
    post("/macros", "Keep a macro.", add_macro, wire.MacroNew, wire.MacroList),
    post("/macros/change", "Change a macro.", change_macro, wire.MacroChange, wire.MacroList),
    post("/macros/remove", "Remove a macro.", remove_macro, wire.RemoveReady, wire.MacroList),
    post(f"{_ONE}/run", "Take a macro's steps.", run, wire.RunMacro, wire.MacroRun),
)
