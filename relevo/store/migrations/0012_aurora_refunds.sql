-- What more the demo company may pay back: orders that did not come, goods sent back, and fares.

ALTER TABLE aurora_orders ADD COLUMN promised_on date;
COMMENT ON COLUMN aurora_orders.promised_on IS 'The last day on which it was promised to arrive.';

ALTER TABLE aurora_items
    ADD COLUMN names jsonb,
    ADD COLUMN returned integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT never_more_than_was_sold CHECK (returned BETWEEN 0 AND quantity);
COMMENT ON COLUMN aurora_items.names IS 'What it is called in other languages, by their codes.';
COMMENT ON COLUMN aurora_items.returned IS 'Pieces whose price went back.';

ALTER TABLE aurora_tickets
    ADD COLUMN fare bigint CHECK (fare > 0),
    ADD COLUMN fare_currency text,
    ADD COLUMN paid_with text,
    ADD COLUMN is_refundable boolean,
    ADD COLUMN fare_refunded bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT never_above_the_fare CHECK (fare_refunded BETWEEN 0 AND coalesce(fare, 0)),
    ADD CONSTRAINT whoever_paid_paid_with_something
        CHECK (fare IS NULL OR num_nulls(fare_currency, paid_with, is_refundable) = 0);
COMMENT ON COLUMN aurora_tickets.fare IS 'What was paid for it, in minor units of its currency; a demo from before fares has none.';

ALTER TABLE aurora_refunds
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN ticket text,
    ADD COLUMN has_delivery boolean NOT NULL DEFAULT false,
    ADD FOREIGN KEY (workspace_id, ticket) REFERENCES aurora_tickets (workspace_id, number),
    ADD CONSTRAINT of_an_order_or_a_ticket CHECK (num_nonnulls(order_id, ticket) = 1),
    ADD CONSTRAINT each_fare_once UNIQUE (workspace_id, ticket);
UPDATE aurora_refunds SET has_delivery = true WHERE charge = 'delivery';
COMMENT ON COLUMN aurora_refunds.charge IS 'delivery, undelivered, return and the pieces, fare, or the number of the payment that was one too many.';
COMMENT ON COLUMN aurora_refunds.has_delivery IS 'Whether what bringing it cost went back with it.';
CREATE UNIQUE INDEX aurora_delivery_goes_back_once ON aurora_refunds (workspace_id, order_id) WHERE has_delivery;
