"""Keeps everything that Relevo must not forget; the only room that knows SQL and PostgreSQL."""
