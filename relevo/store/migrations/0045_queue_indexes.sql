-- A queue's index is tiny when its statistics are taken, so that PostgreSQL reads all of it for anything that says which
-- state it wants. Only what claims says that attempts, or priorities, are not negative: the rest goes by conversation.

CREATE INDEX inbox_by_due ON inbox (workspace_id, due_at, id) WHERE state IN ('waiting', 'held') AND attempts >= 0;
DROP INDEX inbox_by_wait;
CREATE INDEX deliveries_by_priority ON deliveries (workspace_id, channel, priority, id)
    WHERE state IN ('queued', 'sending') AND priority >= 0;
DROP INDEX deliveries_waiting;
