-- Bags that the demo company's passengers miss, what became of them, and what was paid for them.

ALTER TABLE aurora_tickets ADD COLUMN IF NOT EXISTS paid_with text;
COMMENT ON COLUMN aurora_tickets.paid_with IS 'The means of payment; none where it was not written down.';

CREATE SEQUENCE aurora_bag_reports START WITH 431;

CREATE TABLE aurora_bags (
    workspace_id integer NOT NULL DEFAULT 1,
    report text NOT NULL,
    person_ref text NOT NULL,
    ticket text NOT NULL,
    tag text,
    description text,
    reported_on date NOT NULL,
    status text NOT NULL,
    delivered_on date,
    delivery_address text,
    key text,
    PRIMARY KEY (workspace_id, report),
    UNIQUE (workspace_id, key),
    FOREIGN KEY (workspace_id, person_ref) REFERENCES aurora_people,
    FOREIGN KEY (workspace_id, ticket) REFERENCES aurora_tickets,
    CONSTRAINT what_was_delivered_has_a_day CHECK ((status = 'delivered') = (delivered_on IS NOT NULL))
);
COMMENT ON COLUMN aurora_bags.report IS 'The airport where it was missed, AU, five digits.';
COMMENT ON COLUMN aurora_bags.status IS 'not_located, located or delivered.';
COMMENT ON COLUMN aurora_bags.key IS 'The effect that reported it; none where that was before the bot.';
CREATE INDEX aurora_bags_of_person ON aurora_bags (workspace_id, person_ref);

CREATE TABLE aurora_bag_events (
    workspace_id integer NOT NULL DEFAULT 1,
    report text NOT NULL,
    position smallint NOT NULL,
    happened_on date NOT NULL,
    event text NOT NULL,
    place text,
    PRIMARY KEY (workspace_id, report, position),
    FOREIGN KEY (workspace_id, report) REFERENCES aurora_bags
);

CREATE TABLE aurora_bag_addresses (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    report text NOT NULL,
    address text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    FOREIGN KEY (workspace_id, report) REFERENCES aurora_bags
);
COMMENT ON TABLE aurora_bag_addresses IS 'Each change of where a bag is brought, once for each key; the key is the effect''s.';

CREATE TABLE aurora_bag_payments (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY (START WITH 60001),
    person_ref text NOT NULL,
    kind text NOT NULL,
    ticket text NOT NULL,
    report text,
    place integer NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    method text,
    paid_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    UNIQUE (workspace_id, kind, ticket, place),
    FOREIGN KEY (workspace_id, person_ref) REFERENCES aurora_people,
    FOREIGN KEY (workspace_id, ticket) REFERENCES aurora_tickets,
    FOREIGN KEY (workspace_id, report) REFERENCES aurora_bags
);
COMMENT ON TABLE aurora_bag_payments IS 'What was paid for bags, once for each key; the key is the effect''s.';
COMMENT ON COLUMN aurora_bag_payments.kind IS 'essentials or damage.';
COMMENT ON COLUMN aurora_bag_payments.place IS 'The how-manieth of its kind for the ticket: what was shown before another one was paid is not paid too.';
