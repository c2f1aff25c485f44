-- The watcher of approved effects looks every few seconds; it should not read what is over.

CREATE INDEX effects_unfinished ON effects (workspace_id, coalesce(decided_at, intended_at)) WHERE state = 'intended';
