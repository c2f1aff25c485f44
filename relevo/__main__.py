"""Lets ``python -m relevo`` do what ``relevo`` does."""

from relevo.cli import main

if __name__ == "__main__":
    main()
