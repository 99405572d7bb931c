"""Asks for a descriptor without wanting a reply, then for something else. Prints how many descriptors
came. Argument: the socket."""

import json
import socket
import sys

client = socket.socket(socket.AF_UNIX)
client.settimeout(20)
client.connect(sys.argv[1])
for call in [
    {"method": "phone.secd.GetFile", "parameters": {"name": "a.xml", "descriptor": True},
     "oneway": True},
    {"method": "phone.secd.IsSecure"},
]:
    client.sendall(json.dumps(call).encode() + b"\0")
received, count = b"", 0
while not received.endswith(b"\0"):
    bytes, files, _, _ = socket.recv_fds(client, 65536, 8)
    count += len(files)
    received += bytes or b"\0"
assert json.loads(received[:-1])["parameters"] == {"secure": True}, received
print(count)
