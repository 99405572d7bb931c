"""Signed files beside openssl, and what lies before a signature."""

import subprocess

from .run import LAB, ROOT, SECD, race, say
from .table import compare, row


def measure_verify(folder, rounds):
    for digest, contenders in contests(folder, SECD, ["openssl"]).items():
        say(f"verify a signed file of 550 kB, {digest}")
        compare(f"verify 550 kB, {digest}", race(contenders, rounds * 5))
    before_signature()


def contests(folder, secd, openssl):
    """The commands that verify the same file, by digest."""
    subprocess.run([LAB, "make", folder / "made", "--payload", "550000"], check=True,
                   stdout=subprocess.DEVNULL)
    key = folder / "signer.pem"
    subprocess.run(["openssl", "x509", "-inform", "DER", "-in", folder / "made/callmanager.der",
                    "-noout", "-pubkey", "-out", key], check=True)
    contests = {}
    for digest in ("sha1", "sha512"):
        path = folder / f"made/payload-{digest}.xml.sgn"
        content, signature = split(path)
        contests[digest] = {
            "secd": [secd, "verify", path, "--itl", folder / "made/ITLFile.tlv"],
            "openssl": [*openssl, "dgst", f"-{digest}", "-verify", key, "-signature", signature,
                        content],
        }
    return contests


def split(path):
    """What was signed and the signature, as files of their own: the signature is element 12."""
    data, at = path.read_bytes(), 0
    while data[at] != 12:
        at += 3 + int.from_bytes(data[at + 1:at + 3], "big")
    end = at + 3 + int.from_bytes(data[at + 1:at + 3], "big")
    content, signature = path.with_suffix(".content"), path.with_suffix(".signature")
    content.write_bytes(data[:at] + data[end:])
    signature.write_bytes(data[at + 3:end])
    return content, signature


def before_signature():
    """What hostile lists and chains cost before a signature: the time grows with the size alone."""
    say("hostile lists before their signature, and chains")
    for what, took in figures("before_signature").items():
        fewest, most = min(took), max(took)
        all_of_them = ", ".join(f"{size}: {value} us" for size, value in took.items())
        grown = 1 if what == "intermediates" else most / fewest
        row(f"before the signature, {what}", all_of_them, "-", "-", "-",
            "grows with the size, <= 50 ms on ARM",
            took[most] <= max(1000, 2 * grown * took[fewest]))


def figures(bench):
    """What a bench prints, `<what> <how many> <time>` a line, by the first two."""
    output = subprocess.run(["cargo", "bench", "--locked", "--quiet", "--bench", bench], cwd=ROOT,
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    took = {}
    for what, count, time_taken in map(str.split, output.splitlines()):
        took.setdefault(what, {})[int(count)] = int(time_taken)
    return took
