"""Starting programs, timing them in turns, and saying what happens."""

import os
import posixpath
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("SECD_CACHE") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "secd")
os.environ["PATH"] += os.pathsep + os.pathsep.join([str(CACHE / "bin"), "/usr/sbin", "/sbin"])
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
SECD, LAB = TARGET / "release/secd", TARGET / "release/secd-lab"

children = []


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def broke(why):
    sys.exit(f"bench: broke: {why}")


def cargo(*more, env=None):
    command = ["cargo", "build", "--locked", "--quiet", "--release", *map(str, more)]
    subprocess.run(command, cwd=ROOT, check=True, env=env)


def spawn(command, **options):
    child = subprocess.Popen([str(word) for word in command], **options)
    children.append(child)
    return child


def end(child):
    child.terminate()
    try:
        child.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        broke(f"{posixpath.basename(str(child.args[0]))} does not end")


def await_line(stream, pattern):
    for line in stream:
        if re.search(pattern, line):
            return line
    broke(f'no line like "{pattern}"')


def await_path(path, seconds=10):
    until = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > until:
            broke(f"{path} does not appear")
        time.sleep(0.02)


def seconds(command):
    """Wall time and processor time of one run, start included; the output goes nowhere."""
    words = [str(word) for word in command]
    null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=null)
    _, status, usage = os.wait4(pid, 0)
    taken = time.perf_counter() - start
    if status != 0:
        broke(f"{' '.join(words)}: status {status}")
    return taken, usage.ru_utime + usage.ru_stime


def processor(process):
    """Processor time that a process has used, in seconds, with that of threads that have ended: the
    clock that clock_getcpuclockid(3) returns for it on Linux."""
    return time.clock_gettime(~process.pid << 3 | 2)


def resident(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+) kB", status)[1]) * 1024


def in_turns(contenders, rounds):
    """What each contender returns, round by round. The one that begins changes from round to round,
    so that the machine's mood and what the one before left in the caches hit all alike."""
    names, results = list(contenders), {name: [] for name in contenders}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            results[name].append(contenders[name]())
    return results


def race(contenders, rounds, after=lambda name: None):
    """Wall and processor times of commands that take turns."""
    def runs(name, command):
        def run():
            times = seconds(command)
            after(name)
            return times
        return run
    return in_turns({name: runs(name, command) for name, command in contenders.items()}, rounds)


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0], values[0]
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))
