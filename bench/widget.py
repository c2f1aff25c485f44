"""The widget beside others from npm: bytes, requests, blocking time at a fourth of the speed, time until one can write.

Downloads the others into a temporary folder, serves all from this machine, and measures each in the same Chromium, one
after the other. None has its own server: what they do without one is what is measured. .venv/bin/python -m bench.widget
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.kit.programs import PROJECT

WIDGET = PROJECT / "relevo" / "web" / "static" / "widget"
ROUNDS, SLOWER = 3, 4
SETTLED_MS = 3500
LONG_TASKS = """window.blocked = 0; new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.blocked += Math.max(0, task.duration - 50);
}).observe({ type: "longtask", buffered: true });"""
SITE = {"site": "default", "name": "Bench", "languages": ["en"], "default_language": "en", "suggestions": []}


@dataclass(frozen=True, kw_only=True)
class Side:
    """One widget: the package that it comes from, the page that shows it, and how it is opened."""

    name: str
    page: str
    package: str | None = None
    bundled: str | None = None
    """A module to bundle with the package, where its own bundle needs something beside it."""
    launcher: str | None = None
    """What is clicked to open it; None where it is open from the first."""
    composer: str = "textarea, input[type=text], [contenteditable=true]"


@dataclass(kw_only=True)
class Seen:
    """What one visit cost."""

    bytes_by_url: dict[str, int] = field(default_factory=dict)
    closed_bytes: int = 0
    closed_requests: int = 0
    blocked_ms: float = 0
    open_ms: float | None = None


SIDES = (
    Side(
        name="relevo",
        page='<script async src="/widget/v1/widget.js" data-site="default"></script>',
        launcher="relevo-chat .launcher",
        composer="#chat-text",
    ),
    Side(
        name="rasa-webchat 1.0.1",
        package="rasa-webchat@1.0.1",
        page='<div id=rasa-chat></div><script src="/rasa-webchat/node_modules/rasa-webchat/lib/index.js"></script>'
        "<script>WebChat.default({socketUrl:location.origin,initPayload:'/x'},null)</script>",
        launcher=".rw-launcher",
    ),
    Side(
        name="deep-chat 2.4.2",
        package="deep-chat@2.4.2",
        page='<script type=module src="/deep-chat/node_modules/deep-chat/dist/deepChat.bundle.js"></script>'
        "<deep-chat demo=true></deep-chat>",
        composer="#text-input",
    ),
    Side(
        name="@botpress/webchat 4.5.2",
        package="@botpress/webchat@4.5.2 react@19.2.0 react-dom@19.2.0 vite@8.3.8",
        bundled="""import { createElement as h } from "react"; import { createRoot } from "react-dom/client";
import { Fab, Webchat, WebchatProvider, useWebchat } from "@botpress/webchat";
import { useState } from "react";
function App() { const [open, set] = useState(false);
  const shown = { clientId: "00000000-0000-0000-0000-000000000000", style: open ? {} : { display: "none" } };
  return h("div", null, h(Webchat, shown), h("div", { id: "fab", onClick: () => set(!open) }, h(Fab, {}))); }
createRoot(document.getElementById("root")).render(h(App));""",
        page='<div id=root></div><script type=module src="/@botpress+webchat/bundle.js"></script>',
        launcher="#fab",
    ),
)
ABSENT = ("RasaHQ chat-widget", "no package of its name at npm: build it from its repository to compare")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as address, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        rows = []
        for side in SIDES:
            try:
                _bring(side, Path(folder))
                rows.append(_row(side, [_visit(browser, address, side) for _ in range(ROUNDS)]))
            except subprocess.CalledProcessError as error:
                rows.append([side.name, f"could not be brought: {error.stderr[-120:]!r}", "", "", "", "", ""])
        browser.close()
    rows.append([*ABSENT, "", "", "", "", ""])
    heads = ["", "closed kB gz", "requests", "opened kB gz", "requests", f"blocked ms, 1/{SLOWER}", "ms to write"]
    _print([heads, *rows])


def _print(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _bring(side: Side, folder: Path) -> None:
    if side.package is None:
        return
    name = side.package.split()[0].rpartition("@")[0]
    place = folder / name.replace("/", "+")
    place.mkdir()
    place.joinpath("package.json").write_text('{"type":"module"}', encoding="utf-8")
    _run(place, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *side.package.split())
    if side.bundled is None:
        return
    place.joinpath("entry.js").write_text(side.bundled, encoding="utf-8")
    output = '{entryFileNames:"bundle.js",codeSplitting:false}'
    options = f'{{input:"entry.js",output:{output}}}'
    place.joinpath("vite.config.js").write_text(
        f'export default {{build:{{outDir:".",emptyOutDir:false,copyPublicDir:false,rolldownOptions:{options}}}}}',
        encoding="utf-8",
    )
    _run(place, "npx", "vite", "build", "--logLevel", "error")


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=600)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class _Files(http.server.BaseHTTPRequestHandler):
    """Gives the pages, our own files and those of the others, compressed as any host would."""

    def __init__(self, folder: Path, *rest: Any) -> None:
        self._folder = folder
        super().__init__(*rest)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/side/"):
            tags = SIDES[int(path[6:])].page
            self._give(f"<!doctype html><html lang=en><title>x</title><h1>A page</h1>{tags}".encode(), "text/html")
        elif path.startswith("/widget/api/"):
            self._give(json.dumps(SITE).encode(), "application/json")
        else:
            root, name = (WIDGET, path[11:]) if path.startswith("/widget/v1/") else (self._folder, path[1:])
            file = root / name
            kind = "text/css" if file.suffix == ".css" else "text/javascript"
            self._give(file.read_bytes() if file.is_file() else None, kind)

    def _give(self, body: bytes | None, kind: str) -> None:
        packed = gzip.compress(body, 9) if body is not None else b""
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _visit(browser: Browser, address: str, side: Side) -> Seen:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(LONG_TASKS)
    page, seen = context.new_page(), Seen()
    session = context.new_cdp_session(page)
    _count(session, seen)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(f"{address}/side/{SIDES.index(side)}")
    page.wait_for_timeout(SETTLED_MS)
    seen.blocked_ms = page.evaluate("window.blocked")
    seen.closed_bytes, seen.closed_requests = sum(seen.bytes_by_url.values()), len(seen.bytes_by_url)
    seen.open_ms = _open(page, side)
    page.wait_for_timeout(500)
    context.close()
    return seen


def _count(session: CDPSession, seen: Seen) -> None:
    urls: dict[str, str] = {}
    session.send("Network.enable")
    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))

    def finished(event: Any) -> None:
        url = urls.get(event["requestId"], "")
        if "/side/" not in url and "favicon" not in url:
            seen.bytes_by_url[url] = seen.bytes_by_url.get(url, 0) + int(event["encodedDataLength"])

    session.on("Network.loadingFinished", finished)


def _open(page: Page, side: Side) -> float | None:
    """Give how long it takes from the click until one can write; None where that never comes without a server."""
    begun: float = page.evaluate("performance.now()")
    try:
        if side.launcher:
            page.locator(side.launcher).first.click(timeout=5000)
        page.locator(side.composer).first.wait_for(timeout=5000)
    except Exception:  # noqa: BLE001 (whatever keeps it from opening: it does not open)
        return None
    ended: float = page.evaluate("performance.now()")
    return ended - begun if side.launcher else ended - SETTLED_MS if ended < SETTLED_MS else 0.0


def _row(side: Side, visits: list[Seen]) -> list[str]:
    last = visits[-1]
    opened = [seen.open_ms for seen in visits if seen.open_ms is not None]
    return [
        side.name,
        f"{last.closed_bytes / 1000:.1f}",
        str(last.closed_requests),
        f"{sum(last.bytes_by_url.values()) / 1000:.1f}",
        str(len(last.bytes_by_url)),
        f"{statistics.median(seen.blocked_ms for seen in visits):.0f}",
        f"{statistics.median(opened):.0f}" if opened else "never without its server",
    ]


if __name__ == "__main__":
    main()
