-- One-time links to set a password, what people changed about cases, webhooks' new secrets, and an end for the audit log.

CREATE TABLE password_links (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id integer NOT NULL,
    token_hash bytea,
    language text NOT NULL,
    is_mailed boolean NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, token_hash),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE
);
CREATE INDEX password_links_of_agent ON password_links (workspace_id, agent_id);
CREATE INDEX password_links_due ON password_links (workspace_id, due_at) WHERE is_mailed;
COMMENT ON COLUMN password_links.token_hash IS 'NULL until its mail leaves: what is mailed is made then, and kept nowhere.';
COMMENT ON COLUMN password_links.is_mailed IS 'Whether its mail is still to leave.';

CREATE TABLE case_changes (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    case_id text NOT NULL,
    agent_id integer,
    what text NOT NULL,
    before jsonb NOT NULL DEFAULT '{}',
    after jsonb NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, case_id) REFERENCES cases ON DELETE CASCADE
);
CREATE INDEX case_changes_of_case ON case_changes (workspace_id, case_id, id);
COMMENT ON TABLE case_changes IS 'What people did to a case among themselves. Beside the timeline, because nothing of it is news for anybody.';

ALTER TABLE webhooks
    ADD COLUMN old_secret bytea,
    ADD COLUMN old_secret_until timestamptz;
COMMENT ON COLUMN webhooks.old_secret IS 'Sealed like the secret; what is sent is signed with it, too, until old_secret_until.';

-- Entries end after so many days, by the one who sets relevo.audit_days for a transaction: never sooner than a month, and
-- never what shows that somebody's data was handed out or erased.
DROP TRIGGER audit_log_is_final ON audit_log;
CREATE TRIGGER audit_log_is_final BEFORE UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_early_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    days integer := nullif(current_setting('relevo.audit_days', true), '')::integer;
BEGIN
    IF days >= 30 AND OLD.at < now() - make_interval(days => days)
        AND OLD.operation NOT IN ('contact_erase', 'contact_export') THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The audit log is only added to.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_ends_late BEFORE DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_early_end();
CREATE INDEX audit_log_by_time ON audit_log (workspace_id, at);
