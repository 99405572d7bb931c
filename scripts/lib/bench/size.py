"""What the static program weighs."""

import os
import re
import subprocess

from .run import ROOT, TARGET, cargo, say
from .table import row


def measure_size(_folder, _rounds):
    triple = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    triple = re.search("host: (.*)", triple)[1]
    say(f"static release build for {triple}")
    flags = {**os.environ, "RUSTFLAGS": "-C target-feature=+crt-static"}
    cargo("--bin", "secd", "--target", triple, "--target-dir", TARGET / "static", env=flags)
    size = (TARGET / "static" / triple / "release/secd").stat().st_size
    row(f"static, {triple.split('-')[0]}", f"{size / 1e6:.2f} MB", "-", "-", "-", "-", True)


def weigh_arm(program):
    """The phone's program, which has the budget."""
    budgets = dict(line.split() for line in open(ROOT / "scripts/lib/budget", encoding="ascii"))
    size, budget = program.stat().st_size, int(budgets["armv7-unknown-linux-gnueabihf"])
    row("static, armv7", f"{size / 1e6:.3f} MB", "-", "-", "-", f"<= {budget / 1e6} MB",
        size <= budget)
