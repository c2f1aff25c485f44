"""The same for many cases: for those that were named, or for all that a list has, with what is not done that way.

named, 100 at most ─────────────────────────┐
a list and how many it has, 1,000 at most ──┴─► what is not seen, or needs a look of its own, is refused one by one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.domain.messages import clean_text
from relevo.domain.queues import Queues
from relevo.domain.routing import LEADING_ROLES
from relevo.domain.worklist import CaseQuery
from relevo.errors import AccessDenied, Conflict, NotFound, RequestError, Unreadable
from relevo.flow.sight import Eyes
from relevo.flow.worklist import Happened, ListWork, Wish

MOST_AT_ONCE = 100
"""How many cases may be named."""
MOST_MATCHING = 1_000
"""How many a list may have of which all are changed."""


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's verbs about many cases; refusals are sentences for the agent."""

    work: ListWork
    eyes: Eyes
    queues: Queues

    async def change(self, case_ids: Sequence[str], agent: AgentAccount, wish: Wish) -> list[Happened]:
        """Do it to each that is named, and tell for each whether it was done."""
        if not 1 <= len(case_ids) <= MOST_AT_ONCE:
            raise Unreadable(f"Name 1 to {MOST_AT_ONCE} cases.", code="bad_selection")
        return await self._each(list(dict.fromkeys(map(clean_text, case_ids))), agent, wish)

    async def matching(self, query: CaseQuery) -> int:
        """Count what a list has, up to one more than may be changed at once."""
        return len(await self._ids(query))

    async def change_matching(self, query: CaseQuery, number: int, agent: AgentAccount, wish: Wish) -> list[Happened]:
        """Do it to all that a list has, which must be as many as whoever wants it was told.

        Raises AccessDenied where that is for who leads, and Conflict for too many, or for another number by now.
        """
        if wish == Wish():
            raise Unreadable("Say what is to happen to them.", code="bad_selection")
        if (wish.outcome is not None or wish.assigns) and agent.role not in LEADING_ROLES:
            raise AccessDenied(
                "Closing a whole list or giving it to somebody is for supervisors; select the cases that you mean.",
                code="bulk_for_leaders",
            )
        found = await self._ids(query)
        if len(found) > MOST_MATCHING:
            raise Conflict(f"More than {MOST_MATCHING:,} cases match; filter the list further.", code="too_many_match")
        if len(found) != number:
            raise Conflict(
                f"By now {len(found):,} cases match, not {number:,}. Look at the list, and confirm it again.",
                code="matching_changed",
            )
        return await self._each(found, agent, wish)

    async def _each(self, case_ids: Sequence[str], agent: AgentAccount, wish: Wish) -> list[Happened]:
        refusals = await self._refusals(case_ids, wish)
        done = {each.case_id: each for each in await self.work.change_all(
            [case_id for case_id in case_ids if case_id not in refusals], agent, wish)}  # fmt: skip
        return [
            done[case_id] if case_id in done else Happened(case_id=case_id, refusal=refusals[case_id])
            for case_id in case_ids
        ]

    async def _refusals(self, case_ids: Sequence[str], wish: Wish) -> Mapping[str, RequestError]:
        """Say what is not changed: what is not seen, and what is sensitive where it would be closed."""
        seen = await self.eyes.among_cases(case_ids)
        refused: dict[str, RequestError] = {
            case_id: NotFound("There is no such case.") for case_id in case_ids if case_id not in seen
        }
        if wish.outcome is not None:
            triggers = await self.eyes.store.worklist.triggers(sorted(seen))
            refused |= {
                case_id: Conflict("This case is sensitive: open it, and close it there.", code="one_by_one")
                for case_id, trigger in triggers.items()
                if trigger in self.queues.sensitive_triggers
            }
        return refused

    async def _ids(self, query: CaseQuery) -> Sequence[str]:
        return await self.eyes.store.worklist.ids(query, MOST_MATCHING + 1)
