"""Dialogues in Spanish and English, one file for each request."""
