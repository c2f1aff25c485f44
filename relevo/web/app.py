"""Puts the doors together: ``create_app`` and ``server.serving`` are all that ``bootstrap`` needs of this room."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace
from sanic import Sanic
from sanic.config import Config
from sanic.request import Request
from sanic.response import BaseHTTPResponse

from relevo.domain.service import Service
from relevo.web.chat_page import add_chat_page
from relevo.web.demo import add_demo_page
from relevo.web.demo_identities import add_demo_identities
from relevo.web.desk_admin_pages import add_admin_pages
from relevo.web.desk_api import API, add_desk_api
from relevo.web.desk_attachments import add_desk_attachments
from relevo.web.desk_contact_pages import add_contact_pages
from relevo.web.desk_pages import add_desk_pages
from relevo.web.desk_posts_pages import add_post_pages
from relevo.web.desk_refusals import add_desk_refusals
from relevo.web.desk_settings_pages import add_settings_pages
from relevo.web.desk_tags_pages import add_tag_pages
from relevo.web.desk_widget import add_widget_page
from relevo.web.errors import add_error_answers
from relevo.web.health import add_health
from relevo.web.help_pages import add_help_pages
from relevo.web.limits import Rate
from relevo.web.password_pages import add_password_pages
from relevo.web.rest import add_rest_door
from relevo.web.server import StrictRequest
from relevo.web.services import WebServices, services_of
from relevo.web.settings import WebSettings
from relevo.web.static_files import add_static_files
from relevo.web.visitor import add_visitor_api
from relevo.web.visitor_attachments import add_visitor_attachments
from relevo.web.widget_files import add_widget_files
from relevo.web.widget_sites import add_widget_sites
from relevo.web.x_door import add_x_door

__all__ = ["WebServices", "create_app"]


_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class WebApp(Sanic):
    """Sanic, several of which may start in one process."""

    test_mode = (
        True  # Sanic rewrites its own hot methods at each start; only so does it do that from their source again
    )

    def _determine_error_format(self, handler: object) -> str:
        """Give none, since errors.py answers them all: Sanic reads and parses each door's source for it."""
        return ""


def create_app(services: WebServices) -> Sanic:
    """Make the web application; nothing is shared between two of them."""
    app = WebApp(
        "relevo",
        config=_config(services.settings),
        request_class=StrictRequest,
        configure_logging=False,
    )
    _set_up(app, services)
    if services.current is not None:
        services.current.serve(partial(_serve_by, app))
    add_error_answers(app)
    add_desk_refusals(app)
    add_health(app)
    add_rest_door(app)
    _add_widget(app, services)
    if services.x is not None:
        add_x_door(app, services.x)
    add_desk_api(app)
    add_desk_pages(app)
    add_password_pages(app)
    add_contact_pages(app)
    add_admin_pages(app, tuple(API.operations))
    add_widget_page(app)
    add_settings_pages(app)
    add_tag_pages(app)
    add_post_pages(app)
    add_desk_attachments(app)
    add_help_pages(app)
    add_static_files(app)
    if services.is_demo:
        add_demo_page(app)
        add_demo_identities(app)
    return app


def _set_up(app: Sanic, services: WebServices) -> None:
    app.ctx.services = services
    app.ctx.streaming = set()
    app.ctx.noted_origins = Rate(1 / 60, 1, max_keys=500)
    app.ctx.typing_told = Rate(1 / 2.5, 1)
    app.register_middleware(_stir, "response")


def _add_widget(app: Sanic, services: WebServices) -> None:
    add_visitor_api(app)
    add_visitor_attachments(app)
    add_widget_sites(app)
    add_widget_files(app, services.widget_folder)
    add_chat_page(app)


async def _stir(request: Request, response: BaseHTTPResponse) -> None:
    """Have what sleeps look whenever somebody may have done something, whether the verb tells anybody or not."""
    if request.method not in _SAFE_METHODS:
        services_of(request).live.stir()


def _serve_by(app: Sanic, service: Service) -> None:
    """Have every request from now on go by this service."""
    app.ctx.services = replace(app.ctx.services, service=service)


def _config(settings: WebSettings) -> Config:
    longest_wait = max(settings.rest_wait_seconds, settings.long_poll_seconds, settings.heartbeat_seconds)
    return Config(
        {
            "ACCESS_LOG": False,
            "MOTD": False,
            "REGISTER": False,
            "REQUEST_MAX_SIZE": settings.max_body_bytes,
            "REQUEST_TIMEOUT": 30,
            "RESPONSE_TIMEOUT": longest_wait + 60,  # Sanic cuts a response that is silent for longer
            "KEEP_ALIVE_TIMEOUT": settings.keep_alive_seconds,
            "REQUEST_MAX_HEADER_SIZE": 16_384,
        },
        env_prefix=None,
    )
