"""What is written about the business in public, from when it is seen until a person or the bot has dealt with it.

    intake ─► PostWatch.seen / gone ─► judged, kept (WatchedPosts) ─► one invitation, or a person at the desk
                         PostLookup ─► looked at again: how far it goes, whether it is still there

One post is one, however often it is seen; seen again with other numbers, it is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.cases import Priority
from relevo.domain.post_urgency import Judgement, PostState
from relevo.domain.posts import Post

PUBLIC = "x_posts"
"""Channel of deliveries that everybody reads; they lie in the author's conversation."""
PUBLIC_REPLY, SEEN_POST = "public_reply", "post"
"""Kinds of entries: what was answered in public, and what was posted."""


class PostWatch(Protocol):
    """Takes what a platform told; both may be told again."""

    async def seen(self, post: Post) -> None:
        """Keep a post, judge it and do what it asks for; once, however often it is seen."""
        ...

    async def gone(self, post_id: str) -> None:
        """Forget the words and the author of a post that was deleted."""
        ...

    async def opts_out(self, author_id: str, text: str, *, is_asked: bool) -> bool:
        """Tell whether a message says that its author wants nothing from a program, and remember it for their posts.

        Where the bot has just asked them something (``is_asked``) a bare "stop" is an answer to that.
        """
        ...


class PostJudge(Protocol):
    """Tells what a post is about; our own, and asks nobody."""

    def judge(self, text: str, hint: str | None = None) -> Judgement:
        """Judge a text; ``hint`` is the platform's own guess at its language."""
        ...


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform says about posts now."""

    found: Sequence[Post]
    gone: Sequence[str]
    """Ids that it has no more."""


class PostLookup(Protocol):
    """Looks posts up again."""

    most_at_once: int

    async def look(self, post_ids: Sequence[str]) -> Looked:
        """Give posts as they are now; what is neither found nor gone is unknown. Raises SendDeferred."""
        ...


class PostCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case to open for a post, where its author has none that it belongs to."""

    id: str
    type: str
    goal: str
    due_seconds: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Words that answer a post in public."""

    text: str
    agent_id: int | None = None
    """Who wrote them; None: they go by themselves, and so only where nothing forbids it."""
    case: PostCase | None = None
    incident_id: int | None = None
    """Whose approved words they are."""


class AuthorKnown(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a post's author, by their address on the platform alone."""

    unanswered: int
    """How often the person whom that address is proven to be tried elsewhere within a day, unanswered."""
    is_proven: bool
    has_opted_out: bool


class WatchedPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post as it is kept, with what became of it."""

    id: int
    post: Post
    judgement: Judgement
    state: PostState
    priority: Priority
    """Of its case, where that is open."""
    an_hour: int | None
    contact_id: UUID
    contact_name: str | None
    business_ref: str | None
    conversation_id: UUID | None
    case_id: str | None
    incident_id: int | None
    reply: str | None
    reply_state: str | None
    """As of deliveries."""
    agent_name: str | None
    """Who dealt with it last."""
    is_decided: bool
    readings: Sequence[tuple[datetime, int]] = ()
    """Impressions and when they were so many, oldest first."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A contact whom the business knows and who may be the author: a name proves nothing."""

    contact_id: UUID
    name: str
    business_ref: str


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Many posts about the same thing within minutes: answered together, not one by one."""

    id: int
    channel: str
    topic: str | None
    flight: str | None
    began_at: datetime
    posts: int
    summoning: int
    """How many of them may be answered."""
    answered: int
    texts: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The approved words, by language."""
    approved_by: str | None = None
    approved_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which posts."""

    states: Sequence[PostState] = ()
    """All where there are none."""
    incident_id: int | None = None
    before: tuple[int, int] | None = None
    """Priority and number of the last one that is known."""
    limit: int = 50


class Incidents(Protocol):
    """Storms; each method is one transaction."""

    async def gather(self, number: int, least: int, minutes: float) -> Incident | None:
        """Put a post into the incident that it belongs to, one that begins now where so many came within minutes."""
        ...

    async def open(self) -> Sequence[Incident]:
        """Give those that nobody has ended, newest first."""
        ...

    async def get(self, number: int) -> Incident:
        """Give one; raises NotFound."""
        ...

    async def approve(self, number: int, texts: Mapping[str, str], agent_id: int) -> None:
        """Approve the words, once; raises Conflict."""
        ...

    async def unanswered(self, limit: int) -> Sequence[WatchedPost]:
        """Give posts of incidents with approved words that summoned us and were not looked at for an answer yet."""
        ...

    async def joined(self, number: int) -> None:
        """Keep that a post was looked at for an answer."""
        ...

    async def end(self, number: int, agent_id: int) -> None:
        """End it: its posts are dealt with; raises Conflict."""
        ...


class WatchedPosts(Protocol):
    """Posts as they are kept; each method is one transaction."""

    @property
    def incidents(self) -> Incidents:
        """Give what keeps storms of them."""
        ...

    async def keep(self, post: Post, judgement: Judgement, *, is_now: bool = False) -> WatchedPost:
        """Keep a post or its newer numbers, with its author's address as an identity that proves nothing.

        ``is_now``: the numbers were looked up this moment, and so tell its speed even where they have not changed.
        """
        ...

    async def author(self, number: int) -> AuthorKnown:
        """Tell what is known of a post's author."""
        ...

    async def rate(self, number: int, priority: Priority, an_hour: int | None) -> None:
        """Keep how urgent a post is by now, for its case and the timeline, too."""
        ...

    async def decide(self, number: int, state: PostState) -> None:
        """Keep what is to be done about a post, once: later decisions are people's."""
        ...

    async def reply(self, number: int, answer: Answer) -> bool:
        """Queue a reply with its case in one go; False where a rule of the platform or ours forbids it by now.

        By itself nothing is answered twice in a thread, nor an author who was answered within a day or wants nothing.
        A person's words raise Conflict ``answered`` where the post has a reply.
        """
        ...

    async def open_case(self, number: int, case: PostCase, priority: Priority, agent_id: int | None) -> str:
        """Open or join a case and give its number; the one that it has already stays."""
        ...

    async def handle(self, number: int, state: PostState, agent_id: int) -> None:
        """Say that a person has dealt with it."""
        ...

    async def opt_out(self, channel: str, author_id: str) -> None:
        """Never again answer somebody by ourselves."""
        ...

    async def get(self, number: int) -> WatchedPost:
        """Give one; raises NotFound."""
        ...

    async def listed(self, wanted: Wanted) -> Sequence[WatchedPost]:
        """Give posts, the most urgent first."""
        ...

    async def candidates(self, number: int) -> Sequence[Candidate]:
        """Give contacts whom the business knows by the name that the author goes by."""
        ...

    async def due(self, limit: int) -> Sequence[tuple[str, str]]:
        """Give channel and id of posts that are to be looked up again, and have others leave them alone a while."""
        ...

    async def forget(self, channel: str, post_ids: Sequence[str]) -> int:
        """Forget posts that are gone: words, author, and what the timeline says of them."""
        ...

    async def forget_old(self, days: int) -> int:
        """Forget posts that are so old."""
        ...

    async def unsent(self) -> int:
        """Give posts back to people whose automatic answer did not get through, and give their number."""
        ...
