"""The reference bot as a business has it that says usted."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from relevo.configuration import read_configuration
from relevo.configuration.formal import Formal

BOT = Path(__file__).parents[1]


def formal_words(folder: Path) -> Mapping[str, Formal]:
    """Read the bot's words with ``formal: [es]`` in a copy of its relevo.yml, made in this folder."""
    for name in ("policies.yml", "credentials.yml"):
        shutil.copy(BOT / name, folder)
    shutil.copytree(BOT / "data" / "formal", folder / "data" / "formal")
    settings = (BOT / "relevo.yml").read_text("utf-8")
    folder.joinpath("relevo.yml").write_text(settings.replace("# formal: [es]", "formal: [es]"), "utf-8")
    return read_configuration(folder, {}).bot.formal
