-- What reports look for by time, how contacts rate what was done for them, and what people teach the bot.

-- The timeline only grows, so a few bytes for each hundred pages tell where a day is; a turn pays nothing for it.
CREATE INDEX entries_by_time ON entries USING brin (workspace_id, created_at timestamptz_minmax_multi_ops)
    WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX entries_of_cases ON entries (workspace_id, created_at) WHERE kind = 'case';
CREATE INDEX handoffs_by_time ON handoffs (workspace_id, created_at);

CREATE TABLE csat (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    case_id text,
    stretch text NOT NULL CHECK (stretch IN ('bot', 'person')),
    agent_id integer,
    asked_at timestamptz NOT NULL DEFAULT now(),
    score smallint CHECK (score BETWEEN 1 AND 5),
    answered_at timestamptz,
    comment text,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
CREATE UNIQUE INDEX csat_of_conversation ON csat (workspace_id, conversation_id, position);
CREATE INDEX csat_by_time ON csat (workspace_id, asked_at);
CREATE INDEX handoffs_handed_back ON handoffs (workspace_id, ended_at) WHERE handback IS NOT NULL;
ALTER TABLE conversations ADD COLUMN rating_position bigint, ADD COLUMN rating_stage text;
COMMENT ON COLUMN conversations.rating_stage IS 'What is open about the newest question of how it was; NULL when nothing is.';
COMMENT ON TABLE csat IS 'One row a question; position is where it stands on the timeline.';
COMMENT ON COLUMN csat.stretch IS 'Who dealt with it: the bot or a person.';

CREATE TABLE teachings (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    conversation_id uuid,
    position bigint,
    text text NOT NULL,
    language text NOT NULL,
    intent text NOT NULL,
    guessed text,
    entities jsonb NOT NULL DEFAULT '[]',
    state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'accepted', 'rejected')),
    proposed_by integer NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    decided_by integer,
    decided_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations
);
CREATE UNIQUE INDEX teachings_of_message ON teachings (workspace_id, conversation_id, position)
    WHERE conversation_id IS NOT NULL;
CREATE INDEX teachings_by_state ON teachings (workspace_id, state, id);
COMMENT ON COLUMN teachings.conversation_id IS 'Where the words come from; none once they were accepted: they are nobody''s then.';
COMMENT ON COLUMN teachings.guessed IS 'What the bot took the message for, where that is known.';
