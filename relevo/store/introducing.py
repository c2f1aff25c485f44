"""How an address is met for the first time, whoever else meets it in the same moment: as parts of a statement."""

MET = """identity AS (
    INSERT INTO identities (contact_id, channel, address) VALUES (gen_random_uuid(), %(channel)s, %(address)s)
    ON CONFLICT (workspace_id, channel, address) DO UPDATE SET channel = excluded.channel
    RETURNING id, contact_id
), contact AS (
    INSERT INTO contacts (id) SELECT contact_id FROM identity ON CONFLICT (workspace_id, id) DO NOTHING
)"""
"""Makes identity and contact, or finds them; needs ``channel`` and ``address``, gives ``identity (id, contact_id)``."""
