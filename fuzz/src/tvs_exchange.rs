//! An answer says the same in whatever pieces it comes, and never keeps more than it announced.

use secd::proto::tvs::{AnswerProgress, Exchange};
use secd::wire::Serial;
use secd::wire::name::DeviceName;
use secd::wire::tvs::{PhoneName, Session, TvsRequest};

pub(crate) fn one(input: &[u8]) {
    let Some((cut, bytes)) = input.split_first() else { return };
    let (head, tail) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let mut whole = exchange();
    let mut pieces = exchange();
    let at_once = whole.feed(bytes);
    let in_two = pieces.feed(head).and_then(|_| pieces.feed(tail));
    assert_eq!(at_once.is_ok(), in_two.is_ok());
    match at_once {
        Ok(AnswerProgress::Complete) => {
            assert_eq!(in_two, Ok(AnswerProgress::Complete));
            assert_eq!(whole.response(), pieces.response());
        }
        Ok(AnswerProgress::NeedMore(more)) => {
            assert!(more > 0 && whole.response().is_err());
            assert!(!whole.closed().to_string().is_empty());
        }
        Err(misbehaved) => assert!(!misbehaved.to_string().is_empty()),
    }
}

fn exchange() -> Exchange {
    let name = DeviceName::parse("SEP000000000001").expect("a device name");
    let caller = PhoneName { model: Default::default(), name };
    let query = TvsRequest::Query { subject: b"CN=a", issuer: b"CN=b", serial: Serial::new(&[1]) };
    Exchange::begin(&query, &caller, Session(1001)).expect("a short question").0
}
