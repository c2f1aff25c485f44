"""Doors: HTTP in, verbs called, HTTP out; the only room that imports Sanic."""
