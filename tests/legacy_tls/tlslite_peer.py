"""A TLS server of tlslite-ng, which is Python throughout: one page that names version and suite.

Arguments: certificate (PEM), key (PEM), version (1 to 3 for TLS 1.0 to 1.2), cipher, MAC.
"""

import socket
import sys

from tlslite.api import HandshakeSettings, TLSConnection, X509, X509CertChain, parsePEMKey

certificate, key, minor, cipher, mac = sys.argv[1:]
shown = X509()
shown.parse(open(certificate).read())
private = parsePEMKey(open(key).read(), private=True)
settings = HandshakeSettings()
settings.minVersion = settings.maxVersion = (3, int(minor))
settings.versions = [(3, int(minor))]
settings.minKeySize = 1023
settings.keyExchangeNames = ["rsa"]
settings.cipherNames = [cipher]
settings.macNames = [mac]
server = socket.create_server(("127.0.0.1", 0))
print("ACCEPT 127.0.0.1:%d" % server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    connection = TLSConnection(client)
    try:
        connection.handshakeServer(certChain=X509CertChain([shown]), privateKey=private, settings=settings)
        connection.recv(4096)
        spoken = "%s %s" % (connection.getVersionName(), connection.getCipherName())
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + spoken.encode() + b"\n")
        connection.close()
    except Exception as refused:
        print(repr(refused), file=sys.stderr, flush=True)
    finally:
        client.close()
