"""However many agents look in the same moment, each is shown what they would be shown alone."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest

from relevo.bootstrap.store import OpenStore
from relevo.domain.queues import Queue, Queues
from relevo.domain.sight import Sight
from relevo.domain.worklist import OF_OPEN, CaseQuery

pytestmark = pytest.mark.anyio
SEED = int(os.environ.get("RELEVO_SEED", "1"))
RULES = Queues(named=(Queue(name="claims", case_types=("damage",)), Queue(name="spanish", languages=("es",))))
OTHERS = Queues(named=(Queue(name="spanish", languages=("en",)),))
QUEUES = ("default", "supervisors", "claims", "spanish", "gone")
PEOPLE, AGENTS, CASES = 12, 8, 60
_PERSON = """
WITH k AS (INSERT INTO contacts (business_ref) VALUES (%s) RETURNING id),
i AS (INSERT INTO identities (contact_id, channel, address) SELECT id, 'widget', id::text FROM k RETURNING id)
INSERT INTO conversations (identity_id, channel, language, agent_id) SELECT id, 'widget', %s, %s FROM i RETURNING id,
    (SELECT id FROM k)
"""
_CASE = """
INSERT INTO cases (id, type, trigger, status, priority, contact_id, business_ref, conversation_id, agent_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_HANDOFF = """
INSERT INTO handoffs (id, conversation_id, episode, idempotency_key, case_id, agent_id, offered_to, queue, state,
    trigger, record, expires_at)
VALUES (gen_random_uuid(), %(about)s, %(n)s, %(n)s, %(case)s, %(agent)s, %(offered)s, %(queue)s, 'ended',
    'user_request', '{}', now())
"""
_NOTE = """
WITH e AS (INSERT INTO entries (conversation_id, position, kind, author, content)
    VALUES (%(about)s, 1, 'note', 'agent', '{}') RETURNING position)
INSERT INTO mentions (conversation_id, position, agent_id, by_agent_id)
SELECT %(about)s, position, %(agent)s, %(agent)s FROM e
"""


async def a_world(till: OpenStore, chance: Random, agents: list[int]) -> list[UUID]:
    """Have cases be in all queues, given on, offered, of people who are served, and talked about in notes."""
    run, ask, spoken = till.database.run, till.database.rows, []
    nobody: list[int | None] = [None] * len(agents)
    anybody = [*agents, *nobody]
    for number in range(PEOPLE):
        who = (
            chance.choice((None, f"C{number // 2}")),
            chance.choice(("es", "en", None)),
            chance.choice(anybody),
        )
        spoken.append((*(await ask(_PERSON, who))[0], who[0]))
    for number in range(CASES):
        about, contact, ref = chance.choice(spoken)
        sort = (
            chance.choice(("damage", "refund")),
            chance.choice(("safety", "approval")),
            chance.choice(("open", "closed")),
        )
        whose = chance.choice((None, contact)), chance.choice((None, ref)), about, chance.choice(anybody)
        await run(_CASE, (f"CASE-{number}", *sort, chance.choice((0, 60)), *whose))
        await run(
            "INSERT INTO case_conversations (case_id, conversation_id) VALUES (%s, %s)", (f"CASE-{number}", about)
        )
        await run(
            "INSERT INTO case_followers (case_id, agent_id) VALUES (%s, %s)", (f"CASE-{number}", chance.choice(agents))
        )
        if chance.random() < 0.5:
            had = {"agent": chance.choice(anybody), "offered": chance.choice([*agents, *nobody * 3])}
            routed = {"about": about, "n": number, "case": f"CASE-{number}", "queue": chance.choice(QUEUES)}
            await run(_HANDOFF, {**had, **routed})
        if chance.random() < 0.3:
            await run("UPDATE cases SET agent_id = %s WHERE id = %s", (chance.choice(agents), f"CASE-{number}"))
    for about, *_ in chance.sample(spoken, 4):
        await run(_NOTE, {"about": about, "agent": chance.choice(agents)})
    return [about for about, *_ in spoken]


async def test_whoever_looks_together_is_shown_what_they_would_be_alone(till: OpenStore) -> None:
    """Lists of open cases, their counts, and which conversations a change is news of."""
    store, chance = till.store, Random(SEED)
    added = [await store.accounts.add_agent(f"a{n}@example.com", f"A{n}", "agent", "-") for n in range(AGENTS)]
    spoken = await a_world(till, chance, [agent.id for agent in added])
    sights = [
        Sight(agent_id=agent.id, queues=tuple(chance.sample(QUEUES, 2)), rules=chance.choice((RULES, RULES, OTHERS)))
        for agent in added
    ]
    seen = [{line.id for line in await store.desk.conversations(limit=99, sight=sight)} for sight in sights]
    assert await asyncio.gather(*(store.sights.conversations(sight, spoken) for sight in sights)) == seen
    outlooks = await asyncio.gather(*map(store.sights.outlook, sights))
    assert any(outlook.beside for outlook in outlooks)
    marks = await asyncio.gather(*(store.worklist.marks(sight.agent_id, (), sight) for sight in sights))
    for sight, outlook, beside in zip(sights, outlooks, marks, strict=True):
        followed = CaseQuery(show="following", agent_id=sight.agent_id, sight=sight)
        assert beside.follows == len(await store.worklist.ids(followed, CASES))
        for show in sorted(OF_OPEN):
            alone = await store.worklist.ids(CaseQuery(show=show, sight=sight), CASES)
            assert await store.worklist.ids(CaseQuery(show=show, sight=outlook), CASES) == alone
        assert await store.worklist.counts(outlook) == await store.worklist.counts(sight)
        assert await store.worklist.choices(outlook) == await store.worklist.choices(sight)
        queued = CaseQuery(show="open", sight=replace(outlook, beside=frozenset()))
        shared = set(await store.worklist.ids(queued, CASES))
        assert not outlook.beside & shared, "what is in one's queues is shared with all who have them"
