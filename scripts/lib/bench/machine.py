"""Whether the machine has other work, which would be measured as well."""

import os
import time
from pathlib import Path

from .run import children, say

TICKS = os.sysconf("SC_CLK_TCK")
# Processors that others may keep busy. Inferred: an idle machine shows 0.01 to 0.05, and what a tenth
# takes is less than the spread of the rows.
ALLOWED = 0.10
# A pause that ends when the work of before has been written and cleared away.
PATIENCE = 20


def machine_times():
    """Seconds since boot in which processors were busy, and those that a hypervisor has taken away."""
    fields = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]))
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq) / TICKS, steal / TICKS


def loaded():
    """How many processors are busy while we do nothing, if that is too many and stays so."""
    until = time.monotonic() + PATIENCE
    while True:
        start, before = time.monotonic(), sum(machine_times())
        time.sleep(1)
        busy = (sum(machine_times()) - before) / (time.monotonic() - start)
        if busy <= ALLOWED:
            return None
        if time.monotonic() > until:
            return busy
        say(f"waiting for a quiet machine: others keep {busy:.2f} processors busy")
        time.sleep(2)


class Watch:
    """How many processors others keep busy while we measure: by what their processes use, since the
    machine's own sum has ours in it, and processes of our servers that end without being waited for
    would count as those of others."""
    def __init__(self):
        self.start, self.steal = time.monotonic(), machine_times()[1]
        self.before = processes()

    def others(self):
        elapsed = max(time.monotonic() - self.start, 1e-3)
        after = processes()
        used = machine_times()[1] - self.steal
        for key, process in after.items():
            earlier = self.before.get(key)
            used += process.own + process.waited
            if earlier:
                used -= earlier.own + earlier.waited
        # What ended meanwhile is now in the time that its parent has waited for, as a whole.
        for key, process in self.before.items():
            if key not in after and process.parent in {pid for pid, _ in after}:
                used -= process.own + process.waited
        return max(0.0, used / elapsed)


class Process:
    """Times of a process and of those that it has waited for, in seconds."""
    def __init__(self, fields):
        self.parent, self.session = int(fields[1]), int(fields[3])
        own, waited = fields[11:13], fields[13:15]
        self.own, self.waited = (sum(map(int, each)) / TICKS for each in (own, waited))
        self.begun = fields[19]


def processes():
    """The processes of others, by number and start: not ours, nor the kernel's, which work for both."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        found[int(path.parent.name)] = Process(fields)
    ours = {os.getpid(), *(child.pid for child in children)}
    sessions = {child.pid for child in children}

    def is_ours(pid):
        while pid in found and pid not in ours:
            if found[pid].session in sessions:
                return True
            pid = found[pid].parent
        return pid in ours or pid == KTHREADD
    return {(pid, process.begun): process for pid, process in found.items() if not is_ours(pid)}


# The parent of the kernel's own threads.
KTHREADD = 2
