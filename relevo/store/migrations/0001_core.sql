-- Conversations, what came in, what must go out, what was done. workspace_id leads every key; it is 1 until there are more.

CREATE TABLE contacts (
    workspace_id integer NOT NULL DEFAULT 1,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    business_ref text,
    display_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE identities (
    workspace_id integer NOT NULL DEFAULT 1,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    contact_id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    business_ref text,
    level smallint NOT NULL DEFAULT 0,
    verified_until timestamptz,
    failed_tries smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, channel, address),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts
);

CREATE TABLE conversations (
    workspace_id integer NOT NULL DEFAULT 1,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    identity_id uuid NOT NULL,
    channel text NOT NULL,
    control text NOT NULL DEFAULT 'bot' CHECK (control IN
        ('bot', 'requested', 'queued', 'offered', 'agent', 'wrap_up', 'closed', 'expired', 'failed')),
    control_version bigint NOT NULL DEFAULT 0,
    tracker_version bigint NOT NULL DEFAULT 0,
    language text,
    last_position bigint NOT NULL DEFAULT 0,
    issued_payloads text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, identity_id),
    FOREIGN KEY (workspace_id, identity_id) REFERENCES identities
) WITH (fillfactor = 70);
CREATE INDEX conversations_by_change ON conversations (workspace_id, updated_at DESC);

-- The one ordered record of a conversation. Positions are given out under the conversation's row lock, so that their
-- order is the order of commits.
CREATE TABLE entries (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    author text NOT NULL CHECK (author IN ('contact', 'bot', 'agent', 'system')),
    content jsonb NOT NULL,
    inbox_id bigint,
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, position),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
CREATE INDEX entries_of_turn ON entries (workspace_id, inbox_id) WHERE inbox_id IS NOT NULL;

CREATE TABLE inbox (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    channel text NOT NULL,
    external_id text NOT NULL,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'held', 'settled', 'dead')),
    text text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    raw bytea,
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    token uuid,
    lease_until timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    error text,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, channel, external_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
) WITH (fillfactor = 60);
CREATE INDEX inbox_lanes ON inbox (workspace_id, conversation_id, position) WHERE state IN ('waiting', 'held');
CREATE INDEX inbox_waiting ON inbox (workspace_id, id) WHERE state IN ('waiting', 'held');
CREATE INDEX inbox_dead ON inbox (workspace_id, id) WHERE state = 'dead';

CREATE TABLE deliveries (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    channel text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN
        ('queued', 'sending', 'sent', 'delivered', 'read', 'unconfirmed', 'refused')),
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    token uuid,
    lease_until timestamptz,
    external_id text,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, conversation_id, position),
    FOREIGN KEY (workspace_id, conversation_id, position) REFERENCES entries
) WITH (fillfactor = 70);
CREATE INDEX deliveries_lanes ON deliveries (workspace_id, conversation_id, position) WHERE state IN ('queued', 'sending');
CREATE INDEX deliveries_waiting ON deliveries (workspace_id, channel, id) WHERE state IN ('queued', 'sending');

CREATE TABLE tracker_events (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    version bigint NOT NULL,
    events bytea NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, version),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
COMMENT ON TABLE tracker_events IS 'One row a turn: its tracker events as one JSON array.';

CREATE TABLE effects (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    kind text NOT NULL,
    business_ref text NOT NULL,
    arguments jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('intended', 'prepared', 'done', 'refused', 'failed', 'unconfirmed')),
    rule text,
    result jsonb NOT NULL DEFAULT '{}',
    conversation_id uuid,
    tries integer NOT NULL DEFAULT 1,
    intended_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (workspace_id, key)
);

CREATE SEQUENCE case_numbers START 7101;
CREATE TABLE cases (
    workspace_id integer NOT NULL DEFAULT 1,
    id text NOT NULL,
    type text NOT NULL,
    trigger text NOT NULL,
    status text NOT NULL DEFAULT 'open',
    reference text,
    goal text,
    detail json NOT NULL DEFAULT '{}',
    contact_id uuid,
    business_ref text,
    conversation_id uuid,
    opened_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX cases_by_status ON cases (workspace_id, status, opened_at DESC);
CREATE INDEX cases_by_conversation ON cases (workspace_id, conversation_id);

CREATE TABLE agents (
    workspace_id integer NOT NULL DEFAULT 1,
    id integer GENERATED ALWAYS AS IDENTITY,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
    password_hash text NOT NULL,
    limits jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, email)
);

CREATE TABLE agent_sessions (
    workspace_id integer NOT NULL DEFAULT 1,
    token_hash bytea NOT NULL,
    agent_id integer NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, token_hash),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE
);

CREATE TABLE visits (
    workspace_id integer NOT NULL DEFAULT 1,
    token_hash bytea NOT NULL,
    address text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, token_hash)
);

CREATE UNLOGGED TABLE rate_limits (
    workspace_id integer NOT NULL DEFAULT 1,
    bucket text NOT NULL,
    tokens double precision NOT NULL,
    filled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, bucket)
);

CREATE TABLE installation (
    workspace_id integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    value jsonb NOT NULL,
    PRIMARY KEY (workspace_id, name)
);
COMMENT ON TABLE installation IS 'Facts about this installation: when the demo was anchored, which model is the newest.';
