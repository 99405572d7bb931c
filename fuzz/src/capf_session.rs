//! A session goes the same way in whatever pieces it comes, and ends.

use secd::proto::capf::{CapfExchange, CapfFault, CapfStep};
use secd::wire::capf::Introduction;
use secd::wire::name::DeviceName;

pub(crate) fn one(input: &[u8]) {
    let Some((choices, bytes)) = input.split_first() else { return };
    let cut = usize::from(choices >> 1).min(bytes.len());
    let (head, tail) = bytes.split_at(cut);
    let whole = run(&[bytes], choices & 1 == 0);
    let pieces = run(&[head, tail], choices & 1 == 0);
    assert_eq!(whole, pieces);
}

/// What the phone sends, and how the session ends; nothing if it goes on.
fn run(pieces: &[&[u8]], agrees: bool) -> (Vec<u8>, Option<Result<String, CapfFault>>) {
    let mut sent = Vec::new();
    let mut exchange = CapfExchange::default();
    for piece in pieces {
        let mut piece = *piece;
        // A question is answered once at most: there are four in a session.
        for _ in 0..6 {
            let fed = match exchange.feed(core::mem::take(&mut piece)) {
                Ok(fed) => fed,
                Err(fault) => return (sent, Some(Err(fault))),
            };
            let (answer, next) = match fed.step {
                CapfStep::NeedMore(next) => {
                    exchange = next;
                    break;
                }
                CapfStep::End(reason) => return (sent, Some(Ok(reason.to_string()))),
                CapfStep::RetryLater => return (sent, Some(Ok(String::from("later")))),
                CapfStep::Abort(answer) => {
                    sent.extend(answer);
                    return (sent, Some(Ok(String::from("abort"))));
                }
                question => answered(question, agrees),
            };
            sent.extend(answer);
            exchange = next;
        }
    }
    (sent, None)
}

fn answered(question: CapfStep, agrees: bool) -> (Vec<u8>, CapfExchange) {
    let answer = match (question, agrees) {
        (CapfStep::Authenticate(question), _) => {
            let device = DeviceName::parse("SEP000000000001").expect("a device name");
            question.with(Introduction { device: &device, string: None, ownership: None })
        }
        (CapfStep::Delete(question), true) => question.deleted(),
        (CapfStep::Delete(question), false) => question.declined(),
        (CapfStep::Fetch(question), agrees) => question.with(agrees.then_some(&[0x30, 0])),
        (CapfStep::MakeKey(question), true) => question.made(&[0x30, 0]),
        (CapfStep::MakeKey(question), false) => question.declined(),
        (CapfStep::Store(question), true) => question.stored(),
        (CapfStep::Store(question), false) => question.declined(),
        _ => unreachable!("no question"),
    };
    answer.expect("a short answer")
}
