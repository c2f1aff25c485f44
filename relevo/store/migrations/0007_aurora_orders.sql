-- What the demo company's shop sold, what was paid for it, and what was paid back.

-- Orders were numbers alone until now; those of the demo come back whole at the next start.
DELETE FROM aurora_orders;

ALTER TABLE aurora_orders
    ADD COLUMN placed_on date NOT NULL,
    ADD COLUMN delivered_on date,
    ADD COLUMN seller text NOT NULL,
    ADD COLUMN is_third_party boolean NOT NULL,
    ADD COLUMN delivery bigint NOT NULL CHECK (delivery >= 0),
    ADD COLUMN currency text NOT NULL,
    ADD COLUMN status text NOT NULL;
COMMENT ON COLUMN aurora_orders.delivery IS 'What bringing it was charged with; every amount is in minor units of the order''s currency.';
CREATE INDEX aurora_orders_of_person ON aurora_orders (workspace_id, person_ref);

CREATE TABLE aurora_items (
    workspace_id integer NOT NULL DEFAULT 1,
    order_id text NOT NULL,
    position smallint NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (workspace_id, order_id, position),
    FOREIGN KEY (workspace_id, order_id) REFERENCES aurora_orders
);

CREATE TABLE aurora_payments (
    workspace_id integer NOT NULL DEFAULT 1,
    id text NOT NULL,
    order_id text NOT NULL,
    position smallint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    method text NOT NULL,
    refunded bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, order_id) REFERENCES aurora_orders,
    CONSTRAINT never_above_what_was_paid CHECK (refunded BETWEEN 0 AND amount)
);
CREATE INDEX aurora_payments_of_order ON aurora_payments (workspace_id, order_id);

CREATE TABLE aurora_refunds (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY (START WITH 40001),
    order_id text NOT NULL,
    charge text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    parts jsonb NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    FOREIGN KEY (workspace_id, order_id) REFERENCES aurora_orders,
    CONSTRAINT each_charge_once UNIQUE (workspace_id, order_id, charge)
);
COMMENT ON TABLE aurora_refunds IS 'What was paid back, once for each key; the key is the effect''s.';
COMMENT ON COLUMN aurora_refunds.charge IS 'delivery, or the number of the payment that was one too many.';
COMMENT ON COLUMN aurora_refunds.parts IS 'To which payments it went back, and how much to each.';
