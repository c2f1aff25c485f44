"""What the desk's API is sent and answers about the list of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from relevo.contracts.handoff import Moment
from relevo.contracts.worklist import CasePage, Marks, SavedView, Tag
from relevo.domain.cases import Case
from relevo.domain.worklist import FILTERS, SORTS, VIEWS, CaseQuery, cursor_of
from relevo.flow.bulk import MOST_AT_ONCE, MOST_MATCHING
from relevo.flow.desk import MAX_OUTCOME_CHARACTERS
from relevo.flow.worklist import MOST_TAGS, Happened, Wish
from relevo.web.desk_wire import CaseLine, Problem, case_line

CaseId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
TagName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
TagNames = Annotated[list[TagName], msgspec.Meta(max_length=MOST_TAGS)]
AgentId = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Show = Literal["mine", "queue", "unassigned", "breaching", "waiting", "following", "snoozed", "open", "closed", "all"]
Level = Literal["normal", "high", "urgent", ""]
FilterValue = Annotated[str, msgspec.Meta(max_length=64)]


class TagLine(msgspec.Struct, kw_only=True):
    """A tag, and its colour: grey, blue, green, amber, red or violet."""

    name: str
    colour: str


class ListedCase(CaseLine, kw_only=True):
    """One case with what the caller sees beside it."""

    tags: Sequence[TagLine]
    is_unread: bool
    """Whether its conversations grew since the caller looked."""
    is_followed: bool
    snoozed_until: Moment | None
    """Null where it is not out of the way now."""


class CaseList(msgspec.Struct, kw_only=True):
    """Some cases of a list, in its order."""

    cases: Sequence[ListedCase]
    next_cursor: str | None
    """For the next ones of the same list; null where these were the last."""


class Counts(msgspec.Struct, kw_only=True):
    """How many open cases each view has for the caller; ``following`` counts closed ones, too."""

    views: Mapping[str, int]


class Tags(msgspec.Struct, kw_only=True):
    """The known tags."""

    tags: Sequence[TagLine]


class DropTag(msgspec.Struct, kw_only=True):
    """Forgets a tag."""

    name: TagName


class ChangeTags(msgspec.Struct, kw_only=True):
    """Puts tags on a case and takes others off it; an unknown one becomes known."""

    add: TagNames = []
    remove: TagNames = []


class Snooze(msgspec.Struct, kw_only=True):
    """Puts a case out of the way until a time, or until the contact writes; null brings it back."""

    until: Moment | None


class Follow(msgspec.Struct, kw_only=True):
    """Follows a case, or no longer."""

    follow: bool


class Assign(msgspec.Struct, kw_only=True):
    """Says who sees to a case; null: nobody."""

    agent_id: AgentId | None


class SetPriority(msgspec.Struct, kw_only=True):
    """Says how urgent a case is."""

    level: Literal["normal", "high", "urgent"]


class Look(msgspec.Struct, kw_only=True):
    """Says how far the caller has read."""

    position: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class ChangeLine(msgspec.Struct, kw_only=True):
    """What somebody did to a case: ``assigned``, ``tags``, ``snoozed``, ``followed``,
    ``priority``, ``promised`` or ``closed``.
    """

    id: int
    at: Moment
    what: str
    agent_id: int | None
    agent_name: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class CaseChanges(msgspec.Struct, kw_only=True):
    """The newest 200 changes of a case, oldest first."""

    changes: Sequence[ChangeLine]


class Wished(msgspec.Struct, kw_only=True):
    """What is to happen to cases; what is not given stays."""

    agent_id: AgentId | UnsetType | None = UNSET
    """Who is to see to them; null: nobody."""
    add_tags: TagNames = []
    remove_tags: TagNames = []
    snoozed_until: Moment | UnsetType | None = UNSET
    """Null brings them back."""
    follow: bool | None = None
    outcome: Annotated[str, msgspec.Meta(max_length=MAX_OUTCOME_CHARACTERS)] | None = None
    """Closes them with it."""


class Bulk(Wished, kw_only=True):
    """Does the same to many cases."""

    cases: Annotated[list[CaseId], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]


class BulkLine(msgspec.Struct, kw_only=True):
    """What became of one case."""

    case_id: str
    problem: Problem | None
    """Why not everything was done to it; null where it was."""


class BulkAnswer(msgspec.Struct, kw_only=True):
    """What became of each case, in the order in which they were named."""

    cases: Sequence[BulkLine]


class KeepView(msgspec.Struct, kw_only=True):
    """Keeps a list under a name; the same name again replaces it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    show: Show
    sort: Literal["due", "newest", "oldest"] = "due"
    channel: FilterValue | None = None
    language: FilterValue | None = None
    type: FilterValue | None = None
    priority: Level | None = None
    tag: FilterValue | None = None


class Listed(msgspec.Struct, kw_only=True):
    """A list, as GET /cases takes it."""

    show: Show = "open"
    channel: FilterValue | None = None
    language: FilterValue | None = None
    type: FilterValue | None = None
    priority: Level | None = None
    tag: FilterValue | None = None


class Matching(msgspec.Struct, kw_only=True):
    """How many cases a list has; counted up to a thousand."""

    number: int
    is_more: bool
    """Whether there are more, which are too many to be changed at once."""


class BulkMatching(Wished, kw_only=True):
    """Does the same to all cases of a list, which must be as many as its ``number`` says."""

    matching: Listed
    number: Annotated[int, msgspec.Meta(ge=1, le=MOST_MATCHING)]


class DropView(msgspec.Struct, kw_only=True):
    """Forgets one of the caller's views."""

    id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class View(msgspec.Struct, kw_only=True):
    """A list that the caller keeps; ``query`` is what GET /cases takes."""

    id: int
    name: str
    query: Mapping[str, str]


class Views(msgspec.Struct, kw_only=True):
    """The lists that the caller keeps, by name."""

    views: Sequence[View]


def case_list(page: CasePage, marks: Marks) -> CaseList:
    """Give a page of a list as the API shows it."""
    after = cursor_of(page.after) if page.after else None
    return CaseList(cases=[listed_case(case, marks) for case in page.cases], next_cursor=after)


def listed_case(case: Case, marks: Marks) -> ListedCase:
    """Give a case as the API shows it to one agent."""
    line = msgspec.structs.asdict(case_line(case))
    return ListedCase(
        **line,
        tags=[tag_line(tag) for tag in marks.tags.get(case.id, ())],
        is_unread=case.id in marks.unread,
        is_followed=case.id in marks.followed,
        snoozed_until=marks.snoozed.get(case.id),
    )


def tag_line(tag: Tag) -> TagLine:
    """Give a tag as the API shows it."""
    return TagLine(name=tag.name, colour=tag.colour)


def view_line(view: SavedView) -> View:
    """Give a kept list as the API shows it; what another version kept in it is left out."""
    known = {"show": VIEWS, "sort": SORTS}
    query = {
        name: str(value) for name, value in view.query.items() if name in FILTERS or str(value) in known.get(name, ())
    }
    return View(id=view.id, name=view.name, query=query)


def bulk_answer(happened: Sequence[Happened]) -> BulkAnswer:
    """Give what became of each case."""
    return BulkAnswer(
        cases=[
            BulkLine(
                case_id=each.case_id,
                problem=Problem(code=each.refusal.reason, message=str(each.refusal)) if each.refusal else None,
            )
            for each in happened
        ]
    )


def wish_of(body: Wished) -> Wish:
    """Give what is wished for many cases."""
    return Wish(
        assigns=body.agent_id is not UNSET,
        agent_id=None if body.agent_id is UNSET else body.agent_id,
        add=tuple(body.add_tags),
        remove=tuple(body.remove_tags),
        snoozes=body.snoozed_until is not UNSET,
        until=None if body.snoozed_until is UNSET else body.snoozed_until,
        follows=body.follow,
        outcome=body.outcome,
    )


def query_of(body: KeepView | Listed, agent_id: int) -> CaseQuery:
    """Give a list as it was sent."""
    filters = {name: getattr(body, name) or None for name in FILTERS}
    sort = body.sort if isinstance(body, KeepView) else "due"
    return CaseQuery(show=body.show, sort=sort, agent_id=agent_id, **filters)
