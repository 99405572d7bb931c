//! Files that commands write; `-` is standard output.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::cli::exit::{CommandFailure, usage};
use crate::cli::print::{binary, is_for_a_person};

/// Whether an argument means standard input or output instead of a file.
pub(super) fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Refuses a destination that could not take the content, before there is any: standard output that
/// is a terminal, or that the object of `--json` goes to. Without a path it is standard output.
///
/// # Errors
/// What to do instead.
pub(super) fn expect_fit(out: Option<&Path>, json: bool) -> Result<(), CommandFailure> {
    if !out.is_none_or(is_stream) {
        return Ok(());
    }
    if json {
        return Err(usage("--json and --out - both write to standard output: name a file"));
    }
    if is_for_a_person() {
        // Bytes of a file can be orders to a terminal.
        return Err(usage(
            "standard output is a terminal, which cannot show a file's bytes: redirect it, or name \
             a file with --out",
        ));
    }
    Ok(())
}

/// Writes a file completely or not at all; a device, a pipe or standard output is written to as it
/// is.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CommandFailure> {
    if is_stream(path) {
        return stream(bytes);
    }
    let write = || {
        if is_special(path) {
            // Renaming a file over /dev/null or a pipe would replace it.
            let mut device = OpenOptions::new().write(true).open(path)?;
            return device.write_all(bytes).map(|()| device);
        }
        let mut file = beside(path)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(|_| ()).map_err(|error| CommandFailure::of_file(path, &error))
}

/// Writes to standard output.
pub(super) fn stream(bytes: &[u8]) -> Result<(), CommandFailure> {
    let mut out = binary();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| CommandFailure::of_file(Path::new("standard output"), &error))
}

/// Whether the path is a device, a pipe or a folder: none of them must be replaced by a file.
pub(super) fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|facts| !facts.is_file())
}

/// A file that will become the one at `path`.
pub(super) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    // In the same folder: a rename does not cross file systems.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // tempfile hides the system's number behind an error of its own, and with it the reason.
    let mut number = None;
    let made = Builder::new().make_in(folder.unwrap_or(Path::new(".")), |path| {
        // For its owner only: it may become a decrypted configuration.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        file.inspect_err(|error| number = error.raw_os_error())
    });
    made.map_err(|error| number.map_or(error, io::Error::from_raw_os_error))
}
