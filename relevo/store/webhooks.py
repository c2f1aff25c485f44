"""Who is told what happens, and what became of telling it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.webhooks import TEST_EVENT, DueDelivery, Told, Webhook, WebhookDelivery
from relevo.domain.messages import clean_text
from relevo.errors import Conflict, NotFound, Unavailable
from relevo.store.pool import Database
from relevo.store.sealing import Sealer
from relevo.store.webhook_news import read_news

_PLACE = UUID("7e1e70a0-0000-4000-8000-000000000024")
"""What a sealed secret is bound to: no attachment has this id."""
_YOUNG_ATTEMPTS = 3
"""What failed so often keeps what came after it waiting no longer."""
_LEASE_SECONDS = 60

_ACTIVE = "w.workspace_id = 1 AND w.removed_at IS NULL AND w.disabled_at IS NULL"
_WEBHOOK = """
SELECT w.id, w.url, w.events, w.created_at, w.disabled_at, w.disabled_because,
    CASE WHEN w.old_secret_until > now() THEN w.old_secret_until END,
    (SELECT count(*) FROM webhook_deliveries d WHERE d.workspace_id = 1 AND d.webhook_id = w.id
        AND d.state IN ('queued', 'sending')),
    (SELECT count(*) FROM webhook_deliveries d WHERE d.workspace_id = 1 AND d.webhook_id = w.id
        AND d.state = 'dead' AND d.ended_at > now() - interval '1 day')
FROM webhooks w WHERE w.workspace_id = 1 AND w.removed_at IS NULL
"""
# Where nobody was told before, there is nothing to catch up with.
_FROM_NOW = f"""
INSERT INTO webhook_news AS n (read_up_to) VALUES (now()) ON CONFLICT (workspace_id) DO UPDATE
SET read_up_to = CASE WHEN EXISTS (SELECT FROM webhooks w WHERE {_ACTIVE}) THEN n.read_up_to ELSE now() END
"""
_LOG = """
SELECT d.id, d.delivery_id, e.event, d.conversation_id, d.state, d.attempts, d.status, d.answer, d.problem,
    d.created_at, d.tried_at, CASE WHEN d.state = 'queued' THEN d.due_at END
FROM webhook_deliveries d JOIN webhook_events e ON e.workspace_id = 1 AND e.id = d.event_id
WHERE d.workspace_id = 1 AND d.webhook_id = %(webhook)s AND (%(before)s::bigint IS NULL OR d.id < %(before)s)
ORDER BY d.id DESC LIMIT %(limit)s
"""
_CLAIM = f"""
WITH head AS (
    SELECT d.id FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id AND {_ACTIVE}
    WHERE d.workspace_id = 1
      AND (d.state = 'queued' AND d.due_at <= now() OR d.state = 'sending' AND d.lease_until < now())
      AND NOT EXISTS (SELECT FROM webhook_deliveries b WHERE b.workspace_id = 1 AND b.webhook_id = d.webhook_id
        AND b.conversation_id = d.conversation_id AND b.id < d.id AND b.state IN ('queued', 'sending')
        AND b.attempts < {_YOUNG_ATTEMPTS})
    ORDER BY d.due_at, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
), held AS (
    UPDATE webhook_deliveries d SET state = 'sending', token = gen_random_uuid(), attempts = least(d.attempts + 1, 99),
        lease_until = now() + make_interval(secs => {_LEASE_SECONDS}), tried_at = now()
    FROM head WHERE d.workspace_id = 1 AND d.id = head.id RETURNING d.*
)
SELECT h.id, h.delivery_id, h.token, w.id, w.url, w.secret, e.id, e.event, e.conversation_id, e.happened_at, e.data,
    h.attempts, CASE WHEN w.old_secret_until > now() THEN w.old_secret END
FROM held h JOIN webhooks w ON w.workspace_id = 1 AND w.id = h.webhook_id
JOIN webhook_events e ON e.workspace_id = 1 AND e.id = h.event_id ORDER BY h.id
"""
_CONCLUDE = """
WITH told AS (
    UPDATE webhook_deliveries SET state = %(state)s, status = %(status)s, answer = %(answer)s, problem = %(problem)s,
        token = NULL, lease_until = NULL,
        due_at = CASE WHEN %(again)s::float IS NULL THEN due_at ELSE now() + make_interval(secs => %(again)s) END,
        ended_at = CASE WHEN %(again)s::float IS NULL THEN now() END
    WHERE workspace_id = 1 AND id = %(id)s AND token = %(token)s RETURNING webhook_id
)
UPDATE webhooks w SET
    dead_in_a_row = CASE %(state)s WHEN 'done' THEN 0 WHEN 'dead' THEN w.dead_in_a_row + 1 ELSE w.dead_in_a_row END,
    disabled_at = CASE WHEN %(state)s = 'dead' AND w.dead_in_a_row + 1 >= %(most)s THEN now() ELSE w.disabled_at END,
    disabled_because = CASE WHEN %(state)s = 'dead' AND w.dead_in_a_row + 1 >= %(most)s THEN %(problem)s
        ELSE w.disabled_because END
FROM told WHERE w.workspace_id = 1 AND w.id = told.webhook_id
"""
_ROTATE = """
UPDATE webhooks SET old_secret = secret, old_secret_until = now() + interval '1 day', secret = %(secret)s
WHERE workspace_id = 1 AND id = %(id)s AND removed_at IS NULL
"""
_TEST = """
WITH event AS (
    INSERT INTO webhook_events (source, event, happened_at, data)
    SELECT 'test:' || gen_random_uuid(), %(event)s, now(), '{}' FROM webhooks
    WHERE workspace_id = 1 AND id = %(webhook)s AND removed_at IS NULL RETURNING id
)
INSERT INTO webhook_deliveries (webhook_id, event_id) SELECT %(webhook)s, id FROM event
"""


class PostgresWebhooks:
    """Webhooks on PostgreSQL; see contracts.webhooks.Webhooks. Secrets are sealed with the installation's key."""

    def __init__(self, database: Database, key: bytes | None) -> None:
        self._database = database
        self._key = Sealer(key) if key is not None else None

    async def add(self, url: str, events: Sequence[str], secret: str) -> Webhook:
        """Keep somebody who is told from now on."""
        sealed = self._sealer.seal_one(_PLACE, 0, secret.encode())
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_FROM_NOW)
            cursor = await connection.execute(
                "INSERT INTO webhooks (url, events, secret) VALUES (%s, %s, %s) RETURNING id",
                (url, list(events), sealed),
            )
            row = await cursor.fetchone()
        assert row is not None
        return await self.get(row[0])

    async def webhooks(self) -> list[Webhook]:
        """Give everybody who is told."""
        return [_webhook(row) for row in await self._database.rows(f"{_WEBHOOK} ORDER BY w.id LIMIT 200")]

    async def get(self, webhook_id: int) -> Webhook:
        """Give one."""
        found = await self._database.rows(f"{_WEBHOOK} AND w.id = %s", (webhook_id,))
        if not found:
            raise NotFound("There is no such webhook.")
        return _webhook(found[0])

    async def change(self, webhook_id: int, events: Sequence[str], *, is_enabled: bool) -> Webhook:
        """Say what they are told, and whether."""
        async with self._database.connection() as connection, connection.transaction():
            if is_enabled:
                await connection.execute(_FROM_NOW)
            await connection.execute(
                "UPDATE webhooks SET events = %(events)s, dead_in_a_row = 0,"
                " disabled_at = CASE WHEN %(on)s THEN NULL ELSE coalesce(disabled_at, now()) END,"
                " disabled_because = CASE WHEN %(on)s THEN NULL ELSE disabled_because END"
                " WHERE workspace_id = 1 AND id = %(id)s",
                {"events": list(events), "on": is_enabled, "id": webhook_id},
            )
        return await self.get(webhook_id)

    async def rotate(self, webhook_id: int, secret: str) -> Webhook:
        """Sign with another secret from now on."""
        await self.get(webhook_id)
        sealed = self._sealer.seal_one(_PLACE, 0, secret.encode())
        await self._database.run(_ROTATE, {"id": webhook_id, "secret": sealed})
        return await self.get(webhook_id)

    async def remove(self, webhook_id: int) -> None:
        """Tell them nothing any more."""
        changed = await self._database.run(
            "UPDATE webhooks SET removed_at = now(), secret = '', old_secret = NULL WHERE workspace_id = 1 AND id = %s"
            " AND removed_at IS NULL",
            (webhook_id,),
        )
        if not changed:
            raise NotFound("There is no such webhook.")

    async def test(self, webhook_id: int) -> None:
        """Have a test told."""
        if not await self._database.run(_TEST, {"webhook": webhook_id, "event": TEST_EVENT}):
            raise NotFound("There is no such webhook.")

    async def log(self, webhook_id: int, before_id: int | None, limit: int) -> list[WebhookDelivery]:
        """Give deliveries, newest first."""
        await self.get(webhook_id)
        values = {"webhook": webhook_id, "before": before_id, "limit": limit}
        names = WebhookDelivery.__struct_fields__
        return [
            WebhookDelivery(**dict(zip(names, row, strict=True))) for row in await self._database.rows(_LOG, values)
        ]

    async def redeliver(self, delivery_id: int) -> int:
        """Have something told again."""
        found = await self._database.rows(
            "UPDATE webhook_deliveries SET state = 'queued', attempts = 0, due_at = now(), ended_at = NULL"
            " WHERE workspace_id = 1 AND id = %s AND state <> 'sending' RETURNING webhook_id",
            (delivery_id,),
        )
        if found:
            return int(found[0][0])
        if await self._database.rows(
            "SELECT true FROM webhook_deliveries WHERE workspace_id = 1 AND id = %s", (delivery_id,)
        ):
            raise Conflict("It is being delivered right now; look again in a moment.", code="in_progress")
        raise NotFound("There is no such delivery.")

    async def read_news(self) -> int:
        """Read what has happened since the last look."""
        async with self._database.connection() as connection, connection.transaction():
            return await read_news(connection)

    async def claim(self, limit: int) -> list[DueDelivery]:
        """Take what is due."""
        names = DueDelivery.__struct_fields__
        found = await self._database.rows(_CLAIM, {"limit": limit})
        due = [dict(zip(names, row, strict=True)) for row in found]
        secrets = ("secret", "old_secret")
        return [DueDelivery(**each | {name: self._opened(each[name]) for name in secrets}) for each in due]

    async def conclude(self, due: DueDelivery, told: Told, *, again_in_seconds: float | None, most_dead: int) -> None:
        """Record a try."""
        state = "done" if told.problem is None else "dead" if again_in_seconds is None else "queued"
        values = {
            "id": due.id,
            "token": due.token,
            "state": state,
            "status": told.status,
            "answer": clean_text(told.answer or "") or None,
            "problem": clean_text(told.problem or "") or None,
            "again": None if state == "done" else again_in_seconds,
            "most": most_dead,
        }
        await self._database.run(_CONCLUDE, values)

    async def forget_old(self, seconds: float) -> int:
        """Forget what happened so long ago, but what is still to be told, and secrets that hold no more."""
        await self._database.run("UPDATE webhooks SET old_secret = NULL WHERE old_secret_until < now()")
        return await self._database.run(
            "DELETE FROM webhook_events e WHERE e.workspace_id = 1"
            " AND e.created_at < now() - make_interval(secs => %s) AND NOT EXISTS (SELECT FROM webhook_deliveries d"
            " WHERE d.workspace_id = 1 AND d.event_id = e.id AND d.state IN ('queued', 'sending'))",
            (seconds,),
        )

    @property
    def _sealer(self) -> Sealer:
        if self._key is None:
            raise Unavailable("This process was started without the installation's key, so it keeps no secrets.")
        return self._key

    def _opened(self, sealed: Any) -> str | None:
        return None if sealed is None else self._sealer.open(_PLACE, [(0, bytes(sealed))]).decode()


def _webhook(row: tuple[Any, ...]) -> Webhook:
    names = (
        "id",
        "url",
        "events",
        "created_at",
        "disabled_at",
        "disabled_because",
        "old_secret_until",
        "waiting",
        "dead",
    )
    return Webhook(**{**dict(zip(names, row, strict=True)), "events": tuple(row[2])})
