#!/bin/sh
# Makes the pool of throw-away private keys, one PEM bundle (PKCS#8) for each kind.
#
# Run once; the result is committed, because making RSA keys at run time is slow and would make every test run
# differ. These keys are public: they must never vouch for anything outside the tests.
set -eu
cd "$(dirname "$0")"

bundle() { # FILE COUNT OPENSSL-ARGUMENTS...
    file=$1 count=$2
    shift 2
    : >"$file"
    while [ "$count" -gt 0 ]; do
        openssl genpkey "$@" 2>/dev/null >>"$file"
        count=$((count - 1))
    done
}

bundle rsa-1024.pem 12 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
bundle rsa-2048.pem 32 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
bundle rsa-4096.pem 4 -algorithm RSA -pkeyopt rsa_keygen_bits:4096
bundle p256.pem 4 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
bundle p384.pem 4 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
