//! Records that parse tile the body, each where it says it is.

use secd::wire::{Envelope, FileKind, list};

pub(crate) fn one(input: &[u8]) {
    // The body of a whole list, or any bytes behind one that says where they begin.
    let (start, body) = match Envelope::parse(input, FileKind::List) {
        Ok(file) => (file.header_length, file.body()),
        Err(_) => match input.split_first() {
            Some((first, body)) => (usize::from(*first), body),
            None => return,
        },
    };
    match list::parse(body, start) {
        Ok(records) => {
            let mut next = start;
            for record in &records {
                assert_eq!(record.offset, next);
                next += record.length;
                for unknown in &record.unknown {
                    assert!((record.offset..next).contains(&unknown.offset));
                    assert_eq!(body.get(unknown.offset - start), Some(&unknown.tag));
                }
                for odd in record.odd.iter().chain(&record.unusable) {
                    assert!((record.offset..next).contains(&odd.offset));
                }
            }
            assert_eq!(next, start + body.len());
            assert!(records.len() <= list::MAX_RECORDS);
        }
        Err(malformed) => {
            assert!((start..=start + body.len()).contains(&malformed.offset));
            assert!(!malformed.to_string().is_empty());
        }
    }
}
