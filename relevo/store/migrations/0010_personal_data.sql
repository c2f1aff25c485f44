-- Whom a conversation was verified as, each time: a browser that a family shares is told from one person's.

CREATE INDEX entries_of_verification ON entries (workspace_id, conversation_id) WHERE kind = 'verification';
