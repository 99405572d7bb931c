//! Whatever name servers answer, a look-up ends after its turns, with addresses of the kinds that
//! were asked for or none; and whatever the files of the system say, there is somebody to ask.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use secd::proto::dns::{Lookup, Next, Patience};
use secd::wire::dns::settings::{ResolverSettings, listed};
use secd::wire::dns::{DomainName, MAX_MESSAGE};

/// What comes: from which server, whether over TCP, and its bytes.
type Answer<'a> = (u8, bool, &'a [u8]);

pub(crate) fn one(input: &[u8]) {
    type Input<'a> = (&'a str, Vec<Answer<'a>>);
    let Ok((text, messages)) = Input::arbitrary_take_rest(Unstructured::new(input)) else {
        return;
    };
    let settings = ResolverSettings::parse(text);
    assert!((1..=3).contains(&settings.servers.len()));
    assert!(settings.candidates("cm1").len() <= 7);
    assert!(listed(text, "cm1").len() <= 16);
    let patience = Patience { servers: 3, attempts: 2, wait: Duration::from_secs(1) };
    let name = DomainName::parse("cm1.lab.test").expect("a name");
    let mut lookup = Lookup::new(&name, [0x0101, 0x0202], patience);
    let mut now = Duration::ZERO;
    let mut asked = 0;
    let mut messages = messages.into_iter();
    loop {
        match lookup.next(now) {
            Next::Over => break,
            Next::Ask(server) => {
                assert!(server < 3);
                asked += 1;
            }
            Next::OverTcp(server, which) => {
                assert!(server < 3 && lookup.question(which).is_some());
                asked += 1;
            }
            Next::Wait(until) => match messages.next() {
                Some((server, fits, rest)) => {
                    // The beginning is seldom guessed.
                    let mut message = lookup.open().next().map(|it| it.emit()).unwrap_or_default();
                    if !fits {
                        message.clear();
                    }
                    if let (Some(flags), [high, low, records, more @ ..]) =
                        (message.get_mut(2..8), rest)
                    {
                        flags.copy_from_slice(&[high | 0x80, *low, 0, 1, 0, *records]);
                        message.extend_from_slice(more);
                    } else {
                        message.extend_from_slice(rest);
                    }
                    message.truncate(MAX_MESSAGE);
                    lookup.on_message(usize::from(server % 3), &message, now);
                }
                None => now = until,
            },
        }
    }
    assert!(asked <= 8, "six turns and two answers over TCP");
    if let Ok(found) = lookup.found() {
        assert!((1..=32).contains(&found.len()));
    }
}
