-- Whom a conversation was verified as, each time: a browser that a family shares is told from one person's.

CREATE INDEX entries_of_verification ON entries (workspace_id, conversation_id) WHERE kind = 'verification';

-- What the demo company changed on file about its people.
CREATE TABLE aurora_changes (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    person_ref text NOT NULL,
    kind text NOT NULL,
    result jsonb NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    FOREIGN KEY (workspace_id, person_ref) REFERENCES aurora_people
);
COMMENT ON TABLE aurora_changes IS 'Once for each key; the key is the effect''s.';
