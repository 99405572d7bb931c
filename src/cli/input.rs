//! Files that the arguments name; `-` is standard input.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::output::is_stream;
use crate::cli::print::named;
use crate::io::settings::ServerAddress;
use crate::trust::certificate::Certificate;
use crate::trust::decrypt::DeviceKey;
use crate::wire::{Envelope, FileKind};

/// Reads a whole file, if it is not longer than any that a phone would fetch.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    let unreadable = |error| CommandFailure::of_file(label(path), &error);
    let source: Box<dyn Read> = if is_stream(path) {
        let input = io::stdin();
        if input.is_terminal() {
            // It would wait there for what nobody can type.
            return Err(usage(
                "standard input is a terminal: redirect a file into it, or name one",
            ));
        }
        Box::new(input)
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    // One byte more than allowed, to notice a file that is too long.
    source.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        let error = format!("longer than {LONGEST} bytes");
        return Err(CommandFailure::new(Exit::Malformed, named(label(path), error)));
    }
    Ok(bytes)
}

/// The name of a file in what is printed about it.
pub(super) fn label(path: &Path) -> &Path {
    if is_stream(path) { Path::new("standard input") } else { path }
}

/// Refuses standard input for more than one of several files.
///
/// # Errors
/// If it is named twice: whichever is read second would be empty.
pub(super) fn expect_one_stream(paths: &[&Option<PathBuf>]) -> Result<(), CommandFailure> {
    let streams = paths.iter().filter_map(|path| path.as_deref()).filter(|path| is_stream(path));
    if streams.count() > 1 {
        return Err(usage("standard input (-) can be only one of the files"));
    }
    Ok(())
}

/// The address of a server in an argument.
///
/// # Errors
/// What is wrong with it.
pub(super) fn address(text: &str, port: u16) -> Result<ServerAddress, CommandFailure> {
    ServerAddress::parse(text, port).map_err(|why| {
        usage(format!("{text} is not a valid address (ADDR, ADDR:PORT or [ADDR]:PORT): {why}"))
    })
}

/// Reads the phone's private key.
///
/// # Errors
/// If there is no file to read, or none with such a key.
pub(super) fn key(path: &Path) -> Result<DeviceKey, CommandFailure> {
    let bytes = Zeroizing::new(read(path)?);
    DeviceKey::of_pem(&bytes).map_err(|_| {
        let expected = "expected an RSA private key in PEM or DER";
        CommandFailure::new(Exit::Malformed, named(label(path), expected))
    })
}

/// What kind of file this is: by its name, or else by its header.
pub(super) fn kind(name: &str, bytes: &[u8]) -> FileKind {
    // As on the phone, which knows what it asked for before it has a byte of it.
    if [".tlv", ".sgn"].iter().any(|ending| name.ends_with(ending)) {
        return FileKind::of_name(name);
    }
    match Envelope::parse(bytes, FileKind::Signed) {
        Ok(file) if file.file_name.ends_with(".tlv") => FileKind::List,
        Ok(_) => FileKind::Signed,
        Err(_) if Envelope::parse(bytes, FileKind::Encrypted).is_ok() => FileKind::Encrypted,
        // Parsed as anything else it fails as well; the error then names an offset of a list.
        Err(_) => FileKind::List,
    }
}

/// What to report of bytes that do not even begin as a trust list or a signed file does, with its
/// version; nothing if they do, or if there are none.
pub(super) fn foreign(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() || bytes.starts_with(&VERSION) {
        return None;
    }
    let guess = LOOKS.iter().find(|(looks, _)| looks(bytes)).map(|(_, name)| *name);
    let guess = guess.map(|name| format!(" (looks like {name})")).unwrap_or_default();
    Some(format!("neither a trust list nor a signed file{guess}"))
}

/// Whether bytes look like something.
type Looks = fn(&[u8]) -> bool;

/// What may lie in the same folder, the more specific sign first.
const LOOKS: [(Looks, &str); 8] = [
    (|bytes| pem(bytes, "CERTIFICATE"), "a certificate in PEM"),
    (|bytes| pem(bytes, "PRIVATE KEY"), "a private key in PEM"),
    (|bytes| Certificate::parse(bytes).is_ok(), "a certificate in DER"),
    (|bytes| bytes.starts_with(&[0x1f, 0x8b]), "a gzip archive"),
    (|bytes| bytes.starts_with(b"PK\x03\x04"), "a zip archive"),
    (|bytes| is_html(bytes), "an HTML page"),
    // HTML is looked for first, and text last: what is above is text as well.
    (|bytes| start(bytes).starts_with('<'), "XML"),
    (|bytes| core::str::from_utf8(bytes).is_ok_and(is_prose), "text"),
];

/// The beginning in small letters, without a byte order mark, NULs of UTF-16 and blanks before it.
fn start(bytes: &[u8]) -> String {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head).replace(['\0', '\u{feff}', '\u{fffd}'], "");
    text.trim_start().to_ascii_lowercase()
}

fn is_html(bytes: &[u8]) -> bool {
    let start = start(bytes);
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

fn pem(bytes: &[u8], kind: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&format!("{kind}-----"))
    })
}

fn is_prose(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace())
}

/// Tag 1, two bytes long: how every header begins (domain facts 3.2).
const VERSION: [u8; 3] = [1, 0, 2];

/// Bytes of the beginning that are looked at: an XML declaration is shorter.
const LOOKED_AT: usize = 256;

/// 16 MiB: firmware packages carry the same envelope and are larger than any configuration.
pub(super) const LONGEST: u64 = 16 << 20;
