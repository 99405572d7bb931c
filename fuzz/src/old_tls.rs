//! A client of old TLS is done with any server: it reads the same in whatever pieces it comes, ends
//! once, and gives out nothing that is not under keys.

use secd::proto::old_tls::{
    Ended, Finishing, FinishingStep, Greeting, GreetingStep, Opening, ServerKey, ToJudge,
};
use secd::wire::old_tls::OldVersion;

use crate::repeatable::Repeatable;

pub(crate) fn one(input: &[u8]) {
    let Some((cut, bytes)) = input.split_first() else { return };
    let (head, tail) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    match (greeted(&[bytes]), greeted(&[head, tail])) {
        (Ok(Some(whole)), Ok(Some(pieces))) => {
            assert_eq!(whole.chain(), pieces.chain());
            assert!(whole.suite().since() <= whole.version());
            let whole = exchanged(whole);
            let pieces = exchanged(pieces);
            // Nobody has the keys that a Finished needs: what follows the hello is only refused.
            finished(whole, &[bytes]);
            finished(pieces, &[head, tail]);
        }
        (Err(whole), Err(pieces)) => {
            assert_eq!(whole, pieces);
            assert!(!whole.why.to_string().is_empty());
        }
        (Ok(None), Ok(None)) => {}
        _ => panic!("pieces differ from the whole"),
    }
}

fn greeted(pieces: &[&[u8]]) -> Result<Option<ToJudge>, Ended> {
    let opening = Opening { host: None, newest: OldVersion::Tls12 };
    let (mut greeting, _) = Greeting::begin(opening, Box::new(Repeatable(1)));
    for piece in pieces {
        greeting = match greeting.feed(piece)? {
            GreetingStep::Judge(judge) => return Ok(Some(judge)),
            GreetingStep::More(greeting) => greeting,
        };
    }
    Ok(None)
}

fn exchanged(judge: ToJudge) -> Finishing {
    let key = ServerKey::new(&key(), 1024).expect("a key of 1024 bits");
    judge.accept(&key).unwrap_or_else(|ended| panic!("{}", ended.why)).0
}

fn finished(mut finishing: Finishing, pieces: &[&[u8]]) {
    for piece in pieces {
        finishing = match finishing.feed(piece) {
            Ok(FinishingStep::More(finishing)) => finishing,
            Ok(FinishingStep::Done(_)) => panic!("a Finished without keys"),
            Err(ended) => return assert!(!ended.why.to_string().is_empty()),
        };
    }
}

/// A key of 1024 bits in PKCS#1, whose private half nobody has.
fn key() -> Vec<u8> {
    let modulus = [&[0x02, 0x81, 0x81, 0x00][..], &[0xFF; 128]].concat();
    [&[0x30, 0x81, 0x89][..], &modulus, &[0x02, 0x03, 0x01, 0x00, 0x01]].concat()
}
