-- What administrators say at the desk in place of relevo.yml, version by version, and tags that are no longer given.

CREATE TABLE desk_settings (
    workspace_id integer NOT NULL DEFAULT 1,
    section text NOT NULL,
    version integer NOT NULL,
    value json,
    agent_id integer,
    agent_name text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, section, version)
);
COMMENT ON TABLE desk_settings IS 'Only added to: the newest version of a section counts.';
COMMENT ON COLUMN desk_settings.value IS 'Keys of relevo.yml in their order; NULL: back to what the file says.';

ALTER TABLE tags ADD COLUMN retired_at timestamptz;
COMMENT ON COLUMN tags.retired_at IS 'Since when it is put on no further case; cases that have it keep it.';
