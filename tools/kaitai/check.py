"""Reads the test vectors by the parser that Kaitai Struct has made of signed_file.ksy.

usage: check.py FOLDER_OF_THE_PARSER VECTORS

Every good file must be read, with the fields of the manifest; every file whose structure is wrong
must be refused, as far as a description of structure can. Every cut of a good file is refused, or
is one of a payload, which has no length of its own.
"""

import hashlib
import json
import pathlib
import sys

folder, vectors = sys.argv[1:]
sys.path.insert(0, folder)
import signed_file  # noqa: E402  (it has just been compiled)

SignedFile = signed_file.SignedFile
Tag, Record = SignedFile.HeaderTag, SignedFile.RecordTag
vectors = pathlib.Path(vectors)

# What no description of elements can see: what is there twice or not at all, and what the fields
# of a record or the bytes of a certificate say of each other.
NOT_OF_STRUCTURE = {
    "bad/certificate-plus-byte.tlv",
    "bad/no-timestamp.tlv",
    "bad/record-serial-differs.tlv",
    "bad/signature-twice.tlv",
    "bad/version-7.tlv",
}


def read(data):
    """The file, all of whose parts have been read; an exception if it is none."""
    return SignedFile.from_bytes(data)


def fields_of(parsed):
    after = [one.field for one in parsed.header.after_name if not one.is_padding]
    return {field.tag: field.value for field in parsed.header.up_to_name + after}


def header_of(parsed):
    """The header in the words of the manifest."""
    fields = fields_of(parsed)
    signer = {field.tag: field.value for field in fields[Tag.signer].fields}
    names = SignedFile.SignerTag
    padding = [one.padding for one in parsed.header.after_name if one.is_padding]
    version = fields.get(Tag.signer_version)
    header = {
        "version": f"{parsed.version.major}.{parsed.version.minor}",
        "header_length": parsed.header_length,
        "signer_version": version and f"{version.major}.{version.minor}",
        "signer_name": signer[names.name].chars,
        "issuer_name": signer[names.issuer].chars,
        "serial": signer[names.serial].hex(),
        "digest": fields[Tag.signature_info].digest.name,
        "signature_length": len(fields[Tag.signature]),
        "filename": parsed.name,
        "timestamp": fields[Tag.timestamp].value,
        "padding": sum(len(one.bytes) for one in padding),
    }
    if Tag.encryption in fields:
        encryption = fields[Tag.encryption]
        header["encryption"] = {
            "iv": encryption.iv.hex(),
            "padding": encryption.padding,
            "plaintext_digest": fields[Tag.plaintext_hash].hex(),
            "plaintext_digest_algorithm": fields[Tag.plaintext_digest].algorithm.name,
            "wrapped_key_length": len(encryption.key.wrapped),
        }
    return header


def record_of(record):
    """A record in the words of the manifest."""
    fields = {field.tag: field.value for field in record.fields.fields}
    certificate = fields.get(Record.certificate)
    found = {
        "role": getattr(fields[Record.role].code, "value", fields[Record.role].code),
        "subject": fields[Record.subject].chars,
        "issuer": fields[Record.issuer].chars,
        "serial": fields[Record.serial].hex(),
        "public_key_length": len(fields[Record.public_key]),
        "certificate_present": certificate is not None,
    }
    for tag, name in ((Record.host, "dns_name_hex"), (Record.address, "ip_hex")):
        if tag in fields:
            found[name] = fields[tag].hex()
    if certificate is not None:
        found["cert_sha1"] = hashlib.sha1(certificate).hexdigest()
    else:
        found["cert_sha1"] = fields[Record.certificate_hash].hex()
        found["cert_hash_algorithm"] = fields[Record.hash_algorithm].algorithm.value
    return found


def compare(what, found, wanted):
    """All that was found must be wanted like that, and the other way round."""
    for key in sorted(set(found) | set(wanted)):
        if found.get(key) != wanted.get(key):
            sys.exit(f"{what}: {key} is {found.get(key)!r}, expected {wanted.get(key)!r}")


def good(row):
    data = (vectors / row["file"]).read_bytes()
    parsed = read(data)
    # Of the file that is tolerated, the manifest says no more than that.
    compare(row["file"], header_of(parsed), row.get("header", header_of(parsed)))
    for number, wanted in enumerate(row.get("records", [])):
        wanted = {key: value for key, value in wanted.items() if key != "role_name"}
        compare(f"{row['file']}, record {number + 1}", record_of(parsed.records[number]), wanted)
    if parsed.is_list:
        if "records" in row:
            compare(row["file"], {"n": len(parsed.records)}, {"n": len(row["records"])})
        return
    body = data[parsed.header_length:]
    compare(row["file"], {"body": parsed.body}, {"body": body})
    if row["kind"] == "sgn":
        compare(row["file"], {"sha256": hashlib.sha256(body).hexdigest()},
                {"sha256": row["payload"]["sha256"]})


def is_refused(data):
    try:
        read(data)
    except Exception as refused:  # the runtime has classes of its own, and EOFError, UnicodeError
        return f"{type(refused).__name__}: {refused}"
    return None


def main():
    rows = json.loads((vectors / "manifest.json").read_text())["vectors"]
    accepted = [row for row in rows if row["expected"] == "accept"]
    for row in accepted:
        good(row)
    odd = [row for row in rows if row.get("basis") == "malformed"]
    refused = 0
    for row in odd:
        why = is_refused((vectors / row["file"]).read_bytes())
        if (why is not None) == (row["file"] in NOT_OF_STRUCTURE):
            sys.exit(f"{row['file']}: {why or 'read'}, which was not expected")
        refused += why is not None
    others = [row for row in rows if row["expected"] == "reject" and row not in odd]
    for row in others:
        why = is_refused((vectors / row["file"]).read_bytes())
        if why:
            sys.exit(f"{row['file']}: its structure is right, and it is refused: {why}")
    cuts = 0
    for row in accepted:
        data = (vectors / row["file"]).read_bytes()
        parsed = read(data)
        ends = set()
        end = parsed.header_length
        # A list of fewer records, or of none, is a list as well.
        for record in parsed.records if parsed.is_list else []:
            ends.add(end)
            end += record.length
        last = len(data) if parsed.is_list else parsed.header_length
        for cut in range(last):
            if (is_refused(data[:cut]) is None) != (cut in ends):
                sys.exit(f"{row['file']}: cut after {cut} bytes")
            cuts += 1
    print(f"kaitai: {len(accepted)} good vectors read with all fields of the manifest,")
    print(f"kaitai: {refused} of {len(odd)} malformed ones refused, {len(NOT_OF_STRUCTURE)} are for "
          f"the reader to see, {len(others)} with other faults read,")
    print(f"kaitai: {cuts} cuts of good vectors refused, but for those between records")


main()
