"""Checks the links of the built book: usage: links.py FOLDER

Every link and every image leads to a file in the folder, every anchor to an element of that page.
Links to the outside are counted and not followed. Every paper of the repository must be on some page.
"""

import html.parser
import pathlib
import re
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.anchors, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.update(attributes[name] for name in ("id", "name") if attributes.get(name))
        for name in ("href", "src"):
            if attributes.get(name) and tag != "base":
                self.links.append(attributes[name])


def check(site):
    # `print.html` is all pages in one, `404.html` is seen from any folder.
    paths = [path for path in site.rglob("*.html") if path.name not in ("print.html", "404.html")]
    pages = {path.resolve(): Page(path.read_text()) for path in paths}
    outside, inside, faults = set(), 0, []
    for path, page in pages.items():
        for link in page.links:
            target = urllib.parse.urlsplit(link)
            if target.scheme or target.netloc:
                outside.add(link)
                continue
            inside += 1
            there = path
            if target.path:
                there = (path.parent / urllib.parse.unquote(target.path)).resolve()
            where = f"{path.relative_to(site)}: {link}"
            if not there.exists():
                faults.append(f"{where}: no such file")
            elif target.fragment and there in pages:
                if urllib.parse.unquote(target.fragment) not in pages[there].anchors:
                    faults.append(f"{where}: no such anchor")
    return len(pages), inside, len(outside), faults


def left_out():
    """The papers that no page includes."""
    sources = "\n".join(path.read_text() for path in (ROOT / "docs/book/src").rglob("*.md"))
    included = set(re.findall(r"\{\{#(?:paper|section) ([^\s}]+)", sources))
    papers = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("board/**/README.md"),
              *ROOT.glob("packaging/README.md")]
    manuals = {f"docs/man/{name}" for name in re.findall(r"\{\{#man ([^\s}]+)", sources)}
    for path in sorted(str(path.relative_to(ROOT)) for path in papers):
        if path not in included:
            yield path
    for path in sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/man/*")):
        if path not in manuals:
            yield path


def main():
    pages, inside, outside, faults = check(pathlib.Path(sys.argv[1]).resolve())
    faults += [f"no page includes {path}" for path in left_out()]
    if faults:
        sys.exit("\n".join(f"docs: {fault}" for fault in faults))
    print(f"docs: {pages} pages, {inside} links within them lead somewhere, "
          f"{outside} to the outside were not followed")


main()
