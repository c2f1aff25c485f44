-- What processes without a door have counted.

CREATE UNLOGGED TABLE process_numbers (
    workspace_id integer NOT NULL DEFAULT 1,
    process text NOT NULL,
    families json NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, process)
);
COMMENT ON TABLE process_numbers IS 'One row a bot process: its numbers as Prometheus reads them, by family. Worth nothing after a crash.';

CREATE INDEX platform_events_dead ON platform_events (workspace_id, channel) WHERE state = 'dead';
