"""A phone for the benches: its cluster, its settings, its agent, its clients."""

import json
import os
import pickle
import re
import socket
import subprocess
import sys
import time
import traceback

from .run import LAB, SECD, await_line, broke, spawn

DEVICE = "SEP001122334455"
# Local clients are other users than root: that is what the applications of a phone are, and the agent
# has to find out who they are.
APPLICATION = 65534
# Python loads this when it first looks up an address, from where an application may not read.
"".encode("idna")


class Lab:
    """A cluster that serves, until it is ended."""
    def __init__(self, folder):
        self.folder = folder
        self.child = spawn([LAB, "serve", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           text=True)
        await_line(self.child.stdout, "^serving .* on ")
        self.environment = (folder / "lab.env").read_text()

    def ctl(self):
        """Serves a CTL from now on."""
        self.child.stdin.write("ctl\n")
        self.child.stdin.flush()
        await_line(self.child.stdout, "^serving new files")

    def address(self, what):
        return re.search(f"^{what}_ADDR=(.*)", self.environment, re.M)[1]

    def end(self):
        self.child.communicate("quit\n", timeout=20)


def configure(phone, address):
    (phone / "state").mkdir(mode=0o700, parents=True)
    paths = {"state": phone / "state", "ram": phone / "ram", "socket": phone / "socket"}
    text = f'[device]\nname = "{DEVICE}"\n[tftp]\nservers = ["{address}"]\n[paths]\n'
    text += "".join(f'{key} = "{path}"\n' for key, path in paths.items())
    text += '[access]\nconnect = ["everyone"]\nconfigure = ["everyone"]\n'
    (phone / "secd.toml").write_text(text)


def started(phone, command=(SECD,), patience=20):
    """An agent that has booted; no one reads its log while it is measured."""
    with open(phone / "log", "w") as log:
        agent = spawn([*command, "run", "--config", phone / "secd.toml"], stderr=log)
    until = time.monotonic() + patience
    while "refresh: done" not in (phone / "log").read_text():
        if time.monotonic() > until:
            broke("the agent does not boot")
        time.sleep(0.02)
    return agent


def as_application(work):
    """What `work` returns in a process of an application's user."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reads)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(APPLICATION, APPLICATION, APPLICATION)
                os.setresuid(APPLICATION, APPLICATION, APPLICATION)
            with open(writes, "wb") as pipe:
                pickle.dump(work(), pipe)
            code = 0
        except SystemExit as refusal:
            print(refusal, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writes)
    with open(reads, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status != 0:
        broke("a client of the agent")
    return pickle.loads(data)


def message(method, **parameters):
    return json.dumps({"method": f"phone.secd.{method}", "parameters": parameters}).encode() + b"\0"


def pem(der):
    out = der.with_suffix(".pem")
    subprocess.run(["openssl", "x509", "-inform", "DER", "-in", der, "-out", out], check=True)
    return out


def unix(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(120)
    client.connect(str(path))
    return client


def call(client, data):
    client.sendall(data)
    reply = client.recv(65536)
    while b"\0" not in reply:
        reply += client.recv(65536)
    if b'"error"' in reply:
        broke(reply)
    return reply


def through_secd(path, port):
    """A stream through the agent's proxy to a server on this machine."""
    client = unix(path)
    parameters = {"host": "127.0.0.1", "port": port}
    call(client, json.dumps({"method": "phone.secd.Connect", "parameters": parameters,
                             "upgrade": True}).encode() + b"\0")
    return client


def page_through(client, page, size):
    """Reads a page to its end; returns its beginning."""
    buffer, got, head = bytearray(1 << 18), 0, b""
    with client:
        client.sendall(f"GET /{page} HTTP/1.0\r\n\r\n".encode())
        while True:
            length = client.recv_into(buffer)
            if length == 0:
                break
            head = head or bytes(buffer[:length])
            if len(head) < 4096 and got:
                head += bytes(buffer[:length])
            got += length
    if got < size:
        broke(f"{got} of {size} bytes of {page}")
    return head.decode(errors="replace")
