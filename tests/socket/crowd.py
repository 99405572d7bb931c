"""Crowds the agent's socket as one user. Reads one line of JSON from standard input: the socket, uid
and gid, how many connections, and what they do. Prints one line when that is done, as JSON, and goes
on, with the connections open, until standard input ends.

flood   each sends `message` over and over and reads nothing; a connection that the agent closes is
        opened again
hold    each calls GetInfo and stays; prints how many were answered
send    each sends `message` once and stays
read    each sends `message` once, and reads until the agent closes or sends no more; prints how many
        replies there were
ask     each sends `message` once, and reads one reply; prints how many were no error
"""

import json
import os
import select
import socket
import sys

GET_INFO = b'{"method":"org.varlink.service.GetInfo"}\0'


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    try:
        client.connect(path)
    except OSError:
        client.close()
        return None
    return client


def is_answered(client):
    try:
        client.sendall(GET_INFO)
        return client.recv(65536).endswith(b"\0")
    except OSError:
        return False


def hold(clients, _):
    # Those without an answer are given back: they have no place.
    answered = [client for client in clients if is_answered(client)]
    return answered, len(answered)


def send(clients, message):
    for client in clients:
        try:
            client.sendall(message)
        except OSError:
            pass
    return clients, len(clients)


def read(clients, message):
    replies = 0
    for client in clients:
        client.settimeout(3)
        try:
            client.sendall(message)
            while received := client.recv(65536):
                replies += received.count(b"\0")
        except OSError:
            pass
    return clients, replies


def ask(clients, message):
    for client in clients:
        client.sendall(message)
    good = 0
    for client in clients:
        client.settimeout(20)
        try:
            good += b'"error"' not in client.recv(65536)
        except OSError:
            pass
    return clients, good


def flood(order, clients, message):
    """Until standard input ends."""
    poll = select.epoll()
    poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    by_number = {}

    def add(client):
        if client is not None:
            client.setblocking(False)
            by_number[client.fileno()] = client
            poll.register(client.fileno(), select.EPOLLOUT)

    for client in clients:
        add(client)
    lost = 0
    while True:
        for number, _ in poll.poll(0.01):
            if number == 0:
                return
            try:
                by_number[number].send(message)
            except BlockingIOError:
                pass
            except OSError:
                poll.unregister(number)
                by_number.pop(number).close()
                lost += 1
        while lost > 0 and len(by_number) < order["connections"]:
            lost -= 1
            add(connect(order["socket"]))


def main():
    order = json.loads(sys.stdin.readline())
    os.setgroups([])
    os.setgid(order["gid"])
    os.setuid(order["uid"])
    message = order.get("message", "").encode()
    clients = [connect(order["socket"]) for _ in range(order["connections"])]
    clients = [client for client in clients if client is not None]
    if order["what"] == "flood":
        print(json.dumps(len(clients)), flush=True)
        return flood(order, clients, message)
    work = {"ask": ask, "hold": hold, "read": read, "send": send}[order["what"]]
    clients, done = work(clients, message)
    print(json.dumps(done), flush=True)
    sys.stdin.read()


main()
