//! Records that parse tile the body, each where it says it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secd::wire::list;

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    let start = usize::from(*first);
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
});
