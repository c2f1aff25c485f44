"""What people at the desk do about public posts: answer, invite, open a case, or say that it is dealt with.

Whatever is answered goes through the outbox, counted as X counts, and is read by everybody.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import structlog

from relevo.configuration.posts import PostRules
from relevo.contracts.accounts import AgentAccount
from relevo.contracts.live import Live
from relevo.contracts.posts import Answer
from relevo.contracts.store import Store
from relevo.domain.messages import clean_text
from relevo.domain.post_text import LONGEST, weighted_length
from relevo.domain.post_urgency import PostState
from relevo.domain.service import Service
from relevo.errors import Conflict, Unreadable
from relevo.flow.watch import case_for, invitation

SETTLED = (PostState.WAITING, PostState.HANDLED, PostState.DISMISSED)
"""What a person may say about a post."""
_log = structlog.get_logger()


class PostWork(msgspec.Struct, frozen=True, kw_only=True):
    """The verbs; all refusals are sentences."""

    store: Store
    live: Live
    service: Service
    rules: PostRules = msgspec.field(default_factory=PostRules)
    account_id: str | None = None
    """Ours on X; None where X is off, and then nothing is answered."""

    async def answer(self, number: int, agent: AgentAccount, text: str) -> None:
        """Answer a post in public, with the case that it makes. Raises Unreadable, Conflict and NotFound."""
        await self._reply(number, agent, demand_text(text))

    async def invite(self, number: int, agent: AgentAccount) -> None:
        """Invite a post's author to a direct message, in the words that are used for everybody."""
        post = await self.store.posts.get(number)
        has_link = self.rules.link and self.account_id is not None
        await self._reply(number, agent, invitation(post, self.account_id or "", has_link=has_link))

    async def open_case(self, number: int, agent: AgentAccount) -> str:
        """Open a case for a post, or join the one that it belongs to, and give its number."""
        post = await self.store.posts.get(number)
        case = await case_for(self.store, post, self.service)
        opened = await self.store.posts.open_case(number, case, post.priority, agent.id)
        self._changed("open_post_case", agent)
        return opened

    async def settle(self, number: int, agent: AgentAccount, state: PostState) -> None:
        """Say that a post is dealt with, is not for us, or waits again."""
        if state not in SETTLED:
            raise Unreadable(f"“state” must be one of {', '.join(each.value for each in SETTLED)}.", code="bad_state")
        await self.store.posts.handle(number, state, agent.id)
        self._changed("settle_post", agent)

    async def approve(self, number: int, agent: AgentAccount, texts: Mapping[str, str]) -> None:
        """Approve the words with which an incident's posts are answered, one after the other."""
        kept = {language: demand_text(text) for language, text in texts.items() if text.strip()}
        if not kept:
            raise Unreadable("Write what is to be answered, in one language at least.", code="no_text")
        await self.store.posts.incidents.approve(number, kept, agent.id)
        self._changed("approve_incident", agent)

    async def end(self, number: int, agent: AgentAccount) -> None:
        """End an incident; from then on posts are answered one by one again."""
        await self.store.posts.incidents.end(number, agent.id)
        self._changed("end_incident", agent)

    async def _reply(self, number: int, agent: AgentAccount, text: str) -> None:
        if self.account_id is None:
            raise Conflict("No account on X is configured, so nothing can be answered there.", code="x_off")
        post = await self.store.posts.get(number)
        case = await case_for(self.store, post, self.service)
        await self.store.posts.reply(number, Answer(text=text, agent_id=agent.id, case=case))
        self.live.wake_senders()
        self._changed("answer_post", agent)

    def _changed(self, verb: str, agent: AgentAccount) -> None:
        self.live.changed(None)
        _log.info("posts", verb=verb, agent=agent.id)


def demand_text(text: str) -> str:
    """Give a public text as it is sent; raises Unreadable where it is empty or too long."""
    cleaned = " ".join(clean_text(text).split(" ")).strip()
    if not cleaned:
        raise Unreadable("Write something to answer.", code="no_text")
    if (length := weighted_length(cleaned)) > LONGEST:
        raise Unreadable(f"X takes {LONGEST} characters, and this has {length} as X counts.", code="post_too_long")
    return cleaned
