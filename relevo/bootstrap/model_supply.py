"""Where bot processes have their models from: published in the database, fetched into this machine's folder.

Where nothing was published, the newest model in the folder is offered, as a copied or hand-made one is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import structlog

from relevo.bootstrap.database import ready_database
from relevo.bootstrap.everything import Settings
from relevo.bootstrap.store import open_store
from relevo.brain.models import Models
from relevo.contracts.models import Offer, PublishedModel, PublishedModels
from relevo.store.models import PostgresModels, digest_of
from relevo.store.postgres import has_postgres

_log = structlog.get_logger()


class ModelSupply(msgspec.Struct, frozen=True, kw_only=True):
    """The models of one machine's bots; see contracts.models.ModelSource."""

    published: PublishedModels
    folder: Models
    code: str

    async def offers(self) -> Sequence[Offer]:
        """Give what was trained by the present code, newest first, then what was trained by other code."""
        found = [model for model in await self.published.all() if Path(model.name).name == model.name]
        if not found:
            stamp = self.folder.stamp()
            return [Offer(name=stamp[0].name, stamp=stamp[1])] if stamp else []
        return [
            Offer(name=model.name, stamp=model.digest) for model in sorted(found, key=lambda m: m.code != self.code)
        ]

    async def at_hand(self, offer: Offer) -> Path:
        """Give the file of an offered model, fetched unless the same is here already."""
        file = self.folder.folder / offer.name
        if isinstance(offer.stamp, bytes) and not (file.exists() and digest_of(file) == offer.stamp):
            await fetch(self.published, PublishedModel(name=offer.name, digest=offer.stamp, code=""), self.folder)
        return file


async def fetch(published: PublishedModels, model: PublishedModel, folder: Models) -> Path:
    """Fetch a model into a folder, whole or not at all; raises Damaged."""
    folder.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".training-", dir=folder.folder) as unfinished:  # what is left is swept with others
        await published.fetch(model, place := Path(unfinished) / model.name)
        _log.info("model.fetched", model=model.name)
        return folder.keep(place, model.name)


async def publish_trained(published: PublishedModels, settings: Settings, model: Path) -> PublishedModel:
    """Make a model that was trained here of the present files the newest for everybody."""
    return await published.publish(model, name=model.name, code=settings.files.code())


def publish_by_itself(settings: Settings, model: Path) -> None:
    """Publish a trained model from a process that has no database open; where there is none yet, ``serve`` will."""

    async def publish(dsn: str) -> None:
        async with open_store(dsn, size=1, name="relevo train", hears=()) as opened:
            await publish_trained(PostgresModels(opened.database), settings, model)

    if settings.database.url is not None or has_postgres(settings.places.state_folder):
        with ready_database(settings) as dsn:
            asyncio.run(publish(dsn))


async def publish_own(published: PublishedModels, settings: Settings) -> None:
    """Publish this machine's model of the present files, unless it is the newest.

    In a database that others use, one that is known is left where it is: they may be about to replace it.
    """
    own = settings.models.of(settings.files.fingerprint())
    names = [model.name for model in await published.all()]
    if own.exists() and own.name not in (names[:1] if settings.database.url is None else names):
        await publish_trained(published, settings, own)


async def fetch_own(published: PublishedModels, settings: Settings) -> None:
    """Fetch the model of the present files where another machine has published it, so that it need not be trained."""
    own = settings.models.of(settings.files.fingerprint())
    found = next((model for model in await published.all() if model.name == own.name), None)
    if found is not None and not own.exists():
        await fetch(published, found, settings.models)
