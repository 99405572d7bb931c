#!/bin/sh
# Makes what a call manager would serve a phone with an encrypted configuration, by openssl alone:
#   openssl.sh SIGNER_KEY SIGNER_CERTIFICATE DEVICE PLAIN FOLDER
# In FOLDER: device.key, device.pem (a fresh device certificate), DEVICE.cnf.xml.sgn (the short
# configuration that names it) and DEVICE.cnf.xml.enc.sgn (PLAIN, encrypted for it).
set -eu
signer_key=$1 signer=$2 device=$3 plain=$4 out=$5
cd "$out"

# The format is made here: it is how sh writes a byte.
# shellcheck disable=SC2059
byte() { printf "\\$(printf %03o "$1")"; }
number() { byte $(($1 / 256)); byte $(($1 % 256)); }
size() { wc -c < "$1" | tr -d ' '; }
# element TAG FILE: tag, length in two bytes, value
element() { byte "$1"; number "$(size "$2")"; cat "$2"; }
# of TAG COMMAND...: an element whose value a command prints
of() ( tag=$1; shift; "$@" > value."$tag"; element "$tag" value."$tag" )
text() { printf '%s' "$1"; byte 0; }
hex() { for byte in $(printf %s "$1" | sed 's/../& /g'); do byte $((0x$byte)); done; }
field() { openssl x509 -in "$signer" -noout "-$1" -nameopt RFC2253 | sed 's/^[^=]*=//'; }

info() { of 4 text "$(field subject)"; of 5 hex "$(field serial)"; of 6 text "$(field issuer)"; }
algorithm() { of 10 byte 0; of 11 byte 2; }
signature() { of 8 byte 3; of 9 algorithm; }

# seal VERSION NAME EXTRA BODY: signs with SHA-512, the signature element left out of what is signed
seal() {
    { of 3 info; of 7 signature; } > middle
    { of 14 text "$2"; of 15 hex 6553F100; cat "$3"; } > after
    fixed=$((10 + $(size middle) + 3 + 256 + $(size after)))
    length=$(((fixed + 3) / 4 * 4))
    { of 1 hex "$1"; of 2 number "$length"; cat middle; } > start
    { cat after; for _ in $(seq $((length - fixed))); do byte 13; done; cat "$4"; } > end
    cat start end | openssl dgst -sha512 -sign "$signer_key" > sealed
    { cat start; element 12 sealed; cat end; } > "$2"
}

openssl req -x509 -newkey rsa:2048 -nodes -keyout device.key -out device.pem -days 30 \
    -subj "/O=Lab/CN=CP-8861-$device" 2> /dev/null
hash=$(openssl x509 -in device.pem -outform DER | openssl dgst -md5 -r | cut -d ' ' -f 1)
printf '<device><fullConfig>false</fullConfig><certHash>%s</certHash><encrConfig>true</encrConfig></device>' \
    "$hash" > short
: > nothing
seal 0100 "$device.cnf.xml.sgn" nothing short

key=$(openssl rand -hex 16) iv=$(openssl rand -hex 16)
padding=$((16 - $(size "$plain") % 16))
{ cat "$plain"; for _ in $(seq "$padding"); do byte 13; done; } |
    openssl enc -aes-128-cbc -nopad -K "$key" -iv "$iv" > ciphertext
hex "$key" | openssl pkeyutl -encrypt -certin -inkey device.pem -pkeyopt rsa_padding_mode:pkcs1 \
    > wrapped
vector() { of 18 byte 0; of 19 hex "$iv"; of 20 number "$padding"; }
wrapping() { of 22 byte 0; of 23 number 2048; of 24 byte 1; of 25 cat wrapped; }
encryption() { of 17 vector; of 21 wrapping; }
digest() { openssl dgst -sha512 -binary "$plain"; }
{ of 16 encryption; of 26 byte 3; of 27 digest; } > extra
seal 0200 "$device.cnf.xml.enc.sgn" extra ciphertext
