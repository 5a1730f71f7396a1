"""A browser without a window, driven by the DevTools protocol over pipes; what it asks for is written down."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_KEYS: Final[Mapping[str, tuple[int, str]]] = {
    "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""), "PageUp": (33, ""),
    "PageDown": (34, ""), "Home": (36, ""), "End": (35, ""), "Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""),
}  # fmt: skip
"""Keys that are no characters: their code and the text that they give."""


class Browser:
    """One browser with one page.

    Attributes:
        requests: The addresses that pages asked for, but for their own.
        complaints: What was written to the console, and exceptions that nobody caught.
    """

    def __init__(self, process: subprocess.Popen[bytes], to: int, source: int) -> None:
        self._process = process
        self._to = to
        self._source = source
        self._rest = b""
        self._last = 0
        self._session = ""
        self._loaded = ""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM", "Accessibility"):
            self.command(f"{domain}.enable")
        self.command("Page.setLifecycleEventsEnabled", enabled=True)

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Has something done; returns what comes back.

        Raises:
            RuntimeError: The browser says that it cannot be done, or has ended.
        """
        self._last += 1
        asked: dict[str, object] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._told()
            if told.get("id") == self._last:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                return dict(told["result"])

    def _told(self) -> dict[str, Any]:
        """The next thing that the browser says; events are written down."""
        while b"\0" not in self._rest:
            more = os.read(self._source, 1 << 16)
            if not more:
                raise RuntimeError(f"the browser has ended with {self._process.wait()}")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        self._note(str(told.get("method", "")), told.get("params", {}))
        return told

    def _note(self, event: str, what: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent" and not what["request"]["url"].startswith(
            ("file:", "data:", "about:")
        ):
            self.requests.append(what["request"]["url"])
        elif event in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.complaints.append(json.dumps(what))
        elif event == "Page.lifecycleEvent" and what["name"] == "load":
            self._loaded = what["loaderId"]

    def open(self, path: Path, *, fragment: str = "") -> None:
        """Shows a file, when it is loaded."""
        self.command("Page.navigate", url="about:blank")  # else another fragment loads nothing
        loader = self.command("Page.navigate", url=path.resolve().as_uri() + fragment)["loaderId"]
        while self._loaded != loader:
            self._told()

    def size(self, width: int, height: int = 900) -> None:
        """Makes the window another size, in CSS pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def prefer(self, scheme: str, media: str = "screen") -> None:
        """Has the system be ``light`` or ``dark``, and the medium ``screen`` or ``print``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Presses a key and lets it go, as a keyboard does."""
        code, text = _KEYS.get(key, (ord(key[0].upper()), key))
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 * shift}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.command("Input.dispatchKeyEvent", **pressed, **down)
        self.command("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def click(self, x: float, y: float) -> None:
        """Clicks at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.command(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                buttons=int(kind == "mousePressed"),
                clickCount=1,
            )

    def run(self, script: str) -> Any:  # noqa: ANN401 - whatever JSON has
        """The value of an expression of JavaScript.

        Raises:
            RuntimeError: It threw something.
        """
        came = self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in came:
            raise RuntimeError(f"{script}: {came['exceptionDetails']}")
        return came["result"].get("value")

    def text(self, selector: str) -> str:
        """The text of the first element that a selector finds."""
        return str(self.run(f"document.querySelector({json.dumps(selector)}).textContent"))

    def click_on(self, selector: str) -> None:
        """Clicks in the middle of the first element that a selector finds."""
        box = self.run(
            f"(() => {{ const at = document.querySelector({json.dumps(selector)});"
            " at.scrollIntoView({block: 'center'});"
            " const box = at.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        self.click(*box)

    def names(self, role: str) -> list[str]:
        """The names that a screen reader has for all elements of a role."""
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        shown = [node for node in nodes if not node["ignored"] and node["role"]["value"] == role]
        return [str(node.get("name", {}).get("value", "")) for node in shown]

    def screenshot(self, path: Path) -> None:
        """Writes what is seen to a PNG file."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser, until the block ends; a test that asks for one is skipped where there is none."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is installed")
    theirs, to = os.pipe()
    source, back = os.pipe()
    options = (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
        "--no-first-run", "--disable-extensions", "--disable-background-networking",
    )  # fmt: skip
    with TemporaryDirectory(prefix="ring3-browser-", ignore_cleanup_errors=True) as folder:
        # the protocol is spoken over the descriptors 3 and 4; dash takes no number of two digits
        command = f'exec "$@" 3<&{theirs} 4>&{back}'
        process = subprocess.Popen(
            ["bash", "-c", command, "bash", program, *options, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(theirs, back),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder},
        )
        os.close(theirs)
        os.close(back)
        try:
            yield Browser(process, to, source)
        finally:
            process.kill()
            process.wait()
            os.close(to)
            os.close(source)
