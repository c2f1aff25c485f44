"""The verbs: what happens to a message, one module each, readable top to bottom."""
