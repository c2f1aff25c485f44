-- The demo company's own systems, as far as the bot acts in them; a real business has these elsewhere.

CREATE TABLE aurora_state (
    workspace_id integer NOT NULL DEFAULT 1,
    anchored_at timestamptz NOT NULL,
    is_touched boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id)
);
COMMENT ON COLUMN aurora_state.is_touched IS 'Whether anything was done in the demo, so that it is not loaded anew at the next start.';

CREATE TABLE aurora_people (
    workspace_id integer NOT NULL DEFAULT 1,
    ref text NOT NULL,
    given_names text NOT NULL,
    surnames text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    language text NOT NULL,
    loyalty_number text,
    points integer,
    PRIMARY KEY (workspace_id, ref),
    UNIQUE (workspace_id, loyalty_number),
    CHECK ((loyalty_number IS NULL) = (points IS NULL))
);

CREATE TABLE aurora_tickets (
    workspace_id integer NOT NULL DEFAULT 1,
    number text NOT NULL,
    booking_code text NOT NULL,
    person_ref text NOT NULL,
    name text NOT NULL,
    flight text NOT NULL,
    flown_on date NOT NULL,
    origin text NOT NULL,
    destination text NOT NULL,
    was_flown boolean NOT NULL,
    points_due integer NOT NULL,
    credited_at timestamptz,
    PRIMARY KEY (workspace_id, number),
    FOREIGN KEY (workspace_id, person_ref) REFERENCES aurora_people
);
COMMENT ON COLUMN aurora_tickets.flown_on IS 'Day of the flight, also of one still to come.';
CREATE INDEX aurora_tickets_of_person ON aurora_tickets (workspace_id, person_ref);

CREATE TABLE aurora_orders (
    workspace_id integer NOT NULL DEFAULT 1,
    id text NOT NULL,
    person_ref text NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, person_ref) REFERENCES aurora_people
);

CREATE TABLE aurora_ledger (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    person_ref text NOT NULL,
    ticket text NOT NULL,
    points integer NOT NULL,
    balance integer,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    FOREIGN KEY (workspace_id, ticket) REFERENCES aurora_tickets (workspace_id, number)
);
COMMENT ON TABLE aurora_ledger IS 'What was credited, once for each key; the key is the effect''s.';
