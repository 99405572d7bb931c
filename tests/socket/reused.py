"""Calls GetTrust over connections that another process has opened: one that is alive and in the group
with the right; one that was in no group and has ended; and one whose number a process in that group
has got since. The agent is stopped meanwhile, so that it sees only what came of it. Prints the errors.

Arguments: the socket, and the process of the agent."""

import ctypes
import json
import os
import signal
import socket
import sys

PATH, AGENT = sys.argv[1], int(sys.argv[2])
USER, GROUP = 50_005, 60_001
CLONE3 = 435


def become(groups):
    os.setgroups(groups)
    os.setgid(USER)
    os.setuid(USER)


def fork(number=None):
    """As os.fork, with the process number that is wanted."""
    if number is None:
        return os.fork()
    wanted = (ctypes.c_int * 1)(number)
    # struct clone_args: of its eleven members, exit_signal is the fifth, set_tid the ninth.
    members = [0] * 11
    members[4], members[8], members[9] = signal.SIGCHLD, ctypes.addressof(wanted), 1
    arguments = (ctypes.c_uint64 * 11)(*members)
    libc = ctypes.CDLL(None, use_errno=True)
    child = libc.syscall(CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if child < 0:
        raise OSError(ctypes.get_errno(), "clone3")
    return child


def opener(client, groups):
    """A process that connects and stays until its pipe is closed."""
    ready, told = os.pipe()
    stay, end = os.pipe()
    child = fork()
    if child == 0:
        os.close(end)
        become(groups)
        client.connect(PATH)
        os.write(told, b"x")
        os.read(stay, 1)
        os._exit(0)
    os.close(stay)
    assert os.read(ready, 1) == b"x"
    return child, end


def stays(number, groups):
    """A process of that number which does nothing."""
    stay, end = os.pipe()
    ready, told = os.pipe()
    child = fork(number)
    if child == 0:
        os.close(end)
        become(groups)
        os.write(told, b"x")
        os.read(stay, 1)
        os._exit(0)
    os.close(stay)
    assert os.read(ready, 1) == b"x"
    return child, end


def error(client):
    client.settimeout(20)
    client.sendall(b'{"method":"phone.secd.GetTrust"}\0')
    received = b""
    while not received.endswith(b"\0"):
        received += client.recv(65536) or b'{"error":"closed"}\0'
    return json.loads(received[:-1]).get("error", "")


def end(child, pipe):
    os.close(pipe)
    os.waitpid(child, 0)


def alive():
    client = socket.socket(socket.AF_UNIX)
    process = opener(client, [GROUP])
    told = error(client)
    end(*process)
    return told


def ended(reused):
    client = socket.socket(socket.AF_UNIX)
    os.kill(AGENT, signal.SIGSTOP)
    process = opener(client, [] if reused else [GROUP])
    end(*process)
    other = stays(process[0], [GROUP]) if reused else None
    os.kill(AGENT, signal.SIGCONT)
    told = error(client)
    if other:
        assert other[0] == process[0]
        end(*other)
    return told


print(json.dumps([alive(), ended(False), ended(True)]))
