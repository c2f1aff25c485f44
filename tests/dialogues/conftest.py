"""Dialogues are played by the brain that the integration tests have."""

from __future__ import annotations

from tests.integration.conftest import bot, bot_model

__all__ = ["bot", "bot_model"]
