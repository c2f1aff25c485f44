ALTER TABLE conversations ADD COLUMN home text;
COMMENT ON COLUMN conversations.home IS 'The bot that answered last and has the conversation in memory: for a moment, its next message is for that one.';
