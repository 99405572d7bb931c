"""Boot passes on loopback, and what an idle agent takes of the memory."""

import subprocess
import time

from .phone import Lab, configure
from .run import SECD, await_line, broke, end, quartiles, resident, say, spawn
from .table import ms, row, spread


def measure_boot(folder, rounds):
    say("boot passes on loopback: two lists and a configuration")
    lab = Lab(folder / "cluster")
    lab.ctl()
    times, memory = {"first use": [], "lists installed": []}, []
    for number in range(rounds * 3):
        phone = folder / f"phone{number}"
        configure(phone, lab.address("TFTP"))
        for taken in times.values():
            wall, bytes_resident = boot(phone)
            taken.append(wall)
            memory.append(bytes_resident)
    lab.end()
    for what, taken in times.items():
        row(f"start to verified configuration, {what}", spread(taken, ms), "-", "-", "-",
            "<= 50 ms", quartiles(taken)[1] <= 0.05)
    row("resident when idle, two lists", f"{max(memory) / 1e6:.2f} MB", "-", "-", "-", "<= 6 MB",
        max(memory) <= 6e6)


def boot(phone):
    """Wall time from start to the end of the pass, and bytes resident a little later."""
    start = time.perf_counter()
    agent = spawn([SECD, "run", "--config", phone / "secd.toml"], stderr=subprocess.PIPE, text=True)
    last = await_line(agent.stderr, "refresh: done")
    taken = time.perf_counter() - start
    if "state S3" not in last or "configuration done" not in last:
        broke(last)
    time.sleep(0.1)
    bytes_resident = resident(agent)
    end(agent)
    return taken, bytes_resident
