//! The commands of the book: each is in `docs/book/commands.tsv`, with what runs it, and most are
//! run here, in the order of the pages, on a copy of this system.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

#[path = "wireshark/capture.rs"]
#[allow(dead_code, reason = "the tests of the dissector use the rest")]
mod capture;
#[path = "book/pages.rs"]
mod pages;
#[path = "book/scene.rs"]
mod scene;

use pages::{Row, Runs};
use support::named::{is_there, read, root};

#[test]
fn every_command_in_a_block_is_listed_with_what_runs_it_and_no_other() {
    let mut commands = Vec::new();
    for command in pages::commands() {
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    assert!(commands.len() > 50, "{}", commands.len());
    let listed: Vec<_> = pages::rows().into_iter().map(|row| row.command).collect();
    let missing: Vec<_> = commands.iter().filter(|command| !listed.contains(command)).collect();
    let gone: Vec<_> = listed.iter().filter(|command| !commands.contains(command)).collect();
    assert!(missing.is_empty() && gone.is_empty(), "missing: {missing:#?}\ngone: {gone:#?}");
    assert_eq!(listed, commands, "the rows are in the order of the pages");
}

#[test]
fn what_runs_a_command_is_there_and_a_command_that_is_not_run_has_a_reason() {
    let mut run = 0;
    for Row { command, runs } in pages::rows() {
        match runs {
            Runs::Here { .. } => run += 1,
            Runs::Script(script) => {
                assert_eq!(is_there(&script), Some(true), "{command}: {script}");
                // With its options, whatever they are: the script has other values.
                let name = command.split_whitespace().next().unwrap();
                let text = read(&script);
                assert!(text.contains(name), "{command}: {script} does not run {name}");
                run += 1;
            }
            Runs::Nowhere(why) => assert!(why.split_whitespace().count() >= 3, "{command}: {why}"),
        }
    }
    assert!(run > 30, "{run}");
}

#[test]
fn a_command_is_found_in_each_kind_of_block() {
    let page = "```sh\nsecd one \\\n    --more\n# a comment\n```\n```\nsecd two     what it does\n\
                not a command\n$ anything three\n```\n```yaml\n- secd four > file\n```\n\
                ```toml\nsecd = 5\n```\nsecd six\n";
    let found = pages::in_blocks(page);
    assert_eq!(found, ["secd one --more", "secd two", "anything three", "secd four > file"]);
}

/// As root, who alone can have a network and a copy of the system to install on.
#[test]
fn the_commands_do_what_their_pages_say() {
    if let Some(folder) = std::env::var_os(scene::INSIDE) {
        return scene::run(&pages::rows(), folder.as_ref());
    }
    let folder = tempfile::tempdir().unwrap();
    let mut again = std::process::Command::new("unshare");
    again.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    again.arg(std::env::current_exe().unwrap());
    again.args(["--exact", "the_commands_do_what_their_pages_say", "--nocapture"]);
    let output = again.env(scene::INSIDE, folder.path()).current_dir(root()).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("1 passed"), "{out}\n{err}");
}
