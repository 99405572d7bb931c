//! The pages of the book, and the commands in them.

use crate::support::named::read;

/// A row of `commands.tsv`.
pub(crate) struct Row {
    pub(crate) command: String,
    pub(crate) runs: Runs,
}

/// What runs a command.
pub(crate) enum Runs {
    /// This test: where, and the exit code.
    Here { folder: Option<String>, code: i32, in_background: bool },
    /// Nothing, and why.
    Nowhere(String),
    /// A script.
    Script(String),
}

impl Runs {
    #[track_caller]
    fn parse(text: &str) -> Self {
        let here = |folder: Option<&str>, code| {
            let in_background = folder == Some("the background");
            let folder = folder.filter(|_| !in_background).map(str::to_owned);
            Self::Here { folder, code, in_background }
        };
        if text == "run" {
            here(None, 0)
        } else if let Some(folder) = text.strip_prefix("run in ") {
            here(Some(folder), 0)
        } else if let Some(code) = text.strip_prefix("run, exit code ") {
            here(None, code.parse().unwrap())
        } else if let Some(why) = text.strip_prefix("not run: ") {
            Self::Nowhere(why.to_owned())
        } else {
            assert!(text.starts_with("scripts/"), "{text}");
            Self::Script(text.to_owned())
        }
    }
}

/// The rows of the list.
pub(crate) fn rows() -> Vec<Row> {
    let text = read("docs/book/commands.tsv");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let (command, runs) = line.split_once('\t').unwrap();
        Row { command: command.to_owned(), runs: Runs::parse(runs) }
    };
    lines.map(row).collect()
}

/// The commands of all pages, in their order.
pub(crate) fn commands() -> Vec<String> {
    let summary = read("docs/book/src/SUMMARY.md");
    let pages = summary.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    pages.flat_map(|page| in_blocks(&page_of(page))).collect()
}

/// A page with the papers that it includes; manual pages and sources have tests of their own.
pub(crate) fn page_of(page: &str) -> String {
    let text = read(&format!("docs/book/src/{page}"));
    let line = |line: &str| {
        let include = |kind| line.strip_prefix(kind).and_then(|rest| rest.strip_suffix("}}"));
        if let Some(paper) = include("{{#paper ") {
            read(paper)
        } else if let Some(which) = include("{{#section ") {
            let (paper, title) = which.split_once(" \"").unwrap();
            section(&read(paper), title.trim_end_matches('"'))
        } else {
            format!("{line}\n")
        }
    };
    text.lines().map(line).collect()
}

/// From a heading of the second level to the next one.
fn section(paper: &str, title: &str) -> String {
    let begin = format!("\n## {title}\n");
    let rest = paper.split_once(&begin).unwrap_or_else(|| panic!("no section {title}")).1;
    rest.split("\n## ").next().unwrap().to_owned()
}

/// The commands in the blocks of a page: all lines of a shell's, what follows a prompt, and lines
/// that begin with the name of a program.
pub(crate) fn in_blocks(page: &str) -> Vec<String> {
    let (mut found, mut block, mut begun) = (Vec::new(), None, String::new());
    for line in page.lines().map(str::trim) {
        if let Some(kind) = line.strip_prefix("```") {
            block = if block.is_none() { Some(kind) } else { None };
            continue;
        }
        let Some(kind @ ("" | "console" | "sh" | "yaml")) = block else { continue };
        begun += line;
        if begun.ends_with('\\') {
            begun.truncate(begun.trim_end_matches('\\').trim_end().len());
            begun.push(' ');
            continue;
        }
        found.extend(command(kind, &std::mem::take(&mut begun)));
    }
    found
}

fn command(kind: &str, line: &str) -> Option<String> {
    let prompted = ["$ ", "phone# "].iter().find_map(|prompt| line.strip_prefix(prompt));
    let line = prompted.or_else(|| line.strip_prefix("- ")).unwrap_or(line);
    let first = line.split_whitespace().next()?;
    let is_path = ["scripts/", "target/", "./"].iter().any(|start| first.starts_with(start));
    let is_program = PROGRAMS.contains(&first) || is_path;
    let is_command = prompted.is_some() || is_program || kind == "sh";
    // What it does is written behind it.
    let end = line.find("  ").or_else(|| line.find(" # ")).unwrap_or(line.len());
    (is_command && !line.starts_with('#')).then(|| line[..end].trim_end().to_owned())
}

/// Programs that a line of a block begins with if it is a command.
const PROGRAMS: [&str; 32] = [
    "apt",
    "apt-get",
    "cargo",
    "cat",
    "cp",
    "curl",
    "dpkg",
    "echo",
    "in.tftpd",
    "install",
    "journalctl",
    "kubectl",
    "kubernetes-validate",
    "loginctl",
    "make",
    "mdbook",
    "mkdir",
    "node",
    "npm",
    "podman",
    "printf",
    "python3",
    "secd",
    "secd-lab",
    "setpriv",
    "socat",
    "sudo",
    "systemctl",
    "tshark",
    "useradd",
    "varlinkctl",
    "wget",
];
