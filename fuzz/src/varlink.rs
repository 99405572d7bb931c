//! Messages come out as they went in, whatever the pieces, and what follows them is kept.

use secd::wire::varlink::{Call, Frames};

pub(crate) fn one(input: &[u8]) {
    let Some((step, bytes)) = input.split_first() else { return };
    let mut frames = Frames::default();
    let mut again = Vec::new();
    for piece in bytes.chunks(1 + usize::from(*step)) {
        frames.feed(piece);
        while let Ok(Some(message)) = frames.message() {
            match Call::parse(&message) {
                Ok(call) => assert!(call.method.ends_with(call.split().1)),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
            again.extend(message);
            again.push(0);
        }
    }
    again.extend(frames.rest());
    assert_eq!(again, bytes);
}
