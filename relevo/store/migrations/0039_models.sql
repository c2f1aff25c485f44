-- Trained models where every machine finds them; what a bot knows of; messages that are left to bots who know more.

CREATE TABLE models (
    workspace_id integer NOT NULL DEFAULT 1,
    digest bytea NOT NULL,
    name text NOT NULL,
    code text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, digest)
);
COMMENT ON COLUMN models.digest IS 'SHA-256 of the whole content.';
COMMENT ON COLUMN models.code IS 'Which Rasa, Relevo and actions it was trained beside: a bot with the same surely loads it.';

CREATE TABLE model_chunks (
    workspace_id integer NOT NULL DEFAULT 1,
    digest bytea NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (workspace_id, digest, number),
    FOREIGN KEY (workspace_id, digest) REFERENCES models ON DELETE CASCADE
);
ALTER TABLE model_chunks ALTER COLUMN content SET STORAGE EXTERNAL;  -- compressed already

ALTER TABLE bots ADD COLUMN knows text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN bots.knows IS 'Intents, actions, slots and requests, as kind:name; what conversations may be in the middle of.';

ALTER TABLE inbox ADD COLUMN for_bots text[], ADD COLUMN for_bots_until timestamptz;
COMMENT ON COLUMN inbox.for_bots IS 'Bots that it was left to, since others do not know what its conversation is about; NULL: any.';
