"""A lab and an agent with a web page, for the tests of the page."""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

DEVICE = "SEP001122334455"
PATIENCE = 20


def build(name, program):
    """A program of a build, `debug` or `release`."""
    root = Path(__file__).resolve().parent.parent.parent
    return Path(os.environ.get("CARGO_TARGET_DIR") or root / "target").resolve() / name / program


class Lines:
    """What a program writes, line by line as it comes."""

    def __init__(self, stream):
        self.lines, self.changed = [], threading.Condition()
        threading.Thread(target=self.read, args=(stream,), daemon=True).start()

    def read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def find(self, pattern, start=0):
        """The match of the first such line, which is waited for, and where the next one begins."""
        end = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                for number in range(start, len(self.lines)):
                    if found := re.search(pattern, self.lines[number]):
                        return found, number + 1
                start = len(self.lines)
                if not self.changed.wait(max(0, end - time.monotonic())):
                    raise AssertionError("no line like " + pattern + " in\n" + "\n".join(self.lines))


class Lab:
    """A call manager; `more` are options of `secd-lab serve`."""

    def __init__(self, programs, folder, *more):
        self.folder = Path(folder) / "lab"
        command = [build(programs, "secd-lab"), "serve", self.folder, *more]
        self.process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        Lines(self.process.stdout).find("^serving .* on ")
        self.tftp = re.search("TFTP_ADDR=(.*)", (self.folder / "lab.env").read_text())[1]
        self.tvs = re.search("TVS_ADDR=(.*)", (self.folder / "lab.env").read_text())[1]
        self.https = re.search("HTTPS_ADDR=(.*)", (self.folder / "lab.env").read_text())[1]
        self.itl = self.folder / f"ITL{DEVICE}.tlv"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


class Agent:
    """An agent that has booted; `web` is the section of its page, `None` for none."""

    def __init__(self, programs, folder, lab, web="", port=0):
        self.folder, self.web, self.port = Path(folder), web, port
        self.command = [build(programs, "secd"), "run", "--config", self.folder / "secd.toml"]
        self.secd, self.lab = build(programs, "secd"), lab
        (self.folder / "state").mkdir(mode=0o700)
        self.start()

    def start(self):
        paths = "".join(f'{name} = "{self.folder / name}"\n' for name in ("state", "ram", "socket"))
        page = "" if self.web is None else \
            f'[web]\nlisten = ["127.0.0.1:{self.port}"]\n{self.web}\n'
        (self.folder / "secd.toml").write_text(
            f'[device]\nname = "{DEVICE}"\n[tftp]\nservers = ["{self.lab.tftp}"]\n[paths]\n{paths}'
            f'[console]\nlevel = "info"\n{page}')
        self.process = subprocess.Popen(self.command, text=True, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        self.log = Lines(self.process.stderr)
        if self.web is not None:
            found, _ = self.log.find(r"web: listening on 127\.0\.0\.1:(\d+)")
            self.port = int(found[1])
        _, self.seen = self.log.find("refresh: done")
        self.url = f"http://127.0.0.1:{self.port}"

    def pass_again(self):
        """Has it go through another pass, and waits for its end."""
        start = len(self.log.lines)
        self.process.send_signal(signal.SIGHUP)
        self.log.find("refresh: done", start)

    def call(self, *words):
        """A command of the agent's own."""
        command = [self.secd, *words, "--socket", self.folder / "socket"]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
