-- What an agent may see: in which queue a case is, and who had it before. Looked at for each row of a list.

ALTER TABLE cases ADD COLUMN queue text, ADD COLUMN had_by integer[] NOT NULL DEFAULT '{}';
ALTER TABLE handoffs ADD COLUMN had_by integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN cases.queue IS 'Of its newest handoff; NULL where it was never handed off. Kept by a trigger: cases are merged, too.';
COMMENT ON COLUMN cases.had_by IS 'Agents who had it before; kept by a trigger, so that no way of giving it on forgets them.';
COMMENT ON COLUMN handoffs.had_by IS 'Agents who had it before; as for cases.';

CREATE INDEX handoffs_of_case ON handoffs (workspace_id, case_id, created_at DESC) WHERE case_id IS NOT NULL;
CREATE INDEX mentions_of_agent ON mentions (workspace_id, agent_id);

UPDATE cases s SET queue = h.queue, had_by = h.agents FROM (
    SELECT case_id, (array_agg(queue ORDER BY created_at DESC))[1] AS queue,
        coalesce(array_agg(DISTINCT agent_id) FILTER (WHERE agent_id IS NOT NULL), '{}') AS agents
    FROM handoffs WHERE workspace_id = 1 AND case_id IS NOT NULL GROUP BY case_id) h
WHERE s.workspace_id = 1 AND s.id = h.case_id;

CREATE FUNCTION keep_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases s SET queue = (SELECT h.queue FROM handoffs h WHERE h.workspace_id = s.workspace_id AND h.case_id = s.id
        ORDER BY h.created_at DESC LIMIT 1)
    WHERE s.workspace_id = NEW.workspace_id
      AND s.id IN (NEW.case_id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.case_id END);
    RETURN NULL;
END
$$;
CREATE TRIGGER handoffs_queue AFTER INSERT OR UPDATE OF case_id ON handoffs FOR EACH ROW EXECUTE FUNCTION keep_queue();

CREATE FUNCTION keep_who_had_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.had_by := array_append(array_remove(OLD.had_by, OLD.agent_id), OLD.agent_id);
    RETURN NEW;
END
$$;
-- Splitting a case out of another puts back who had it, too.
CREATE TRIGGER cases_had_by BEFORE UPDATE OF agent_id ON cases FOR EACH ROW
    WHEN (OLD.agent_id IS NOT NULL AND NEW.agent_id IS DISTINCT FROM OLD.agent_id AND OLD.merged_into IS NULL)
    EXECUTE FUNCTION keep_who_had_it();
CREATE TRIGGER handoffs_had_by BEFORE UPDATE OF agent_id ON handoffs FOR EACH ROW
    WHEN (OLD.agent_id IS NOT NULL AND NEW.agent_id IS DISTINCT FROM OLD.agent_id) EXECUTE FUNCTION keep_who_had_it();
