"""Answers questions from the business's articles; docs/howto/help-articles.md says how they are written."""
