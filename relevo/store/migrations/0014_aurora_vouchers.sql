-- Vouchers that the demo company gave out of goodwill.
CREATE TABLE aurora_vouchers (
    workspace_id integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    code text NOT NULL,
    person_ref text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    valid_until date NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    UNIQUE (workspace_id, code),
    FOREIGN KEY (workspace_id, person_ref) REFERENCES aurora_people
);
COMMENT ON TABLE aurora_vouchers IS 'Given once for each key; the key is the effect''s.';
CREATE INDEX aurora_vouchers_of_person ON aurora_vouchers (workspace_id, person_ref);
