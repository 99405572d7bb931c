//! How a command's arguments are read: one loop for all of them.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use lexopt::{Error, Parser};

use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::print::print;
use crate::face::Words;

/// A command: what it takes, and what it does with that.
pub(super) trait Command: Default {
    /// What `--help` prints; `tests/manual.rs` compares its options with the manual.
    const HELP: &'static str;

    /// Takes an option of its own; `--help`, `--json` and `--socket` never get here.
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
    /// Not even `--json`, for a command that prints no facts.
    Neither,
}

/// Reads the arguments behind a command's name and carries it out, or prints its help.
pub(super) fn run<C: Command>(mut parser: Parser) -> Result<Exit, CommandFailure> {
    let mut command = C::default();
    while let Some(argument) = parser.next().map_err(usage)? {
        // An owned name: the parser has to be free again for the option's value.
        let name = match argument {
            // Before anything is done, but not before an earlier argument that is wrong.
            Long("help") | Short('h') => return Ok(print(C::HELP)),
            Value(text) => {
                command.operand(Operand(text))?;
                continue;
            }
            Long(name) => format!("--{name}"),
            Short(letter) => format!("-{letter}"),
        };
        let option = GivenOption { name: &name, parser: &mut parser };
        match (option.name, command.shared()) {
            // A command that lacks one of these refuses it like any other option, by its `option`.
            ("--json", SharedOptions::Daemon(Daemon { json, .. }) | SharedOptions::Json(json)) => {
                *json = true;
            }
            ("--socket", SharedOptions::Daemon(daemon)) => daemon.socket = option.path()?,
            _ => command.option(option)?,
        }
    }
    command.run()
}

/// An option that was given, and the way to its value.
pub(super) struct GivenOption<'a> {
    /// With its dashes: `--name`, or `-n`.
    pub(super) name: &'a str,
    parser: &'a mut Parser,
}

impl GivenOption<'_> {
    pub(super) fn unexpected(self) -> CommandFailure {
        usage(Error::UnexpectedOption(self.name.to_owned()))
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

    /// Its value, as a number or another type that is written as text.
    pub(super) fn parse<T>(self) -> Result<T, CommandFailure>
    where
        T: FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        self.parser.value().and_then(|value| value.parse()).map_err(usage)
    }

    /// Its value, as one of the words that it may be.
    pub(super) fn word<W: Words>(self) -> Result<W, CommandFailure> {
        let text = self.text()?;
        W::of(&text).ok_or_else(|| {
            let words: Vec<_> = W::ALL.iter().map(|it| it.word()).collect();
            usage(format!("{text} is not one of {}", words.join(", ")))
        })
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

/// What a command cannot do without.
pub(super) fn needed<T>(given: Option<T>, missing: impl Display) -> Result<T, CommandFailure> {
    given.ok_or_else(|| usage(missing))
}
