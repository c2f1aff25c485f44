-- X's encrypted chat: keys, what was encrypted for a delivery, and which message X has at which place.

CREATE TABLE x_chat_pairs (
    workspace_id integer NOT NULL DEFAULT 1,
    account_id text NOT NULL,
    public_key text NOT NULL,
    signing_public_key text NOT NULL,
    registration jsonb NOT NULL,
    sealed bytea NOT NULL,
    version text,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, account_id, public_key)
);
COMMENT ON TABLE x_chat_pairs IS 'The account''s own keys. Old ones stay: they open what was said by them.';
COMMENT ON COLUMN x_chat_pairs.version IS 'What X calls it; NULL while X may not know it.';
CREATE UNIQUE INDEX x_chat_pairs_waiting ON x_chat_pairs (workspace_id, account_id) WHERE version IS NULL;

CREATE TABLE x_chat_public_keys (
    workspace_id integer NOT NULL DEFAULT 1,
    user_id text NOT NULL,
    keys jsonb NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id)
);

CREATE TABLE x_chat_keys (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation text NOT NULL,
    version text NOT NULL,
    address text NOT NULL,
    sealed bytea NOT NULL,
    learned_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation, version)
);
COMMENT ON COLUMN x_chat_keys.address IS 'The contact''s user id, by which it is erased with them.';

CREATE TABLE x_chat_encrypted (
    workspace_id integer NOT NULL DEFAULT 1,
    delivery_id bigint NOT NULL,
    conversation_id uuid NOT NULL,
    address text NOT NULL,
    message_id text NOT NULL,
    message jsonb NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, delivery_id)
);
COMMENT ON TABLE x_chat_encrypted IS 'What leaves for a delivery, ciphertext: the same in every attempt. Kept for a month, for buttons.';
CREATE INDEX x_chat_encrypted_of_conversation ON x_chat_encrypted (workspace_id, conversation_id);
CREATE UNIQUE INDEX x_chat_encrypted_known ON x_chat_encrypted (workspace_id, message_id);
CREATE INDEX x_chat_encrypted_kept ON x_chat_encrypted (workspace_id, kept_at);

CREATE TABLE x_chat_messages (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation text NOT NULL,
    sequence_id numeric NOT NULL,
    message_id text NOT NULL,
    address text NOT NULL,
    is_ours boolean NOT NULL,
    PRIMARY KEY (workspace_id, conversation, sequence_id)
);
COMMENT ON TABLE x_chat_messages IS 'Edits and receipts name a message by its place in the conversation.';
CREATE INDEX x_chat_messages_of_side ON x_chat_messages (workspace_id, conversation, is_ours, sequence_id DESC);

CREATE INDEX x_peers_in_chat ON x_peers (workspace_id, heard_at) WHERE transport = 'chat';
