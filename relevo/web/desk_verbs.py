"""Puts together what pages and API do things with, out of what this process was given."""

from __future__ import annotations

from relevo.contracts.accounts import AgentAccount
from relevo.flow.desk import DeskWork
from relevo.flow.retrying import Retrying
from relevo.flow.ways import Ways
from relevo.web.desk_sight import eyes_of
from relevo.web.services import WebServices


def work_of(services: WebServices) -> DeskWork:
    """Give the verbs of an agent."""
    return DeskWork(
        store=services.store,
        live=services.live,
        service=services.service,
        clock=services.clock,
        business=services.decider.business if services.decider is not None else None,
        verification_seconds=services.verification_seconds,
    )


def ways_of(services: WebServices, agent: AgentAccount) -> Ways:
    """Give what finds the ways from an agent to a contact."""
    eyes = eyes_of(services, agent)
    return Ways(work=work_of(services), eyes=eyes, reaches=services.reaches, company=services.mail_company)


def retrying_of(services: WebServices, agent: AgentAccount) -> Retrying:
    """Give what has a message tried again."""
    return Retrying(deliveries=services.store.deliveries, ways=ways_of(services, agent), live=services.live)
