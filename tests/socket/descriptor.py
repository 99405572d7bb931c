"""Has a file handed over to another user, by its descriptor. Prints an object with what came and what
can be done with it, and, once a line has come on standard input, one with what it holds then.

Arguments: the socket, the user, its group, the name of the file, the parameter `descriptor`."""

import errno
import fcntl
import hashlib
import json
import os
import socket
import sys

path, uid, gid, name, wanted = sys.argv[1:]
os.setgroups([])
os.setgid(int(gid))
os.setuid(int(uid))


def attempt(work):
    try:
        work()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"


def digest(file):
    bytes = os.pread(file, 1 << 24, 0)
    return {"length": len(bytes), "sha256": hashlib.sha256(bytes).hexdigest()}


client = socket.socket(socket.AF_UNIX)
client.settimeout(20)
client.connect(path)
call = {"method": "phone.secd.GetFile",
        "parameters": {"name": name, "descriptor": json.loads(wanted)}}
client.sendall(json.dumps(call).encode() + b"\0")
received, files = b"", []
while not received.endswith(b"\0"):
    bytes, more, _, _ = socket.recv_fds(client, 65536, 8)
    files += more
    received += bytes or b"\0"
reply = json.loads(received[:-1])
told = {"error": reply.get("error"), "files": len(files),
        "place": reply.get("parameters", {}).get("descriptor"),
        "length": reply.get("parameters", {}).get("length")}
if files:
    file = files[0]
    own = f"/proc/self/fd/{file}"
    told |= {
        "content": digest(file),
        "offset": os.lseek(file, 0, os.SEEK_CUR),
        "access": fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY,
        "write": attempt(lambda: os.pwrite(file, b"x", 0)),
        "truncate": attempt(lambda: os.ftruncate(file, 0)),
        "reopen": attempt(lambda: os.open(own, os.O_RDWR)),
        "mode": attempt(lambda: os.fchmod(file, 0o777)),
        "path": attempt(lambda: os.open(reply["parameters"]["path"], os.O_RDONLY)),
    }
print(json.dumps(told), flush=True)
if files:
    sys.stdin.readline()
    print(json.dumps(digest(files[0])))
