-- How soon people answer: the clocks of each handoff, and what agents are told in person.

CREATE TABLE case_sla (
    workspace_id integer NOT NULL DEFAULT 1,
    handoff_id uuid NOT NULL,
    case_id text NOT NULL,
    conversation_id uuid,
    position bigint NOT NULL,
    level text NOT NULL,
    priority smallint NOT NULL DEFAULT 0,
    has_resolution boolean NOT NULL,
    state jsonb,
    started_at timestamptz NOT NULL,
    due_at timestamptz,
    wakes_at timestamptz,
    paused_at timestamptz,
    first_response_due_at timestamptz,
    first_response_at timestamptz,
    first_response_kept_at timestamptz,
    first_response_breached_at timestamptz,
    next_response_due_at timestamptz,
    next_response_kept_at timestamptz,
    next_response_breached_at timestamptz,
    next_responses integer NOT NULL DEFAULT 0,
    next_responses_late integer NOT NULL DEFAULT 0,
    resolution_due_at timestamptz,
    resolved_at timestamptz,
    resolution_kept_at timestamptz,
    resolution_breached_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (workspace_id, handoff_id)
);
CREATE INDEX case_sla_of_case ON case_sla (workspace_id, case_id, started_at DESC);
CREATE INDEX case_sla_of_conversation ON case_sla (workspace_id, conversation_id) WHERE ended_at IS NULL;
CREATE INDEX case_sla_open ON case_sla (workspace_id, wakes_at) WHERE ended_at IS NULL;
COMMENT ON TABLE case_sla IS 'One row a handoff; read off the timeline by whoever looks, under the row''s lock.';
COMMENT ON COLUMN case_sla.position IS 'Up to which entry of the timeline it knows.';
COMMENT ON COLUMN case_sla.has_resolution IS 'The resolution is counted once for a case, by the first handoff since it was opened.';
COMMENT ON COLUMN case_sla.state IS 'domain.clocks.Clocks as it is now; the columns beside it are read from it. NULL: nobody has looked yet.';
COMMENT ON COLUMN case_sla.due_at IS 'What is due next; NULL while nothing runs.';
COMMENT ON COLUMN case_sla.wakes_at IS 'When somebody must look, though nothing happens.';
COMMENT ON COLUMN case_sla.paused_at IS 'Since when the contact is waited for.';
COMMENT ON COLUMN case_sla.next_response_due_at IS 'Of the newest next response; next_responses counts those that were given.';

CREATE INDEX cases_by_closing ON cases (workspace_id, closed_at) WHERE closed_at IS NOT NULL;
COMMENT ON INDEX cases_by_closing IS 'A case may be closed with nothing being said: the clocks hear of it by this.';

ALTER TABLE handoffs ADD COLUMN has_clocks boolean NOT NULL DEFAULT true;
ALTER TABLE handoffs ALTER COLUMN has_clocks SET DEFAULT false;
COMMENT ON COLUMN handoffs.has_clocks IS 'Whether case_sla has its row, if it has a case; what was handed off before there were clocks has none.';
CREATE INDEX handoffs_without_clocks ON handoffs (workspace_id, created_at) WHERE NOT has_clocks;

CREATE TABLE notices (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id integer NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    case_id text,
    conversation_id uuid,
    detail jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, agent_id, key)
);
CREATE INDEX notices_of_agent ON notices (workspace_id, agent_id, id DESC);
CREATE INDEX notices_of_case ON notices (workspace_id, case_id);
COMMENT ON COLUMN notices.key IS 'What it is about: nobody is told the same twice.';
