"""The websites that the web chat stands on: those of relevo.yml, or one for all of them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace

from relevo.bootstrap.remarks import Remarkable
from relevo.configuration import Configuration
from relevo.contracts.visits import RefusedOrigin
from relevo.domain.sites import DEFAULT, Site, Sites, origin_problem
from relevo.errors import ConfigurationError

COMPANY = "Relevo"
"""Whose chat it is where nobody says."""


def sites_of(configuration: Configuration, company: str) -> Sites:
    """Give the sites; the only one where none is named has the installation's languages and hours."""
    bot = configuration.bot
    if bot.sites is not None:
        return Sites(named=tuple(_titled(site, company) for site in bot.sites.named))
    return Sites(
        named=(
            Site(
                title=company,
                languages=bot.languages,
                default_language=bot.default_language,
            ),
        )
    )


def _titled(site: Site, company: str) -> Site:
    return site if site.title != Site().title else replace(site, title=company)


def with_demo_key(sites: Sites, key: bytes | None) -> Sites:
    """Let the demo's page say who its visitor is: with a key of its own, the same in every process."""
    first = sites.named[0]
    if key is None or first.identity_keys:
        return sites
    made = hmac.new(key, b"identities of the demo", hashlib.sha256).hexdigest()
    return Sites(named=(replace(first, identity_keys=(made,)), *sites.named[1:]))


def sites_found(sites: Sites, more: Sequence[str]) -> str:
    """Say on which pages the chat stands; raises ConfigurationError naming each origin that no browser sends.

    ``more`` are those of RELEVO_ALLOWED_ORIGINS, which the site ``default`` has.
    """
    if wrong := [problem for origin in more if (problem := origin_problem(origin))]:
        raise ConfigurationError("\n".join(f"RELEVO_ALLOWED_ORIGINS: {problem}" for problem in wrong))
    if more and sites.get(DEFAULT) is None:
        raise Remarkable(
            f"RELEVO_ALLOWED_ORIGINS is for the site '{DEFAULT}', which relevo.yml does not name: so"
            f" {', '.join(more)} may not use the chat. Write them as origins of one of its sites."
        )
    return "\n".join(_said(site, more if site.name == DEFAULT else ()) for site in sites.named)


def refusals_found(sites: Sites, more: Sequence[str], refusals: Sequence[RefusedOrigin]) -> str:
    """Name the origins whose pages were refused and still would be."""
    still = [refusal for refusal in refusals if not _is_allowed(sites, more, refusal)]
    if not still:
        return "no page was refused"
    raise Remarkable(
        "\n".join(
            f"{one.origin} was refused at {one.refused_at:%Y-%m-%d %H:%M} UTC; if that is a page of yours, write"
            f' - "{one.origin}" below sites, {one.site}, origins in relevo.yml.'
            for one in still[:10]
        )
    )


def _is_allowed(sites: Sites, more: Sequence[str], refusal: RefusedOrigin) -> bool:
    site = sites.get(refusal.site)
    return site is None or site.allows(refusal.origin) or (site.name == DEFAULT and refusal.origin in more)


def _said(site: Site, more: Sequence[str]) -> str:
    origins = ", ".join(("this installation's own pages", *site.origins, *more))
    signed = "; identities are signed" if site.identity_keys else ""
    return f"{site.name}: {origins}{signed}"
