-- How the demo company's flights went, who was left behind or sent another way, and what was paid for it.

CREATE TABLE aurora_flights (
    workspace_id integer NOT NULL DEFAULT 1,
    number text NOT NULL,
    flown_on date NOT NULL,
    origin text NOT NULL,
    destination text NOT NULL,
    origin_country text NOT NULL,
    destination_country text NOT NULL,
    carrier_country text NOT NULL,
    distance_km integer NOT NULL CHECK (distance_km > 0),
    status text NOT NULL,
    departure_delay_minutes integer NOT NULL CHECK (departure_delay_minutes >= 0),
    arrival_delay_minutes integer NOT NULL CHECK (arrival_delay_minutes >= 0),
    cause text,
    was_unavoidable boolean NOT NULL DEFAULT false,
    cancelled_by text,
    notice_days integer,
    PRIMARY KEY (workspace_id, number, flown_on),
    CONSTRAINT only_the_cancelled_were_cancelled CHECK ((status = 'cancelled') = (cancelled_by IS NOT NULL))
);
COMMENT ON COLUMN aurora_flights.status IS 'scheduled, flown or cancelled.';
COMMENT ON COLUMN aurora_flights.carrier_country IS 'Which licensed the carrier that operates it.';
COMMENT ON COLUMN aurora_flights.was_unavoidable IS 'Whether it is proven that no reasonable measure could have helped.';
COMMENT ON COLUMN aurora_flights.notice_days IS 'How many whole days before the departure passengers were told; none where nobody can prove it.';

CREATE TABLE aurora_disruptions (
    workspace_id integer NOT NULL DEFAULT 1,
    ticket text NOT NULL,
    denied_boarding text,
    rerouting text,
    earlier_minutes integer NOT NULL DEFAULT 0 CHECK (earlier_minutes >= 0),
    later_minutes integer NOT NULL DEFAULT 0 CHECK (later_minutes >= 0),
    is_overnight boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, ticket),
    FOREIGN KEY (workspace_id, ticket) REFERENCES aurora_tickets (workspace_id, number)
);
COMMENT ON TABLE aurora_disruptions IS 'What happened to one passenger, beside what happened to the flight.';
COMMENT ON COLUMN aurora_disruptions.denied_boarding IS 'involuntary, voluntary or reasonable_grounds.';
COMMENT ON COLUMN aurora_disruptions.rerouting IS 'Another flight: offered or taken; leaving earlier and arriving later than booked by so many minutes.';

CREATE TABLE aurora_compensations (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY (START WITH 60001),
    ticket text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    FOREIGN KEY (workspace_id, ticket) REFERENCES aurora_tickets (workspace_id, number),
    CONSTRAINT each_ticket_once UNIQUE (workspace_id, ticket)
);
COMMENT ON TABLE aurora_compensations IS 'What was paid for flights that were late, cancelled or full, once for each key; the key is the effect''s.';
