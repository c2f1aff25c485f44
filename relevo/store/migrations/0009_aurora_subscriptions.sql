-- What people subscribe to at the demo company, and what was cancelled.

CREATE TABLE aurora_subscriptions (
    workspace_id integer NOT NULL DEFAULT 1,
    id text NOT NULL,
    person_ref text NOT NULL,
    plan text NOT NULL,
    price bigint NOT NULL CHECK (price >= 0),
    currency text NOT NULL,
    period text NOT NULL,
    paid_until date NOT NULL,
    is_active boolean NOT NULL,
    key text,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, person_ref) REFERENCES aurora_people,
    CONSTRAINT only_what_was_cancelled_has_a_key CHECK (key IS NULL OR NOT is_active)
);
COMMENT ON COLUMN aurora_subscriptions.price IS 'For one period, in minor units of the currency.';
COMMENT ON COLUMN aurora_subscriptions.paid_until IS 'Where it renews, or ends once it is cancelled.';
COMMENT ON COLUMN aurora_subscriptions.key IS 'The effect that cancelled it; none where that was before the bot.';
CREATE INDEX aurora_subscriptions_of_person ON aurora_subscriptions (workspace_id, person_ref);
