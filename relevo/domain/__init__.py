"""The nouns and their rules; standard library only."""
