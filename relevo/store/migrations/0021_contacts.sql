-- One person across channels: what other systems recorded about them, and contacts and cases that were merged.

ALTER TABLE contacts ADD COLUMN merged_into uuid;
COMMENT ON COLUMN contacts.merged_into IS 'The contact who has what this one had; the row waits empty until they are split.';
ALTER TABLE cases ADD COLUMN merged_into text;
COMMENT ON COLUMN cases.merged_into IS 'The case in which this one goes on; closed as merged.';

CREATE INDEX contacts_of_person ON contacts (workspace_id, business_ref) WHERE business_ref IS NOT NULL;
CREATE INDEX contacts_merged ON contacts (workspace_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX identities_of_person ON identities (workspace_id, business_ref) WHERE business_ref IS NOT NULL;
CREATE INDEX identities_by_mail ON identities (workspace_id, lower(verified_facts ->> 'email'))
    WHERE verified_facts ->> 'email' IS NOT NULL;
CREATE INDEX cases_of_contact ON cases (workspace_id, contact_id) WHERE contact_id IS NOT NULL;

CREATE TABLE encounters (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    contact_id uuid NOT NULL,
    identity_id uuid,
    source text NOT NULL,
    external_id text NOT NULL,
    kind text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    summary text NOT NULL,
    is_answered boolean NOT NULL,
    impressions bigint CHECK (impressions >= 0),
    followers bigint CHECK (followers >= 0),
    url text,
    happened_at timestamptz NOT NULL,
    recorded_by integer,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, source, external_id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts,
    FOREIGN KEY (workspace_id, identity_id) REFERENCES identities
);
COMMENT ON TABLE encounters IS 'Calls, mails, visits and public posts that other systems recorded, once for source and external id.';
COMMENT ON COLUMN encounters.identity_id IS 'The address that was named; none where the business''s reference was.';
CREATE INDEX encounters_of_contact ON encounters (workspace_id, contact_id, happened_at);
CREATE INDEX encounters_of_identity ON encounters (workspace_id, identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX encounters_unanswered ON encounters (workspace_id, happened_at) WHERE direction = 'in' AND NOT is_answered;

CREATE TABLE contact_merges (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kept_id uuid NOT NULL,
    merged_id uuid NOT NULL,
    evidence text NOT NULL,
    reason text NOT NULL,
    moved jsonb NOT NULL,
    merged_by integer NOT NULL,
    merged_at timestamptz NOT NULL DEFAULT now(),
    split_reason text,
    split_by integer,
    split_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, kept_id) REFERENCES contacts,
    FOREIGN KEY (workspace_id, merged_id) REFERENCES contacts
);
COMMENT ON COLUMN contact_merges.moved IS 'The keys of what moved, by table, and what the kept contact was called before: a split puts exactly these back.';
CREATE INDEX contact_merges_kept ON contact_merges (workspace_id, kept_id);
CREATE INDEX contact_merges_merged ON contact_merges (workspace_id, merged_id);

CREATE TABLE case_merges (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kept_case text NOT NULL,
    merged_case text NOT NULL,
    reason text NOT NULL,
    moved jsonb NOT NULL,
    merged_by integer NOT NULL,
    merged_at timestamptz NOT NULL DEFAULT now(),
    split_reason text,
    split_by integer,
    split_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, kept_case) REFERENCES cases,
    FOREIGN KEY (workspace_id, merged_case) REFERENCES cases
);
COMMENT ON COLUMN case_merges.moved IS 'What moved, and both cases as they were.';
CREATE INDEX case_merges_kept ON case_merges (workspace_id, kept_case);
CREATE INDEX case_merges_merged ON case_merges (workspace_id, merged_case);
