"""Models are published once and had by bots on every machine; what a machine cannot load does not stop it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from relevo.bootstrap.everything import Settings
from relevo.bootstrap.model_supply import ModelSupply, fetch_own, publish_own
from relevo.bootstrap.store import OpenStore, open_store
from relevo.brain.models import Models
from relevo.contracts.bots import BotLine
from relevo.contracts.models import PublishedModel
from relevo.errors import Damaged
from relevo.settings import PlaceSettings, Secret
from relevo.store.models import CHUNK_BYTES, KEPT, PostgresModels
from tests.integration.test_live import until_heard
from tests.processes import REPOSITORY

pytestmark = pytest.mark.anyio
OURS, OTHERS = "our code", "their code"


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """A database of this test alone."""
    async with open_store(database, size=2) as opened:
        yield opened


@pytest.fixture
def machines(tmp_path: Path, opened: OpenStore) -> tuple[ModelSupply, ModelSupply]:
    """Two machines, each with its own folder of models."""
    folders = (Models(tmp_path / "one"), Models(tmp_path / "another"))
    one, another = (
        ModelSupply(published=PostgresModels(opened.database), folder=folder, code=OURS) for folder in folders
    )
    return one, another


async def published(opened: OpenStore, folder: Path, name: str, content: bytes, code: str = OURS) -> PublishedModel:
    """Publish a model as a training does."""
    file = folder / "trained"
    file.write_bytes(content)
    return await PostgresModels(opened.database).publish(file, name=name, code=code)


async def test_what_one_machine_publishes_every_other_gets_whole(
    opened: OpenStore, machines: tuple[ModelSupply, ModelSupply], tmp_path: Path
) -> None:
    """A model of several pieces arrives byte by byte, once; a cached copy that rotted is fetched again."""
    content = os.urandom(2 * CHUNK_BYTES + 17)
    await published(opened, tmp_path, "relevo-a.tar.gz", content)
    for machine in machines:
        (offer,) = await machine.offers()
        file = await machine.at_hand(offer)
        assert (file.parent, file.read_bytes()) == (machine.folder.folder, content)
        before = file.stat().st_mtime_ns
        assert (await machine.at_hand(offer)).stat().st_mtime_ns == before
        file.write_bytes(content[:-1])
        assert (await machine.at_hand(offer)).read_bytes() == content
        assert list(machine.folder.folder.iterdir()) == [file]


async def test_the_newest_of_a_machine_s_own_code_comes_first(
    opened: OpenStore, machines: tuple[ModelSupply, ModelSupply], tmp_path: Path
) -> None:
    """While machines are upgraded one by one, each answers with what its own code was trained to; else with any."""
    for name, code in [("old", OURS), ("newer", OURS), ("newest", OTHERS)]:
        await published(opened, tmp_path, name, name.encode(), code)
    upgraded = replace(machines[0], code=OTHERS)
    later = replace(machines[0], code="code that nobody has trained by")
    assert [offer.name for offer in await machines[0].offers()] == ["newer", "old", "newest"]
    assert [offer.name for offer in await upgraded.offers()] == ["newest", "newer", "old"]
    assert [offer.name for offer in await later.offers()] == ["newest", "newer", "old"]
    await published(opened, tmp_path, "old", b"old", OURS)
    assert (await machines[0].offers())[0].name == "old"


async def test_pieces_that_were_changed_or_lost_are_no_model(
    opened: OpenStore, machines: tuple[ModelSupply, ModelSupply], tmp_path: Path
) -> None:
    """The hash of the whole decides; nothing of it is left in the folder, and a name cannot lead out of it."""
    await published(opened, tmp_path, "relevo-a.tar.gz", os.urandom(CHUNK_BYTES + 1))
    await opened.database.run("DELETE FROM model_chunks WHERE number = 1")
    (offer,) = await machines[0].offers()
    with pytest.raises(Damaged, match="relevo train"):
        await machines[0].at_hand(offer)
    assert list(machines[0].folder.folder.iterdir()) == []
    await opened.database.run("UPDATE models SET name = '../relevo-a.tar.gz'")
    assert await machines[0].offers() == []


async def test_every_process_is_told_of_a_new_model(opened: OpenStore, tmp_path: Path) -> None:
    """Bots that sleep look for another model then."""
    await until_heard(opened)
    with opened.live.settings() as news:
        await published(opened, tmp_path, "m", b"m")
        assert await news.wait(20)


async def test_old_models_go_when_no_bot_answers_with_them(opened: OpenStore, tmp_path: Path) -> None:
    """The newest few of each code stay, and whatever a bot still has in use."""
    await published(opened, tmp_path, "of others", b"of others", OTHERS)
    for number in range(KEPT + 2):
        await published(opened, tmp_path, f"m{number}", f"{number}".encode())
        if number == 0:
            await opened.store.bots.seen(BotLine(name="b", host="h", process=1, model="m0", problem=None))
    kept = [model.name for model in await PostgresModels(opened.database).all()]
    assert kept == ["m4", "m3", "m2", "m0", "of others"]
    await opened.store.bots.gone("b")
    await published(opened, tmp_path, "m5", b"5")
    assert [model.name for model in await PostgresModels(opened.database).all()] == ["m5", "m4", "m3", "of others"]
    assert await opened.database.rows("SELECT count(DISTINCT digest) FROM model_chunks") == [(4,)]


async def test_without_anything_published_the_folder_s_newest_is_offered(
    machines: tuple[ModelSupply, ModelSupply], tmp_path: Path
) -> None:
    """A model that somebody copied there by hand is answered with."""
    assert await machines[0].offers() == []
    machines[0].folder.folder.mkdir()
    (tmp_path / "model").write_bytes(b"by hand")
    file = machines[0].folder.keep(tmp_path / "model", "by-hand.tar.gz")
    (offer,) = await machines[0].offers()
    assert await machines[0].at_hand(offer) == file


async def test_serve_trains_nothing_that_another_machine_has_trained(opened: OpenStore, tmp_path: Path) -> None:
    """The model of the same files is fetched; an older machine that starts again takes nothing back for others."""
    places = PlaceSettings(project=REPOSITORY, state=tmp_path / "state")
    settings = Settings(places=places)
    own = settings.models.of(settings.files.fingerprint())
    await published(opened, tmp_path, own.name, b"trained elsewhere")
    await fetch_own(PostgresModels(opened.database), settings)
    assert own.read_bytes() == b"trained elsewhere"
    await published(opened, tmp_path, "relevo-newer.tar.gz", b"newer")
    shared = dataclasses.replace(
        settings, database=dataclasses.replace(settings.database, url=Secret("postgresql://elsewhere"))
    )
    await publish_own(PostgresModels(opened.database), shared)
    assert (await PostgresModels(opened.database).all())[0].name == "relevo-newer.tar.gz"
    await publish_own(
        PostgresModels(opened.database), settings
    )  # one machine alone: its files are what is answered with
    assert (await PostgresModels(opened.database).all())[0].name == own.name
