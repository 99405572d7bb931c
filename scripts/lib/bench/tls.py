"""Verdicts of TVS beside handshakes with the same server, and look-ups by how much there is."""

import re
import socket
import ssl
import time

from .phone import Lab, as_application, call, configure, message, pem, started, unix
from .run import broke, end, say, seconds
from .table import compare, row
from .verify import figures


def measure_tls(folder, rounds):
    lookups()
    asked(folder, rounds * 20)


def lookups():
    say("lookups in the cache and in a list")
    names = {"cache": "cached verdict among", "list": "record of a list of",
             "judged": "certificate against a list of"}
    for what, by_count in figures("lookups").items():
        fewest, most = min(by_count), max(by_count)
        all_of_them = ", ".join(f"{count}: {value} ns" for count, value in by_count.items())
        more = by_count[most] - by_count[fewest]
        row(f"{names[what]} {', '.join(map(str, by_count))}", all_of_them, "-", "-", "-",
            "flat: <= 1 us or 10 % more", more <= max(1000, by_count[fewest] / 10))


def asked(folder, rounds):
    say("verdicts of TVS, and handshakes of openssl with it; all handshakes are full")
    lab = Lab(folder / "tvs")
    phone = folder / "phone-tls"
    configure(phone, lab.address("TFTP"))
    agent = started(phone)
    judge = message("Judge", certificate=pem(folder / "tvs/directory.der").read_text(),
                    purpose="https")
    host, port = re.match("(.*):(.*)", lab.address("TVS")).groups()
    times = as_application(lambda: turns(phone / "socket", judge, (host, int(port)), rounds))
    end(agent)
    lab.end()
    for peer in ("libssl", "s_client"):
        ours = times["secd"] if peer == "libssl" else times["secd"][::5]
        compare("verdict of TVS, not cached, full", {"secd": ours, peer: times[peer]}, budget=1.20)


def turns(path, judge, address, rounds):
    """A verdict and a handshake in turns; openssl's program, with its start, every fifth time."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    times = {"secd": [], "libssl": [], "s_client": []}
    with unix(path) as client:
        for turn in range(rounds):
            call(client, message("FlushCache"))
            begun = time.perf_counter()
            verdict = call(client, judge)
            times["secd"].append((time.perf_counter() - begun, None))
            if b'"by":"tvs"' not in verdict:
                broke(verdict)
            begun = time.perf_counter()
            with socket.create_connection(address) as plain, context.wrap_socket(plain) as tls:
                times["libssl"].append((time.perf_counter() - begun, None))
                if tls.session_reused:
                    broke("libssl has resumed a session")
            if turn % 5 == 0:
                words = ["openssl", "s_client", "-connect", ":".join(map(str, address))]
                times["s_client"].append((seconds(words)[0], None))
    return times
