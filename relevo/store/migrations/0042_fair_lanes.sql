-- Lanes are claimed by how long they wait; who waits too long is told so, once while that lasts.

COMMENT ON COLUMN inbox.due_at IS 'Since when it waits for its turn, or from when on: when it came, when the message before it was answered, or when it is tried again.';
CREATE INDEX inbox_by_wait ON inbox (workspace_id, due_at, id) WHERE state IN ('waiting', 'held');
DROP INDEX inbox_waiting;

CREATE TABLE overload (
    workspace_id integer NOT NULL DEFAULT 1,
    began_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id)
);
COMMENT ON TABLE overload IS 'The last time that answers took too long: when it began, and when that was last seen.';

ALTER TABLE conversations ADD COLUMN told_slow_at timestamptz, ADD COLUMN told_flood_at timestamptz;
COMMENT ON COLUMN conversations.told_slow_at IS 'When its contact was last told that answers take longer.';
COMMENT ON COLUMN conversations.told_flood_at IS 'When its contact was last told that not everything is answered that comes so fast.';
