"""A browser, driven by WebDriver: Debian's chromium and chromedriver, and nothing else.

Loopback only: names are resolved by the rules that a test gives, and everything else is not found.
The profile is a folder of the session's own.
"""

import base64
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PATIENCE = 20


class Refused(Exception):
    """What the driver could not do, in its words."""


class Browser:
    """A headless browser with one window."""

    def __init__(self, folder, hosts=""):
        command = ["chromedriver", "--port=0", f"--log-path={folder}/chromedriver.log"]
        self.driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True)
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                break
        else:
            raise Refused("chromedriver does not start")
        self.root = f"http://127.0.0.1:{found[1]}"
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--hide-scrollbars", "--disable-background-networking", "--disable-sync",
                     "--disable-component-update", "--disable-domain-reliability",
                     f"--user-data-dir={folder}/profile", "--window-size=1100,900",
                     f"--host-resolver-rules={hosts}MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = self.send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = "/session/" + session["sessionId"]
        self.version = session["capabilities"]["browserVersion"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.send("DELETE", self.session)
        except (Refused, OSError):
            pass
        self.driver.terminate()
        self.driver.wait(10)

    def send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as refused:
            raise Refused(json.load(refused)["value"]["message"].split("\n")[0]) from None

    def ask(self, path, **body):
        return self.send("POST", self.session + path, body)

    def open(self, url):
        self.ask("/url", url=url)

    @property
    def url(self):
        return self.send("GET", self.session + "/url")

    @property
    def title(self):
        return self.send("GET", self.session + "/title")

    def run(self, script, *arguments):
        """What a script of the test's own returns, which runs where the page has none, too."""
        return self.ask("/execute/sync", script=script, args=list(arguments))

    def find(self, selector):
        return self.ask("/element", using="css selector", value=selector)[ELEMENT]

    def text(self, selector):
        return self.send("GET", f"{self.session}/element/{self.find(selector)}/text")

    def click(self, selector):
        self.ask(f"/element/{self.find(selector)}/click")

    def press(self, *keys):
        presses = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("/actions", actions=[{"type": "key", "id": "keys", "actions": presses}])

    def devtools(self, command, **parameters):
        return self.ask("/goog/cdp/execute", cmd=command, params=parameters)

    def logged(self, kind="browser"):
        """What was logged since the last time: errors of the page, or events of the network."""
        return self.ask("/se/log", type=kind)

    def requested(self):
        """The URLs that were asked for since the last time."""
        events = (json.loads(entry["message"])["message"] for entry in self.logged("performance"))
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]

    def scheme(self, name):
        feature = {"name": "prefers-color-scheme", "value": name}
        self.devtools("Emulation.setEmulatedMedia", media="screen", features=[feature])

    def size(self, width, height, mobile=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=2 if mobile else 1, mobile=mobile)

    def scripts(self, on):
        self.devtools("Emulation.setScriptExecutionDisabled", value=not on)

    def picture(self, path):
        """The whole page, as high as it is."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def until(self, what, condition):
        """Waits until a condition holds, and returns what it returned."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if found := condition():
                    return found
            except Refused:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not within {PATIENCE} s: {what}")
