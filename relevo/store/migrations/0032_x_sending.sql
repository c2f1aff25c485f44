-- Words to X: what goes first, what is in doubt, how much X still takes, whose tokens there are and who writes by which way.

ALTER TABLE deliveries
    ADD COLUMN priority smallint NOT NULL DEFAULT 2,
    ADD COLUMN doubted_at timestamptz;
DROP INDEX deliveries_waiting;
CREATE INDEX deliveries_waiting ON deliveries (workspace_id, channel, priority, id) WHERE state IN ('queued', 'sending');
COMMENT ON COLUMN deliveries.priority IS 'What goes first where a platform takes few: 0 an agent''s reply, 1 an answer, 2 all else.';
COMMENT ON COLUMN deliveries.doubted_at IS 'Set while it waits to be looked up, since it may have been sent.';
COMMENT ON COLUMN deliveries.reason IS 'Why it was refused, or nobody knows; while it waits, why it has to.';

CREATE TABLE x_tokens (
    workspace_id integer NOT NULL DEFAULT 1,
    account_id text NOT NULL,
    sealed bytea NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, account_id)
);
COMMENT ON TABLE x_tokens IS 'Sealed with the key of attachments. The row is locked while its refresh token is used.';

CREATE TABLE x_peers (
    workspace_id integer NOT NULL DEFAULT 1,
    address text NOT NULL,
    transport text NOT NULL CHECK (transport IN ('dm', 'chat')),
    chat_conversation_id text,
    conversation_token text,
    heard_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, address)
);
COMMENT ON TABLE x_peers IS 'By which transport a contact wrote last.';

CREATE TABLE x_windows (
    workspace_id integer NOT NULL DEFAULT 1,
    account_id text NOT NULL,
    endpoint text NOT NULL,
    span text NOT NULL,
    most integer NOT NULL,
    used integer NOT NULL DEFAULT 0,
    resets_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, account_id, endpoint, span)
);
COMMENT ON TABLE x_windows IS 'One limit of an account: counted by all hosts before they ask, corrected by what X says.';

CREATE TABLE x_stops (
    workspace_id integer NOT NULL DEFAULT 1,
    account_id text NOT NULL,
    why text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    until timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, account_id)
);
COMMENT ON TABLE x_stops IS 'Accounts for which nothing is sent: no credits, or signed out.';

CREATE TABLE x_parts (
    workspace_id integer NOT NULL DEFAULT 1,
    delivery_id bigint NOT NULL,
    part smallint NOT NULL,
    parts smallint NOT NULL,
    transport text NOT NULL DEFAULT 'dm' CHECK (transport IN ('dm', 'chat')),
    fingerprint bytea NOT NULL,
    upload_id text,
    usable_until timestamptz,
    begun_at timestamptz,
    sent_at timestamptz,
    external_id text,
    PRIMARY KEY (workspace_id, delivery_id, part),
    FOREIGN KEY (workspace_id, delivery_id) REFERENCES deliveries ON DELETE CASCADE
);
COMMENT ON TABLE x_parts IS 'Messages that a delivery leaves as: begun before X is asked, sent once X or its echo says so.';
COMMENT ON COLUMN x_parts.fingerprint IS 'Of its words as an echo gives them back: X shortens links.';
CREATE UNIQUE INDEX x_parts_of_message ON x_parts (workspace_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX x_parts_in_doubt ON x_parts (workspace_id, delivery_id) WHERE begun_at IS NOT NULL AND external_id IS NULL;
