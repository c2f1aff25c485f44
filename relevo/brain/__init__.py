"""The bot's brain: Rasa in our process, made light."""
