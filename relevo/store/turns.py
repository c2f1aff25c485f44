"""Writes all that one turn says and changes, in one transaction."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from relevo.contracts.store import Claim, Committed, TurnOutcome, Verification
from relevo.domain.cases import CaseContact, CaseRequest
from relevo.domain.conversations import Control
from relevo.domain.messages import clean_text
from relevo.errors import LeaseLost
from relevo.store import rows
from relevo.store.attachments import keep_for
from relevo.store.cases import case_statements, write_cases
from relevo.store.express import Asked
from relevo.store.handoffs import end_waiting, handoff_statements, write_handoff
from relevo.store.live import SENDERS, TIMELINES, telling
from relevo.store.pool import Database, NotAtOnce
from relevo.store.posted_cases import settle_posted, settle_unposted
from relevo.store.ratings import write_rating

AT_HOME_SECONDS = 0.1
"""How long a message is for the bot that answered last alone: longer than it waits for a bot that is not busy."""

# Words become a draft when control is no longer the bot's: only the database knows who holds it at commit. The system's
# own words (a queue notice, "the bot cannot answer") are sent whoever holds it.
# Only what is held has a token; naming its state would have the queue's index read instead of its key.
# The lane's next message waits from now on: whoever was served goes behind those who wait. It is for the bot that has
# the conversation in memory, as what comes later is; after a moment, in which that one may be busy, or gone, it is
# anybody's.
_WRITE = """
WITH expected AS (
    SELECT id FROM conversations
    WHERE workspace_id = 1 AND id = %(conversation)s AND tracker_version = %(version)s
      AND (NOT %(kept)s OR control IN ('requested', 'queued', 'offered', 'agent', 'wrap_up')) FOR UPDATE
), settled AS (
    UPDATE inbox q SET state = %(state)s, settled_at = now(), token = NULL, lease_until = NULL, error = %(error)s
    FROM expected WHERE q.workspace_id = 1 AND q.id = %(inbox)s AND q.token = %(token)s
    RETURNING q.conversation_id
), conversation AS (
    UPDATE conversations c SET
        tracker_version = c.tracker_version + %(turns)s,
        last_position = c.last_position + %(count)s,
        language = coalesce(%(language)s, c.language),
        issued_payloads = (%(payloads)s::text[] || c.issued_payloads)[1:24],
        rating_stage = CASE WHEN %(rates)s THEN %(rating_stage)s ELSE c.rating_stage END,
        updated_at = now(),
        home = CASE WHEN %(turns)s = 1 THEN coalesce(%(bot)s::text, c.home) ELSE c.home END
    FROM settled WHERE c.workspace_id = 1 AND c.id = settled.conversation_id
    RETURNING c.id, c.channel, c.control, c.last_position - %(count)s AS base, c.tracker_version
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content, inbox_id)
    SELECT c.id, c.base + e.n,
        CASE WHEN e.kind = 'message' AND e.author = 'bot' AND c.control <> 'bot' THEN 'draft' ELSE e.kind END,
        e.author, e.content, %(inbox)s
    FROM conversation c, jsonb_to_recordset(%(entries)s::jsonb) AS e(n bigint, kind text, author text, content jsonb)
    RETURNING conversation_id, position, kind
), queued AS (
    INSERT INTO deliveries (conversation_id, position, channel, priority)
    SELECT w.conversation_id, w.position, c.channel, 1 FROM written w, conversation c WHERE w.kind = 'message'
), next AS (
    UPDATE inbox n SET due_at = now(), for_bots = CASE WHEN %(bot)s::text IS NOT NULL THEN ARRAY[%(bot)s::text] END,
        for_bots_until = now() + make_interval(secs => %(at_home)s)
    FROM settled WHERE n.workspace_id = 1 AND n.id = (
        SELECT q.id FROM inbox q WHERE q.workspace_id = 1 AND q.conversation_id = %(conversation)s
            AND q.state = 'waiting' ORDER BY q.position LIMIT 1)
    RETURNING n.id
), remembered AS (
    INSERT INTO tracker_events (conversation_id, version, events)
    SELECT id, tracker_version, %(events)s FROM conversation WHERE %(turns)s = 1
)
"""
_SETTLE = f"{_WRITE} SELECT tracker_version, control, EXISTS (SELECT FROM next) FROM conversation"
# Whoever asks for a person must still have control: where somebody took it, there is nobody to ask for.
_SETTLE_OR_FAIL = f"""
{_WRITE} SELECT max(tracker_version), max(control), EXISTS (SELECT FROM next),
    1 / count(*) FILTER (WHERE control = 'bot' OR NOT %(hands_off)s) FROM conversation
"""

_VERIFY = """
WITH identity AS (
    UPDATE identities SET level = %(level)s, business_ref = coalesce(%(ref)s, business_ref),
        verified_until = %(until)s, failed_tries = %(tries)s,
        verified_facts = coalesce(%(facts)s::jsonb, verified_facts)
    WHERE workspace_id = 1 AND id = %(identity)s RETURNING contact_id
)
UPDATE contacts k SET business_ref = coalesce(%(ref)s, k.business_ref),
    display_name = coalesce(%(name)s, k.display_name)
FROM identity WHERE k.workspace_id = 1 AND k.id = identity.contact_id
"""


async def write_turn(database: Database, claim: Claim, outcome: TurnOutcome) -> Committed:
    """Settle a claim with its outcome.

    Raises LeaseLost, with nothing written, when the token or the tracker's version is another one by now, or when it
    is kept for a person and nobody has control.
    """
    rates = outcome.rating is not None and outcome.rating.says_something
    if not any((outcome.contacts, outcome.kept_attachments, outcome.taken_back, rates)):
        with suppress(NotAtOnce):
            return await _write_at_once(database, claim, outcome)
    async with database.connection() as connection, connection.transaction():
        result = _settled(await (await connection.execute(_SETTLE, _settle_values(claim, outcome))).fetchone())
        if outcome.verification is not None:
            await connection.execute(_VERIFY, _verify_values(claim, outcome))
        await write_cases(connection, claim.conversation.id, outcome)
        await settle_posted(connection, claim.conversation.id, outcome)
        if outcome.handoff is not None and not result.was_drafted:
            await write_handoff(connection, claim.conversation.id, outcome.handoff)
        for kept in outcome.kept_attachments:
            await keep_for(connection, kept, claim.conversation.id)
        if outcome.rating is not None and rates:
            await write_rating(connection, claim.conversation.id, outcome.rating)
        if outcome.taken_back is not None:
            await end_waiting(connection, claim.conversation.id, outcome.taken_back, "ended")
        return result


async def _write_at_once(database: Database, claim: Claim, outcome: TurnOutcome) -> Committed:
    """Settle a claim in one round trip where it is still ours, and control the bot's; raises NotAtOnce elsewhere."""
    conversation_id, values, told = claim.conversation.id, _settle_values(claim, outcome), _told(claim, outcome)
    is_verified = outcome.verification is not None
    more = [
        *([(_VERIFY, _verify_values(claim, outcome))] if is_verified else []),
        *case_statements(conversation_id, outcome),
        *(settle_unposted(conversation_id) if is_verified else []),
        *(handoff_statements(conversation_id, outcome.handoff) if outcome.handoff is not None else []),
    ]
    if not more:
        answer = await database.quick(_SETTLE, values, behind=told)
        return _settled(next(iter(answer.rows), None), is_told=answer.has_followed)
    settled, *_ = await database.at_once((_SETTLE_OR_FAIL, values), *more, behind=told)
    return _settled(settled.rows[0], is_told=True)


def _told(claim: Claim, outcome: TurnOutcome) -> Asked:
    """Give what tells of a turn; of one that was refused in the end it is told in vain."""
    return telling((TIMELINES, str(claim.conversation.id)), *([(SENDERS, "")] if outcome.messages else []))


def _settled(row: tuple[Any, ...] | None, *, is_told: bool = False) -> Committed:
    if row is None:
        raise LeaseLost
    version, control, has_next, *_ = row
    return Committed(
        tracker_version=version, was_drafted=control != Control.BOT.value, has_next=has_next, is_told=is_told
    )


def _settle_values(claim: Claim, outcome: TurnOutcome) -> dict[str, Any]:
    entries = _entries(outcome)
    stage = outcome.rating.next_stage if outcome.rating else None
    payloads = [clean_text(button.payload) for message in outcome.messages for button in message.buttons]
    return {
        "conversation": claim.conversation.id,
        "version": claim.conversation.tracker_version,
        "inbox": claim.inbox_id,
        "token": claim.token,
        "state": "dead" if outcome.dead_letter else "settled",
        "error": _clean(outcome.dead_letter),
        "kept": outcome.is_kept,
        "turns": 1 if outcome.tracker_events else 0,
        "bot": claim.bot,
        "at_home": AT_HOME_SECONDS,
        "events": b"[" + b",".join(outcome.tracker_events) + b"]",
        "count": len(entries),
        "entries": rows.json_text(entries),
        "language": outcome.language,
        "payloads": payloads,
        "hands_off": outcome.handoff is not None,
        "rates": outcome.rating is not None,
        "rating_stage": stage.value if stage else None,
    }


def _entries(outcome: TurnOutcome) -> list[dict[str, Any]]:
    author = outcome.author.value
    found = [("effect", "bot", _effect(e)) for e in outcome.effects]
    found += [("message", author, rows.content_document(message)) for message in outcome.messages]
    if outcome.verification is not None:
        found.append(("verification", "system", _verified(outcome.verification)))
    found += [("case", "system", _opened(case)) for case in outcome.cases]
    found += [("case", "system", _again(again)) for again in outcome.contacts]
    return [
        {"n": n, "kind": kind, "author": who, "content": content} for n, (kind, who, content) in enumerate(found, 1)
    ]


def _verified(verification: Verification) -> dict[str, Any]:
    told: dict[str, Any] = {"level": verification.level.name.lower(), "ref": verification.business_ref}
    told["by"] = sorted(verification.facts) or None
    return {"custom": {name: value for name, value in told.items() if value is not None}}


def _effect(effect: Any) -> dict[str, Any]:
    return {"custom": {"key": effect.key, "state": effect.state.value, "rule": effect.rule, **effect.result}}


def _again(again: CaseContact) -> dict[str, Any]:
    return {"custom": {"case": again.case_id, "again" if again.is_counted else "added": True}}


def _opened(case: CaseRequest) -> dict[str, Any]:
    return {"custom": {"case": case.id, "type": case.type, "trigger": case.trigger.value}}


def _verify_values(claim: Claim, outcome: TurnOutcome) -> dict[str, Any]:
    verification = outcome.verification
    assert verification is not None
    return {
        "identity": claim.conversation.identity.id,
        "level": int(verification.level),
        "ref": verification.business_ref,
        "name": verification.name,
        "until": verification.verified_until,
        "tries": verification.failed_tries,
        "facts": rows.json_text(verification.facts) if verification.facts else None,
    }


def _clean(text: str | None) -> str | None:
    return None if text is None else clean_text(text)
