"""Calls methods as several users. Reads a JSON object from standard input: the socket, and for each
user its uid, gid, other groups and methods. Prints, for each user, the error of each method."""

import json
import os
import socket
import sys


def call(path, call):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(path)
        client.sendall(json.dumps(call).encode() + b"\0")
        received = b""
        while not received.endswith(b"\0"):
            bytes = client.recv(65536)
            if not bytes:
                return "closed", {}
            received += bytes
    reply = json.loads(received[:-1])
    return reply.get("error", ""), reply.get("parameters", {})


def as_user(uid, gid, groups, work):
    """Does it in a child that has become another user."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
            os.write(writer, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = json.load(pipe)
    os.wait()
    return told


order = json.load(sys.stdin)
answers = []
for user in order["users"]:
    calls = user["calls"]
    answers.append(as_user(user["uid"], user["gid"], user.get("groups", []),
                           lambda calls=calls: [call(order["socket"], each) for each in calls]))
json.dump(answers, sys.stdout)
