#!/usr/bin/env python3
"""The phone's web page in a real browser: what a person sees, and what another site cannot do.

usage: browser.py [--build debug|release] [--pictures FOLDER] [NAME...]

Starts labs and agents on loopback and Debian's chromium, headless, with a profile of its own. NAME
runs the tests of that name alone. With --pictures, the pages are drawn into FOLDER for people to
look at. Exit: 0 if all pass, 1 if one does not.
"""

import argparse
import contextlib
import hashlib
import http.server
import json
import re
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request
from pathlib import Path

from phone import DEVICE, Agent, Lab
from webdriver import Browser

# As a node's name it is in the subject of each certificate, and so in the lists.
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=owned()>"

# A phone, and the width of this project's own window.
NARROW, WIDE = (360, 740), (1100, 900)

# WCAG 2.1, 1.4.3: the least contrast of text.
CONTRAST = 4.5


class Stage:
    """A phone, its page, and a browser; each test has the page opened anew."""

    def __init__(self, options, browser, agent, lab):
        self.options, self.browser, self.agent, self.lab = options, browser, agent, lab

    def open(self, path="/"):
        self.browser.open(self.agent.url + path)

    def picture(self, name):
        if self.options.pictures:
            self.browser.picture(Path(self.options.pictures) / f"{name}.png")

    @contextlib.contextmanager
    def looking(self, scheme="light", size=WIDE, scripts=True):
        browser = self.browser
        browser.scheme(scheme)
        browser.size(*size, mobile=size == NARROW)
        browser.scripts(scripts)
        try:
            yield browser
        finally:
            browser.scripts(True)
            browser.size(*WIDE)
            browser.scheme("light")


def digest(path, algorithm):
    return hashlib.new(algorithm, Path(path).read_bytes()).hexdigest()


def same(found, expected, what=""):
    assert found == expected, f"{what}: {found!r} instead of {expected!r}"


def holds(text, *parts):
    for part in parts:
        assert part in text, f"no {part!r} in {text!r}"


def the_page_shows_state_lists_messages_and_log(stage):
    with stage.looking() as browser:
        stage.open()
        holds(browser.title, DEVICE)
        text = browser.text("body")
        holds(text, "Protected", digest(stage.lab.itl, "md5"), digest(stage.lab.itl, "sha1"),
              "CCM+TFTP", "TVS", stage.lab.tftp, stage.lab.tvs, "Run the doctor", "refresh: done")
        stage.picture("front-light")


def nothing_is_loaded_from_elsewhere_and_nothing_is_refused(stage):
    browser = stage.browser
    for path in ("/", "/doctor", "/DeviceInformation", "/NetworkConfiguration"):
        browser.logged()
        browser.requested()
        stage.open(path)
        browser.run("return document.readyState")
        asked = [url for url in browser.requested() if not url.startswith("chrome:")]
        same([url for url in asked if not url.startswith(stage.agent.url + "/")], [], path)
        errors = [entry["message"] for entry in browser.logged()]
        same(errors, [], f"errors of {path}")


def the_log_is_live_and_complete(stage):
    with stage.looking() as browser:
        stage.open()
        browser.until("live", lambda: browser.text("#console .badge") == "live")
        lines = "return [...document.querySelectorAll('#log span')].map(it => it.textContent)"
        before = len(browser.run(lines))
        stage.agent.pass_again()
        last = [line for line in stage.agent.log.lines if "refresh: done" in line][-1]
        browser.until("the new lines", lambda: last in browser.run(lines))
        shown = browser.run(lines)
        assert len(shown) > before + 20, f"{before} lines, then {len(shown)}"
        numbers = [int(line.split(":")[0]) for line in shown]
        same(numbers, list(range(numbers[0], numbers[-1] + 1)), "numbers of the lines")
        at_end = "const it = document.getElementById('log');" \
                 "return it.scrollHeight - it.scrollTop - it.clientHeight"
        assert browser.run(at_end) < 40, "the log does not follow its end"
        browser.run("document.getElementById('log').scrollTop = 0")
        stage.agent.pass_again()
        browser.until("a reader in peace", lambda: len(browser.run(lines)) > len(shown))
        same(browser.run("return document.getElementById('log').scrollTop"), 0, "scrolled to")


def the_log_goes_on_after_a_restart(stage):
    with stage.looking() as browser:
        stage.open()
        browser.until("live", lambda: browser.text("#console .badge") == "live")
        stage.agent.end()
        browser.until("a word about it", lambda: "again" in browser.text("#console .badge"))
        stage.agent.start()
        browser.until("live again", lambda: browser.text("#console .badge") == "live")
        browser.until("a mark", lambda: "the agent has started again" in browser.text("#log"))


def the_fifth_log_is_not_live_and_says_so(stage):
    browser = stage.browser
    windows = []
    # The page of the test before may be one that follows.
    browser.open("about:blank")
    first = browser.send("GET", browser.session + "/window")
    try:
        for number in range(5):
            window = browser.ask("/window/new", type="tab")["handle"]
            windows.append(window)
            browser.ask("/window", handle=window)
            stage.open()
            wanted = "live" if number < 4 else "not live: reload to try again"
            browser.until(wanted, lambda: browser.text("#console .badge") == wanted)
    finally:
        for window in windows:
            browser.ask("/window", handle=window)
            browser.send("DELETE", browser.session + "/window")
        browser.ask("/window", handle=first)


def the_doctor_is_asked_by_its_button_and_kept(stage):
    with stage.looking() as browser:
        stage.open()
        browser.run("window.words = []; document.querySelector('form').addEventListener('submit',"
                    "() => setTimeout(() => localStorage.words = "
                    "document.querySelector('form button').textContent))")
        browser.click("form button")
        browser.until("the finding", lambda: "Finding" in browser.text("#doctor"))
        same(browser.run("return localStorage.words"), "Asking the servers…", "the button's words")
        same(browser.url, stage.agent.url + "/doctor", "the URL")
        text = browser.text("#doctor")
        holds(text, "Remedy", "Next boot", "ok", " s ago")
        stage.picture("doctor-light")
        # Loaded again, it is read and not ordered; ordered again, it is kept.
        before = len(stage.agent.log.lines)
        browser.ask("/refresh")
        browser.click("form button")
        browser.until("the same", lambda: "Finding" in browser.text("#doctor"))
        stage.agent.call("status")
        asked = [line for line in stage.agent.log.lines[before:] if "TFTP" in line]
        same(asked, [], "what was fetched for a diagnosis that is kept")


def hostile_names_are_texts(stage, hostile):
    browser = stage.browser
    for path, name in (("/", "front-hostile"), ("/DeviceInformation", None),
                       ("/NetworkConfiguration", None), ("/log", None)):
        browser.logged()
        browser.open(hostile.url + path)
        text = browser.text("body")
        assert "owned" not in browser.title, browser.title
        same(browser.run("return document.querySelectorAll('img, [onerror]').length"), 0, path)
        errors = [entry["message"] for entry in browser.logged()]
        same(errors, [], f"errors of {path}")
        if name:
            holds(text, HOSTILE)
            if stage.options.pictures:
                browser.picture(Path(stage.options.pictures) / f"{name}.png")
    browser.until("the live log", lambda: browser.open(hostile.url) or
                  browser.text("#console .badge") == "live")
    hostile.pass_again()
    browser.until("its lines", lambda: browser.text("#log").count("refresh: done") > 1)
    assert "owned" not in browser.title, browser.title
    same(browser.run("return document.querySelectorAll('img, #log script').length"), 0, "live")


def without_scripts_the_page_is_complete(stage):
    with stage.looking(scripts=False) as browser:
        stage.open()
        holds(browser.text("body"), "Protected", digest(stage.lab.itl, "sha1"), "refresh: done",
              "not live")
        stage.picture("front-without-scripts")
        browser.click("form button")
        browser.until("the finding", lambda: "Finding" in browser.text("#doctor"))
        holds(browser.text("#doctor"), "Remedy", "Run the doctor")


def light_and_dark_are_legible(stage):
    for scheme in ("light", "dark"):
        with stage.looking(scheme=scheme) as browser:
            for path, name in (("/", "front"), ("/doctor", "doctor"),
                               ("/DeviceInformation", "device"), ("/NetworkConfiguration", "network")):
                stage.open(path)
                same(browser.run(HIDDEN), [], f"what {path} hides at its side")
                pale = browser.run(PALE, CONTRAST)
                same(pale, [], f"texts of {path} ({scheme}) with too little contrast")
                dark = browser.run("return getComputedStyle(document.body).colorScheme")
                if scheme == "dark" or name in ("device", "network"):
                    stage.picture(f"{name}-{scheme}")
            assert dark, "no color scheme"


def a_telephone_shows_it_without_scrolling_sideways(stage):
    for scheme in ("light", "dark"):
        with stage.looking(scheme=scheme, size=NARROW) as browser:
            for path, name in (("/", "front"), ("/doctor", "doctor"),
                               ("/NetworkConfiguration", "network")):
                stage.open(path)
                width = browser.run("return document.scrollingElement.scrollWidth")
                assert width <= NARROW[0], f"{path} is {width} wide"
                same(browser.run(HIDDEN), [], f"what {path} hides at its side")
                if scheme == "light":
                    stage.picture(f"{name}-narrow")


def the_keyboard_reaches_everything(stage):
    with stage.looking() as browser:
        stage.open()
        reached = []
        for _ in range(12):
            browser.press("\ue004")
            reached.append(browser.run(
                "const it = document.activeElement, style = getComputedStyle(it);"
                "return [it.tagName, it.id || it.textContent, style.outlineStyle, "
                "parseFloat(style.outlineWidth)]"))
        names = [name for _, name, *_ in reached]
        for wanted in ("Run the doctor", "log", "Log as text", "Metrics"):
            assert wanted in names, f"{wanted} is not reached: {names}"
        unseen = [it for it in reached if it[0] != "BODY" and (it[2] == "none" or it[3] < 1)]
        same(unseen, [], "focus that is not shown")
        # Enter is as good as a click.
        browser.run("document.querySelector('form button').focus()")
        browser.press("\ue007")
        browser.until("the diagnosis", lambda: browser.url.endswith("/doctor"))


def another_site_reads_and_orders_nothing(stage):
    browser, phone = stage.browser, stage.agent.url
    page = f"""<!doctype html><title>evil</title>
        <form method=post action="{phone}/doctor" target=frame><button>x</button></form>
        <iframe name=frame id=frame src="{phone}/"></iframe>
        <script src="{phone}/status.json"></script>""".encode()

    class Evil(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser.open(f"http://evil.test:{server.server_port}/")
    fetch = "const done = arguments[1]; fetch(arguments[0]).then(it => it.text())" \
            ".then(it => done(it), () => done('refused'))"
    for path in ("/", "/status.json", "/log", "/DeviceInformationX"):
        found = browser.ask("/execute/async", script=fetch, args=[phone + path])
        same(found, "refused", path)
    before = stage.agent.log.lines[:]
    browser.click("button")
    time.sleep(0.5)
    stage.agent.call("status")
    new = stage.agent.log.lines[len(before):]
    same([line for line in new if "TFTP" in line], [], "what a foreign form has ordered")
    frame = browser.find("#frame")
    browser.ask("/frame", id={"element-6066-11e4-a52e-4f735466cecf": frame})
    inside = browser.run("return document.body ? document.body.textContent : ''")
    assert DEVICE not in inside, f"the page is framed: {inside}"
    browser.ask("/frame", id=None)
    server.shutdown()


def a_name_that_was_rebound_is_refused(stage):
    stage.browser.open(stage.agent.url.replace("127.0.0.1", "evil.test"))
    text = stage.browser.text("body")
    holds(text, "not a name of this phone", DEVICE)
    stage.browser.open(stage.agent.url.replace("127.0.0.1", DEVICE.lower()))
    holds(stage.browser.title, DEVICE)


def the_pages_for_scripts_are_legible_too(stage):
    with stage.looking() as browser:
        stage.open("/CGI/Java/Serviceability?adapter=device.statistics.configuration")
        holds(browser.text("h1"), "Network setup")
        row = "return [...document.querySelectorAll('tr')].map(it => it.innerText.trim())"
        rows = browser.run(row)
        shown = digest(stage.lab.itl, "sha1").upper()
        spaced = " ".join(shown[at:at + 2] for at in range(0, len(shown), 2))
        assert any("ITL signature" in it and spaced in it for it in rows), rows
        browser.click("a[href*=consolelog]")
        browser.click("a[href='/FS/messages']")
        holds(browser.text("body"), "refresh: done")


def what_programs_read_is_well_formed(stage):
    status = json.loads(read(stage.agent.url + "/status.json"))
    same(status["device"], DEVICE)
    for line in read(stage.agent.url + "/metrics").splitlines():
        assert re.match(r"(# (HELP|TYPE) |[a-z_]+(\{.*\})? -?[0-9.e+]+$)", line), line


def read(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read().decode()


# Parts that are wider than the place that they have.
HIDDEN = "return [...document.querySelectorAll('.scroll')]" \
    ".filter(it => it.scrollWidth > it.clientWidth).map(it => it.textContent.slice(0, 40))"

# Texts that are drawn with less contrast than that to what is behind them.
PALE = """
const least = arguments[0];
const parse = (color) => color.match(/[0-9.]+/g).map(Number);
const channel = (value) => {
  value /= 255;
  return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};
const light = ([red, green, blue]) =>
  0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
const ground = (element) => {
  for (let it = element; it; it = it.parentElement) {
    const color = parse(getComputedStyle(it).backgroundColor);
    if (color.length < 4 || color[3] === 1) {
      return color;
    }
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
};
const pale = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) {
    continue;
  }
  const front = light(parse(getComputedStyle(element).color)), back = light(ground(element));
  const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
  if (contrast < least) {
    pale.add(contrast.toFixed(2) + " " + walker.currentNode.textContent.trim().slice(0, 40));
  }
}
return [...pale];
"""

TESTS = [
    the_page_shows_state_lists_messages_and_log,
    nothing_is_loaded_from_elsewhere_and_nothing_is_refused,
    the_log_is_live_and_complete,
    the_fifth_log_is_not_live_and_says_so,
    the_doctor_is_asked_by_its_button_and_kept,
    hostile_names_are_texts,
    without_scripts_the_page_is_complete,
    light_and_dark_are_legible,
    a_telephone_shows_it_without_scrolling_sideways,
    the_keyboard_reaches_everything,
    another_site_reads_and_orders_nothing,
    a_name_that_was_rebound_is_refused,
    the_pages_for_scripts_are_legible_too,
    what_programs_read_is_well_formed,
    the_log_goes_on_after_a_restart,
]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("--build", default="debug", choices=["debug", "release"])
    parser.add_argument("--pictures")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    known = {test.__name__: test for test in TESTS}
    for name in options.names:
        if name not in known:
            sys.exit(f"browser: no test is named {name}; there are:\n" + "\n".join(known))
    if options.pictures:
        Path(options.pictures).mkdir(parents=True, exist_ok=True)
    failed = 0
    with contextlib.ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)]
        lab = stack.enter_context(Lab(options.build, folders[0]))
        agent = stack.enter_context(Agent(options.build, folders[0], lab))
        other = stack.enter_context(Lab(options.build, folders[1], "--node", HOSTILE))
        hostile = stack.enter_context(Agent(options.build, folders[1], other))
        hosts = f"MAP evil.test 127.0.0.1, MAP {DEVICE.lower()} 127.0.0.1, "
        browser = stack.enter_context(Browser(folders[2], hosts))
        print(f"chromium {browser.version}")
        stage = Stage(options, browser, agent, lab)
        for name, test in known.items():
            if options.names and name not in options.names:
                continue
            begun = time.monotonic()
            try:
                test(stage, hostile) if test is hostile_names_are_texts else test(stage)
                print(f"ok      {time.monotonic() - begun:5.1f} s  {name}")
            except Exception:
                failed += 1
                print(f"FAILED  {time.monotonic() - begun:5.1f} s  {name}")
                traceback.print_exc(limit=3, file=sys.stdout)
    print(f"browser: {failed} failed" if failed else "browser: all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
