"""Relevo: chat support bots that solve routine requests and hand the rest to people."""

import sys

__version__ = "0.1.0"


def _import_structlog_without_rich() -> None:
    """Spare each process a tenth of its imports: rich would only colour tracebacks, which no log of ours has."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import structlog  # noqa: F401, PLC0415 - only now is it hidden
    finally:
        del sys.modules["rich"]


_import_structlog_without_rich()
