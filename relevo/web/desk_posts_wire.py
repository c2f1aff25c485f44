"""What the API says and takes about public posts and incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from relevo.contracts.handoff import Moment
from relevo.contracts.posts import Candidate, Incident, WatchedPost
from relevo.domain.post_urgency import PostState

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]


class AnswerPost(msgspec.Struct, kw_only=True):
    """Answers in public: at most 280 characters as X counts them."""

    text: Text


class Nothing(msgspec.Struct, kw_only=True):
    """Needs nothing beside the address."""


class SettlePost(msgspec.Struct, kw_only=True):
    """Says what a person made of it: ``handled``, ``dismissed`` (not for us) or ``waiting`` again."""

    state: PostState


class ApproveIncident(msgspec.Struct, kw_only=True):
    """Approves the words for all, by language."""

    texts: Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=2_000)]], msgspec.Meta(max_length=10)]


class ReasonLine(msgspec.Struct, kw_only=True):
    """Why it is urgent."""

    code: str
    points: int
    detail: str | None


class CandidateLine(msgspec.Struct, kw_only=True):
    """A contact who goes by the author's name, which proves nothing."""

    contact_id: UUID
    name: str


class PostLine(msgspec.Struct, kw_only=True):
    """One post."""

    id: int
    url: str
    kind: str
    username: str | None
    author_name: str | None
    followers: int | None
    text: str
    posted_at: Moment
    is_summoning: bool
    language: str
    sort: str
    topic: str | None
    flight: str | None
    impressions: int
    impressions_an_hour: int | None
    priority: str
    score: int
    reasons: Sequence[ReasonLine]
    state: PostState
    contact_id: UUID | None
    """Only where the author's address is proven to be somebody's."""
    contact_name: str | None
    conversation_id: UUID | None
    case_id: str | None
    incident_id: int | None
    reply: str | None
    reply_state: str | None
    agent: str | None
    candidates: Sequence[CandidateLine] = ()


class PostList(msgspec.Struct, kw_only=True):
    """Posts, the most urgent first."""

    posts: Sequence[PostLine]
    next: str | None


class IncidentLine(msgspec.Struct, kw_only=True):
    """Many posts about the same thing."""

    id: int
    topic: str | None
    flight: str | None
    began_at: Moment
    posts: int
    summoning: int
    answered: int
    texts: Mapping[str, str]
    approved_by: str | None
    approved_at: Moment | None


class IncidentList(msgspec.Struct, kw_only=True):
    """Those that nobody has ended, newest first."""

    incidents: Sequence[IncidentLine]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A post as one agent sees it."""

    post: WatchedPost
    candidates: Sequence[Candidate] = ()


def post_line(shown: Shown) -> PostLine:
    """Give a post as it is told."""
    watched, post, judged = shown.post, shown.post.post, shown.post.judgement
    is_proven = watched.business_ref is not None
    return PostLine(
        id=watched.id,
        url=post.url,
        kind=post.kind,
        username=post.author.username,
        author_name=post.author.name,
        followers=post.author.followers,
        text=post.text,
        posted_at=post.created_at,
        is_summoning=post.is_summoning,
        language=judged.language,
        sort=judged.sort,
        topic=judged.topic,
        flight=judged.flight,
        impressions=post.impressions,
        impressions_an_hour=watched.an_hour,
        priority=watched.priority.level,
        score=watched.priority.score,
        reasons=[ReasonLine(code=r.code, points=r.points, detail=r.detail) for r in watched.priority.reasons],
        state=watched.state,
        contact_id=watched.contact_id if is_proven else None,
        contact_name=watched.contact_name if is_proven else None,
        conversation_id=watched.conversation_id,
        case_id=watched.case_id,
        incident_id=watched.incident_id,
        reply=watched.reply,
        reply_state=watched.reply_state,
        agent=watched.agent_name,
        candidates=[CandidateLine(contact_id=each.contact_id, name=each.name) for each in shown.candidates],
    )


def incident_line(incident: Incident) -> IncidentLine:
    """Give an incident as it is told."""
    return IncidentLine(**{name: getattr(incident, name) for name in IncidentLine.__struct_fields__})
