"""What Relevo promises, as sentences that run."""
