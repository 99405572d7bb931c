//! Whatever is in a file of the store: it is read only if it is intact, comes back as it was
//! written, and is never taken for nothing, which would be a first use.

use std::fs;
use std::path::Path;

use secd::face::hex;
use secd::io::store::{Loaded, Slot, Store, StoreEntry};
use secd::trust::signature::sha256;
use tempfile::TempDir;

/// One byte says which file of which slot it is and whether its header is made to fit, three where
/// it is damaged afterwards.
pub(crate) fn one(input: &[u8]) {
    let Some(([choice, damage @ ..], rest)) = input.split_first_chunk::<4>() else { return };
    let slot = Slot::ALL[usize::from(choice & 7) % Slot::ALL.len()];
    let file = if choice & 0x80 == 0 { fitting(rest) } else { rest.to_vec() };
    let folder = TempDir::new().expect("a temporary folder");
    match (choice >> 3) & 3 {
        0 | 1 => current(folder.path(), slot, &file, *damage),
        2 => previous(folder.path(), slot, &file),
        _ => marker(folder.path(), slot, &file),
    }
}

/// The notes, an empty line and the bytes behind a header that is right for them.
fn fitting(covered: &[u8]) -> Vec<u8> {
    let end = match covered {
        [b'\n', ..] => 1,
        _ => covered.windows(2).position(|pair| pair == b"\n\n").map_or(0, |at| at + 2),
    };
    let length = covered.len() - end;
    let digest = hex(&sha256(covered));
    [format!("secd-store 1\nlength {length}\nsha256 {digest}\n").as_bytes(), covered].concat()
}

fn open(folder: &Path) -> Store {
    Store::open(folder).expect("a folder of its own").0
}

fn current(folder: &Path, slot: Slot, file: &[u8], damage: [u8; 3]) {
    let path = folder.join(slot.name());
    fs::write(&path, file).expect("a fresh file");
    let store = open(folder);
    match store.load(slot) {
        Loaded::Current(entry) => {
            assert!(file.ends_with(&entry.bytes));
            damaged(&store, (slot, &path), file, damage);
            kept(&store, slot, &entry);
        }
        Loaded::Locked { damage } => assert_told(&damage, file.len()),
        other => panic!("{other:?}"),
    }
}

/// A bit of it is another.
fn damaged(store: &Store, (slot, path): (Slot, &Path), file: &[u8], [high, low, bit]: [u8; 3]) {
    let mut file = file.to_vec();
    let at = usize::from(u16::from_be_bytes([high, low])) % file.len();
    file[at] ^= 1 << (bit % 8);
    fs::write(path, &file).expect("the same file");
    match store.load(slot) {
        Loaded::Locked { damage } => assert_told(&damage, file.len()),
        other => panic!("byte {at} is damaged, and it is {other:?}"),
    }
}

/// What was read can be written, and is the same then.
fn kept(store: &Store, slot: Slot, entry: &StoreEntry) {
    if entry.bytes.len() <= slot.limit() {
        store.install(slot, entry).expect("what was read is fit to be written");
        assert_eq!(store.load(slot), Loaded::Current(entry.clone()));
    }
}

fn previous(folder: &Path, slot: Slot, file: &[u8]) {
    fs::write(folder.join(format!("{slot}.previous")), file).expect("a fresh file");
    match open(folder).load(slot) {
        Loaded::Previous { entry, .. } => assert!(file.ends_with(&entry.bytes)),
        Loaded::Locked { damage } => assert_told(&damage, file.len()),
        other => panic!("{other:?}"),
    }
}

/// Something was installed once, whatever the marker says.
fn marker(folder: &Path, slot: Slot, file: &[u8]) {
    fs::write(folder.join(format!("{slot}.present")), file).expect("a fresh file");
    let loaded = open(folder).load(slot);
    // The slot of the LSC has no marker: a phone without one falls back to its MIC.
    let is_lost = matches!(loaded, Loaded::Locked { .. });
    assert!(is_lost || slot == Slot::Lsc, "{loaded:?}");
}

fn assert_told(damage: &[secd::io::store::Damage], end: usize) {
    assert!(!damage.is_empty());
    for damage in damage {
        assert!(damage.offset <= end);
        assert!(!damage.to_string().chars().any(char::is_control), "{damage}");
    }
}
