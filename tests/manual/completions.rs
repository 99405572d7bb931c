//! What shells complete is what the program has, asked of the shells themselves.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use super::support;
use super::support::named::root;
use super::{commands, options_of};

#[derive(Clone, Copy, Debug)]
enum Shell {
    Bash,
    Fish,
    Zsh,
}

/// What a shell may complete at some place.
type Completions = BTreeSet<String>;

impl Shell {
    /// What it completes behind each of these lines, whose last word is the one under the cursor.
    fn completes(self, lines: &[String]) -> Vec<Completions> {
        match self {
            Self::Bash => lines.iter().map(|line| bash(line)).collect(),
            Self::Fish => lines.iter().map(|line| fish(line)).collect(),
            Self::Zsh => zsh(lines),
        }
    }
}

fn text(shell: Shell, output: Output) -> String {
    assert!(output.status.success() && output.stderr.is_empty(), "{shell:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn words(text: &str) -> Completions {
    text.split_whitespace().map(str::to_owned).collect()
}

fn bash(line: &str) -> Completions {
    let script = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _secd; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["-eu", "-c", script, "-"]).arg(root().join("docs/completions/secd.bash"));
    words(&text(Shell::Bash, bash.args(line.split(' ')).output().unwrap()))
}

fn fish(line: &str) -> Completions {
    let script = "source $argv[1]; complete -C $argv[2]";
    let mut fish = Command::new("fish");
    fish.args(["--no-config", "-c", script]).arg(root().join("docs/completions/secd.fish"));
    let output = fish.arg(line).output().expect("fish is there: scripts/setup names it");
    let text = text(Shell::Fish, output);
    text.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
}

/// One zsh for all lines: it takes a while to begin.
fn zsh(lines: &[String]) -> Vec<Completions> {
    let scratch = tempfile::tempdir().unwrap();
    let mut zsh = Command::new("zsh");
    zsh.arg("-f").arg(root().join("tests/manual/complete.zsh"));
    zsh.arg(root().join("docs/completions")).arg(scratch.path()).args(lines);
    let output = zsh.output().expect("zsh is there: scripts/setup names it");
    let text = text(Shell::Zsh, output);
    text.lines().map(words).collect()
}

/// What is expected behind each line.
fn expected() -> Vec<(String, Completions)> {
    let mut first = commands();
    first.insert("help".to_owned());
    let mut expected = vec![
        ("secd ".to_owned(), first),
        ("secd -".to_owned(), words("--help --version")),
        ("secd help ".to_owned(), commands()),
        ("secd erase ".to_owned(), words("all ctl itl security")),
        ("secd lsc ".to_owned(), words("delete enrol show")),
        ("secd log --level w".to_owned(), words("warning")),
        ("secd log --color a".to_owned(), words("always auto")),
        ("secd show --installed ".to_owned(), words("ctl itl")),
        ("secd probe --format ".to_owned(), words("json junit tap text")),
        ("secd connect --purpose s".to_owned(), words("signalling")),
    ];
    let options = |command: &String| (format!("secd {command} -"), options_of(command));
    expected.extend(commands().iter().map(options));
    expected
}

fn completes_what_is_there(shell: Shell) {
    let expected = expected();
    let lines: Vec<String> = expected.iter().map(|(line, _)| line.clone()).collect();
    let found = shell.completes(&lines);
    assert_eq!(found.len(), expected.len());
    for ((line, expected), mut found) in expected.into_iter().zip(found) {
        // Options that are offered before a dash is typed are a matter of taste.
        if line.ends_with(' ') {
            found.retain(|word| !word.starts_with('-'));
        }
        assert_eq!(found, expected, "{shell:?}: {line:?}");
    }
}

#[test]
fn bash_completes_every_command_and_every_option_and_nothing_else() {
    completes_what_is_there(Shell::Bash);
}

#[test]
fn fish_completes_every_command_and_every_option_and_nothing_else() {
    completes_what_is_there(Shell::Fish);
}

#[test]
fn zsh_completes_every_command_and_every_option_and_nothing_else() {
    completes_what_is_there(Shell::Zsh);
}

/// Files are completed where a file is expected, and nowhere else.
#[test]
fn each_shell_completes_files_where_a_file_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    support::write(&folder.path().join("ITLFile.tlv"), b"");
    let at = |before: &str| format!("secd {before} {}/ITL", folder.path().display());
    let lines = ["show", "verify --itl", "probe --ctl"].map(at);
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        for (line, found) in lines.iter().zip(shell.completes(&lines)) {
            let is_it = |word: &String| word.ends_with("ITLFile.tlv");
            assert!(found.len() == 1 && found.iter().all(is_it), "{shell:?}: {line}: {found:?}");
        }
        let none = shell.completes(&[at("erase"), at("log --level")]);
        assert!(none.iter().all(BTreeSet::is_empty), "{shell:?}: {none:?}");
    }
}
