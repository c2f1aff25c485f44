"""Reports through the desk's API: the numbers, the same as CSV, and the episodes behind each of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from sanic.response import HTTPResponse

from relevo.domain.reports import LINES
from relevo.web import desk_report_wire as wire
from relevo.web.csv import columns_of, csv_answer
from relevo.web.desk_doors import Call
from relevo.web.openapi import Operation

_ABOUT = {
    "outcomes": "How episodes ended: one outcome each.",
    "hours": "What began in which hour of the day, by channel.",
    "days": "What began on which day, by channel.",
    "reasons": "Why people were asked for.",
    "times": "How long people took, counted from the handoff.",
    "rates": "Contained by the bot, lasting resolutions, promises kept, came again.",
    "csat": "How contacts rate what the bot and people did.",
    "effects": "What was done in the business's systems, with amounts.",
    "agents": "What each agent did.",
    "queues": "What became of the handoffs in each queue.",
    "sla": "How promised times were kept: first, next answers and solutions, by priority.",
}
Handler = Callable[[Call], Coroutine[Any, Any, Any]]


def _report(name: str) -> Handler:
    async def give(call: Call) -> Any:
        asked = wire.read_asked(call.request, call.agent)
        return wire.shaped(await call.services.store.reports.read(asked, [name]), name)

    return give


def _csv(name: str) -> Handler:
    async def give(call: Call) -> HTTPResponse:
        asked = wire.read_asked(call.request, call.agent)
        report = await call.services.store.reports.read(asked, [name])
        file = f"{name}-{asked.period.first}-{asked.period.last}.csv"
        return csv_answer(call.session, columns_of(name), getattr(report, name), file)

    return give


def _cases(name: str) -> Handler:
    async def give(call: Call) -> wire.EpisodeRows:
        asked = wire.read_asked(call.request, call.agent)
        row, after = wire.read_row(call.request)
        reports = call.services.store.reports
        found = await reports.behind(asked, name, row, limit=wire.PAGE + 1, after=after)
        return wire.episode_rows(found, await call.eyes.episodes(found[: wire.PAGE]), after)

    return give


def _operations(name: str) -> tuple[Operation, ...]:
    path, about = f"/reports/{name}", _ABOUT[name]
    behind = (*wire.FILTERS, wire.ROW, wire.AFTER)
    return (
        Operation(
            method="GET", path=path, name=f"report_{name}", about=about, handler=_report(name),
            answer=wire.SHAPES[name], query=wire.FILTERS, refuses=(403,),
        ),
        Operation(
            method="GET", path=f"{path}.csv", name=f"report_{name}_csv", about=f"{about} As CSV.",
            handler=_csv(name), answer_type="text/csv", query=wire.FILTERS, refuses=(403,),
        ),
        Operation(
            method="GET", path=f"{path}/cases", name=f"report_{name}_cases", about="The episodes behind a row.",
            handler=_cases(name), answer=wire.EpisodeRows, query=behind, refuses=(403,),
        ),
    )  # fmt: skip


OPERATIONS = tuple(operation for name in LINES for operation in _operations(name))
