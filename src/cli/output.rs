//! Files that commands write.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::cli::exit::CommandFailure;

/// Writes a file completely or not at all; a device or a pipe is written to as it is.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CommandFailure> {
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
