-- Contacts whom their site's signature joins: no agent decides that.

ALTER TABLE contact_merges ALTER COLUMN merged_by DROP NOT NULL;
COMMENT ON COLUMN contact_merges.merged_by IS 'NULL: nobody; the visitor''s site vouched that both are one person.';
