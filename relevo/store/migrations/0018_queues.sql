-- Queues: which one a handoff waits in, whom it is offered to, and what the contact was told about the wait.

ALTER TABLE agents
    ADD COLUMN queues text[] NOT NULL DEFAULT '{}',
    ADD COLUMN skills text[] NOT NULL DEFAULT '{}',
    ADD COLUMN capacity smallint NOT NULL DEFAULT 3 CHECK (capacity BETWEEN 0 AND 100);
COMMENT ON COLUMN agents.queues IS 'None named: all but the supervisors''.';
COMMENT ON COLUMN agents.capacity IS 'How many conversations they are offered at once; what they take by hand is theirs to judge.';

ALTER TABLE handoffs
    ADD COLUMN queue text NOT NULL DEFAULT 'default',
    ADD COLUMN waits_since timestamptz,
    ADD COLUMN offered_to integer,
    ADD COLUMN offer_ends_at timestamptz,
    ADD COLUMN asked integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN asked_at timestamptz,
    ADD COLUMN told_place integer,
    ADD COLUMN told_wait_seconds integer,
    ADD COLUMN told_at timestamptz;
COMMENT ON COLUMN handoffs.offered_to IS 'Whose answer is waited for while the state is offered.';
COMMENT ON COLUMN handoffs.waits_since IS 'Since when it waits in the queue, NULL where it never did.';
COMMENT ON COLUMN handoffs.asked IS 'Agents who declined or let it pass, in order, in this round of offers.';
COMMENT ON COLUMN handoffs.told_place IS 'What the contact was last told: place in the queue, and how long it usually takes.';
UPDATE handoffs SET waits_since = created_at WHERE state <> 'requested';

CREATE INDEX handoffs_waiting ON handoffs (workspace_id, state, expires_at) WHERE state IN ('requested', 'queued', 'offered');
CREATE INDEX handoffs_offered ON handoffs (workspace_id, offered_to) WHERE offered_to IS NOT NULL;
CREATE INDEX handoffs_of_agent ON handoffs (workspace_id, agent_id, taken_at DESC) WHERE taken_at IS NOT NULL;
CREATE INDEX handoffs_answered ON handoffs (workspace_id, queue, taken_at DESC) WHERE taken_at IS NOT NULL;
CREATE INDEX conversations_of_agents ON conversations (workspace_id, agent_id) WHERE agent_id IS NOT NULL;
