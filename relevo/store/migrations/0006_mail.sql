-- Mails that the system writes, and the one-time codes that go that way.

ALTER TABLE deliveries ADD COLUMN sent_instead jsonb, ADD COLUMN expires_at timestamptz;
COMMENT ON COLUMN deliveries.sent_instead IS 'What leaves in place of the entry''s content: a code. Erased when the delivery ends.';

CREATE TABLE mail_keys (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
COMMENT ON TABLE mail_keys IS 'Mails that are posted once for their key: the confirmation of an effect.';

CREATE TABLE codes (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    identity_id uuid NOT NULL,
    business_ref text NOT NULL,
    address text NOT NULL,
    salt bytea NOT NULL,
    hash bytea NOT NULL,
    wrong_tries smallint NOT NULL DEFAULT 0,
    asked_by text,
    answer text CHECK (answer IN ('right', 'wrong', 'dead')),
    sent_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, identity_id) REFERENCES identities
);
COMMENT ON COLUMN codes.asked_by IS 'The turn that tried last, and below what it was told: run again, it is told the same.';
CREATE UNIQUE INDEX codes_living ON codes (workspace_id, identity_id) WHERE ended_at IS NULL;
CREATE INDEX codes_by_identity ON codes (workspace_id, identity_id, sent_at);
CREATE INDEX codes_by_address ON codes (workspace_id, address, sent_at);
