"""The local socket: verdicts beside a bare echo, and the proxy beside stunnel."""

import os
import re
import shutil
import subprocess
import threading
import time

from .phone import Lab, as_application, call, configure, message, page_through, pem, started, \
    through_secd, unix
from .run import ROOT, await_line, await_path, broke, end, in_turns, processor, quartiles, \
    resident, say, spawn
from .table import compare, plain, row, spread, us

CALLS = 500
# Long enough for a processor to go to sleep.
REST = 0.003


def measure_socket(folder, rounds):
    lab = Lab(folder / "directory")
    phone = folder / "phone-socket"
    configure(phone, lab.address("TFTP"))
    agent = started(phone)
    certificate = pem(folder / "directory/directory.der")
    verdicts(folder, phone / "socket", certificate.read_text(), agent, rounds)
    for resuming in (False, True):
        server, port = https_server(folder, resuming, folder / "directory")
        proxies(folder, phone, agent, certificate, port, rounds, resuming)
        end(server)
    row("resident after that", f"{resident(agent) / 1e6:.2f} MB", "-", "-", "-", "<= 10 MB",
        resident(agent) <= 10e6)
    end(agent)
    lab.end()


def verdicts(folder, path, certificate, agent, rounds):
    """Cached verdicts, and how much of their time any server would take: a program that reads the
    same call and answers as many bytes, on the same machine, in turns."""
    judge = message("Judge", certificate=certificate, purpose="https")
    with unix(path) as client:
        call(client, judge)
        reply = call(client, judge)
    if b'"by":"cache"' not in reply:
        broke(reply)
    echo = echo_server(folder, len(reply))
    paths = {"secd": path, "bare echo": folder / "echo.socket"}
    servers = {"secd": agent, "bare echo": echo}
    for what, rest, calls in (("call after call", 0, CALLS), ("each after a rest", REST, CALLS // 5)):
        say(f"cached verdicts over one connection, {what}")
        times = as_application(lambda: {
            name: [one for each in series for one in each]
            for name, series in in_turns({name: lambda path=path, server=servers[name]:
                                          calls_in_a_row(path, judge, calls, rest, server)
                                          for name, path in paths.items()}, rounds).items()})
        walls = {name: [wall for wall, _ in each] for name, each in times.items()}
        busy = {name: quartiles([cpu for _, cpu in each])[1] for name, each in times.items()}
        medians = {name: quartiles(each)[1] for name, each in walls.items()}
        late = sorted(walls["secd"])[len(walls["secd"]) * 99 // 100]
        say(f"  p99 {us(late)}; ours of it {us(medians['secd'] - medians['bare echo'])}; "
            f"processor time {us(busy['secd'])}, echo {us(busy['bare echo'])}")
        row(f"cached verdict, {what}", spread(walls["secd"], us),
            f"bare echo {us(medians['bare echo'])}",
            plain(medians["secd"] / medians["bare echo"]),
            plain(busy["secd"] / busy["bare echo"]), "-" if rest else "<= 100 us",
            medians["secd"] <= 100e-6)
    end(echo)


def calls_in_a_row(path, data, calls, rest, server):
    """Wall time of each call, and processor time of the server for one on average."""
    walls = []
    with unix(path) as client:
        call(client, data)
        before = processor(server)
        for _ in range(calls):
            time.sleep(rest)
            begun = time.perf_counter()
            call(client, data)
            walls.append(time.perf_counter() - begun)
        # Until the server sleeps, its time is not booked.
        time.sleep(0.001)
        busy = (processor(server) - before) / calls
    return [(wall, busy) for wall in walls]


def echo_server(folder, size):
    program, path = folder / "echo", folder / "echo.socket"
    subprocess.run(["rustc", "--edition", "2024", "-O", "-o", program,
                    ROOT / "scripts/lib/bench/echo.rs"], check=True)
    echo = spawn([program, path, size])
    await_path(path)
    path.chmod(0o666)
    return echo


PAGES = {"100M": 100 << 20, "12M": 12 << 20, "4M": 4 << 20, "page": 5}


def https_server(folder, resuming, keys):
    """openssl's own server with the lab's certificate, over files that it serves. It offers sessions
    to resume, or none at all; at /stats it says what a connection is."""
    pages = folder / "pages"
    if not pages.exists():
        pages.mkdir()
        for name, size in PAGES.items():
            (pages / name).write_bytes(os.urandom(size))
    none = [] if resuming else ["-no_ticket", "-no_cache", "-num_tickets", "0"]
    server = spawn(["openssl", "s_server", "-accept", "127.0.0.1:0", "-WWW", "-certform", "DER",
                    "-cert", keys / "directory.der", "-key", keys / "directory.key", *none], cwd=pages,
                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                   text=True)
    port = re.search(r":(\d+)$", await_line(server.stdout, "^ACCEPT").strip())[1]
    # What it says of each request must not stop it.
    threading.Thread(target=drain, args=(server,), daemon=True).start()
    return server, int(port)


def drain(server):
    try:
        for _ in server.stdout:
            pass
    except ValueError:
        pass


def kind(connect):
    """Whether a connection is resumed or full, by the server's own words."""
    seen = re.search(r"^(New|Reused), ", page_through(connect(), "stats", 1), re.M)
    return {"New": "full", "Reused": "resumed"}[seen[1]] if seen else broke("no /stats")


def proxies(folder, phone, agent, certificate, port, rounds, resuming):
    paths = {"secd": phone / "socket"}
    servers = {"secd": agent}
    connects = {"secd": lambda: through_secd(paths["secd"], port)}
    if shutil.which("stunnel"):
        paths["stunnel"] = folder / f"stunnel{port}.socket"
        servers["stunnel"] = stunnel(folder, certificate, paths["stunnel"], port, resuming)
        connects["stunnel"] = lambda: unix(paths["stunnel"])
    # The second connection is the first one that can be resumed.
    kinds = as_application(lambda: {name: [kind(connect), kind(connect)][-1]
                                    for name, connect in connects.items()})
    alike = len(set(kinds.values())) == 1
    shown = kinds["secd"] if alike else ", ".join(f"{name} {each}" for name, each in kinds.items())
    offered = "sessions offered" if resuming else "no sessions offered"
    amounts = (("100 MB", "100M", 1), ("a page", "page", 100))
    for what, page, count in amounts[1:] if resuming else amounts:
        say(f"{what} through the proxy, from openssl s_server, {offered}: {shown}")
        times = as_application(lambda: in_turns(
            {name: lambda connect=connect, server=servers[name]:
             pages_in_a_row(connect, page, count, server)
             for name, connect in connects.items()}, rounds))
        after = as_application(lambda: {name: kind(connect) for name, connect in connects.items()})
        if after != kinds:
            broke(f"connections were {kinds}, and then {after}")
        compare(f"proxy, {what}, {shown}", times, unlike=not alike)
    if "stunnel" in servers:
        end(servers["stunnel"])


def pages_in_a_row(connect, page, count, server):
    """Wall time of a page, and processor time of the proxy for it."""
    before, begun = processor(server), time.perf_counter()
    for _ in range(count):
        page_through(connect(), page, PAGES[page])
    wall = time.perf_counter() - begun
    time.sleep(0.005)
    return wall / count, (processor(server) - before) / count


def stunnel(folder, certificate, path, port, resuming):
    """A client that accepts nothing but the server's own certificate. It sees that in full
    handshakes only: of a resumed one it judges nothing again."""
    configuration = path.with_suffix(".conf")
    configuration.write_text(
        f"foreground = yes\ndebug = err\npid =\n[directory]\nclient = yes\naccept = {path}\n"
        f"connect = 127.0.0.1:{port}\nverifyPeer = yes\nCAfile = {certificate}\n"
        f"sessionResume = {'yes' if resuming else 'no'}\n")
    child = spawn(["stunnel", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await_path(path)
    path.chmod(0o666)
    return child
