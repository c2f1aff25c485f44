"""Relevo: chat support bots that solve routine requests and hand the rest to people."""

__version__ = "0.1.0"
