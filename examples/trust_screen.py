#!/usr/bin/env python3
"""The phone's Trust List screen: what is trusted, and erasing it with two steps.

usage: trust_screen.py SOCKET                    shows the screen
       trust_screen.py SOCKET watch              shows it, and whatever happens from then on
       trust_screen.py SOCKET erase ctl|itl|all  asks twice, then erases (a second Enter within
                                                 ten seconds; --yes does not ask)

Speaks Varlink over secd's socket with nothing but the standard library.
Exit: 0 done, 1 refused, 64 usage, 69 no daemon.
"""

import json
import socket
import sys
import time


class Refused(Exception):
    """secd answered with an error."""


class Secd:
    """A connection to secd: a JSON object and a NUL each way."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.received = b""

    def call(self, method, **parameters):
        self.send({"method": f"phone.secd.{method}", "parameters": parameters})
        return self.reply()

    def watch(self):
        """Everything that happens, as it happens; the first reply has what is trusted now."""
        self.send({"method": "phone.secd.Watch", "parameters": {}, "more": True})
        self.socket.settimeout(None)
        while True:
            yield self.reply()

    def send(self, call):
        self.socket.sendall(json.dumps(call).encode() + b"\0")

    def reply(self):
        while b"\0" not in self.received:
            bytes = self.socket.recv(65536)
            if not bytes:
                raise Refused("secd closed the connection")
            self.received += bytes
        message, self.received = self.received.split(b"\0", 1)
        reply = json.loads(message)
        if "error" in reply:
            raise Refused(f"{reply['error']} {reply.get('parameters') or ''}".strip())
        return reply.get("parameters", {})


def safe(text):
    """Names come from files: control characters are shown, not obeyed."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text or ""))


def carries(record):
    if record["has_certificate"]:
        return "certificate"
    return "hash" if record.get("cert_sha1") else "EMPTY"


def show(trust):
    lock = "  ** LOCKED: what was trusted cannot be read **" if trust["locked"] else ""
    print(f"Trust List              {trust['state']}{lock}")
    print(f"  {safe(trust['meaning'])}")
    print(f"  files must be signed: {'yes' if trust['signed_files'] else 'no'}")
    for entry in trust["lists"]:
        show_list(entry)
    if not trust["lists"]:
        print("\n  no trust list installed")
    print("\nStatus Messages")
    for message in trust["messages"]:
        show_message(message)
    if trust.get("alarm"):
        print(f"  last alarm: {trust['alarm']['code']} {safe(trust['alarm']['name'])}")


def show_message(message):
    when = time.strftime("%H:%M:%S", time.gmtime(message["time"]))
    print(f"  {when} {safe(message['text'])}")


def watch(secd):
    """The screen is drawn whenever the trust changes; between that, what happens is added to it."""
    for happened in secd.watch():
        for stage in happened["stages"]:
            print(f"  boot pass: {safe(stage['stage'])} {safe(stage['detail'])}")
        for outcome in happened["outcomes"]:
            print(f"  boot pass over: {safe(outcome['state'])}, configuration "
                  f"{safe(outcome['configuration'])}")
        for alarm in happened["alarms"]:
            print(f"  ALARM {alarm['code']} {safe(alarm['name'])}")
        if happened["missed"]:
            print(f"  {happened['missed']} happenings were missed")
        if happened.get("trust"):
            # Of a terminal the whole screen; it has the messages, too.
            print("\x1b[2J\x1b[H" if sys.stdout.isatty() else "", end="")
            show(happened["trust"])
        else:
            for message in happened["messages"]:
                show_message(message)
        sys.stdout.flush()


def show_list(entry):
    first = "FIRST USE, without proof" if entry["acceptance"] == "first-use" else \
        f"vouched for by {safe(entry['acceptance'])}"
    print(f"\n{safe(entry['kind']).upper()} file, {entry['length']} bytes, {first}"
          f"{', BLANK' if entry['blank'] else ''}")
    print(f"  MD5   {safe(entry['md5'])}")
    print(f"  SHA-1 {safe(entry['sha1'])}")
    print(f"  signed by {safe(entry['signer'])}")
    for record in entry["records"]:
        print(f"    {safe(record['role']):<10} {carries(record):<11} {safe(record['subject'])}")


def press(prompt):
    """One press of Enter; the end of input is a refusal."""
    print(prompt, end="", flush=True)
    if not sys.stdin.readline():
        raise Refused("nothing was erased")


def erase(secd, what, ask):
    if ask:
        press(f"Erase {what}? Press Enter, or Ctrl-C to leave. ")
    confirmation = secd.call("Erase", what=what)["confirmation"]
    if ask:
        press("Press Enter again within ten seconds. ")
    secd.call("Erase", what=what, confirmation=confirmation)
    print(f"erased {what}")


def main(arguments):
    ask = "--yes" not in arguments
    words = [word for word in arguments if word != "--yes"]
    erasing = len(words) == 3 and words[1] == "erase" and words[2] in ("ctl", "itl", "all")
    watching = len(words) == 2 and words[1] == "watch"
    if len(words) != 1 and not erasing and not watching:
        print(__doc__, file=sys.stderr)
        return 64
    try:
        secd = Secd(words[0])
        if erasing:
            erase(secd, words[2], ask)
        elif watching:
            watch(secd)
        else:
            show(secd.call("GetTrust"))
    except Refused as refused:
        print(f"trust_screen: {safe(refused)}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"trust_screen: {words[0]}: {error}", file=sys.stderr)
        return 69
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
