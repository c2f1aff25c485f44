-- The list that agents work from: tags, snoozing, following, what each agent has seen, and views that they keep.

ALTER TABLE cases
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN snoozed_at timestamptz,
    ADD COLUMN snoozed_by integer;
COMMENT ON COLUMN cases.snoozed_at IS 'What the contact writes after this ends the snooze before its time.';

CREATE TABLE tags (
    workspace_id integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    colour text NOT NULL CHECK (colour IN ('grey', 'blue', 'green', 'amber', 'red', 'violet')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE case_tags (
    workspace_id integer NOT NULL DEFAULT 1,
    case_id text NOT NULL,
    tag text NOT NULL,
    PRIMARY KEY (workspace_id, case_id, tag),
    FOREIGN KEY (workspace_id, case_id) REFERENCES cases ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, tag) REFERENCES tags ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX case_tags_back ON case_tags (workspace_id, tag);

CREATE TABLE case_followers (
    workspace_id integer NOT NULL DEFAULT 1,
    agent_id integer NOT NULL,
    case_id text NOT NULL,
    PRIMARY KEY (workspace_id, agent_id, case_id),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, case_id) REFERENCES cases ON DELETE CASCADE
);
CREATE INDEX case_followers_back ON case_followers (workspace_id, case_id);

CREATE TABLE conversation_looks (
    workspace_id integer NOT NULL DEFAULT 1,
    agent_id integer NOT NULL,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (workspace_id, agent_id, conversation_id),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
COMMENT ON COLUMN conversation_looks.position IS 'The last entry that this agent has seen; what grew since is unread.';
CREATE INDEX conversation_looks_back ON conversation_looks (workspace_id, conversation_id);

CREATE TABLE saved_views (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id integer NOT NULL,
    name text NOT NULL,
    query jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, agent_id, name),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE
);

-- What the list is sorted by, and the few conversations that are not the bot's: their rows alone are in that index.
CREATE INDEX cases_open_by_due ON cases (workspace_id, (coalesce(due_at, 'infinity')), id) WHERE status = 'open';
CREATE INDEX cases_open_by_opening ON cases (workspace_id, opened_at, id) WHERE status = 'open';
CREATE INDEX cases_ended ON cases (workspace_id, (coalesce(closed_at, opened_at)), id) WHERE status <> 'open';
CREATE INDEX cases_snoozed ON cases (workspace_id, id) WHERE snoozed_until IS NOT NULL;
CREATE INDEX conversations_at_people ON conversations (workspace_id, control)
    WHERE control IN ('requested', 'queued', 'offered', 'agent');
