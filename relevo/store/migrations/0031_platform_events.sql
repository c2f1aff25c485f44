-- What messaging platforms tell, between the door that keeps it and the part that reads it; and how far a poller has come.

CREATE TABLE platform_events (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    channel text NOT NULL,
    key text NOT NULL,
    lane text NOT NULL,
    kind text NOT NULL,
    sorted_by bigint NOT NULL DEFAULT 0,
    body bytea,
    sealed_for uuid,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'held', 'settled', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    token uuid,
    lease_until timestamptz,
    due_at timestamptz NOT NULL DEFAULT now(),
    received_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    reason text,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, channel, key)
);
COMMENT ON TABLE platform_events IS 'Events of messaging platforms, each once. What has ended is a ring, kept so that what comes again is known.';
COMMENT ON COLUMN platform_events.lane IS 'What is read in order; empty where order means nothing.';
COMMENT ON COLUMN platform_events.body IS 'Forgotten when it is settled.';
COMMENT ON COLUMN platform_events.sealed_for IS 'What the sealed body is bound to; NULL where there was no key to seal it with.';
CREATE INDEX platform_events_open ON platform_events (workspace_id, channel, id) WHERE state IN ('waiting', 'held');
CREATE INDEX platform_events_lanes ON platform_events (workspace_id, channel, lane, sorted_by, id)
    WHERE state IN ('waiting', 'held');
CREATE INDEX platform_events_ended ON platform_events (workspace_id, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE platform_marks (
    workspace_id integer NOT NULL DEFAULT 1,
    channel text NOT NULL,
    name text NOT NULL,
    value text,
    marked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, channel, name)
);
COMMENT ON TABLE platform_marks IS 'What hosts share about a platform: how far it was asked and when, and how it stands with it.';
