"""The demo company as a business: its people and what they have, in our own database."""
