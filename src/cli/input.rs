//! Files that the arguments name.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use lexopt::Parser;

use crate::cli::exit::{Exit, Failure, usage};
use crate::cli::print::named;
use crate::face::Words;
use crate::wire::{Envelope, Kind};

/// Reads a whole file, if it is not longer than any that a phone would fetch.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| Failure::new(Exit::NoInput, named(path, error));
    let file = File::open(path).map_err(unreadable)?;
    let mut octets = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut octets).map_err(unreadable)?;
    if u64::try_from(octets.len()).is_ok_and(|length| length > LONGEST) {
        let error = format!("longer than {LONGEST} octets");
        return Err(Failure::new(Exit::Malformed, named(path, error)));
    }
    Ok(octets)
}

/// The value of an option, as a path.
pub(super) fn path(arguments: &mut Parser) -> Result<PathBuf, Failure> {
    arguments.value().map(PathBuf::from).map_err(usage)
}

/// The value of an option, as text.
pub(super) fn text(arguments: &mut Parser) -> Result<String, Failure> {
    arguments
        .value()
        .map_err(usage)?
        .into_string()
        .map_err(|value| usage(format!("{} is not UTF-8", value.to_string_lossy())))
}

/// The value of an option, as one of the words that it may be.
pub(super) fn word<W: Words>(arguments: &mut Parser) -> Result<W, Failure> {
    let text = text(arguments)?;
    W::of(&text).ok_or_else(|| {
        let words: Vec<_> = W::ALL.iter().map(|it| it.word()).collect();
        usage(format!("{text} is none of {}", words.join(", ")))
    })
}

/// Keeps the one file that a command takes.
pub(super) fn only(slot: &mut Option<PathBuf>, value: OsString) -> Result<(), Failure> {
    match slot.replace(PathBuf::from(value)) {
        None => Ok(()),
        Some(_) => Err(usage("only one file at a time")),
    }
}

/// What kind of file this is: by the name, and where that says nothing by the header.
pub(super) fn kind(name: &str, octets: &[u8]) -> Kind {
    if [".tlv", ".sgn"].iter().any(|ending| name.ends_with(ending)) {
        return Kind::of_name(name);
    }
    match Envelope::parse(octets, Kind::Signed) {
        Ok(file) if file.file_name.ends_with(".tlv") => Kind::List,
        Ok(_) => Kind::Signed,
        Err(_) if Envelope::parse(octets, Kind::Encrypted).is_ok() => Kind::Encrypted,
        Err(_) => Kind::List,
    }
}

/// 16 MiB: firmware packages carry the same envelope and are larger than any configuration.
const LONGEST: u64 = 16 << 20;
