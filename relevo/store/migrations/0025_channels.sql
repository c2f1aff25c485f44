-- Replies by another channel of the same person, deliveries that are tried again, and what channels exchanged.

ALTER TABLE unsent_replies ADD COLUMN home_id uuid, ADD COLUMN subject text;
COMMENT ON COLUMN unsent_replies.home_id IS 'Where it is written, if it goes out in another conversation of the same person.';
CREATE INDEX unsent_replies_of_home ON unsent_replies (workspace_id, home_id) WHERE home_id IS NOT NULL;
CREATE INDEX visits_of_address ON visits (workspace_id, address);

ALTER TABLE deliveries ADD COLUMN retries smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN deliveries.retries IS 'How often people had it tried again; whoever asks for one more says how often it was.';

CREATE TABLE channel_log (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    channel text NOT NULL,
    at timestamptz NOT NULL,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    kind text NOT NULL,
    result text NOT NULL,
    minute timestamptz,
    times integer NOT NULL DEFAULT 1,
    duration_ms integer,
    external_id text,
    address text,
    conversation_id uuid,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE channel_log IS 'Exchanges with platforms and callers: no words, no secrets, addresses covered. A ring: old rows are deleted.';
COMMENT ON COLUMN channel_log.minute IS 'Set where what is alike is counted, one row for a minute; at is then the last of it.';
CREATE INDEX channel_log_of_channel ON channel_log (workspace_id, channel, id DESC);
CREATE UNIQUE INDEX channel_log_counted ON channel_log (workspace_id, channel, direction, kind, result, minute)
    WHERE minute IS NOT NULL;
CREATE INDEX channel_log_of_conversation ON channel_log (workspace_id, conversation_id) WHERE conversation_id IS NOT NULL;
