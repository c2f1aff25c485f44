"""Gathers the list of cases that stands beside everything at the desk, as it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from sanic.request import Request

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.worklist import Marks, Tag
from relevo.domain.cases import Case
from relevo.domain.worklist import OF_OPEN, CaseQuery, Place, cursor_of
from relevo.errors import Unreadable
from relevo.web.desk_board import board_of
from relevo.web.desk_sight import eyes_of
from relevo.web.desk_worklist import read_place, read_query
from relevo.web.languages import language_of
from relevo.web.services import services_of

ROWS = 50
_MOST_ROWS = 500
"""Of one stretch that a page asks for again: what came into it since stays in it."""
_LONGEST_ID = 64
_ALIKE: Mapping[str, str | None] = MappingProxyType({})


class CaseListing(msgspec.Struct, frozen=True, kw_only=True):
    """The list beside everything else."""

    query: CaseQuery
    cases: Sequence[Case]
    cursor: str
    """Behind which place it begins; empty for the beginning."""
    next_cursor: str | None
    now: datetime
    marks: Marks
    counts: Mapping[str, int]
    choices: Mapping[str, Sequence[str]]
    tags: Sequence[Tag]
    agents: Sequence[AgentAccount]
    agent: AgentAccount
    drawn: dict[object, str]
    """Rows that were drawn before, for whichever desk."""
    selected: str | None = None

    @property
    def show(self) -> str:
        """Give which view is shown."""
        return self.query.show

    @property
    def matching(self) -> str:
        """Give what this list shows and is filtered by, as a query."""
        return urlencode({"show": self.show, **self.query.filters})

    def address(self, page: str = "", other: Mapping[str, str | None] = _ALIKE) -> str:
        """Give where this list is, or one that differs from it; the plainest list has no words behind its page."""
        asked = {**self.query.asked, **other}
        words = {name: value for name, value in asked.items() if value and (name, value) != ("show", "open")}
        here = page or (f"/desk/cases/{self.selected}" if self.selected else "/desk")
        return f"{here}?{urlencode(words)}" if words else here


async def read_listing(request: Request, agent: AgentAccount) -> CaseListing:
    """Read the list as it is asked for; where it is asked for wrongly, the open cases."""
    try:
        query, after, until = (
            read_query(request, agent.id, "open"),
            read_place(request, "cursor"),
            read_place(request, "until"),
        )
        return await _read(request, agent, query, (after, until))
    except Unreadable:
        return await _read(request, agent, CaseQuery(agent_id=agent.id), (None, None))


async def _read(
    request: Request, agent: AgentAccount, query: CaseQuery, places: tuple[Place | None, Place | None]
) -> CaseListing:
    board, services = board_of(request), services_of(request)
    sight = eyes_of(services, agent).sight
    outlook = await board.outlook(sight)
    query = replace(query, sight=outlook if query.show in OF_OPEN else sight)
    after, until = places
    drawn = board.drawn(query, language_of(request))  # ahead of the cases: never older ones than the rows say
    page = await board.page(query, after, until, _MOST_ROWS if until else ROWS)
    marks = await services.store.worklist.marks(agent.id, [case.id for case in page.cases], sight)
    selected = request.args.get("selected", "")[:_LONGEST_ID] or None
    return CaseListing(
        query=query,
        cases=page.cases,
        cursor=request.args.get("cursor", "") if after else "",
        next_cursor=request.args.get("until") if until else cursor_of(page.after) if page.after else None,
        now=services.clock(),
        marks=marks,
        counts=await board.counts(agent.id, marks, outlook),
        choices=await board.choices(outlook),
        tags=await board.tags(),
        agents=await board.agents(),
        agent=agent,
        drawn=drawn,
        selected=selected,
    )
