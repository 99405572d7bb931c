#!/usr/bin/env python3
"""Reads a phone's web page as administrators' scripts do, and prints what each of them gets.

usage: scrapers.py URL --device NAME --itl FILE --tftp SERVER --tvs SERVER [--other FILE]

URL is the page's root; FILE is the ITL that the phone has installed, and --other one that it has
not. Each reader is written anew after the behavior of a public script, which docs/web.md lists:
how it searches, not its code. Exit: 0 if each gets what the phone has, 1 with the differences.
"""

import argparse
import hashlib
import html
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

SERVICEABILITY = "/CGI/Java/Serviceability?adapter="
STAMP = r"\[(\d\d:\d\d:\d\d[ap]m) (\d\d/\d\d/\d\d)\] "


def get(url):
    with urllib.request.urlopen(url, timeout=5) as reply:
        return reply.read().decode()


def spaced(path, algorithm):
    digest = hashlib.new(algorithm, Path(path).read_bytes()).hexdigest().upper()
    return "".join(digest[at:at + 2] + " " for at in range(0, len(digest), 2))


class Texts(HTMLParser):
    """The texts of a page, one after the other, and those in bold."""

    def __init__(self, page):
        super().__init__()
        self.all, self.bold, self.inside, self.head = [], [], False, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "b":
            self.inside = True
            self.bold.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "b"

    def handle_data(self, data):
        self.all.append(data)
        if self.inside:
            self.bold[-1] += data


class Checks:
    """What was found beside what was expected."""

    def __init__(self):
        self.faults = 0

    def reader(self, name):
        print(f"\n{name}")

    def expect(self, what, found, expected):
        fits = expected(found) if callable(expected) else found == expected
        self.faults += not fits
        beside = "" if fits or callable(expected) else f"   EXPECTED {expected!r}"
        print(f"  {'ok ' if fits else 'BAD'} {what:<36} {found!r}{beside}")


def compares_itl_signatures(checks, options):
    """Searches the network page for the one right signature, the blank behind it included."""
    checks.reader("compares each phone's ITL signature")
    page = get(options.url + SERVICEABILITY + "device.statistics.configuration")
    right = f"<B>{spaced(options.itl, 'sha1')}</B>"
    checks.expect(f"ITL {right[3:20]}… on the page", bool(re.search(right, page)), True)
    checks.expect("its MD5, as the ITL file", spaced(options.itl, "md5") in page, True)
    if options.other:
        wrong = f"<B>{spaced(options.other, 'sha1')}</B>"
        checks.expect(f"ITL {wrong[3:20]}… (another)", bool(re.search(wrong, page)), False)


def joins_texts(checks, options):
    """Joins all texts of a page with `_`, and takes what follows a label up to the next one."""
    checks.reader("joins the texts of the four pages (CUCM phone inventory)")
    pages = {}
    for adapter in ("statistics.configuration", "statistics.device", "statistics.port.network"):
        pages[adapter] = "_".join(Texts(get(options.url + SERVICEABILITY + "device." + adapter)).all)

    def value(adapter, label):
        found = re.search(rf"({label}_)([^(_| )]*)", pages[adapter])
        return found and found.group(2).strip()

    for adapter, label, expected in (
            ("statistics.configuration", "Host name", options.device),
            ("statistics.configuration", "TFTP server 1", options.tftp),
            ("statistics.configuration", "TFTP server 2", ""),
            ("statistics.configuration", "Domain name", ""),
            ("statistics.configuration", "TVS", options.tvs),
            ("statistics.device", "Serial number", ""),
            ("statistics.device", "Version", lambda found: found.startswith("secd-")),
            ("statistics.device", "Phone DN", ""),
            ("statistics.device", "Model number", ""),
            ("statistics.port.network", "CDP Neighbor device ID", ""),
            ("statistics.port.network", "LLDP Neighbor port", "")):
        checks.expect(label, value(adapter, label), expected)


def searches_labels(checks, options):
    """Searches a label in any case, then the next `<TD>` in upper case, and takes it to `</TD>`."""
    checks.reader("searches labels, then the next <TD> (the old names)")
    network, device = (get(options.url + name) for name in
                       ("/NetworkConfiguration", "/DeviceInformation"))
    port = get(options.url + "/PortInformation?1")

    def value(page, label):
        rest = page[page.lower().find(label.lower()):]
        rest = rest[rest.find("<TD>"):]
        return html.unescape(re.sub("<[^>]*>", "", rest[:rest.find("</TD>")])).strip()

    for page, label, expected in (
            (device, "Host Name", options.device),
            (device, "Phone DN", ""),
            (device, "Serial Number", ""),
            (device, "Time Zone", "UTC"),
            (network, "MAC Address", options.device.removeprefix("SEP")),
            (network, "TFTP Server 1", options.tftp),
            (network, "TVS", options.tvs),
            (network, "CTL file<", "Not installed"),
            (network, "ITL file<", spaced(options.itl, "md5").strip()),
            (network, "ITL signature<", spaced(options.itl, "sha1").strip()),
            (network, "CAPF server<", options.capf),
            (port, "CDP Neighbor IP Address", "")):
        checks.expect(label, value(page, label), expected)


def reads_xml(checks, options):
    """Reads the members of the XML pages, under the old names and by `adapterX`."""
    checks.reader("reads the information pages in XML")
    trees = {}
    for name, adapter in (("DeviceInformation", "statistics.device"),
                          ("NetworkConfiguration", "statistics.configuration"),
                          ("PortInformation", "statistics.port.network"),
                          ("DeviceLog", "settings.status.messages")):
        page = get(f"{options.url}/{name}X")
        trees[name] = ElementTree.fromstring(page)
        checks.expect(f"root of /{name}X", trees[name].tag, name)
        again = get(options.url + SERVICEABILITY.replace("adapter", "adapterX") + "device." + adapter)
        same = [element.tag for element in ElementTree.fromstring(again)]
        checks.expect(f"adapterX=device.{adapter}", same == [it.tag for it in trees[name]], True)
    for name, member, expected in (
            ("DeviceInformation", "HostName", options.device),
            ("DeviceInformation", "MACAddress", options.device.removeprefix("SEP")),
            ("DeviceInformation", "phoneDN", ""),
            ("DeviceInformation", "appLoadID", ""),
            ("DeviceInformation", "versionID", lambda found: found.startswith("secd-")),
            ("DeviceInformation", "serialNumber", ""),
            ("DeviceInformation", "modelNumber", ""),
            ("NetworkConfiguration", "HostName", options.device),
            ("NetworkConfiguration", "TFTPServer1", options.tftp),
            ("NetworkConfiguration", "TFTPServer2", ""),
            ("NetworkConfiguration", "ITLSignature", spaced(options.itl, "sha1")),
            ("PortInformation", "CDPNeighborDeviceId", ""),
            ("DeviceLog", "status", lambda found: bool(re.match(STAMP, found)))):
        checks.expect(member, trees[name].findtext(member), expected)


def pairs_bold_texts(checks, options):
    """Takes all bold texts, and the one behind each label that it knows."""
    checks.reader("pairs bold texts")
    bold = Texts(get(options.url + SERVICEABILITY + "device.statistics.device")).bold
    values = dict(zip(bold[::2], bold[1::2]))
    checks.expect("MAC address", values.get("MAC address"), options.device.removeprefix("SEP"))
    checks.expect("Phone DN", values.get("Phone DN", "?").strip(), "")
    checks.expect("labels and values", len(bold) % 2, 0)


def splits_messages(checks, options):
    """Splits the status page at each `<B>`, takes the last ones, and looks for the ITL in them."""
    checks.reader("splits the status messages")
    page = get(options.url + SERVICEABILITY + "device.settings.status.messages")
    checks.expect("the title's first word", page.split("<TITLE>")[1][:5], "Cisco")
    rows = [row.split("</B>")[0] for row in page.replace("\n", "").split("<B>")[1:]][-4:]
    checks.expect("messages", len(rows), lambda found: found > 0)
    for row in rows:
        checks.expect("stamp", bool(re.match(STAMP, row)), True)
        checks.expect("message", row.split("] ", 1)[-1], bool)


def mirrors_logs(checks, options):
    """`wget -r` from the page of the console logs, once for files of these names and once for all."""
    checks.reader("wget -r of the console logs")
    start = options.url + SERVICEABILITY + "device.statistics.consolelog"
    host = options.url.split("//")[1]
    names = "*.log,messages*,*.tar.gz"
    for more in (["--accept", names], []):
        with tempfile.TemporaryDirectory() as folder:
            command = ["wget", "-q", "-T", "5", "--tries=2", "-r", *more, "-P", folder, start]
            ended = subprocess.run(command, timeout=30, check=False).returncode
            found = {str(path.relative_to(folder)): path for path in Path(folder).rglob("*")
                     if path.is_file()}
            checks.expect("wget " + " ".join(more or ["(all)"]), ended, 0)
            checks.expect("files", sorted(found), lambda them: f"{host}/FS/messages" in them)
            lines = found[f"{host}/FS/messages"].read_text().splitlines()
            checks.expect("lines of the log", len(lines), lambda count: count > 20)
            odd = [line for line in lines if not re.match(r"\d+: [A-Z]{3} \d\d:\d\d:\d\d\.\d{6} ", line)]
            checks.expect("lines of another form", odd, [])


def asks_in_vain(checks, options):
    """Names that phones have and this page does not."""
    checks.reader("names that are not served")
    for name in ("/CGI/Execute", "/CGI/Screenshot", "/FS/messages.0", "/FS/../FS/messages",
                 "/EthernetInformation", "/localmenus.cgi?func=219",
                 "/CGI/Java/Serviceability?adapter=device.statistics.coredumps"):
        try:
            found = urllib.request.urlopen(options.url + name, timeout=5).status
        except urllib.error.HTTPError as refused:
            found = refused.code
        checks.expect(name, found, 404)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--device", required=True)
    parser.add_argument("--itl", required=True)
    parser.add_argument("--other")
    parser.add_argument("--tftp", required=True)
    parser.add_argument("--tvs", required=True)
    parser.add_argument("--capf", default="None", help="as the configuration names it")
    options = parser.parse_args()
    options.url = options.url.rstrip("/")
    checks = Checks()
    for reader in (compares_itl_signatures, joins_texts, searches_labels, reads_xml,
                   pairs_bold_texts, splits_messages, mirrors_logs, asks_in_vain):
        reader(checks, options)
    print(f"\n{checks.faults} of all these differ" if checks.faults else "\nall as it should be")
    return 1 if checks.faults else 0


if __name__ == "__main__":
    sys.exit(main())
