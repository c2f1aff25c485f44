"""What must hold after every step, whatever was killed, repeated, late or taken over; each can fail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.properties.world import Row, Snapshot, World

ENDED_MESSAGES = ("settled", "dead")
ENDED_DELIVERIES = ("sent", "delivered", "refused", "unconfirmed")

Written = Mapping[tuple[str, str, str], str]
"""What was acknowledged: the text by channel, address and external id."""


def check_everything(found: Snapshot, written: Written, world: World) -> None:
    """Check what must hold at every moment."""
    everything_written_is_on_one_timeline_once(found, written)
    every_address_has_one_conversation(found)
    for conversation in found.rows("conversations"):
        positions_have_no_gap(found, conversation)
        messages_end_in_their_order(found, conversation)
        one_message_is_in_hands_at_a_time(found, conversation)
        every_message_is_answered_once_at_most(found, conversation)
        what_is_said_has_one_delivery(found, conversation)
        deliveries_end_in_their_order(found, conversation)
        the_bot_speaks_only_while_it_has_control(found, conversation)
        the_tracker_has_each_turn_once(found, conversation)
    effects_are_done_once_and_told_to_their_contact(found, world)
    platforms_show_each_message_once_and_in_order(found, world)


def everything_written_is_on_one_timeline_once(found: Snapshot, written: Written) -> None:
    """Every acknowledged message is on the timeline exactly once, in the inbox exactly once, and nothing else is."""
    contacts = {row["id"]: found.contact(row) for row in found.rows("conversations")}
    said = Counter(
        (*contacts[row["conversation_id"]], row["external_id"], row["content"]["text"])
        for row in found.rows("entries")
        if row["author"] == "contact"
    )
    assert said == Counter((*key, text) for key, text in written.items())
    kept = Counter((*contacts[row["conversation_id"]], row["external_id"], row["text"]) for row in found.rows("inbox"))
    assert kept == said


def every_address_has_one_conversation(found: Snapshot) -> None:
    """One contact, one identity and one conversation for each address."""
    addresses = [found.contact(row) for row in found.rows("conversations")]
    assert len(set(addresses)) == len(addresses) == len(found.rows("identities")) == len(found.rows("contacts"))


def positions_have_no_gap(found: Snapshot, conversation: Row) -> None:
    """A timeline is one sequence."""
    positions = [row["position"] for row in found.lane("entries", conversation)]
    assert positions == list(range(1, conversation["last_position"] + 1))


def messages_end_in_their_order(found: Snapshot, conversation: Row) -> None:
    """No message is settled before one that came earlier."""
    states = [row["state"] in ENDED_MESSAGES for row in found.lane("inbox", conversation)]
    assert states == sorted(states, reverse=True), f"settled out of order: {states}"
    settled_at = [row["settled_at"] for row in found.lane("inbox", conversation) if row["settled_at"]]
    assert settled_at == sorted(settled_at)


def one_message_is_in_hands_at_a_time(found: Snapshot, conversation: Row) -> None:
    """Only the first message that waits may be held."""
    open_messages = [row["state"] for row in found.lane("inbox", conversation) if row["state"] not in ENDED_MESSAGES]
    assert "held" not in open_messages[1:], f"several messages of one conversation are in hands: {open_messages}"


def every_message_is_answered_once_at_most(found: Snapshot, conversation: Row) -> None:
    """A message that waits has no answer; one that has ended has one at most, and a dead one has a case."""
    entries = found.lane("entries", conversation)
    for message in found.lane("inbox", conversation):
        own = [row for row in entries if row["inbox_id"] == message["id"] and row["author"] != "contact"]
        if message["state"] not in ENDED_MESSAGES:
            assert own == [], f"message {message['id']} is not settled, and has {own}"
        words = [row["content"]["text"] for row in own if row["kind"] in {"message", "draft"}]
        assert len(words) == len(set(words)) <= 2, f"answered twice: {words}"
        if message["state"] == "dead":
            assert any(row["kind"] == "case" for row in own)
            assert message["error"]


def what_is_said_has_one_delivery(found: Snapshot, conversation: Row) -> None:
    """Every word of bot, agent and system has exactly one delivery; drafts and what contacts write have none."""
    said = [
        row["position"]
        for row in found.lane("entries", conversation)
        if row["kind"] == "message" and row["author"] != "contact"
    ]
    assert [row["position"] for row in found.lane("deliveries", conversation)] == said


def deliveries_end_in_their_order(found: Snapshot, conversation: Row) -> None:
    """Nothing goes out before what was said earlier has found its ending."""
    states = [row["state"] in ENDED_DELIVERIES for row in found.lane("deliveries", conversation)]
    assert states == sorted(states, reverse=True), f"delivered out of order: {states}"


def the_bot_speaks_only_while_it_has_control(found: Snapshot, conversation: Row) -> None:
    """Its words are messages while control is its own, and drafts while it is not."""
    control = "bot"
    for row in found.lane("entries", conversation):
        if row["kind"] == "control":
            assert row["content"]["custom"]["from"] == control
            control = row["content"]["custom"]["to"]
        if row["author"] == "bot" and row["kind"] in {"message", "draft"}:
            assert (row["kind"] == "message") is (control == "bot"), f"{row['kind']} of the bot, control is {control}"
    assert conversation["control"] == control


def the_tracker_has_each_turn_once(found: Snapshot, conversation: Row) -> None:
    """Its versions have no gap, its turns are in the messages' order, and each of them was settled."""
    versions = [row["version"] for row in found.lane("tracker_events", conversation)]
    assert versions == list(range(1, conversation["tracker_version"] + 1))
    texts = [row["text"] for row in found.lane("inbox", conversation) if row["state"] in ENDED_MESSAGES]
    turns = [event["text"] for row in found.lane("tracker_events", conversation) for event in _events(row)]
    assert turns == [text for text in texts if text in turns], f"the tracker has {turns} of {texts}"


def effects_are_done_once_and_told_to_their_contact(found: Snapshot, world: World) -> None:
    """What is recorded as done was booked, for the contact who ordered it; only they hear of it."""
    booked = world.business.booked
    for effect in found.rows("effects"):
        if effect["state"] == "done":
            assert booked[effect["key"]].business_ref == effect["business_ref"]
    for conversation in found.rows("conversations"):
        _, address = found.contact(conversation)
        for row in found.lane("entries", conversation):
            if row["kind"] == "effect" and row["content"]["custom"]["state"] == "done":
                assert booked[row["content"]["custom"]["key"]].business_ref == address


def platforms_show_each_message_once_and_in_order(found: Snapshot, world: World) -> None:
    """Whatever senders died of: no contact sees anything twice, nor, from senders in time, out of order."""
    deliveries = {row["id"]: row for row in found.rows("deliveries")}
    for platform in world.platforms.values():
        shown = [delivery.id for delivery in platform.shown]
        assert len(shown) == len(set(shown)), f"{platform.name} shows something twice: {shown}"
        last: dict[Any, int] = {}
        for delivery in platform.in_time:
            assert delivery.position > last.get(delivery.conversation_id, 0), f"{platform.name} shows {delivery} late"
            last[delivery.conversation_id] = delivery.position
        sent = {key for key, row in deliveries.items() if row["state"] == "sent" and row["channel"] == platform.name}
        assert sent <= set(shown), "something counts as sent and never was"
        refused = {key for key, row in deliveries.items() if row["state"] == "refused" and row["attempts"] == 1}
        assert not refused & set(shown), "something counts as refused and is shown"


def check_the_end(found: Snapshot, world: World) -> None:
    """Check what must hold once everything is drained."""
    messages, deliveries = found.rows("inbox"), found.rows("deliveries")
    assert {row["state"] for row in messages} <= set(ENDED_MESSAGES)
    assert {row["state"] for row in deliveries} <= set(ENDED_DELIVERIES)
    for row in deliveries:
        assert row["reason"] or row["state"] in {"sent", "delivered"}, f"nobody can see why: {row}"
    answered = {row["inbox_id"] for row in found.rows("entries") if row["author"] != "contact"}
    for row in messages:
        is_silent = row["text"].startswith("silence")
        assert row["id"] in answered or is_silent or row["id"] in world.kept, f"nobody answered {row}"


def _events(row: Row) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bytes.fromhex(row["events"].removeprefix("\\x")))
    return found
