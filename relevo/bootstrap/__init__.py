"""The only place where the parts meet: each process takes here what it needs, and imports no more than that."""

LATER = frozenset({
    "PIL", "cryptography", "distutils", "filetype", "httpx", "jwt", "markdown_it", "rapidfuzz", "rich", "websockets",
})  # fmt: skip
"""What a process that starts imports and need not have then, or, as with rich, ever."""
