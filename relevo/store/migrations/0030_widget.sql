-- The web chat: on which site a visitor is, who their site says they are, what they answered before the first message,
-- who types, and what they ended.

ALTER TABLE visits
    ADD COLUMN site text NOT NULL DEFAULT 'default',
    ADD COLUMN business_ref text,
    ADD COLUMN name text,
    ADD COLUMN email text,
    ADD COLUMN verified_until timestamptz,
    ADD COLUMN prechat jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN consented_at timestamptz,
    ADD COLUMN is_introduced boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN visits.business_ref IS 'Who their site says they are, by the business''s own reference; NULL: nobody knows.';
COMMENT ON COLUMN visits.is_introduced IS 'Whether what is known of them is on the timeline; false until they write.';

ALTER TABLE conversations ADD COLUMN ended_position bigint;
COMMENT ON COLUMN conversations.ended_position IS 'The last entry when the contact ended it; over once they write again.';

-- Worth nothing after a few seconds, so not worth a log either.
CREATE UNLOGGED TABLE typing_contacts (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    typed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id)
);

CREATE UNLOGGED TABLE refused_origins (
    workspace_id integer NOT NULL DEFAULT 1,
    origin text NOT NULL,
    site text NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, origin, site)
);
COMMENT ON TABLE refused_origins IS 'Pages that tried to use the web chat and may not, for whoever looks why; a hundred at most.';
