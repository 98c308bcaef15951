"""Chromium driven over a pipe by its DevTools protocol: enough to look at a page, to touch it, and to hear of
errors and requests."""

import base64
import json
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions"),
    *("--hide-scrollbars", "--remote-debugging-pipe"),
]
KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "Escape": 27, "+": 187}


class Browser:
    """A running Chromium; `page` opens a file in it."""

    def __init__(self, program: str, profile: Path) -> None:
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs_read, 3),
            (os.POSIX_SPAWN_DUP2, theirs_write, 4),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.pid = os.posix_spawn(program, command, os.environ, file_actions=actions, setpgroup=0)
        os.close(theirs_read)
        os.close(theirs_write)
        self._in, self._out = os.fdopen(ours_read, "rb"), os.fdopen(ours_write, "wb")
        self._next, self.events = 0, []  # type: ignore[var-annotated]
        self._rest = b""

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Ask for something and wait for its answer; events that come before it are kept."""
        self._next += 1
        message: dict[str, Any] = {"id": self._next, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while True:
            told = self._read()
            if told.get("id") == self._next:
                assert "error" not in told, (method, told["error"])
                return dict(told["result"])
            self.events.append(told)

    def wait(self, event: str) -> None:
        """Until something has happened."""
        while not any(told.get("method") == event for told in self.events):
            self.events.append(self._read())

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._in.fileno(), 1 << 20)
            assert piece, "Chromium has ended"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def close(self) -> None:
        """End it and all that it started."""
        self._out.close()
        self._in.close()
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def page(self, file: Path, width: int, height: int, touch: bool = False) -> "Page":
        """A file at a size of screen, loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events.clear()
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        page.call("Emulation.setDeviceMetricsOverride", mobile=touch, **size)
        if touch:
            page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
        page.call("Page.navigate", url=file.as_uri())
        self.wait("Page.loadEventFired")
        return page


class Page:
    """A page that is open."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **params)

    def js(self, expression: str) -> Any:
        """The value of an expression, which may be a promise."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def settle(self) -> None:
        """Until two frames were drawn."""
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Move, press, release or turn the wheel at a place of the window."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """With the left button, in a few steps."""
        self.mouse("mousePressed", *start, button="left", clickCount=1)
        for step in (1, 2, 3):
            place = [a + (b - a) * step / 3 for a, b in zip(start, end, strict=True)]
            self.mouse("mouseMoved", *place, button="left", buttons=1)
        self.mouse("mouseReleased", *end, button="left", clickCount=1)

    def key(self, name: str) -> None:
        """Press and release a key."""
        code = {"key": name, "windowsVirtualKeyCode": KEYS[name]}
        self.call("Input.dispatchKeyEvent", type="rawKeyDown", **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def touches(self, kind: str, *places: tuple[float, float]) -> None:
        """Fingers on the screen."""
        self.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y} for x, y in places])

    def errors(self) -> list[str]:
        """What the console was told that is wrong, and exceptions."""
        self.settle()
        return [
            json.dumps(told["params"])[:500]
            for told in self.browser.events
            if told.get("method") == "Runtime.exceptionThrown"
            or (told.get("method") == "Log.entryAdded" and told["params"]["entry"]["level"] == "error")
            or (
                told.get("method") == "Runtime.consoleAPICalled"
                and told["params"]["type"] in ("error", "assert")
            )
        ]

    def requests(self) -> list[str]:
        """Addresses that were asked for, but for the file itself and what is inside it."""
        urls = [
            told["params"]["request"]["url"]
            for told in self.browser.events
            if told.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in urls[1:] if not url.startswith(("data:", "blob:"))]

    def screenshot(self, file: Path, whole: bool = False) -> None:
        """What the screen shows, or the whole page."""
        told = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(told["data"]))


@contextmanager
def chromium_browser(program: str) -> Iterator[Browser]:
    """Chromium with a profile of its own, ended afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, Path(profile))
        try:
            yield browser
        finally:
            browser.close()
