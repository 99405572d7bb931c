"""Instructions of the ARM program under QEMU, beside openssl for ARM.

Only what programs do themselves is counted, and not what the kernel does for them. Counts hardly
change from run to run, whatever else the machine does; what an instruction takes on a board, they do
not tell.
"""

import re
import subprocess

from .local import https_server, kind
from .phone import Lab, as_application, call, configure, message, page_through, pem, started, \
    through_secd, unix
from .run import CACHE, ROOT, broke, end, quartiles, say
from .size import weigh_arm
from .table import MARGIN, row
from .verify import contests

# That of board/orangepi-pc. It has no instructions for AES or SHA.
CPU = "cortex-a7"
# What openssl for ARM consists of, in Debian 12.
PACKAGES = ("openssl", "libssl3", "libc6")
# Counts differ from run to run by what is random: the middle one of so many counts.
REPEATS = 3


class Emulator:
    """Runs ARM programs, and counts their instructions."""
    def __init__(self, folder):
        shell("need qemu-arm:qemu-user cc:gcc")
        self.count = folder / "instructions"
        self.plugin = folder / "instructions.so"
        self.secd = shell_output("scripts/cross-build")
        self.root = openssl_for_arm()
        self.openssl = self.root / "usr/bin/openssl"
        self.compile_plugin()

    def compile_plugin(self):
        """Each QEMU takes some versions of its interface only."""
        for version in range(1, 6):
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", f"-DVERSION={version}", "-o",
                            self.plugin, ROOT / "scripts/lib/bench/instructions.c"], check=True)
            tried = subprocess.run([*self.command(self.secd), "--version"], capture_output=True)
            if tried.returncode == 0 and self.count.exists():
                return
        broke(f"QEMU takes no plugin: {tried.stderr.decode().strip()}")

    def command(self, program):
        libraries = self.root / "usr/lib/arm-linux-gnueabihf"
        return ["qemu-arm", "-cpu", CPU, "-L", self.root, "-E", f"LD_LIBRARY_PATH={libraries}",
                "-plugin", f"file={self.plugin},out={self.count}", program]

    def counted(self, program, *words, stdin=b""):
        """Instructions of one run and what it prints, which must go well."""
        command = [*map(str, self.command(program)), *map(str, words)]
        ran = subprocess.run(command, input=stdin, capture_output=True)
        if ran.returncode != 0:
            broke(f"{' '.join(command)}: {ran.stderr.decode().strip()}")
        return self.instructions(), ran.stdout.decode(errors="replace")

    def instructions(self):
        count = int(self.count.read_text())
        self.count.unlink()
        return count

    def served(self, phone, work):
        """Instructions of an agent from its start to its end, with what clients have it do."""
        agent = started(phone, self.command(self.secd), patience=60)
        as_application(work)
        end(agent)
        return self.instructions()


def shell(words):
    """Runs a line of shell after scripts/lib/packages.sh."""
    subprocess.run(["bash", "-euc", f". scripts/lib/packages.sh; {words}", "bench"], cwd=ROOT,
                   check=True)


def shell_output(command):
    ran = subprocess.run([ROOT / command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return ROOT / ran.stdout.split("\n")[-2]


def openssl_for_arm():
    """Unpacked and not installed."""
    root = CACHE / "openssl-armhf"
    if not root.exists():
        names = " ".join(PACKAGES)
        shell(f'mkdir -p "$cache"; part="$(mktemp -d "$cache/openssl.XXXXXX")"; '
              f'unpack_packages armhf "$part" {names} || fail "not available: {names}"; '
              f'chmod 755 "$part"; mv "$part" "{root}"')
    return root


def measure_arm(folder, _rounds):
    emulator = Emulator(folder)
    weigh_arm(emulator.secd)
    verified(emulator, folder)
    booted(emulator, folder)
    lab = Lab(folder / "arm")
    phone = folder / "phone-arm"
    configure(phone, lab.address("TFTP"))
    judged(emulator, lab, phone)
    proxied(emulator, lab, phone)
    lab.end()


def million(count):
    return f"{count / 1e6:.2f} M"


def arm_row(what, ours, peer=None, name="openssl", budget=1.00):
    """One row of instructions."""
    if peer is None:
        return row(f"ARM instructions, {what}", million(ours), "-", "-", "-", "-", True)
    say(f"  {what}: {million(ours)}, {name} {million(peer)}")
    row(f"ARM instructions, {what}", million(ours), f"{name} {million(peer)}", f"{ours / peer:.2f}",
        "-", f"<= {budget:.2f}", ours / peer <= budget * MARGIN)


def middle(count):
    return quartiles([count() for _ in range(REPEATS)])[1]


def verified(emulator, folder):
    say(f"ARM: instructions of programs from start to end, as on a {CPU}")
    nothing = {"secd": middle(lambda: emulator.counted(emulator.secd, "--version")[0]),
               "openssl": middle(lambda: emulator.counted(emulator.openssl, "version")[0])}
    arm_row("start and end alone", *nothing.values())
    for digest, contenders in contests(folder, emulator.secd, [emulator.openssl]).items():
        counts = [middle(lambda words=words: emulator.counted(*words)[0])
                  for words in contenders.values()]
        arm_row(f"verify 550 kB, {digest}", *counts)


def booted(emulator, folder):
    say("ARM: a boot pass, two lists and a configuration, start and report included")
    lab = Lab(folder / "arm-boot")
    lab.ctl()
    counts = {"first use": [], "lists installed": []}
    for number in range(REPEATS):
        phone = folder / f"phone-arm{number}"
        configure(phone, lab.address("TFTP"))
        for what in counts.values():
            what.append(emulator.counted(emulator.secd, "run", "--once", "--config",
                                         phone / "secd.toml")[0])
    lab.end()
    for what, each in counts.items():
        arm_row(f"boot pass, {what}", quartiles(each)[1])


def slope(count, few, many):
    """What one more of them takes: start and end of the programs are in both counts."""
    return (count(many) - count(few)) / (many - few)


def judged(emulator, lab, phone):
    say("ARM: verdicts over the socket, and handshakes of openssl with the same TVS, all full")
    certificate = pem(lab.folder / "directory.der").read_text()
    judge = message("Judge", certificate=certificate, purpose="https")

    def verdicts(number, before):
        def work():
            with unix(phone / "socket") as client:
                for _ in range(number):
                    for data in before:
                        call(client, data)
                    reply = call(client, judge)
            if (b'"by":"tvs"' if before else b'"by":"cache"') not in reply:
                broke(reply)
        return emulator.served(phone, work)

    # A look-up alone: without the cache the first one asks.
    arm_row("verdict, cached", slope(lambda number: verdicts(number, []), 50, 1050))
    asked = slope(lambda number: verdicts(number, [message("FlushCache")]), 5, 45)
    handshake = full_handshake(emulator, lab.address("TVS"))
    arm_row("verdict of TVS, not cached, full", asked, handshake, "s_time", 1.20)


def full_handshake(emulator, address, *more):
    """One of many connections of openssl, with a new handshake each unless `more` reuses them."""
    def count(seconds):
        kinds = [] if "-reuse" in more else ["-new"]
        instructions, printed = emulator.counted(emulator.openssl, "s_time", "-connect", address,
                                                 "-time", seconds, *kinds, *more)
        return instructions, int(re.findall(r"(\d+) connections in", printed)[-1])
    (short, few), (long, many) = count(1), count(5)
    if many <= few:
        broke(f"s_time made {few} connections, and then {many}")
    return (long - short) / (many - few)


def proxied(emulator, lab, phone):
    certificate = lab.folder / "directory.pem"
    for resuming in (False, True):
        server, port = https_server(lab.folder.parent, resuming, lab.folder)
        kinds = kind_of_agent(emulator, phone, port)
        # Where it makes full handshakes in either case, they have been counted.
        if (kinds == "resumed") == resuming:
            say(f"ARM: connections through the proxy, {kinds}")
            ours = slope(lambda number: pages(emulator, phone, port, "page", number), 5, 45)
            more = ["-www", "/page", "-CAfile", certificate]
            theirs = full_handshake(emulator, f"127.0.0.1:{port}", *more,
                                    *(["-reuse"] if resuming else []))
            arm_row(f"proxy, a page, {kinds}", ours, theirs, "s_time")
        if not resuming:
            megabytes(emulator, phone, port)
        end(server)


def kind_of_agent(emulator, phone, port):
    """Whether connections of the agent are resumed, as the server sees the second one."""
    agent = started(phone, emulator.command(emulator.secd), patience=60)
    seen = as_application(lambda: [kind(lambda: through_secd(phone / "socket", port))
                                   for _ in range(2)])
    end(agent)
    return seen[-1]


def pages(emulator, phone, port, page, number):
    def work():
        for _ in range(number):
            page_through(through_secd(phone / "socket", port), page, 5)
    return emulator.served(phone, work)


def megabytes(emulator, phone, port):
    """What a megabyte takes, from pages of 4 and of 12."""
    def theirs(page):
        request = f"GET /{page} HTTP/1.0\r\n\r\n".encode()
        return emulator.counted(emulator.openssl, "s_client", "-quiet", "-connect",
                                f"127.0.0.1:{port}", stdin=request)[0]
    ours = [pages(emulator, phone, port, page, 1) for page in ("4M", "12M")]
    peers = [theirs(page) for page in ("4M", "12M")]
    arm_row("proxy, a megabyte", (ours[1] - ours[0]) / 8, (peers[1] - peers[0]) / 8, "s_client")
