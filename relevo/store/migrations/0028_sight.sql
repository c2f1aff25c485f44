-- Who had a case or a handoff before: they may go on seeing it. Reports by queue, and the clocks behind them.

ALTER TABLE cases ADD COLUMN had_by integer[] NOT NULL DEFAULT '{}';
ALTER TABLE handoffs ADD COLUMN had_by integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN cases.had_by IS 'Agents who had it before; kept by a trigger, so that no way of giving it on forgets them.';
COMMENT ON COLUMN handoffs.had_by IS 'Agents who had it before; as for cases.';

CREATE FUNCTION keep_who_had_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.had_by := array_append(array_remove(OLD.had_by, OLD.agent_id), OLD.agent_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER cases_had_by BEFORE UPDATE OF agent_id ON cases FOR EACH ROW
    WHEN (OLD.agent_id IS NOT NULL AND NEW.agent_id IS DISTINCT FROM OLD.agent_id) EXECUTE FUNCTION keep_who_had_it();
CREATE TRIGGER handoffs_had_by BEFORE UPDATE OF agent_id ON handoffs FOR EACH ROW
    WHEN (OLD.agent_id IS NOT NULL AND NEW.agent_id IS DISTINCT FROM OLD.agent_id) EXECUTE FUNCTION keep_who_had_it();

CREATE INDEX handoffs_of_case ON handoffs (workspace_id, case_id, created_at DESC) WHERE case_id IS NOT NULL;
CREATE INDEX mentions_of_agent ON mentions (workspace_id, agent_id);
