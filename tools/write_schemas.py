"""Writes docs/reference/*.schema.json anew from the records in relevo/contracts/handoff.py and personal.py."""

from pathlib import Path

from relevo.web.schemas import PUBLISHED, file_name, file_text

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"


def main() -> None:
    """Write every file."""
    FOLDER.mkdir(exist_ok=True)
    for name in PUBLISHED:
        (FOLDER / file_name(name)).write_text(file_text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
