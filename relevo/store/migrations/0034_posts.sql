-- What is written about the business in public: posts with how far they go, incidents, and who wants no answers.

CREATE TABLE post_incidents (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    channel text NOT NULL,
    topic text,
    flight text,
    began_at timestamptz NOT NULL DEFAULT now(),
    texts jsonb NOT NULL DEFAULT '{}',
    approved_by integer,
    approved_at timestamptz,
    ended_by integer,
    ended_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    CHECK (num_nonnulls(topic, flight) > 0)
);
COMMENT ON TABLE post_incidents IS 'Many posts about one flight or topic within minutes; texts are the words that a person approved for all, by language.';
CREATE UNIQUE INDEX post_incidents_open ON post_incidents (workspace_id, channel, coalesce(flight, topic))
    WHERE ended_at IS NULL;

CREATE TABLE posts (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    channel text NOT NULL,
    post_id text NOT NULL,
    identity_id uuid NOT NULL,
    kind text NOT NULL,
    username text,
    name text,
    followers bigint,
    text text NOT NULL,
    posted_at timestamptz NOT NULL,
    thread_id text NOT NULL,
    in_reply_to text,
    quotes text,
    is_summoning boolean NOT NULL,
    impressions bigint NOT NULL,
    likes bigint NOT NULL,
    reposts bigint NOT NULL,
    replies bigint NOT NULL,
    an_hour bigint,
    guessed_language text,
    language text NOT NULL,
    sort text NOT NULL,
    topic text,
    flight text,
    is_opt_out boolean NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    priority integer NOT NULL DEFAULT 0,
    priority_reasons jsonb NOT NULL DEFAULT '[]',
    conversation_id uuid,
    position bigint,
    reply_position bigint,
    case_id text,
    incident_id bigint,
    agent_id integer,
    seen_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    joined_at timestamptz,
    look_at timestamptz NOT NULL DEFAULT now() + interval '2 minutes',
    looks smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, channel, post_id),
    FOREIGN KEY (workspace_id, identity_id) REFERENCES identities,
    FOREIGN KEY (workspace_id, incident_id) REFERENCES post_incidents
) WITH (fillfactor = 80);
COMMENT ON TABLE posts IS 'Public posts, once for channel and id; a row goes when its post is deleted, its author erased or its time over.';
COMMENT ON COLUMN posts.identity_id IS 'The author''s address on the platform: of a contact of whom it proves nothing.';
COMMENT ON COLUMN posts.position IS 'Where the author''s conversation tells of it, once it has one; reply_position: what was answered.';
COMMENT ON COLUMN posts.joined_at IS 'When an incident''s approved words were, or were not, queued for it.';
CREATE INDEX posts_by_urgency ON posts (workspace_id, state, priority DESC, id DESC);
CREATE INDEX posts_of_identity ON posts (workspace_id, identity_id);
CREATE INDEX posts_of_conversation ON posts (workspace_id, conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX posts_to_look_at ON posts (workspace_id, look_at);
CREATE INDEX posts_of_incident ON posts (workspace_id, incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX posts_lately ON posts (workspace_id, channel, posted_at);

CREATE TABLE post_readings (
    workspace_id integer NOT NULL DEFAULT 1,
    post bigint NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now(),
    impressions bigint NOT NULL,
    PRIMARY KEY (workspace_id, post, read_at),
    FOREIGN KEY (workspace_id, post) REFERENCES posts ON DELETE CASCADE
);

CREATE TABLE post_answers (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    channel text NOT NULL,
    author_hash bytea NOT NULL,
    thread_hash bytea NOT NULL,
    is_by_person boolean NOT NULL,
    answered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE post_answers IS 'To whom and in which thread something was answered in public: known by hashes, so that it outlives the posts.';
CREATE INDEX post_answers_of_author ON post_answers (workspace_id, channel, author_hash, answered_at);
CREATE UNIQUE INDEX post_answers_once ON post_answers (workspace_id, channel, thread_hash) WHERE NOT is_by_person;

CREATE TABLE post_opt_outs (
    workspace_id integer NOT NULL DEFAULT 1,
    channel text NOT NULL,
    author_hash bytea NOT NULL,
    said_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, channel, author_hash)
);
COMMENT ON TABLE post_opt_outs IS 'Who wants no answers that a person did not write; only a hash is kept, and for good.';
