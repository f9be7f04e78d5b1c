"""Headless Chromium, driven over the pipe of its DevTools protocol: https://chromedevtools.github.io/devtools-protocol."""

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 90
"""Timeout of one call. A busy machine needs more than a minute to start a browser."""


@dataclass
class Seen:
    """Requests and console errors of a page while it was loaded."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Browser:
    """A tab of the browser."""

    def __init__(self, out: int, into: int) -> None:
        self._out, self._into = out, into
        self._buffer, self._number, self._session = b"", 0, {}
        self._seen = Seen()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params, **self._session}
        os.write(self._into, json.dumps(message).encode() + b"\0")
        answer = self._wait(lambda found: found.get("id") == self._number)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, file: Path, *, scheme: str = "light") -> Seen:
        """Load a page with a light or dark colour scheme, and return its requests and errors."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._seen = Seen()
        self.call("Page.navigate", url=file.as_uri())
        self._wait(lambda found: found.get("method") == "Page.loadEventFired")
        self.evaluate("new Promise(done => setTimeout(done, 200))")
        return self._seen

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str) -> None:
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "/": 191}
        text = {"text": {"Enter": "\r"}.get(key, key)} if key in ("Enter", "/") else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=codes[key], **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=codes[key])

    def type(self, text: str) -> None:
        """Insert text where the focus is."""
        self.call("Input.insertText", text=text)

    def _wait(self, wanted: Any) -> Any:
        end = time.monotonic() + SECONDS
        while True:
            message, mark, rest = self._buffer.partition(b"\0")
            if mark:
                self._buffer = rest
                found = json.loads(message)
                self._note(found.get("method", ""), found.get("params", {}))
                if wanted(found):
                    return found
            else:
                assert select.select([self._out], [], [], max(end - time.monotonic(), 0))[0], "Chromium does not answer"
                read = os.read(self._out, 1 << 16)
                assert read, "Chromium has ended"
                self._buffer += read

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self._seen.requests.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self._seen.complaints.append(params["entry"]["text"])
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self._seen.complaints.append(json.dumps(params))


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a fresh profile, which finds no host at all."""
    command_out, command_in = os.pipe()
    answer_out, answer_in = os.pipe()
    flags = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *("--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe"),
    )
    shell = f'exec "$@" 3<&{command_out} 4>&{answer_in}'
    process = subprocess.Popen(
        ["bash", "-c", shell, "bash", str(CHROMIUM), *flags, f"--user-data-dir={profile}"],
        pass_fds=(command_out, answer_in),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(command_out)
    os.close(answer_in)
    try:
        yield Browser(answer_out, command_in)
    finally:
        os.close(command_in)
        os.close(answer_out)
        process.terminate()
        process.wait(SECONDS)
