-- What is looked for every two seconds, or in a turn, is found without reading the whole table.

CREATE INDEX cases_missed ON cases (workspace_id, promise_missed_at) WHERE promise_missed_at IS NOT NULL;
CREATE INDEX effects_done ON effects (workspace_id, ended_at) WHERE state = 'done';
CREATE INDEX cases_of_person_ever ON cases (workspace_id, business_ref) WHERE business_ref IS NOT NULL;
