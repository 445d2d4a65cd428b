"""A real Chromium without a window, driven over WebDriver with the standard library alone."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
from waiting import LIMIT_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DRIVER = shutil.which("chromedriver")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    not (DRIVER and CHROMIUM), reason="no Chromium here: apt-get install chromium chromium-driver"
)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._session = ""
        options = {"binary": CHROMIUM, "args": ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"]}
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self._session = f"/session/{made['sessionId']}"

    def _call(self, method: str, path: str, body: object = None):
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        data = None if body is None else json.dumps(body)
        connection.request(method, self._session + path, data, {"content-type": "application/json"})
        answer = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(f"{answer['error']}: {answer.get('message', '')[:500]}")
        return answer

    def open(self, url: str) -> None:
        """Go to a page, and wait until all of it is there: chromedriver 150 sometimes answers before."""
        self._call("POST", "/url", {"url": url})
        self.arrives("")

    def arrives(self, address: str) -> None:
        """Wait until the whole of a page is there whose address has this pattern."""
        until(
            lambda: re.search(address, self.url) and self.run("return document.readyState") == "complete",
            what=f"the page {address}",
        )

    def close(self) -> None:
        self._call("DELETE", "")

    @property
    def url(self) -> str:
        return self._call("GET", "/url")

    def run(self, script: str, *words: object):
        """What a script returns: its body, with `arguments`."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(words)})

    def run_later(self, script: str, *words: object):
        """What a script hands to its last argument."""
        return self._call("POST", "/execute/async", {"script": script, "args": list(words)})

    def cdp(self, command: str, **parameters: object):
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def text(self, selector: str = "main") -> str:
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    @property
    def source(self) -> str:
        """The page as it stands; what chromedriver 150 calls its source is sometimes empty."""
        return self.run("return document.documentElement.outerHTML")

    def click(self, selector: str) -> None:
        self._act(selector, "click", {})

    def type(self, selector: str, text: str) -> None:
        self._act(selector, "value", {"text": text})

    def _act(self, selector: str, action: str, body: Mapping[str, str]) -> None:
        """Act on an element. It is found again where the page, which follows the run, replaced it in between: nothing was done then."""
        for last in (False, False, True):
            element = self._call("POST", "/element", {"using": "css selector", "value": selector})
            try:
                self._call("POST", f"/element/{element[ELEMENT]}/{action}", body)
            except AssertionError as error:
                if last or "stale element" not in str(error):
                    raise
            else:
                return

    def look(self, width: int, height: int, scheme: str = "light") -> None:
        """Take this size and colour scheme."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def scripts(self, *, on: bool) -> None:
        self.cdp("Emulation.setScriptExecutionDisabled", value=not on)

    def picture(self, path: Path) -> None:
        """The window as PNG."""
        path.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="gc") as profile:
        environment = os.environ | {"HOME": profile, "XDG_CONFIG_HOME": profile, "TMPDIR": profile}
        command = [str(DRIVER), f"--port={port}"]
        driver = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: _answers(port), what="chromedriver to answer")
            browser = Browser(port)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()
            driver.wait(LIMIT_SECONDS)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
