"""Every number and switch of the doors, with its unit, its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class WebSettings:
    """How the doors behave; ``bootstrap`` reads it from the environment."""

    rest_token: str | None = field(default=None, repr=False)
    """Bearer token of the REST door. None: only this machine may use it. Set: every caller must send it, this machine
    too, because a proxy on the same machine makes the whole world look local."""

    rest_wait_seconds: float = 30.0
    """How long the REST door waits for a turn before it answers 503 ``turn_pending``. Longer than any healthy turn."""

    metrics_token: str | None = field(default=None, repr=False)
    """Bearer token of ``/metrics``. None: only this machine may read it. Set: every caller must send it."""

    rest_messages_per_second: float = 20.0
    """Steady rate of one sender at the REST door. No person types faster; a script that does is held back."""

    rest_burst: int = 40
    """Messages that one sender may send at once before the rate holds. A short conversation replayed in one go."""

    visitor_messages_per_second: float = 1.0
    """Steady rate of one web chat visitor. A fast typist's."""

    visitor_burst: int = 15
    """Messages that one visitor may send at once: what an outbox holds after a tunnel."""

    address_messages_per_second: float = 20.0
    """Steady rate of all visitors behind one network address. Offices and phone networks share one."""

    address_burst: int = 200
    """Messages that one network address may send at once."""

    site_messages_per_second: float = 200.0
    """Steady rate of all visitors of one site. What a web process and its bots are measured to keep up with."""

    site_burst: int = 2_000
    """Messages that all visitors of one site may send at once."""

    signs_per_second: float = 2.0
    """Steady rate at which one visitor may say without words that they type, read, rate or end."""

    signs_burst: int = 40
    """How often they may do so at once. Several windows, each with its own."""

    reads_per_second: float = 4.0
    """Steady rate at which one visitor may ask for events. Reconnects come in clusters; a loop does not end."""

    reads_burst: int = 40
    """Event requests that one visitor may make at once."""

    sessions_per_address: int = 60
    """Web chat sessions that one network address may open within ``sessions_window_seconds``."""

    sessions_per_site: int = 6_000
    """Web chat sessions that all addresses may open on one site within ``sessions_window_seconds``."""

    identifies_per_address: int = 1_200
    """Signed identities that one network address may show within ``sessions_window_seconds``. Each page that somebody
    opens who is signed in shows one; an office shares an address."""

    sessions_window_seconds: float = 600.0
    """Window of the limits on sessions and identities."""

    visit_lifetime_seconds: float = 30 * 86_400.0
    """How long a visitor's token is good for. A month: long enough to come back to an answer."""

    streams_per_visitor: int = 4
    """Open event streams of one visitor; one more ends the oldest, so that dead ones never lock anybody out."""

    streams_in_all: int = 6_000
    """Open event streams of this process. About 21 KiB each, as bench/visitors.py measures with 5,000: about 125 MB."""

    heartbeat_seconds: float = 15.0
    """Silence on a stream after which a comment is sent. Proxies cut silent connections after 30 to 60 s."""

    long_poll_seconds: float = 25.0
    """Longest wait of one JSON poll for events. Below the usual 30 s of proxies."""

    public_url: str | None = None
    """Where everybody reaches the doors, such as ``https://help.example.com``: links in messages begin with it. None:
    this machine's own address, which leads nowhere from elsewhere."""

    allowed_origins: tuple[str, ...] = ()
    """Other origins whose pages may use the visitor API, exact: ``https://shop.example``. None: this origin only."""

    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Peers whose X-Forwarded-For is believed when callers are counted: addresses, or networks such as 10.0.0.0/8. A
    proxy on this machine by default."""

    max_body_bytes: int = 1_000_000
    """Largest request body, files apart. Sixteen times the longest text, which leaves room for escapes."""

    uploads_per_visitor: int = 30
    """Files that one web chat visitor may upload within ``uploads_window_seconds``. Six messages full of photos."""

    uploads_per_address: int = 120
    """Files that all visitors behind one network address may upload within ``uploads_window_seconds``."""

    uploads_window_seconds: float = 3_600.0
    """Window of both limits on uploads."""

    uploads_at_once: int = 12
    """Uploads that this process takes at once; each may need 10 MB until it is stored."""

    sign_in_tries_per_email: int = 10
    """Tries to sign in with one e-mail address within ``sign_in_window_seconds``."""

    sign_in_tries_per_address: int = 30
    """Tries to sign in from one network address within ``sign_in_window_seconds``."""

    sign_in_window_seconds: float = 600.0
    """Window of both limits on signing in."""

    password_links_per_email: int = 3
    """Links to set a password that may be asked for with one e-mail address within their window."""

    password_links_per_address: int = 10
    """Such links that one network address may ask for within their window."""

    password_links_opened_per_address: int = 300
    """How often such links may be opened and sent from one network address within their window. There is nothing to
    guess; whoever tries costs an answer each time."""

    password_links_window_seconds: float = 3_600.0
    """Window of the limits on links to set a password."""

    desk_session_seconds: float = 12 * 3_600.0
    """How long an agent stays signed in. One shift."""

    desk_writes_per_second: float = 2.0
    """Steady rate at which one agent may change something. Nobody works faster; a page that went mad does."""

    desk_writes_burst: int = 30
    """Changes that one agent may make at once."""

    desk_reads_per_second: float = 10.0
    """Steady rate at which one agent may ask the desk's API for something. Several pages, each with its cases."""

    desk_reads_burst: int = 100
    """Questions that one agent may ask at once."""

    assistant_uses_per_second: float = 0.2
    """Steady rate at which one agent may ask the model, where there is one. Each answer takes longer to read."""

    assistant_uses_burst: int = 10
    """Times that one agent may ask the model at once; all translations of one click are one."""
    token_reads_per_second: float = 20.0
    """Steady rate at which one token may ask the desk's API for something."""

    token_reads_burst: int = 200
    """Questions that one token may ask at once. An export in pages."""

    token_writes_per_second: float = 5.0
    """Steady rate at which one token may change something."""

    token_writes_burst: int = 60
    """Changes that one token may make at once."""

    bad_tokens_per_second: float = 1.0
    """Steady rate at which one network address may come with tokens that do not hold."""

    bad_tokens_burst: int = 20
    """Such tokens at once. A program whose token was revoked tries for a while."""

    streams_per_agent: int = 6
    """Open event streams of one agent's pages; one more ends the oldest, which then asks now and then instead."""

    webhooks_to_private_networks: bool = False
    """Whether webhooks may lead into private networks. On where the systems that are told stand beside this one."""

    webhooks_to_this_machine: bool = False
    """Whether webhooks may lead to this machine itself, then without https, too. On while you try them out."""

    default_language: str = "en"
    """Language of pages for browsers that ask for none of ours."""

    keep_alive_seconds: float = 75.0
    """How long an idle connection is kept. Longer than a proxy's own limit, so that the proxy closes first."""

    shutdown_seconds: float = 5.0
    """How long callers that wait for a turn are given when the process stops; they can fetch the answer later."""
