ALTER TABLE x_peers ADD COLUMN opted_out_at timestamptz;
COMMENT ON COLUMN x_peers.opted_out_at IS 'When they said that they want nothing from a program; empty once they wrote anything else.';
