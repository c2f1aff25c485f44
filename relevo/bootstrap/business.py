"""The business that the bot acts in: the demo company where it was loaded, else none yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relevo.bootstrap.mail import one_time_codes
from relevo.bootstrap.store import OpenStore
from relevo.configuration import Configuration
from relevo.contracts.business import Business, Person, Record
from relevo.contracts.clock import system_clock
from relevo.domain.effects import EffectOrder
from relevo.errors import BusinessUnavailable
from relevo.flow.turn import TurnServices
from relevo.store.aurora.company import Aurora
from relevo.store.aurora.demo import demo_data
from relevo.store.aurora.desk import AuroraDesk

DEMO_COMPANY = "Aurora"


class NoBusiness:
    """Stands where no business system is connected: everything that needs one goes to a person."""

    async def identify(self, facts: Mapping[str, str]) -> str | None:
        """Know nobody."""
        raise BusinessUnavailable("No business system is connected.")

    async def person(self, ref: str) -> Person:
        """Know nobody."""
        raise BusinessUnavailable("No business system is connected.")

    async def records(self, kind: type[Record], ref: str) -> Sequence[Record]:
        """Know nothing."""
        raise BusinessUnavailable("No business system is connected.")

    async def public(self, kind: type[Record], number: str) -> Sequence[Record]:
        """Know nothing."""
        raise BusinessUnavailable("No business system is connected.")

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Do nothing."""
        raise BusinessUnavailable("No business system is connected.")


async def is_demo(opened: OpenStore) -> bool:
    """Tell whether the demo company was loaded into this database."""
    return await AuroraDesk(opened.database).is_loaded()


async def load_demo(opened: OpenStore, *, afresh: bool) -> bool:
    """Load the demo company with dates counted from now; tell whether it was, or stays as somebody changed it."""
    aurora, anchor = Aurora(opened.database), system_clock()
    if afresh:
        await aurora.reset(anchor)
    elif not await aurora.load(anchor):
        return False
    await AuroraDesk(opened.database).load(anchor)
    return True


def demo_contacts() -> list[dict[str, str]]:
    """Give those whom a newcomer may be in the demo: reference, name, language and mail address."""
    return [
        {
            "ref": one["id"],
            "name": f"{one['given_names']} {one['surnames']}",
            "language": one["language"],
            "email": one["email"],
        }
        for one in demo_data()["contacts"]
    ]


async def business_of(opened: OpenStore) -> Business:
    """Give the business that this installation acts in."""
    return Aurora(opened.database) if await is_demo(opened) else NoBusiness()


async def turn_services(opened: OpenStore, configuration: Configuration) -> TurnServices:
    """Give turns what they need of the world."""
    return TurnServices(
        business=await business_of(opened),
        effects=opened.store.effects,
        attachments=opened.store.attachments,
        policies=configuration.policies,
        rights=configuration.policies.rights,
        handoffs=opened.store.handoffs,
        service=configuration.bot.service,
        default_language=configuration.bot.default_language,
        verification_seconds=configuration.bot.verification_seconds,
        codes=one_time_codes(opened, configuration),
    )
