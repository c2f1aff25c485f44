"""Who is who."""

from __future__ import annotations

from relevo.testing.x.access import Who
from relevo.testing.x.door import Answer, Call, Door
from relevo.testing.x.problems import not_found


def doors() -> list[Door]:
    """Give the endpoints."""
    scopes = ("users.read", "tweet.read")
    return [
        Door(kind="users.me", method="GET", path="/2/users/me", handler=_me, scopes=scopes),
        Door(kind="users.read", method="GET", path="/2/users/{id}", handler=_by_id, who=Who.EITHER, scopes=scopes),
        Door(
            kind="users.read",
            method="GET",
            path="/2/users/by/username/{name}",
            handler=_by_name,
            who=Who.EITHER,
            scopes=scopes,
        ),
    ]


async def _me(call: Call) -> Answer:
    return Answer(body={"data": call.x.users[call.account_id].described()})


async def _by_id(call: Call) -> Answer:
    if call.part("id") not in call.x.users:
        raise not_found("the user")
    return Answer(body={"data": call.x.users[call.part("id")].described()})


async def _by_name(call: Call) -> Answer:
    for user in call.x.users.values():
        if user.username.lower() == call.part("name").lower():
            return Answer(body={"data": user.described()})
    raise not_found("the user")
