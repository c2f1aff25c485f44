-- Who may do what, tokens for programs, answers that are given again, what was changed by whom, and news for other systems.

ALTER TABLE agents DROP CONSTRAINT agents_role_check;
ALTER TABLE agents
    ADD CONSTRAINT agents_role_check CHECK (role IN ('agent', 'supervisor', 'admin', 'readonly')),
    ADD COLUMN is_service boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN agents.is_service IS 'An account that tokens act as; nobody signs in with it.';

CREATE TABLE api_tokens (
    workspace_id integer NOT NULL DEFAULT 1,
    id integer GENERATED ALWAYS AS IDENTITY,
    agent_id integer NOT NULL,
    token_hash bytea NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_by integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, token_hash),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents
);
COMMENT ON COLUMN api_tokens.hint IS 'The end of the token, by which people tell tokens apart.';

CREATE TABLE api_answers (
    workspace_id integer NOT NULL DEFAULT 1,
    caller text NOT NULL,
    path text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    status smallint,
    content_type text,
    answer text,
    held_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, caller, path, key)
);
CREATE INDEX api_answers_old ON api_answers (workspace_id, created_at);
COMMENT ON TABLE api_answers IS 'What was answered to an Idempotency-Key, for a day. No status: it is being done until held_until.';

CREATE TABLE audit_log (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    agent_id integer,
    agent_name text,
    role text,
    token_id integer,
    address text NOT NULL,
    operation text NOT NULL,
    target text,
    status smallint NOT NULL,
    code text,
    request jsonb NOT NULL DEFAULT '{}',
    before jsonb,
    after jsonb,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_log_of_agent ON audit_log (workspace_id, agent_id, id DESC);
CREATE INDEX audit_log_of_operation ON audit_log (workspace_id, operation, id DESC);
CREATE INDEX audit_log_of_target ON audit_log (workspace_id, target, id DESC);
COMMENT ON TABLE audit_log IS 'What was changed at the desk, by whom, from where. Only added to. Nothing that a contact is or wrote.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is only added to.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM PUBLIC;

CREATE TABLE webhooks (
    workspace_id integer NOT NULL DEFAULT 1,
    id integer GENERATED ALWAYS AS IDENTITY,
    url text NOT NULL,
    events text[] NOT NULL,
    secret bytea NOT NULL,
    dead_in_a_row integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    disabled_because text,
    removed_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON COLUMN webhooks.secret IS 'Sealed with the installation''s key: what is sent is signed with it.';

CREATE TABLE webhook_news (
    workspace_id integer NOT NULL DEFAULT 1,
    read_up_to timestamptz NOT NULL,
    PRIMARY KEY (workspace_id)
);
COMMENT ON TABLE webhook_news IS 'Everything that began before this moment has been read.';

CREATE TABLE webhook_events (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    event text NOT NULL,
    conversation_id uuid,
    happened_at timestamptz NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, source)
);
COMMENT ON COLUMN webhook_events.source IS 'What it was read from: the same is read once.';
CREATE INDEX webhook_events_of_conversation ON webhook_events (workspace_id, conversation_id);
CREATE INDEX webhook_events_old ON webhook_events (workspace_id, created_at);

CREATE TABLE webhook_deliveries (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    delivery_id uuid NOT NULL DEFAULT gen_random_uuid(),
    webhook_id integer NOT NULL,
    event_id bigint NOT NULL,
    conversation_id uuid,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'done', 'dead')),
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    token uuid,
    lease_until timestamptz,
    status smallint,
    answer text,
    problem text,
    created_at timestamptz NOT NULL DEFAULT now(),
    tried_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, webhook_id) REFERENCES webhooks,
    FOREIGN KEY (workspace_id, event_id) REFERENCES webhook_events ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (workspace_id, webhook_id, id) WHERE state IN ('queued', 'sending');
CREATE INDEX webhook_deliveries_lane ON webhook_deliveries (workspace_id, webhook_id, conversation_id, id)
    WHERE state IN ('queued', 'sending');
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (workspace_id, webhook_id, id DESC);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (workspace_id, event_id);

CREATE INDEX cases_closed ON cases (workspace_id, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (workspace_id, ended_at) WHERE ended_at IS NOT NULL AND state IN ('refused', 'unconfirmed');
