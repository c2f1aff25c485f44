"""Sees what is written about the business in public: judged, measured, answered once, or brought before people.

    seen ─► kept, judged, rated ─┬─ one of many alike within minutes ─► incident: one approved text for all
                                 ├─ complaint or question that names us ─► one invitation to a DM, with its case
                                 ├─ complaint or question that does not ─► people; never answered by itself
                                 ├─ praise, spam ─► nothing
                                 └─ anything else ─► people where it names us, else nothing
    looked up again, ever more seldom ─► rated anew · gone ─► forgotten

Rules of X that are kept (docs.x.com/developer-terms, help.x.com/rules-and-policies/x-automation, 2026-08): only who
summoned the account is answered by a program, at most once for each interaction, and nobody who wants nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

import structlog

from relevo.configuration.posts import PostRules
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.posts import Answer, PostCase, PostJudge, PostLookup, WatchedPost
from relevo.contracts.store import Store
from relevo.domain.cases import Trigger
from relevo.domain.post_urgency import ASKS, CASE_TYPES, COMPLAINT, OTHER, PostState, Travelled, speed, urgency
from relevo.domain.posts import Post
from relevo.domain.service import Service
from relevo.errors import SendDeferred
from relevo.flow.texts import say
from relevo.flow.waiting import keep_looking

STEP_SECONDS = 10.0
"""Also how far apart the answers of an incident are: X takes 100 posts in 15 minutes from an account."""
_FORGETTING = timedelta(hours=6)
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Watch:
    """Takes posts as contracts.posts.PostWatch, and looks after them."""

    store: Store
    live: Live
    judge: PostJudge
    account_id: str
    """Ours: what we post ourselves is no post about us."""
    rules: PostRules = field(default_factory=PostRules)
    service: Service = field(default_factory=Service)
    lookup: PostLookup | None = None
    channel: str = "x"
    clock: Clock = system_clock
    _forgot_at: float = float("-inf")

    async def seen(self, post: Post) -> None:
        """Keep a post, judge it and do what it asks for."""
        await self._see(post, is_now=False)

    async def gone(self, post_id: str) -> None:
        """Forget the words and the author of a post that was deleted."""
        if await self.store.posts.forget(self.channel, [post_id]):
            self.live.changed(None)
            _log.info("post.forgotten", channel=self.channel)

    async def opts_out(self, author_id: str, text: str, *, is_asked: bool) -> bool:
        """Tell whether a message says that its author wants nothing from a program, and remember it for their posts."""
        said = self.judge.judge(text)
        if not said.is_opt_out or (is_asked and said.is_bare_opt_out):
            return False
        await self.store.posts.opt_out(self.channel, author_id)
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Look after posts until told to stop."""
        await keep_looking(stop, self.step, what="post_watch", pause_seconds=STEP_SECONDS)

    async def step(self) -> None:
        """Answer one more of an incident, look up what is due, and forget what is old."""
        await self._answer_together()
        if await self.store.posts.unsent():
            self.live.changed(None)
        if self.lookup is not None:
            await self._look_again(self.lookup)
        now = self.clock().timestamp()
        if now - self._forgot_at >= _FORGETTING.total_seconds():
            self._forgot_at = now
            await self.store.posts.forget_old(self.rules.keep_days)

    async def _see(self, post: Post, *, is_now: bool) -> None:
        if post.author.id == self.account_id:
            return
        kept = await self.store.posts.keep(post, self.judge.judge(post.text, post.language), is_now=is_now)
        if kept.judgement.is_opt_out:
            await self.store.posts.opt_out(post.channel, post.author.id)
        kept = await self._rate(kept)
        if not kept.is_decided:
            await self.store.posts.decide(kept.id, await self._act(kept))
            _log.info("post", channel=post.channel, sort=kept.judgement.sort, topic=kept.judgement.topic)
        self.live.changed((await self.store.posts.get(kept.id)).conversation_id)

    async def _rate(self, kept: WatchedPost) -> WatchedPost:
        author, an_hour = await self.store.posts.author(kept.id), speed(kept.post.created_at, kept.readings)
        travelled = Travelled(impressions=kept.post.impressions, an_hour=an_hour, followers=kept.post.author.followers)
        await self.store.posts.rate(kept.id, urgency(kept.judgement, travelled, author.unanswered), an_hour)
        return await self.store.posts.get(kept.id)

    async def _act(self, kept: WatchedPost) -> PostState:
        """Do what a post asks for, and give what is left to do; done again after a crash it changes nothing."""
        said = kept.judgement
        if said.is_opt_out or said.sort not in ASKS:
            is_doubtful = said.sort == OTHER and kept.post.is_summoning and not said.is_opt_out
            return PostState.WAITING if is_doubtful else PostState.QUIET
        if await self.store.posts.incidents.gather(kept.id, self.rules.storm_posts, self.rules.storm_minutes):
            return PostState.WAITING
        if not kept.post.is_summoning:
            return PostState.WAITING
        case = await case_for(self.store, kept, self.service)
        answer = Answer(text=invitation(kept, self.account_id, has_link=self.rules.link), case=case)
        if self.rules.answers and await self.store.posts.reply(kept.id, answer):
            self.live.wake_senders()
            return PostState.ANSWERED
        await self.store.posts.open_case(kept.id, case, kept.priority, None)
        return PostState.WAITING

    async def _answer_together(self) -> None:
        for post in await self.store.posts.incidents.unanswered(1):
            assert post.incident_id is not None
            texts = (await self.store.posts.incidents.get(post.incident_id)).texts
            text = texts.get(post.judgement.language) or next(iter(texts.values()))
            if await self.store.posts.reply(post.id, Answer(text=text, incident_id=post.incident_id)):
                self.live.wake_senders()
            await self.store.posts.incidents.joined(post.id)
            self.live.changed(post.conversation_id)

    async def _look_again(self, lookup: PostLookup) -> None:
        ids = [
            post_id for channel, post_id in await self.store.posts.due(lookup.most_at_once) if channel == self.channel
        ]
        if not ids:
            return
        try:
            looked = await lookup.look(ids)
        except SendDeferred as error:  # they are due again after their next pause
            _log.warning("post_watch.lookup_deferred", why=str(error))
            return
        for post in looked.found:
            await self._see(post, is_now=True)
        for post_id in looked.gone:
            await self.gone(post_id)


async def case_for(store: Store, kept: WatchedPost, service: Service) -> PostCase:
    """Give the case that a post would open."""
    said, now = kept.judgement, kept.post.created_at
    case_type = CASE_TYPES.get(said.topic or "", "other")
    level, trigger = kept.priority.level, Trigger.PUBLIC_POST.value
    seconds = service.answer_seconds(case_type, trigger, level, said.language, now)
    number = kept.case_id or await store.effects.next_case_id()
    return PostCase(id=number, type=case_type, goal=kept.post.text, due_seconds=seconds)


def invitation(kept: WatchedPost, account_id: str, *, has_link: bool) -> str:
    """Give the words that invite a post's author to a direct message; they say nothing about anybody."""
    sort = "complaint" if kept.judgement.sort == COMPLAINT else "question"
    text = say(kept.judgement.language, f"post_invites_{sort}")
    return f"{text} {deep_link(account_id)}" if has_link else text


def deep_link(account_id: str) -> str:
    """Give where somebody writes the account a direct message."""
    return f"https://x.com/messages/compose?{urlencode({'recipient_id': account_id})}"
