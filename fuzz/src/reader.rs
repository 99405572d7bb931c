//! The reader never passes its end, and every offset it tells lies in the input.

use secd::wire::Malformed;
use secd::wire::reader::Reader;

pub(crate) fn one(bytes: &[u8]) {
    elements(Reader::new(bytes), bytes.len(), 0);
    for count in bytes.iter().take(4) {
        let mut reader = Reader::new(bytes);
        let taken = reader.take(usize::from(*count), "some").map(<[u8]>::len);
        assert_eq!(taken.is_ok(), usize::from(*count) <= bytes.len());
        assert_eq!(reader.offset() + reader.left(), bytes.len());
    }
}

/// Reads elements to the end or the first fault, and those inside them likewise.
fn elements(mut reader: Reader<'_>, end: usize, depth: usize) {
    let last = reader.offset() + reader.left();
    while reader.left() > 0 {
        let before = reader.offset();
        match reader.element("element") {
            Ok(element) => {
                assert_eq!(element.offset, before);
                assert_eq!(reader.offset(), before + 3 + element.value.len());
                if let Ok(text) = element.text("text") {
                    assert_eq!(text.len() + 1, element.value.len());
                }
                told(element.array::<2>("two").err(), end);
                if depth < 8 {
                    elements(element.inside(), end, depth + 1);
                }
            }
            Err(malformed) => {
                told(Some(malformed), end);
                break;
            }
        }
        assert_eq!(reader.offset() + reader.left(), last);
    }
}

fn told(malformed: Option<Malformed>, end: usize) {
    if let Some(malformed) = malformed {
        assert!(malformed.offset <= end);
        assert!(!malformed.to_string().is_empty());
    }
}
