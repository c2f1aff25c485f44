-- Photos and files that people send. What they hold is encrypted by the program; the database never sees the key.

CREATE TABLE attachments (
    workspace_id integer NOT NULL DEFAULT 1,
    id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    name text NOT NULL,
    mime text NOT NULL,
    size_bytes integer NOT NULL,
    sha256 text NOT NULL,
    source_sha256 bytea NOT NULL,
    width integer,
    height integer,
    kind text NOT NULL DEFAULT 'other' CHECK (kind IN ('identity_document', 'evidence', 'other')),
    case_id text,
    case_ended_at timestamptz,
    conversation_id uuid,
    position bigint,
    key_hint bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    CHECK ((conversation_id IS NULL) = (position IS NULL)),
    FOREIGN KEY (workspace_id, conversation_id, position) REFERENCES entries
);
COMMENT ON COLUMN attachments.source_sha256 IS 'Of the bytes as they came, by which a retry is told from another file.';
COMMENT ON COLUMN attachments.key_hint IS 'Tells which key it was encrypted with, and nothing about that key.';
COMMENT ON COLUMN attachments.case_ended_at IS 'When it was first seen that its case is over.';
CREATE INDEX attachments_of_conversation ON attachments (workspace_id, conversation_id, position);
CREATE INDEX attachments_kept ON attachments (workspace_id, created_at) WHERE erased_at IS NULL;

-- Number -1 is the thumbnail; the others, in order, are the file.
CREATE TABLE attachment_chunks (
    workspace_id integer NOT NULL DEFAULT 1,
    attachment_id uuid NOT NULL,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (workspace_id, attachment_id, number),
    FOREIGN KEY (workspace_id, attachment_id) REFERENCES attachments ON DELETE CASCADE
);
ALTER TABLE attachment_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL; -- encrypted bytes do not compress

CREATE TABLE attachment_views (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    attachment_id uuid NOT NULL,
    agent_id integer NOT NULL,
    is_thumbnail boolean NOT NULL,
    viewed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, attachment_id) REFERENCES attachments,
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents
);
CREATE INDEX attachment_views_of_attachment ON attachment_views (workspace_id, attachment_id, viewed_at);
COMMENT ON TABLE attachment_views IS 'Which agent saw what, and when; it outlasts the attachment''s bytes.';

ALTER TABLE inbox ADD COLUMN attachments jsonb NOT NULL DEFAULT '[]';
