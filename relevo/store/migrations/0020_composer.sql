-- What agents write with: words that wait a moment, drafts, who else is there, ready replies, macros, mentions.

-- A reply on its way: it is no entry, so that neither the contact nor a channel can see it, until it is due.
CREATE TABLE unsent_replies (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    conversation_id uuid NOT NULL,
    agent_id integer NOT NULL,
    client_id text NOT NULL,
    text text NOT NULL,
    attachments uuid[] NOT NULL DEFAULT '{}',
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, conversation_id, agent_id, client_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
CREATE INDEX unsent_replies_due ON unsent_replies (workspace_id, due_at);

CREATE TABLE held_words (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('sent', 'dropped')),
    agent_id integer NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, position),
    FOREIGN KEY (workspace_id, conversation_id, position) REFERENCES entries
);
COMMENT ON TABLE held_words IS 'What became of what the bot wanted to say: a row is the decision, made once.';

CREATE TABLE drafts (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    agent_id integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reply', 'note')),
    text text NOT NULL,
    seen bigint,
    was_not_sent boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, agent_id, kind),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
COMMENT ON COLUMN drafts.seen IS 'The newest entry that there was when the agent began to write.';
COMMENT ON COLUMN drafts.was_not_sent IS 'It was to be sent, and control had passed before it was due.';

-- Worth nothing after a few seconds, so not worth a log either.
CREATE UNLOGGED TABLE lookers (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    agent_id integer NOT NULL,
    is_typing boolean NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, agent_id)
);

CREATE TABLE canned_replies (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    language text NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    agent_id integer,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by integer,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON COLUMN canned_replies.agent_id IS 'Whose own it is; NULL: everybody''s.';
CREATE UNIQUE INDEX canned_replies_by_code ON canned_replies (workspace_id, language, code, coalesce(agent_id, 0));

CREATE TABLE macros (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    steps jsonb NOT NULL,
    agent_id integer,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by integer,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON COLUMN macros.agent_id IS 'Whose own it is; NULL: everybody''s.';
CREATE UNIQUE INDEX macros_by_name ON macros (workspace_id, name, coalesce(agent_id, 0));

CREATE TABLE mentions (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    agent_id integer NOT NULL,
    by_agent_id integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, conversation_id, position, agent_id),
    FOREIGN KEY (workspace_id, conversation_id, position) REFERENCES entries
);
CREATE INDEX mentions_unread ON mentions (workspace_id, agent_id) WHERE read_at IS NULL;

ALTER TABLE attachments ADD COLUMN agent_id integer;
COMMENT ON COLUMN attachments.agent_id IS 'The agent who sent it; NULL: the contact did.';
