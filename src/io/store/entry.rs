//! What a slot holds, and the file it becomes.

use core::fmt;
use std::io::Write;

use zeroize::Zeroizing;

use super::damage::DamageReason;
use super::slot::Slot;
use crate::trust::signature::sha256_of;

/// What is installed in a slot.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct StoreEntry {
    /// The bytes installed. A configuration may hold secrets: they are wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// What the caller noted about them, in its order: the store keeps it and does not read it.
    ///
    /// A key is one to 32 characters of `[a-z0-9-]`, and not `slot`; a value is at most 320 bytes
    /// without control characters; there are at most 15 notes.
    pub notes: Vec<(String, String)>,
}

/// Without the bytes, which may be a key.
impl fmt::Debug for StoreEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.bytes.len();
        f.debug_struct("StoreEntry").field("length", &length).field("notes", &self.notes).finish()
    }
}

impl StoreEntry {
    /// An entry without notes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), notes: Vec::new() }
    }

    /// The same with one more note.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.notes.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The first note of that key.
    pub fn note(&self, key: &str) -> Option<&str> {
        self.notes.iter().find(|(found, _)| found == key).map(|(_, value)| value.as_str())
    }

    /// The file, or the key of a note that it cannot hold.
    ///
    /// # Layout
    /// ```text
    /// secd-store 1
    /// length <bytes, decimal>
    /// sha256 <of everything after this line, lower-case hexadecimal>
    /// slot <its name>
    /// <key> <value>                       any number of notes
    ///                                     an empty line
    /// <bytes>
    /// ```
    ///
    /// To the version before, `slot` is one note more: it reads what this one writes, so that an
    /// upgrade can be taken back. Its own entries have no such line: see [`slot_by_notes`].
    pub(super) fn encode(&self, slot: Slot) -> Result<Zeroizing<Vec<u8>>, String> {
        let overlong = self.notes.get(NOTES).into_iter();
        let bad = self.notes.iter().filter(|(key, value)| key == SLOT || !fits(key, value));
        if let Some((key, _)) = overlong.chain(bad).next() {
            return Err(key.clone());
        }
        let mut covered = format!("{SLOT} {slot}\n");
        for (key, value) in &self.notes {
            covered += &format!("{key} {value}\n");
        }
        covered.push('\n');
        let digest = hash(&[covered.as_bytes(), &self.bytes]);
        let mut file = format!("{MAGIC}\nlength {}\nsha256 {digest}\n", self.bytes.len());
        file += &covered;
        let mut file = Zeroizing::new(file.into_bytes());
        // In one allocation: growing would copy what may be secret.
        file.reserve_exact(self.bytes.len());
        file.extend_from_slice(&self.bytes);
        Ok(file)
    }

    /// Reads a file of a slot; else the offset of what is wrong, and what that is.
    pub(super) fn decode(slot: Slot, file: &[u8]) -> Result<Self, (usize, DamageReason)> {
        let mut rest = Lines { file, offset: 0 };
        rest.expect(MAGIC, "secd-store 1", |rest| rest.is_empty().then_some(()))?;
        let announced = rest.expect("length ", "length", decimal)?;
        let digest = rest.expect("sha256 ", "sha256", |digest| Some(digest.to_owned()))?;
        let covered = rest.offset;
        let mut notes = rest.notes()?;
        let bytes = rest.file.get(rest.offset..).unwrap_or_default();
        // Before the digest: for a file that was cut off, the length is the better reason.
        if bytes.len() != announced {
            let offset = rest.offset + bytes.len().min(announced);
            return Err((offset, DamageReason::Length { announced, found: bytes.len() }));
        }
        if hash(&[file.get(covered..).unwrap_or_default()]) != digest {
            return Err((covered, DamageReason::Digest));
        }
        let written = match notes.first() {
            Some((key, name)) if key == SLOT => {
                let named = Slot::parse(name);
                let unknown = DamageReason::Header { expected: "a known slot" };
                let named = named.ok_or((covered, unknown))?;
                // The store's own note is not one of the caller's.
                notes.remove(0);
                Some(named)
            }
            // An entry of the version before.
            _ => slot_by_notes(&notes),
        };
        match written {
            Some(other) if other != slot => Err((covered, DamageReason::Misplaced { slot: other })),
            _ => Ok(Self { bytes: Zeroizing::new(bytes.to_vec()), notes }),
        }
    }
}

/// The slot of an entry that the version before has written, which noted the name of the file on
/// the server, and the form of a configuration.
fn slot_by_notes(notes: &[(String, String)]) -> Option<Slot> {
    let note = |key: &str| notes.iter().find(|(found, _)| found == key).map(|(_, value)| value);
    match note("name")? {
        _ if note("form").is_some() => Some(Slot::Configuration),
        name if name.starts_with("CTL") => Some(Slot::Ctl),
        name if name.starts_with("ITL") => Some(Slot::Itl),
        _ => None,
    }
}

/// The header of a file, line by line.
struct Lines<'a> {
    file: &'a [u8],
    offset: usize,
}

impl<'a> Lines<'a> {
    /// The next line, without its end, if it is text and not longer than any of ours.
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.file.get(self.offset..)?;
        // A line without an end is not searched to the end of the file.
        let length = rest.iter().take(LINE).position(|&byte| byte == b'\n')?;
        let line = core::str::from_utf8(rest.get(..length)?).ok()?;
        self.offset += length + 1;
        Some(line)
    }

    /// What `read` makes of the next line after `prefix`.
    fn expect<T>(
        &mut self,
        prefix: &str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, (usize, DamageReason)> {
        let offset = self.offset;
        let value = self.next().and_then(|line| line.strip_prefix(prefix)).and_then(read);
        value.ok_or((offset, DamageReason::Header { expected }))
    }

    /// The notes up to the empty line.
    fn notes(&mut self) -> Result<Vec<(String, String)>, (usize, DamageReason)> {
        let mut notes = Vec::new();
        loop {
            let offset = self.offset;
            let malformed = (offset, DamageReason::Header { expected: "a note or an empty line" });
            match self.next() {
                Some("") => return Ok(notes),
                Some(line) => match line.split_once(' ') {
                    // The store's own note is the first, and there is one: read elsewhere, it would be one
                    // that cannot be written.
                    Some((key, value))
                        if fits(key, value)
                            && notes.len() <= NOTES
                            && (key != SLOT || notes.is_empty()) =>
                    {
                        notes.push((key.to_owned(), value.to_owned()));
                    }
                    _ => return Err(malformed),
                },
                None => return Err(malformed),
            }
        }
    }
}

fn fits(key: &str, value: &str) -> bool {
    let letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=KEY).contains(&key.len())
        && key.bytes().all(letter)
        && value.len() <= VALUE
        && !value.chars().any(char::is_control)
}

/// A number in the one form that [`StoreEntry::encode`] writes.
fn decimal(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number: &usize| number.to_string() == text)
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hex = Vec::new();
    for byte in sha256_of(parts) {
        // Writing to memory does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    String::from_utf8(hex).unwrap_or_default()
}

/// Bytes of the longest file header.
pub(super) const HEADER: u64 = 8192;

const MAGIC: &str = "secd-store 1";
/// The key of the note that names the slot of an entry.
const SLOT: &str = "slot";
/// Besides the slot: the version before reads 16 in all.
const NOTES: usize = 15;
const KEY: usize = 32;
/// The longest is the address of a TVS server: a host name of 253, a colon, five digits.
const VALUE: usize = 320;
const LINE: usize = KEY + VALUE + 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> StoreEntry {
        StoreEntry::new(b"\x01\x00\x02one\n\n".to_vec())
            .with("provenance", "first-use")
            .with("name", "ITLSEP001122334455.tlv")
    }

    fn damage(file: &[u8]) -> (usize, DamageReason) {
        StoreEntry::decode(Slot::Itl, file).unwrap_err()
    }

    #[test]
    fn the_file_is_a_header_and_the_bytes() {
        let file = entry().encode(Slot::Itl).unwrap();
        let text = String::from_utf8(file.to_vec()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["secd-store 1", "length 8"]);
        let notes = ["slot itl", "provenance first-use", "name ITLSEP001122334455.tlv", ""];
        assert_eq!(lines[3..7], notes);
        assert_eq!(StoreEntry::decode(Slot::Itl, &file), Ok(entry()));
    }

    #[test]
    fn nothing_and_no_notes_are_an_entry() {
        let entry = StoreEntry::default();
        assert_eq!(StoreEntry::decode(Slot::Itl, &entry.encode(Slot::Itl).unwrap()), Ok(entry));
    }

    #[test]
    fn every_changed_byte_is_damage() {
        let file = entry().encode(Slot::Itl).unwrap();
        for at in 0..file.len() {
            for bit in [1, 0x20, 0x80] {
                let mut file = file.clone();
                file[at] ^= bit;
                assert!(StoreEntry::decode(Slot::Itl, &file).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn every_truncation_is_damage() {
        let file = entry().encode(Slot::Itl).unwrap();
        for length in 0..file.len() {
            assert!(StoreEntry::decode(Slot::Itl, &file[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn damage_is_placed_and_named() {
        let file = entry().encode(Slot::Itl).unwrap();
        let end = file.len();
        assert_eq!(damage(b""), (0, DamageReason::Header { expected: "secd-store 1" }));
        assert_eq!(
            damage(&file[..end - 3]),
            (end - 3, DamageReason::Length { announced: 8, found: 5 })
        );
        let longer = [&file[..], b"x"].concat();
        assert_eq!(damage(&longer), (end, DamageReason::Length { announced: 8, found: 9 }));
        let mut changed = file.clone();
        changed[end - 1] ^= 1;
        assert_eq!(damage(&changed), (94, DamageReason::Digest));
        let other = [&b"secd-store 2"[..], &file[12..]].concat();
        assert_eq!(damage(&other), (0, DamageReason::Header { expected: "secd-store 1" }));
        assert_eq!(
            damage(b"secd-store 1\nlength 08\n"),
            (13, DamageReason::Header { expected: "length" })
        );
    }

    #[test]
    fn a_second_note_of_the_slot_is_damage() {
        for notes in ["slot itl\nslot ctl\n", "name a\nslot itl\n"] {
            let covered = format!("{notes}\nbytes");
            let digest = hash(&[covered.as_bytes()]);
            let head = format!("secd-store 1\nlength 5\nsha256 {digest}\n");
            let second = head.len() + notes.find('\n').unwrap() + 1;
            let reason = DamageReason::Header { expected: "a note or an empty line" };
            assert_eq!(damage(format!("{head}{covered}").as_bytes()), (second, reason));
        }
    }

    #[test]
    fn a_note_that_would_break_the_header_is_refused_by_its_key() {
        for (key, value) in [
            ("", "value"),
            ("two words", "value"),
            ("Name", "value"),
            ("slot", "itl"),
            ("name", "a\n\nb"),
            ("name", &"a".repeat(VALUE + 1)),
        ] {
            assert_eq!(
                StoreEntry::default().with(key, value).encode(Slot::Itl),
                Err(key.to_owned())
            );
        }
        let many = (0..=NOTES).fold(StoreEntry::default(), |entry, _| entry.with("name", "value"));
        assert!(many.encode(Slot::Itl).is_err());
    }

    #[test]
    fn the_longest_header_fits_its_bound() {
        let key = "k".repeat(KEY);
        let value = "v".repeat(VALUE);
        let entry = (0..NOTES).fold(StoreEntry::default(), |entry, _| entry.with(&key, &value));
        let file = entry.encode(Slot::Itl).unwrap();
        assert!(u64::try_from(file.len()).unwrap() <= HEADER);
        assert_eq!(StoreEntry::decode(Slot::Itl, &file), Ok(entry));
    }
}
