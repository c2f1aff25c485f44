"""What the fake X sends has the shape that X's documentation shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relevo.testing.x.faults import Fault
from tests.x_hook import PNG, business
from tests.x_payloads import NAMES, payload, source

pytestmark = pytest.mark.anyio
OPTIONAL = (".data.tag:", ".data.filter.user_id:", ".sizes.large.")
"""What a delivery may lack, or have more of."""


def shape(value: Any, path: str = "") -> Iterator[str]:
    """Give every path to a value; ids that are keys and places in lists are one and the same."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from shape(inner, f"{path}.{'*' if name.isdecimal() else name}")
    elif isinstance(value, list):
        for inner in value:
            yield from shape(inner, f"{path}[]")
    else:
        yield f"{path}:{type(value).__name__}"


def differing(sent: Any, name: str) -> set[str]:
    """Give the paths that only one of both has."""
    both = set(shape(sent)) ^ set(shape(payload(name)))
    return {path for path in both if not any(optional in path for optional in OPTIONAL)}


@pytest.mark.parametrize("name", NAMES)
def test_every_payload_says_where_it_is_from(name: str) -> None:
    """Else nobody can tell a fact from a guess."""
    assert len(source(name)) > 10


async def test_direct_messages_are_told_in_the_documented_shapes() -> None:
    """Text, photo, photo alone, typing, reading, an own message, rights that end."""
    async with business() as here:
        ann = here.x.customer("2222")
        await ann.writes("my flight was cancelled")
        await ann.writes("here is my passport", photo=PNG)
        await ann.writes("", photo=PNG)
        await ann.writes("Refund", metadata="opaque-string")
        await ann.types()
        await here.x.brand.writes("Thanks for the update!", to=ann)
        await ann.reads()
        await here.x.brand.revokes()
        names = ["dm.received", "dm.received.photo", "dm.received.photo_alone", "dm.received.quick_reply"]
        names += ["dm.indicate_typing", "dm.sent", "dm.read", "oauth.revoke"]
        assert [differing(sent, name) for sent, name in zip(here.hook.heard, names, strict=True)] == [set()] * 8


async def test_the_deprecated_shape_is_the_documented_one() -> None:
    """It still comes to accounts that were subscribed long ago."""
    async with business() as here:
        here.x.is_account_activity = True
        ann = here.x.customer("2222")
        await ann.writes("my flight was cancelled")
        await ann.types()
        await here.sends("Sorry")
        await here.x.deliveries.settled()
        await ann.reads()
        names = ["aaa.direct_message", "aaa.typing", "aaa.direct_message", "aaa.read"]
        assert [differing(sent, name) for sent, name in zip(here.hook.heard, names, strict=True)] == [set()] * 4


async def test_posts_are_told_and_found_in_the_documented_shapes() -> None:
    """A mention, a reply and a quote without one, and the same by looking."""
    async with business() as here:
        ann = here.x.customer("2222")
        post = await ann.posts("hey @Aurora, lost my bag AGAIN")
        own = here.x.written("1111", "Sorry", replies_to=post)
        await here.x.deliveries.settled()
        await ann.posts("no thanks", mentions=False, replies_to=own)
        await ann.posts("look at that", mentions=False, quotes=own)
        names = ["post.mention.create", "post.reply.create", "post.quote.create"]
        assert [differing(sent, name) for sent, name in zip(here.hook.heard, names, strict=True)] == [set()] * 3

        found = await here.get("/2/users/1111/mentions", expansions="author_id")
        assert differing(found.json(), "api.mentions") == set()
        some = await here.get("/2/tweets", ids=f"{post.id},1")
        assert differing(some.json(), "api.posts_with_gone") == set()


async def test_the_api_answers_in_the_documented_shapes() -> None:
    """What is listed, what was sent, what was refused."""
    async with business() as here:
        ann = here.x.customer("2222")
        sent = await here.sends("hello")
        await ann.writes("Hi")
        await ann.writes("see", photo=PNG)
        asked = {"max_results": "2", "expansions": "sender_id,attachments.media_keys"}
        listed = await here.get("/2/dm_events", **asked)
        here.x.faults.next("dm.send", Fault.DM_CLOSED)
        refused = await here.sends("again")
        hooks = await here.http.get("/2/webhooks", headers=here.app)
        found = {"api.dm_sent": sent, "api.dm_events": listed, "api.problem": refused, "api.webhooks": hooks}
        assert {name: differing(answer.json(), name) for name, answer in found.items()} == {
            name: set() for name in found
        }


async def test_encrypted_messages_are_told_in_the_documented_shape() -> None:
    """Both have a key, a message of each is told."""
    async with business() as here:
        ann = here.x.customer("2222")
        from relevo.testing.x.phone import Phone

        desk = Phone(here.x, here.x.brand)
        await ann.writes("hi", transport="chat")
        assert differing(here.hook.heard[0], "chat.received") == set()
        events = await here.get("/2/chat/conversations/2222/events")
        keys = await here.get("/2/users/2222/public_keys")
        assert differing(events.json(), "api.chat_events") == set()
        assert differing(keys.json(), "api.public_keys") == set()
        _, told = desk.write(ann, "hello", is_forged=False)
        here.x.happened(told)
        await here.x.deliveries.settled()
        assert differing(here.hook.heard[1], "chat.sent") == set()
