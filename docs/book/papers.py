"""A preprocessor of mdBook: brings the papers of the repository into the pages of the book.

{{#paper PATH}}             a Markdown file, whole
{{#section PATH "TITLE"}}   one section of it, with its heading
{{#man NAME}}               a manual page, as groff prints it
{{#source PATH}}            a file as it is
{{#cases}}, {{#remedies}}   what the doctor says, from its source

Links of what is included lead to the page that includes their target; what no page includes is
named without a link. All paths are seen from the top of the repository.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIRECTIVE = re.compile(
    r"^\{\{#(paper|section|man|source|cases|remedies)(?: ([^\s}]+))?(?: \"([^\"]*)\")?\}\}$",
    re.MULTILINE,
)
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")


def fail(text):
    sys.exit(f"papers.py: {text}")


def read(path):
    try:
        return (ROOT / path).read_text()
    except OSError as error:
        fail(f"{path}: {error}")


def section(path, title):
    """From the heading up to the next one of the same level or above."""
    lines, found, level = [], False, 0
    fenced = False
    for line in read(path).splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else re.match(r"(#+) (.*)", line)
        if heading and found and len(heading[1]) <= level:
            break
        if heading and heading[2] == title:
            found, level = True, len(heading[1])
        if found:
            lines.append(line)
    if not found:
        fail(f'{path} has no section "{title}"')
    return "\n".join(lines) + "\n"


def man(name):
    page = ROOT / "docs/man" / name
    groff = ["groff", "-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=90n", str(page)]
    text = subprocess.run(groff, check=True, capture_output=True, text=True).stdout
    return f"```text\n{text}```\n"


def words(path):
    """The texts of the table WORDS of a source, by the name in front of each."""
    text = read(path)
    table = text[text.index("const WORDS"):]
    table = table[table.index("= [") + 3:table.index("\n];")]
    string = r"\"(?:[^\"\\]|\\.)*\""
    pairs = re.findall(rf"\(\s*(\"[^\"]*\"|[A-Za-z:]+),\s*({string}),?\s*\)", table, re.DOTALL)
    # A line that ends in a backslash goes on at the first letter of the next.
    found = [(one.strip('"'), re.sub(r"\\\n\s*", "", other[1:-1])) for one, other in pairs]
    size = int(re.search(r"WORDS: \[\(.*?; (\d+)\]", text)[1])
    if len(found) != size:
        fail(f"{path}: {len(found)} texts of {size}")
    return found


# Those with facts of their own, which are not in the table.
FURTHER_CASES = [
    (
        "configuration-refused",
        "no list is at fault, but the phone refuses the configuration; with the reason",
    ),
    ("refused-by-policy", "this phone's policy refuses the list; with the reason"),
    ("renamed", "a server was renamed; with the kind of the cluster"),
]


def cases():
    source = read("src/diagnose/case.rs")
    known = set(re.findall(r'=> "([a-z-]+)"', source))
    rows = sorted(words("src/diagnose/case.rs") + FURTHER_CASES)
    if {word for word, _ in rows} != known:
        fail(f"cases: {known.symmetric_difference(word for word, _ in rows)}")
    table = "".join(f"| `{one}` | {text} |\n" for one, text in rows)
    return "| Case | Means |\n| --- | --- |\n" + table


def remedies():
    source = read("src/diagnose/remedy.rs")
    source = source[source.index("pub enum Remedy {"):]
    order = re.findall(r"^    ([A-Z][A-Za-z]*),$", source[:source.index("\n}")], re.MULTILINE)
    texts = {name.removeprefix("Remedy::"): text for name, text in words("src/diagnose/remedy.rs")}
    if set(order) != set(texts):
        fail(f"remedies: {set(order).symmetric_difference(texts)}")
    return "".join(f"1. {texts[name]}\n" for name in order)


def slug(heading):
    """The anchor that mdBook gives a heading."""
    kept = (one for one in heading.lower().replace(" ", "-") if one.isalnum() or one in "-_")
    return "".join(kept)


class Book:
    """Where the book has what papers link to."""

    def __init__(self, chapters):
        self.pages = {}
        for chapter in chapters:
            for kind, path, title in DIRECTIVE.findall(chapter["content"]):
                if kind in ("paper", "source"):
                    self.pages.setdefault(path, (chapter["path"], ""))
                elif kind == "section":
                    self.pages.setdefault((path, slug(title)), (chapter["path"], slug(title)))
                    self.pages.setdefault(path, (chapter["path"], slug(title)))

    def led(self, text, origin, page):
        """The text with its links led to pages of the book."""
        def lead(match):
            label, target = match.groups()
            if "://" in target or target.startswith(("#", "mailto:")):
                return match[0]
            file, _, anchor = target.partition("#")
            path = (ROOT / origin).parent.joinpath(file).resolve()
            if not path.exists():
                fail(f"{origin}: no {target}")
            path = path / "README.md" if path.is_dir() else path
            path = str(path.relative_to(ROOT))
            found = self.pages.get((path, anchor)) or self.pages.get(path)
            if not found:
                return label
            there = pathlib.PurePosixPath(found[0])
            up = "../" * (len(pathlib.PurePosixPath(page).parents) - 1)
            anchor = anchor or found[1]
            return f"[{label}]({up}{there}{'#' + anchor if anchor else ''})"
        return LINK.sub(lead, text)

    def filled(self, chapter):
        def fill(match):
            kind, path, title = match.groups()
            if kind == "paper":
                return self.led(read(path), path, chapter["path"])
            if kind == "section":
                return self.led(section(path, title), path, chapter["path"])
            if kind == "man":
                return man(path)
            if kind == "source":
                return f"```text\n{read(path)}```\n"
            return cases() if kind == "cases" else remedies()
        return DIRECTIVE.sub(fill, chapter["content"])


def chapters(items):
    for item in items:
        if isinstance(item, dict) and "Chapter" in item:
            yield item["Chapter"]
            yield from chapters(item["Chapter"]["sub_items"])


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "supports":
        sys.exit(0)
    _, book = json.load(sys.stdin)
    all_of_them = list(chapters(book.get("items") or book.get("sections")))
    papers = Book(all_of_them)
    for chapter in all_of_them:
        chapter["content"] = papers.filled(chapter)
        if "{{#" in re.sub(r"```.*?```|`[^`]*`", "", chapter["content"], flags=re.DOTALL):
            fail(f"{chapter['path']}: a directive that is not known")
    json.dump(book, sys.stdout)


main()
