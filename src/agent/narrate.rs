//! Events become lines of the console log, with their names and facts for programs.

use log::kv::Value;
use log::{Record, max_level};
use serde_json::{Map, json};

use crate::boot::Event;
use crate::boot::event::{Fact, Level};
use crate::io::console::{EVENT, FACTS};

/// Logs an event, unless lines of its level are not shown.
pub(super) fn say(event: &Event) {
    let level = of_log(event.level());
    if level > max_level() {
        return;
    }
    // Only for lines that are shown: the facts of the others would be work for nothing.
    let facts = facts(event);
    let pairs = [(EVENT, Value::from(event.name())), (FACTS, Value::from(facts.as_str()))];
    log::logger().log(
        &Record::builder()
            .level(level)
            .target(event.process())
            .args(format_args!("{event}"))
            .key_values(&pairs)
            .build(),
    );
}

/// The level of the `log` crate that the console shows as this one.
pub(super) const fn of_log(level: Level) -> log::Level {
    match level {
        Level::Error => log::Level::Error,
        Level::Warning => log::Level::Warn,
        Level::Notice => log::Level::Info,
        Level::Info => log::Level::Debug,
        Level::Debug => log::Level::Trace,
    }
}

/// The facts as one object of JSON.
///
/// Names and reasons come from outside, and a line is kept for a while: texts are cut, so that they
/// cannot fill the memory.
fn facts(event: &Event) -> String {
    let mut facts = event.facts();
    // A line of another process is its text and nothing else, which the reply has already.
    let text = event.to_string();
    facts.retain(|(_, fact)| !matches!(fact, Fact::Text(fact) if *fact == text));
    let short = LENGTHS.iter().map(|length| object(&facts, *length));
    short.into_iter().find(|text| text.len() <= MOST).unwrap_or_else(|| "{}".to_owned())
}

fn object(facts: &[(&'static str, Fact)], length: usize) -> String {
    let value = |fact: &Fact| match fact {
        Fact::Number(number) => json!(number),
        Fact::Text(text) => json!(cut(text, length)),
    };
    let facts = facts.iter().map(|(name, fact)| ((*name).to_owned(), value(fact)));
    serde_json::Value::Object(facts.collect::<Map<_, _>>()).to_string()
}

fn cut(text: &str, length: usize) -> &str {
    // Never within a character: JSON is UTF-8.
    let end = (0..=length.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// Bytes of one fact: the first length with which all facts fit. Inferred: longer than any name of
/// a file, a host or a certificate's subject that was seen; a control character takes six in JSON.
const LENGTHS: [usize; 3] = [256, 64, 16];

/// The most bytes that all facts of a line may take: twice what the text of a line may.
const MOST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Event {
        let (name, why) = (text.to_owned(), text.to_owned());
        Event::ListNotFetched { name, why }
    }

    #[test]
    fn facts_are_an_object_by_name() {
        let event = Event::TransferFinished { number: 3, bytes: 5252 };
        assert_eq!(facts(&event), r#"{"bytes":5252,"number":3}"#);
    }

    #[test]
    fn facts_from_outside_are_cut_between_characters() {
        for text in ["a".repeat(9_999), "\u{1}".repeat(9_999), "ä".repeat(9_999)] {
            let facts = facts(&refused(&text));
            let read: serde_json::Value = serde_json::from_str(&facts).unwrap();
            let name = read["name"].as_str().unwrap();
            assert!(facts.len() <= MOST && text.starts_with(name) && !name.is_empty());
        }
    }
}
