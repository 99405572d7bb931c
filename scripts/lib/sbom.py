#!/usr/bin/env python3
"""Prints what is in a binary, as CycloneDX.

usage: scripts/lib/sbom.py TREE TRIPLE TOOLCHAIN

The crates are cargo-cyclonedx's list for TREE and TRIPLE; what a static binary has in it besides is
added from TOOLCHAIN, the file of versions that scripts/cross-build writes. Nothing of this machine or
of the time stays: the same tree makes the same bytes (SOURCE_DATE_EPOCH is the date).
"""

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path


def crates(tree, triple):
    """cargo-cyclonedx writes a file beside the manifest of each member; the agent's is in the root."""
    name = f"sbom-{triple}"
    subprocess.run(
        ["cargo", "cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5",
         "--target", triple, "--override-filename", name, "--manifest-path", tree / "Cargo.toml"],
        check=True, cwd=tree, stdout=sys.stderr)
    written = tree / f"{name}.json"
    text = written.read_text().replace(f"path+file://{tree}", "path+file:///secd")
    text = text.replace("?download_url=file://.", "")
    for file in tree.glob(f"**/{name}.json"):
        if "target" not in file.relative_to(tree).parts:
            file.unlink()
    return json.loads(text)


def libraries(toolchain):
    """Rust's own library, the C library and GCC's, of which no crate knows."""
    lines = toolchain.read_text().splitlines()
    rust = lines[0].split()[1]
    yield {
        "type": "library", "bom-ref": f"rust-std@{rust}", "name": "rust-std", "version": rust,
        "description": "Standard library of Rust", "scope": "required",
        "licenses": [{"expression": "Apache-2.0 OR MIT"}],
    }
    licences = {"C library": "LGPL-2.1-or-later", "libgcc": "GPL-3.0-or-later WITH GCC-exception-3.1"}
    for line in lines[2:]:
        what = next(word for word in licences if line.startswith(word))
        package, version = line.removeprefix(what).split()
        yield {
            "type": "library", "bom-ref": f"{package}@{version}", "name": package,
            "version": version, "description": f"{what}, linked statically", "scope": "required",
            "licenses": [{"expression": licences[what]}],
            "purl": f"pkg:deb/debian/{package}@{version.replace('+', '%2B')}",
        }


def main():
    tree, triple, toolchain = Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3])
    bom = crates(tree, triple)
    bom.pop("serialNumber", None)
    date = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    bom["metadata"]["timestamp"] = date.strftime("%Y-%m-%dT%H:%M:%SZ")
    added = list(libraries(toolchain))
    bom["components"] += added
    agent = bom["metadata"]["component"]["bom-ref"]
    for depends in bom["dependencies"]:
        if depends["ref"] == agent:
            depends.setdefault("dependsOn", []).extend(one["bom-ref"] for one in added)
    bom["dependencies"] += [{"ref": one["bom-ref"], "dependsOn": []} for one in added]
    json.dump(bom, sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
