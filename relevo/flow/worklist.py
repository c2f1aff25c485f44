"""What an agent does with the list of cases: tags, snoozes, follows and assigns them, one by one or many at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.worklist import CaseChange, SavedView, Tag
from relevo.domain.messages import clean_text
from relevo.domain.worklist import COLOURS, LONGEST_NAME, LONGEST_TAG, CaseQuery
from relevo.errors import RequestError, Unreadable
from relevo.flow.desk import DeskWork

MOST_TAGS = 20
MAX_SNOOZE_DAYS = 90

Step = Callable[[], Awaitable["CaseChange | None"]]
_log = structlog.get_logger()


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to happen to cases; what is not given stays."""

    assigns: bool = False
    agent_id: int | None = None
    """Who is to see to them where it ``assigns``; None: nobody."""
    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    snoozes: bool = False
    until: datetime | None = None
    """None where it ``snoozes``: bring them back."""
    follows: bool | None = None
    outcome: str | None = None
    """Close them with this outcome."""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a wish for one case: nothing went wrong, or why not."""

    case_id: str
    refusal: RequestError | None
    changes: Sequence[CaseChange] = ()
    """What is another way now, also where the rest was refused."""


class ListWork(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's verbs about the list; refusals are sentences for the agent."""

    desk: DeskWork

    async def change(self, case_id: str, agent: AgentAccount, wish: Wish) -> Sequence[CaseChange]:
        """Do to one case what is wished, and give what changed; raises NotFound, Unreadable, or Conflict."""
        self._demand_sense(wish)
        changes: list[CaseChange] = []
        await self._do(case_id, agent, wish, changes)
        self._changed("list", agent, 1)
        return changes

    async def change_all(self, case_ids: Sequence[str], agent: AgentAccount, wish: Wish) -> list[Happened]:
        """Do it to each of many, and tell for each whether it was done."""
        if wish == Wish():
            raise Unreadable("Say what is to happen to them.", code="bad_selection")
        self._demand_sense(wish)
        happened = [await self._try(case_id, agent, wish) for case_id in case_ids]
        self._changed("bulk", agent, len(happened))
        return happened

    async def look(self, conversation_id: UUID, agent: AgentAccount, position: int) -> None:
        """Keep how far an agent has read; nobody else sees anything of it."""
        await self.desk.store.worklist.look(agent.id, conversation_id, position)

    async def set_tag(self, agent: AgentAccount, name: str, colour: str) -> Tag:
        """Know a tag, or give it another colour."""
        if colour not in COLOURS:
            raise Unreadable(f"A tag is {', '.join(COLOURS)}.", code="bad_tag")
        tag = Tag(name=tag_name(name), colour=colour)
        await self.desk.store.worklist.set_tag(tag)
        self._changed("set_tag", agent, 0)
        return tag

    async def drop_tag(self, agent: AgentAccount, name: str) -> None:
        """Forget a tag, and take it off every case."""
        await self.desk.store.worklist.drop_tag(tag_name(name))
        self._changed("drop_tag", agent, 0)

    async def save_view(self, agent: AgentAccount, name: str, query: CaseQuery) -> SavedView:
        """Keep a view under a name of the agent's own."""
        name = " ".join(clean_text(name).split())
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise Unreadable(f"Give the view a name of at most {LONGEST_NAME} characters.", code="bad_view")
        return await self.desk.store.worklist.save_view(agent.id, name, dict(query.asked))

    def _demand_sense(self, wish: Wish) -> None:
        if len(wish.add) > MOST_TAGS or len(wish.remove) > MOST_TAGS:
            raise Unreadable(f"At most {MOST_TAGS} tags at once.", code="bad_tag")
        for name in (*wish.add, *wish.remove):
            tag_name(name)
        now = self.desk.clock()
        if wish.until is not None and (
            wish.until.tzinfo is None or not now < wish.until <= now + timedelta(days=MAX_SNOOZE_DAYS)
        ):
            raise Unreadable(
                f"Snooze until a time that is still to come, with its time zone, within {MAX_SNOOZE_DAYS} days.",
                code="bad_snooze",
            )

    async def _try(self, case_id: str, agent: AgentAccount, wish: Wish) -> Happened:
        changes: list[CaseChange] = []
        try:
            await self._do(case_id, agent, wish, changes)
        except RequestError as refusal:
            return Happened(case_id=case_id, refusal=refusal, changes=changes)
        return Happened(case_id=case_id, refusal=None, changes=changes)

    async def _do(self, case_id: str, agent: AgentAccount, wish: Wish, changes: list[CaseChange]) -> None:
        """Close last: what is closed can be neither assigned nor snoozed."""
        for step in self._steps(clean_text(case_id), agent, wish):
            change = await step()
            changes += [change] if change else []

    async def _close(self, case_id: str, agent: AgentAccount, outcome: str) -> CaseChange:
        await self.desk.close_case(case_id, agent, outcome)
        after = {"status": "closed", "outcome": outcome}
        return CaseChange(case_id=case_id, agent_id=agent.id, what="closed", before={"status": "open"}, after=after)

    def _steps(self, case_id: str, agent: AgentAccount, wish: Wish) -> list[Step]:
        kept, outcome, follows = self.desk.store.worklist, wish.outcome, wish.follows
        add, remove = [tag_name(name) for name in wish.add], [tag_name(name) for name in wish.remove]
        steps: list[Step] = []
        if wish.assigns:
            steps.append(lambda: kept.assign(case_id, agent.id, wish.agent_id))
        if add or remove:
            steps.append(lambda: kept.tag(case_id, agent.id, add, remove))
        if wish.snoozes:
            steps.append(lambda: kept.snooze(case_id, agent.id, wish.until))
        if follows is not None:
            steps.append(lambda: kept.follow(case_id, agent.id, follows=follows))
        if outcome is not None:
            steps.append(lambda: self._close(case_id, agent, outcome))
        return steps

    def _changed(self, verb: str, agent: AgentAccount, cases: int) -> None:
        self.desk.live.changed(None)
        _log.info("desk", verb=verb, agent=agent.id, cases=cases)


def tag_name(name: str) -> str:
    """Give a tag as it is kept; raises Unreadable for what is none."""
    shown = " ".join(clean_text(name).split())
    if not 0 < len(shown) <= LONGEST_TAG or not shown.isprintable():
        raise Unreadable(f"A tag has 1 to {LONGEST_TAG} characters.", code="bad_tag")
    return shown
