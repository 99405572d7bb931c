"""TFTP reads beside other clients: large files by block size and window, and one byte."""

import heapq
import os
import select
import shutil
import signal
import socket
import subprocess
import time

from .run import SECD, broke, quartiles, race, say, spawn
from .table import MARGIN, compare, ms, plain, row, spread


def server(command):
    """Starts a TFTP server at a bound socket, as from inetd, and returns its port; None if it is not
    installed."""
    if not shutil.which(command[0]):
        say(f"{command[0]} is not installed: left out")
        return None
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    quiet = subprocess.DEVNULL
    spawn(command, stdin=listener, stdout=quiet, stderr=quiet, start_new_session=True)
    return listener.getsockname()[1]


def tftpd_hpa(folder):
    return server(["in.tftpd", "--secure", folder])


def atftpd(folder):
    return server(["atftpd", "--no-multicast", "--verbose=0", "--logfile", "/dev/null",
                   "--tftpd-timeout", "600", folder])


def relay(port, delay):
    """A long line to 127.0.0.1:port: every datagram takes `delay` seconds each way."""
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    pid = os.fork()
    if pid == 0:
        try:
            carry(front, ("127.0.0.1", port), delay)
        finally:
            os._exit(1)
    return front.getsockname()[1], pid


def carry(front, origin, delay):
    by_client, by_socket, queue, count = {}, {}, [], 0
    while True:
        pause = max(0, queue[0][0] - time.monotonic()) if queue else None
        ready, _, _ = select.select([front, *by_socket], [], [], pause)
        now = time.monotonic()
        for sock in ready:
            data, sender = sock.recvfrom(65536)
            if sock is front and sender not in by_client:
                by_client[sender] = link = {"client": sender, "tid": origin}
                for side in ("near", "far"):
                    link[side] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    link[side].bind(("127.0.0.1", 0))
                    by_socket[link[side]] = link
            link = by_client[sender] if sock is front else by_socket[sock]
            if sock is link["far"]:
                link["tid"] = sender
                way = (link["near"], data, link["client"])
            else:
                way = (link["far"], data, origin if sock is front else link["tid"])
            count += 1
            heapq.heappush(queue, (now + delay, count, *way))
        while queue and queue[0][0] <= time.monotonic():
            _, _, sock, data, to = heapq.heappop(queue)
            sock.sendto(data, to)


def fetch(port, name, out, blksize, *more):
    options = [] if blksize == 512 else ["--blksize", blksize]
    return [SECD, "fetch", name, "--server", f"127.0.0.1:{port}", "--out", out, *options, *more]


def clients(port, name, out, blksize):
    """All at the same block size; at 512 none asks for an option that it need not ask for."""
    plain_reads = blksize == 512
    peers = {
        "curl": ["curl", "-s", "--tftp-blksize", blksize, "-o", out,
                 f"tftp://127.0.0.1:{port}/{name}"],
        "atftp": ["atftp", *([] if plain_reads else ["--option", f"blksize {blksize}"]),
                  "-g", "-r", name, "-l", out, "127.0.0.1", port],
        "busybox": ["busybox", "tftp", "-g", "-r", name, "-l", out, "-b", blksize,
                    "127.0.0.1", port],
    }
    if plain_reads:
        peers["tftp-hpa"] = ["tftp", "-m", "binary", "127.0.0.1", port, "-c", "get", name, out]
    here = {name: words for name, words in peers.items() if shutil.which(words[0])}
    return {"secd": fetch(port, name, out, blksize), **here}


def checker(folder, name):
    """Every contender must have fetched the complete file."""
    wanted = (folder / name).read_bytes()
    got = folder.parent / "got"

    def check(contender):
        if got.read_bytes() != wanted:
            broke(f"{contender} did not fetch the complete {name}")
        got.unlink()
    return got, check


def served(folder):
    files = folder / "served"
    if files.exists():
        return files
    files.mkdir(mode=0o755)
    for name, size in (("10M", 10 << 20), ("2M", 2 << 20), ("one", 1)):
        (files / name).write_bytes(os.urandom(size))
        (files / name).chmod(0o644)
    return files


def measure_tftp(folder, rounds):
    port = tftpd_hpa(served(folder))
    if port is None:
        return
    got, check = checker(folder / "served", "one")
    say("TFTP read of one byte: what a process and a transfer cost at least")
    compare("TFTP 1 byte, start included", race(clients(port, "one", got, 512), rounds * 10, check))
    got, check = checker(folder / "served", "10M")
    for blksize in (512, 1428, 8192, 65464):
        say(f"TFTP read of 10 MB from tftpd-hpa, blksize {blksize}")
        compare(f"TFTP 10 MB, blksize {blksize}",
                race(clients(port, "10M", got, blksize), rounds, check))


def measure_window(folder, rounds):
    port = atftpd(served(folder))
    if port is None:
        return
    window(folder, port, "10M", "on loopback", rounds)
    far, pid = relay(port, 0.001)
    try:
        window(folder, far, "2M", "1 ms each way", max(3, rounds // 2))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def window(folder, port, name, line, rounds):
    say(f"TFTP read of {name}B from atftpd, {line}, blksize 1428: window of 16 and lock-step")
    got, check = checker(folder / "served", name)
    contenders = {
        "secd": fetch(port, name, got, 1428, "--window", 16),
        "lock-step": fetch(port, name, got, 1428),
    }
    if shutil.which("atftp"):
        contenders["atftp"] = ["atftp", "--option", "blksize 1428", "--option", "windowsize 16",
                               "-g", "-r", name, "-l", got, "127.0.0.1", port]
    times = race(contenders, rounds, check)
    slow = [wall for wall, _ in times.pop("lock-step")]
    gains = [b / a for (a, _), b in zip(times["secd"], slow)]
    row(f"window 16 and lock-step, {line}", ms(quartiles([wall for wall, _ in times["secd"]])[1]),
        f"itself {ms(quartiles(slow)[1])}", spread(gains, plain) + " x", "-", ">= 3 x",
        quartiles(gains)[1] * MARGIN >= 3)
    compare(f"window 16, {name}B, {line}", times)
