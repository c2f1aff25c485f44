"""Public posts: written, looked up, deleted, and mentions of an account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from relevo.testing.x.access import Who
from relevo.testing.x.door import Answer, Call, Door
from relevo.testing.x.ids import iso, milliseconds
from relevo.testing.x.messages import Event
from relevo.testing.x.problems import bad_request, forbidden, not_found
from relevo.testing.x.users import counted

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

LONGEST = 280
_READ = ("tweet.read", "users.read")


@dataclass(kw_only=True, eq=False)
class Posted:
    """One public post; its numbers may be set at any time."""

    id: str
    author_id: str
    text: str
    created_at: datetime
    lang: str
    mentions: tuple[tuple[str, str], ...] = ()
    """Username and id of everybody named in it."""
    replies_to: Posted | None = None
    quotes: Posted | None = None
    impressions: int = 0
    likes: int = 0
    reposts: int = 0
    is_deleted: bool = False

    @property
    def thread_id(self) -> str:
        """Name the conversation that it belongs to."""
        return self.replies_to.thread_id if self.replies_to else self.id

    def described(self, reply_count: int = 0) -> dict[str, Any]:
        """Describe it as API v2 does."""
        described: dict[str, Any] = {
            "id": self.id,
            "text": self.text,
            "author_id": self.author_id,
            "created_at": iso(self.created_at),
            "conversation_id": self.thread_id,
            "lang": self.lang,
            "edit_history_tweet_ids": [self.id],
            "entities": {"mentions": [self._mention(name, user_id) for name, user_id in self.mentions]},
            "public_metrics": counted(
                retweet_count=self.reposts,
                reply_count=reply_count,
                like_count=self.likes,
                quote_count=0,
                impression_count=self.impressions,
            ),
        }
        referenced = [("replied_to", self.replies_to), ("quoted", self.quotes)]
        if found := [{"type": kind, "id": post.id} for kind, post in referenced if post]:
            described["referenced_tweets"] = found
        if self.replies_to is not None:
            described["in_reply_to_tweet_id"] = self.replies_to.id
            described["in_reply_to_user_id"] = self.replies_to.author_id
        return described

    def _mention(self, username: str, user_id: str) -> dict[str, Any]:
        begin = self.text.lower().find(f"@{username.lower()}")
        return {"start": begin, "end": begin + len(username) + 1, "username": username, "id": user_id}


class Posts:
    """All posts, oldest first."""

    def __init__(self, x: FakeX) -> None:
        self._x = x
        self.all: list[Posted] = []

    def find(self, post_id: str) -> Posted:
        """Give one that still stands. Raises Problem 404."""
        for post in self.all:
            if post.id == post_id and not post.is_deleted:
                return post
        raise not_found(f"tweet with id: [{post_id}]")

    def replies_to(self, post: Posted) -> list[Posted]:
        """Give what stands below a post."""
        return [each for each in self.all if each.replies_to is post and not each.is_deleted]

    def described(self, post: Posted) -> dict[str, Any]:
        """Describe it with what stands below it counted."""
        return post.described(len(self.replies_to(post)))

    def put(self, post: Posted) -> Sequence[Event]:
        """Publish it, and give what X tells about it."""
        self.all.append(post)
        author = self._x.users[post.author_id]
        if author.is_protected:
            return ()
        about = [("post.mention.create", user_id) for _, user_id in post.mentions]
        if post.replies_to is not None:
            about.append(("post.reply.create", post.replies_to.author_id))
        if post.quotes is not None:
            about.append(("post.quote.create", post.quotes.author_id))
        named = [self._x.users[user_id] for _, user_id in post.mentions]
        includes = {"users": [user.described() for user in dict.fromkeys((author, *named))]}
        return [
            Event(
                uuid=post.id if kind == "post.mention.create" else self._x.event_uuid(),
                type=kind,
                user_id=user_id,
                payload=self.described(post),
                includes=includes,
                at=post.created_at,
                old=self._of_old(post, user_id),
            )
            for kind, user_id in about
            if user_id != post.author_id
        ]

    def _of_old(self, post: Posted, for_user: str) -> dict[str, Any]:
        created = {
            "id_str": post.id,
            "text": post.text,
            "user": self._x.users[post.author_id].described_of_old() | {"id_str": post.author_id},
            "timestamp_ms": str(milliseconds(post.created_at)),
            "lang": post.lang,
            "truncated": False,
            "in_reply_to_status_id_str": post.replies_to.id if post.replies_to else None,
            "quoted_status_id_str": post.quotes.id if post.quotes else None,
            "entities": {"user_mentions": [{"screen_name": name, "id_str": user} for name, user in post.mentions]},
        }
        return {"for_user_id": for_user, "user_has_blocked": False, "tweet_create_events": [created]}


def doors() -> list[Door]:
    """Give the endpoints."""
    mentions = "/2/users/{id}/mentions"
    return [
        Door(kind="posts.own", method="GET", path="/2/users/{id}/tweets", handler=_own, who=Who.EITHER, scopes=_READ),
        Door(kind="mentions", method="GET", path=mentions, handler=_mentions, who=Who.EITHER, scopes=_READ),
        Door(kind="posts.create", method="POST", path="/2/tweets", handler=_create, scopes=("tweet.write", *_READ)),
        Door(kind="posts.read", method="GET", path="/2/tweets", handler=_look_up, who=Who.EITHER, scopes=_READ),
        Door(kind="posts.read", method="GET", path="/2/tweets/{id}", handler=_read, who=Who.EITHER, scopes=_READ),
        Door(
            kind="posts.delete", method="DELETE", path="/2/tweets/{id}", handler=_delete, scopes=("tweet.write", *_READ)
        ),
    ]


async def _mentions(call: Call) -> Answer:
    wanted = call.part("id")
    return _page(call, lambda post: any(user_id == wanted for _, user_id in post.mentions))


async def _own(call: Call) -> Answer:
    wanted = call.part("id")
    return _page(call, lambda post: post.author_id == wanted)


def _page(call: Call, is_wanted: Callable[[Posted], bool]) -> Answer:
    since, until, below = (int(call.asked(name) or 0) for name in ("since_id", "until_id", "pagination_token"))
    top = min((each for each in (until, below) if each), default=0)
    start = datetime.fromisoformat((call.asked("start_time") or "1970-01-01T00:00:00Z").replace("Z", "+00:00"))
    found = [
        post
        for post in reversed(call.x.posts.all)
        if not post.is_deleted
        and is_wanted(post)
        and int(post.id) > since
        and post.created_at >= start
        and (not top or int(post.id) < top)
        and not call.x.users[post.author_id].is_protected
    ]
    most = call.number("max_results", 10, 100)
    if most < 5:
        raise bad_request("The `max_results` query parameter value is not between 5 and 100")
    page = found[:most]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if len(found) > most:
        meta["next_token"] = page[-1].id
    return Answer(body=_shown(call, page) | {"meta": meta})


async def _look_up(call: Call) -> Answer:
    ids = [each for each in (call.asked("ids") or "").split(",") if each]
    if not 1 <= len(ids) <= 100:
        raise bad_request("The `ids` query parameter takes 1 to 100 ids.")
    standing = {post.id: post for post in call.x.posts.all if not post.is_deleted}
    body = _shown(call, [standing[each] for each in ids if each in standing])
    if gone := [each for each in ids if each not in standing]:
        body["errors"] = [_gone(each) for each in gone]
    return Answer(body=body)


def _gone(post_id: str) -> dict[str, str]:
    return {
        "value": post_id,
        "detail": f"Could not find tweet with ids: [{post_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": post_id,
        "type": "https://api.x.com/2/problems/resource-not-found",
    }


async def _read(call: Call) -> Answer:
    shown = _shown(call, [call.x.posts.find(call.part("id"))])
    return Answer(body=shown | {"data": shown["data"][0]})


def _shown(call: Call, posts: Sequence[Posted]) -> dict[str, Any]:
    if not posts:
        return {}
    body: dict[str, Any] = {"data": [call.x.posts.described(post) for post in posts]}
    if "author_id" in (call.asked("expansions") or "").split(","):
        authors = dict.fromkeys(post.author_id for post in posts)
        body["includes"] = {"users": [call.x.users[author].described() for author in authors]}
    return body


async def _create(call: Call) -> Answer:
    x, text = call.x, call.body.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST:
        raise bad_request(f"$.text: must be 1 to {LONGEST} characters long")
    replied = (call.body.get("reply") or {}).get("in_reply_to_tweet_id")
    above = x.posts.find(str(replied)) if replied else None
    if above is not None and not _is_summoned(above, call):
        raise forbidden("Reply to this conversation is not allowed because you have not been mentioned or quoted.")
    link = call.body.get("direct_message_deep_link")
    post = x.written(call.account_id, text, replies_to=above)
    if link:
        x.invitations[post.id] = str(link)
    return Answer(status=201, body={"data": {"id": post.id, "text": text}})


def _is_summoned(post: Posted, call: Call) -> bool:
    """X lets apps reply only where the author named the account or quoted a post of it, since 23 February 2026."""
    is_named = any(user_id == call.account_id for _, user_id in post.mentions)
    is_quoted = post.quotes is not None and post.quotes.author_id == call.account_id
    return is_named or is_quoted or post.author_id == call.account_id


async def _delete(call: Call) -> Answer:
    post = call.x.posts.find(call.part("id"))
    if post.author_id != call.account_id:
        raise forbidden("You are not permitted to delete this Post.")
    post.is_deleted = True
    return Answer(body={"data": {"deleted": True}})
