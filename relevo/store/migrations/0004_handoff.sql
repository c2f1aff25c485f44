-- Handoffs, cases with a priority and a promise, effects that a person decides about.

ALTER TABLE conversations ADD COLUMN agent_id integer;
COMMENT ON COLUMN conversations.agent_id IS 'Who has control while control is agent or wrap_up; else NULL.';

ALTER TABLE identities ADD COLUMN verified_facts jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN identities.verified_facts IS 'The facts that verified, by kind: a handoff shows which of what was said is proven.';

ALTER TABLE agents
    ADD COLUMN languages text[] NOT NULL DEFAULT '{}',
    ADD COLUMN business_ref text,
    ADD COLUMN seen_at timestamptz,
    ADD COLUMN is_away boolean NOT NULL DEFAULT false,
    ADD COLUMN removed_at timestamptz;
COMMENT ON COLUMN agents.limits IS 'How much this person may approve, by measure: money in minor units, points. No entry: nothing.';
COMMENT ON COLUMN agents.business_ref IS 'The agent as the business''s own contact: nobody approves for themselves.';

ALTER TABLE inbox ADD COLUMN kind text NOT NULL DEFAULT 'message' CHECK (kind IN ('message', 'handback'));
COMMENT ON COLUMN inbox.kind IS 'handback: not written by the contact; the bot opens with what the person decided.';

-- One row an episode: a conversation may be handed off again and again.
CREATE TABLE handoffs (
    workspace_id integer NOT NULL DEFAULT 1,
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    episode integer NOT NULL,
    idempotency_key text NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'queued', 'offered', 'agent', 'wrap_up', 'ended', 'expired', 'failed')),
    trigger text NOT NULL,
    case_id text,
    agent_id integer,
    record jsonb NOT NULL,
    handback jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    taken_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, idempotency_key),
    UNIQUE (workspace_id, conversation_id, episode),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
COMMENT ON COLUMN handoffs.record IS 'relevo.handoff/1 as it was when control passed; never changed.';
COMMENT ON COLUMN handoffs.state IS 'requested: nobody was online, the bot goes on and the case waits.';
CREATE UNIQUE INDEX handoffs_open ON handoffs (workspace_id, conversation_id)
    WHERE state IN ('requested', 'queued', 'offered', 'agent', 'wrap_up');
CREATE INDEX handoffs_expiring ON handoffs (workspace_id, expires_at) WHERE state IN ('queued', 'offered');

ALTER TABLE cases
    ADD COLUMN priority smallint NOT NULL DEFAULT 0,
    ADD COLUMN priority_reasons jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN due_at timestamptz,
    ADD COLUMN promised_at timestamptz,
    ADD COLUMN promise_missed_at timestamptz,
    ADD COLUMN agent_id integer,
    ADD COLUMN outcome text,
    ADD COLUMN contacted integer NOT NULL DEFAULT 1,
    ADD COLUMN closed_at timestamptz;
UPDATE cases SET due_at = opened_at + interval '1 day', promised_at = (detail ->> 'promised_at')::timestamptz;
COMMENT ON COLUMN cases.contacted IS 'How often the contact came about it: 1 when it was opened.';
CREATE INDEX cases_due ON cases (workspace_id, due_at) WHERE status = 'open';
CREATE INDEX cases_of_person ON cases (workspace_id, business_ref) WHERE status = 'open';
CREATE INDEX cases_promised ON cases (workspace_id, promised_at)
    WHERE status = 'open' AND promised_at IS NOT NULL AND promise_missed_at IS NULL;

CREATE TABLE case_conversations (
    workspace_id integer NOT NULL DEFAULT 1,
    case_id text NOT NULL,
    conversation_id uuid NOT NULL,
    linked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, case_id, conversation_id),
    FOREIGN KEY (workspace_id, case_id) REFERENCES cases ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
CREATE INDEX case_conversations_back ON case_conversations (workspace_id, conversation_id);
COMMENT ON TABLE case_conversations IS 'A case may span conversations and channels; cases.conversation_id is where it was opened.';
INSERT INTO case_conversations (workspace_id, case_id, conversation_id)
    SELECT workspace_id, id, conversation_id FROM cases WHERE conversation_id IS NOT NULL;

ALTER TABLE effects
    ADD COLUMN case_id text,
    ADD COLUMN amount bigint,
    ADD COLUMN unit text,
    ADD COLUMN hash text NOT NULL DEFAULT '',
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN changed_by integer,
    ADD COLUMN decided_by integer,
    ADD COLUMN decided_at timestamptz,
    ADD COLUMN reason text;
COMMENT ON COLUMN effects.unit IS 'What amount counts: points, or an ISO 4217 currency in minor units.';
COMMENT ON COLUMN effects.hash IS 'Of kind, person and arguments: an approval is for exactly these.';
COMMENT ON COLUMN effects.changed_by IS 'The agent who asked for it or last changed its amount; may not approve it.';
CREATE INDEX effects_prepared ON effects (workspace_id, expires_at) WHERE state = 'prepared';
CREATE INDEX effects_of_person ON effects (workspace_id, business_ref, kind, intended_at);
CREATE INDEX effects_of_case ON effects (workspace_id, case_id) WHERE case_id IS NOT NULL;

CREATE UNIQUE INDEX entries_of_agents ON entries (workspace_id, conversation_id, external_id)
    WHERE author = 'agent' AND external_id IS NOT NULL;
COMMENT ON INDEX entries_of_agents IS 'The same words of an agent, sent again by a page, are written once.';
