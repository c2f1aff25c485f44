-- Which bot processes there are, and whether they can answer. Worth nothing after a crash: they say it again at once.

CREATE UNLOGGED TABLE bots (
    workspace_id integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    host text NOT NULL,
    process integer NOT NULL,
    model text,
    problem text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, name)
);
COMMENT ON COLUMN bots.problem IS 'Why it cannot answer, as a sentence; NULL when it can.';
