//! Writes down the secrets of TLS connections, for whoever looks at a capture of them.
//!
//! Only in a program that was built with the feature `keylog`, and no program that ships is. The
//! file is opened once, before a sandbox closes the file system. Old TLS writes nothing: its
//! secrets can be calculated with the server's key.

use std::env;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::KeyLog;

/// Opens the file that the environment names as `SSLKEYLOGFILE`, to add to it; returns its name.
///
/// # Errors
/// Why that file cannot be opened, and its name.
pub fn open() -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
    let Some(path) = env::var_os("SSLKEYLOGFILE").filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(path);
    // What is in it opens every connection: it is nobody else's.
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    match file {
        Ok(file) => {
            SECRETS.get_or_init(|| Arc::new(Secrets(Mutex::new(file))));
            Ok(Some(path))
        }
        Err(error) => Err((path, error)),
    }
}

/// Where connections write their secrets, if anywhere.
pub(super) fn opened() -> Option<Arc<dyn KeyLog>> {
    let secrets: Arc<dyn KeyLog> = SECRETS.get()?.clone();
    Some(secrets)
}

#[derive(Debug)]
struct Secrets(Mutex<File>);

impl KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        add(&mut line, client_random);
        line.push(' ');
        add(&mut line, secret);
        line.push('\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // In one piece: several programs may write to the file. A connection does not fail for it, and
        // whoever looks at the capture sees that it stays closed.
        let _written = file.write_all(line.as_bytes());
    }
}

fn add(line: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _a_string_takes_all = write!(line, "{byte:02x}");
    }
}

static SECRETS: OnceLock<Arc<Secrets>> = OnceLock::new();
