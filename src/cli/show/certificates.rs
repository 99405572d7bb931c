//! The certificates of a list, as files in PEM for other tools.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::output::beside;
use crate::cli::print::named;
use crate::face::certificates::pem;
use crate::wire::Record;

/// Writes the certificate of each record that carries one into a folder, which is made if it is
/// missing, and returns the numbers of the records and the files.
///
/// # Errors
/// If the system refuses, or a file of the name has another content: then nothing is written.
pub(super) fn write(
    folder: &Path,
    records: &[Record<'_>],
) -> Result<Vec<(usize, PathBuf)>, CommandFailure> {
    let mut files = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let Some(der) = record.certificate else { continue };
        let (number, pem) = (place + 1, pem(der));
        let path = folder.join(name(number, record));
        files.push((number, is_there(&path, &pem)?, path, pem));
    }
    fs::create_dir_all(folder).map_err(|error| CommandFailure::of_file(folder, &error))?;
    for (_, is_there, path, pem) in &files {
        if !is_there {
            put(path, pem).map_err(|error| CommandFailure::of_file(path, &error))?;
        }
    }
    Ok(files.into_iter().map(|(number, _, path, _)| (number, path)).collect())
}

/// `01-SAST-1A2B.pem`: the number of the record, the role, the serial number.
fn name(number: usize, record: &Record<'_>) -> String {
    let role = record.role.to_string().replace(' ', "-");
    let mut serial = record.serial.map(|serial| serial.to_string()).unwrap_or_default();
    // A list may print any bytes there, and a file name has a limit.
    serial.truncate(MOST_DIGITS);
    format!("{number:02}-{role}-{serial}.pem")
}

/// Whether a file has this content already.
fn is_there(path: &Path, pem: &str) -> Result<bool, CommandFailure> {
    let facts = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found.map_err(|error| CommandFailure::of_file(path, &error))?,
    };
    let length = u64::try_from(pem.len()).unwrap_or(u64::MAX);
    if facts.is_file()
        && facts.len() == length
        && fs::read(path).is_ok_and(|it| it == pem.as_bytes())
    {
        return Ok(true);
    }
    let why = "exists, and is not this certificate: remove it, or name another folder";
    Err(CommandFailure::new(Exit::NoInput, named(path, why)))
}

fn put(path: &Path, pem: &str) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(pem.as_bytes())?;
    // Whatever has taken the name in the meantime stays.
    file.persist_noclobber(path).map(|_| ()).map_err(|error| error.error)
}

/// Hexadecimal digits of a serial number in a name: RFC 5280 §4.1.2.2 allows 20 bytes.
const MOST_DIGITS: usize = 40;
