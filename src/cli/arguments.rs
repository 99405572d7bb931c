//! How a command's arguments are read: one loop for all of them.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use lexopt::{Error, Parser};

use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::print::{choose, print};
use crate::cli::words::unknown;
use crate::face::Words;
use crate::io::meant::did_you_mean;

/// A command: what it takes, and what it does with that.
pub(super) trait Command: Default {
    /// What `--help` prints; `tests/manual.rs` compares its options with the manual.
    const HELP: &'static str;

    /// Takes an option of its own; `--color` and `--help` never get here, nor `--json` and
    /// `--socket` where it shares them.
    ///
    /// # Errors
    /// [`GivenOption::unexpected`], or what is wrong with its value.
    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        Err(option.unexpected())
    }

    /// Takes an argument that is no option.
    ///
    /// # Errors
    /// [`Operand::unexpected`], or what is wrong with it.
    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        Err(operand.unexpected())
    }

    /// Which of the options that commands share this one takes.
    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Neither
    }

    /// Whether standard output carries data, so that facts and failures go to standard error.
    fn stdout_is_data(&self) -> bool {
        false
    }

    /// Does it, with all arguments taken.
    ///
    /// # Errors
    /// What is missing among the arguments, or why it was not done.
    fn run(self) -> Result<Exit, CommandFailure>;
}

/// Where the options go that mean the same for every command that has them.
pub(super) enum SharedOptions<'a> {
    /// `--json` and `--socket`, for a command that asks the daemon.
    Daemon(&'a mut Daemon),
    /// `--json` alone, for a command that prints facts without a daemon.
    Json(&'a mut bool),
    /// `--json` for a failure alone, for a command that prints no facts.
    Neither,
}

/// Reads the arguments behind a command's name and carries it out, or prints its help.
pub(super) fn run<C: Command>(parser: Parser) -> Result<Exit, CommandFailure> {
    let mut command = C::default();
    let taken = take(&mut command, parser);
    let stdout_is_data = command.stdout_is_data();
    let done = taken.and_then(|help| match help {
        Some(help) => Ok(print(help)),
        None => command.run(),
    });
    done.map_err(|failure| if stdout_is_data { failure.beside_data() } else { failure })
}

/// Takes the arguments; returns the help if that was asked for.
fn take<C: Command>(
    command: &mut C,
    mut parser: Parser,
) -> Result<Option<&'static str>, CommandFailure> {
    while let Some(argument) = parser.next().map_err(usage)? {
        // An owned name: the parser has to be free again for the option's value.
        let name = match argument {
            // Before anything is done, but not before an earlier argument that is wrong.
            Long("help") | Short('h') => return Ok(Some(C::HELP)),
            Value(text) => {
                command.operand(Operand(text))?;
                continue;
            }
            Long(name) => format!("--{name}"),
            Short(letter) => format!("-{letter}"),
        };
        let option = GivenOption { name: &name, parser: &mut parser, help: C::HELP };
        match (option.name, command.shared()) {
            ("--color", _) => choose(option.word()?),
            // It is the program that prints a failure: see `cli::main`.
            ("--json", SharedOptions::Neither) => {}
            // A command that lacks one of these refuses it like any other option, by its `option`.
            ("--json", SharedOptions::Daemon(Daemon { json, .. }) | SharedOptions::Json(json)) => {
                *json = true;
            }
            ("--socket", SharedOptions::Daemon(daemon)) => daemon.socket = option.path()?,
            _ => command.option(option)?,
        }
    }
    Ok(None)
}

/// An option that was given, and the way to its value.
pub(super) struct GivenOption<'a> {
    /// With its dashes: `--name`, or `-n`.
    pub(super) name: &'a str,
    parser: &'a mut Parser,
    /// The help of the command, which names its options.
    help: &'static str,
}

impl GivenOption<'_> {
    pub(super) fn unexpected(self) -> CommandFailure {
        let separator = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
        let words = self.help.split(separator).filter(|word| word.starts_with('-'));
        let words = words.chain(["--color", "--help"]);
        let usage_line = self.help.split_once("Usage: secd ").unwrap_or_default().1;
        let command = usage_line.split_whitespace().next().unwrap_or_default();
        let complaint = format!("there is no option {}", self.name);
        let list = format!("`secd {command} --help` lists them");
        usage(unknown(&complaint, self.name, words, &list))
    }

    /// Its value, as a path.
    pub(super) fn path(self) -> Result<PathBuf, CommandFailure> {
        self.parser.value().map(PathBuf::from).map_err(usage)
    }

    /// Its value, as text.
    pub(super) fn text(self) -> Result<String, CommandFailure> {
        self.parser
            .value()
            .map_err(usage)?
            // Names go into requests, which are UTF-8; only a path may be any bytes.
            .into_string()
            .map_err(|value| usage(format!("{} is not valid UTF-8", value.to_string_lossy())))
    }

    /// Its value, as text in which U+FFFD stands for what is not UTF-8.
    pub(super) fn lossy(self) -> Result<String, CommandFailure> {
        self.parser.value().map_err(usage).map(|value| value.to_string_lossy().into_owned())
    }

    /// Its value, as a number.
    pub(super) fn number<T: TryFrom<u64>>(self) -> Result<T, CommandFailure> {
        let name = self.name;
        let text = self.text()?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(usage(format!("{name} takes a number, not {text}")));
        }
        let number = text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| usage(format!("{name}: {text} is too large")))
    }

    /// Its value, as one of the words that it may be.
    pub(super) fn word<W: Words>(self) -> Result<W, CommandFailure> {
        let name = self.name;
        word(name, &self.text()?)
    }
}

/// An argument that is no option: the name of a file or of a server, or a word.
pub(super) struct Operand(OsString);

impl Operand {
    pub(super) fn unexpected(self) -> CommandFailure {
        usage(Error::UnexpectedArgument(self.0))
    }

    /// Keeps the one file that a command takes.
    pub(super) fn only_file(self, slot: &mut Option<PathBuf>) -> Result<(), CommandFailure> {
        match slot.replace(self.0.into()) {
            None => Ok(()),
            Some(_) => Err(usage("only one file at a time")),
        }
    }

    /// Keeps the one text that a command takes.
    pub(super) fn only_text(self, slot: &mut Option<String>) -> Result<(), CommandFailure> {
        if slot.is_some() {
            return Err(self.unexpected());
        }
        *slot = Some(self.0.string().map_err(usage)?);
        Ok(())
    }

    /// The same of text that need not be UTF-8 to be refused in words.
    pub(super) fn only_lossy(self, slot: &mut Option<String>) -> Result<(), CommandFailure> {
        if slot.is_some() {
            return Err(self.unexpected());
        }
        *slot = Some(self.0.to_string_lossy().into_owned());
        Ok(())
    }
}

/// One of the words that an option or an argument may be.
pub(super) fn word<W: Words>(name: &str, text: &str) -> Result<W, CommandFailure> {
    W::of(text).ok_or_else(|| {
        let words: Vec<_> = W::ALL.iter().map(|it| it.word()).collect();
        let hint = did_you_mean(text, words.iter().copied());
        usage(format!("{name}: {text} is not one of {}{hint}", words.join(", ")))
    })
}

/// What a command cannot do without.
pub(super) fn needed<T>(given: Option<T>, missing: impl Display) -> Result<T, CommandFailure> {
    given.ok_or_else(|| usage(missing))
}
