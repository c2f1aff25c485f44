-- What a model made of messages for whoever reads another language: kept beside them, so that no text leaves twice.

CREATE TABLE translations (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    language text NOT NULL,
    text text NOT NULL,
    model text NOT NULL,
    left_out jsonb NOT NULL DEFAULT '[]',
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, position, language),
    FOREIGN KEY (workspace_id, conversation_id, position) REFERENCES entries
);
COMMENT ON COLUMN translations.left_out IS 'References and addresses of the message that its translation lacks.';
