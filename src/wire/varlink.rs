//! Varlink messages: JSON objects, each ended by one NUL.
//!
//! # Source
//! The Varlink protocol: calls have `method`, `parameters`, `oneway`, `more`, `upgrade`; replies
//! have `parameters`, `continues`, `error`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

mod once;

use once::Once;

/// One call of a client.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Call {
    /// Interface and method, separated by the last dot.
    pub method: String,
    /// An object; absent means an empty one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
    /// The client expects no reply.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "is_false")]
    pub oneway: bool,
    /// Several replies may come.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "is_false")]
    pub more: bool,
    /// The connection becomes something else after the reply.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "is_false")]
    pub upgrade: bool,
}

impl Call {
    /// Reads a message, without its NUL.
    ///
    /// Nesting is bounded by the JSON reader (128 levels), length by [`Frames`].
    ///
    /// # Errors
    /// [`NotACall`], also for a member that is there twice, wherever in the message.
    pub fn parse(message: &[u8]) -> Result<Self, NotACall> {
        read(message)
    }

    /// The message with its NUL.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        message(self)
    }

    /// Interface and method, the former empty if there is no dot.
    #[must_use]
    pub fn split(&self) -> (&str, &str) {
        self.method.rsplit_once('.').unwrap_or(("", &self.method))
    }
}

/// A message that is neither call nor reply, and where it stops being one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotACall {
    /// Number of the line, counted from 1.
    pub line: usize,
    /// Number of the byte in the line, counted from 1.
    pub column: usize,
}

impl fmt::Display for NotACall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: expected a Varlink call", self.line, self.column)
    }
}

/// One reply to a client.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Reply {
    /// What the method answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Another reply to the same call follows.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "is_false")]
    pub continues: bool,
    /// The name of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A flag that is null counts as absent: clients of languages with an empty value write it.
fn flag<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    Option::deserialize(value).map(Option::unwrap_or_default)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Reply {
    /// A reply with parameters.
    #[must_use]
    pub fn of(parameters: Value) -> Self {
        Self { parameters: Some(parameters), continues: false, error: None }
    }

    /// An error by name, with its facts.
    #[must_use]
    pub fn error(name: &str, parameters: Value) -> Self {
        Self { parameters: Some(parameters), continues: false, error: Some(name.into()) }
    }

    /// The message with its NUL.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        message(self)
    }

    /// Reads a message, without its NUL.
    ///
    /// # Errors
    /// [`NotACall`], for what is not a reply; also for a member that is there twice.
    pub fn parse(message: &[u8]) -> Result<Self, NotACall> {
        read(message)
    }
}

/// Reads a message that has each member once.
fn read<T: DeserializeOwned>(message: &[u8]) -> Result<T, NotACall> {
    // Twice over the same bytes: in free-form parameters serde would let the last one win.
    let read =
        serde_json::from_slice::<Once>(message).and_then(|Once| serde_json::from_slice(message));
    read.map_err(|error| NotACall { line: error.line(), column: error.column() })
}

fn message(value: &impl Serialize) -> Vec<u8> {
    // Cannot fail: every key is a string, and nothing here refuses to be written.
    let mut message = serde_json::to_vec(value).unwrap_or_default();
    message.push(0);
    message
}

/// Messages out of a stream, one by one, none longer than a limit: [`MAX_MESSAGE`] unless another
/// one is given.
#[derive(Debug)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Bytes at the start that contain no NUL, so that each is searched once.
    searched: usize,
    limit: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self::up_to(MAX_MESSAGE)
    }
}

/// A message that does not end within the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLong;

impl Frames {
    /// Messages of no more than so many bytes.
    #[must_use]
    pub const fn up_to(limit: usize) -> Self {
        Self { bytes: Vec::new(), searched: 0, limit }
    }

    /// Takes in bytes as they come.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete message, without its NUL.
    ///
    /// # Errors
    /// [`TooLong`]; nothing more can be read then.
    pub fn message(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let unsearched = self.bytes.get(self.searched..).unwrap_or_default();
        match unsearched.iter().position(|byte| *byte == 0) {
            Some(place) if self.searched + place <= self.limit => {
                let mut message = self.take(self.searched + place + 1);
                message.pop();
                Ok(Some(message))
            }
            // A client that never ends its message gets no more memory than one that does.
            None if self.bytes.len() <= self.limit => {
                self.searched = self.bytes.len();
                Ok(None)
            }
            _ => Err(TooLong),
        }
    }

    /// What came after the last message: it belongs to what the connection becomes.
    #[must_use]
    pub fn rest(self) -> Vec<u8> {
        self.bytes
    }

    /// Bytes that no message has taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no message has begun.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(count);
        self.searched = 0;
        core::mem::replace(&mut self.bytes, rest)
    }
}

/// 64 KiB: the largest call has a certificate with those above it (design, Varlink).
pub const MAX_MESSAGE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn messages_come_out_whole_whatever_the_pieces() {
        let mut frames = Frames::default();
        for piece in [&b"{\"a\""[..], b":1}", b"\0{}\0rest"] {
            frames.feed(piece);
        }
        assert_eq!(frames.message(), Ok(Some(b"{\"a\":1}".to_vec())));
        assert_eq!(frames.message(), Ok(Some(b"{}".to_vec())));
        assert_eq!(frames.message(), Ok(None));
        assert_eq!(frames.rest(), b"rest");
    }

    #[test]
    fn a_message_may_have_64_kib_and_not_one_byte_more() {
        let mut frames = Frames::default();
        frames.feed(&vec![b' '; MAX_MESSAGE]);
        assert_eq!(frames.message(), Ok(None));
        frames.feed(&[0]);
        assert_eq!(
            frames.message().map(|message| message.map(|bytes| bytes.len())),
            Ok(Some(MAX_MESSAGE))
        );
        let mut frames = Frames::default();
        frames.feed(&vec![b' '; MAX_MESSAGE + 1]);
        assert_eq!(frames.message(), Err(TooLong));
    }

    #[test]
    fn deep_nesting_is_no_call() {
        let deep = "{\"method\":\"a.b\",\"parameters\":{\"x\":".to_owned() + &"[".repeat(1000);
        assert!(Call::parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn members_that_are_null_are_absent() {
        let null = b"{\"method\":\"a.b\",\"parameters\":null,\"more\":null,\"oneway\":null,\"upgrade\":null}";
        assert_eq!(Call::parse(null), Call::parse(b"{\"method\":\"a.b\"}"));
        let reply = b"{\"parameters\":null,\"continues\":null,\"error\":null}";
        assert_eq!(Reply::parse(reply), Ok(Reply::default()));
        assert!(Call::parse(b"{\"method\":null}").is_err());
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused_wherever_it_is() {
        for call in [
            r#"{"method":"a.b","method":"a.b"}"#,
            r#"{"method":"a.b","more":true,"more":true}"#,
            r#"{"method":"a.b","new":1,"new":1}"#,
            r#"{"method":"a.b","parameters":{},"parameters":{}}"#,
            r#"{"method":"a.b","parameters":{"x":1,"x":2}}"#,
            r#"{"method":"a.b","parameters":{"x":1,"\u0078":1}}"#,
            r#"{"method":"a.b","parameters":{"x":{"y":null,"y":null}}}"#,
            r#"{"method":"a.b","parameters":{"x":[0,{"y":"","z":{},"y":""}]}}"#,
        ] {
            assert!(
                matches!(Call::parse(call.as_bytes()), Err(NotACall { line: 1, .. })),
                "{call}"
            );
        }
        let twice = br#"{"parameters":{"x":[{"y":1,"y":1}]}}"#;
        assert!(Reply::parse(twice).is_err());
    }

    #[test]
    fn members_of_one_name_in_several_objects_are_no_fault() {
        let call = br#"{"method":"a.b","parameters":{"x":[{"x":1,"y":-1},{"x":1.5,"y":"\u00e9"}],"method":true}}"#;
        let parameters = Call::parse(call).unwrap().parameters.unwrap();
        assert_eq!(parameters["x"][1], serde_json::json!({"x": 1.5, "y": "\u{e9}"}));
    }

    #[test]
    fn a_call_may_leave_everything_but_the_method_out() {
        let call = Call::parse(b"{\"method\":\"org.varlink.service.GetInfo\"}").unwrap();
        assert_eq!(call.split(), ("org.varlink.service", "GetInfo"));
        assert!(!call.more && !call.oneway && !call.upgrade && call.parameters.is_none());
    }

    #[test]
    fn a_last_reply_does_not_say_that_it_continues() {
        let reply = Reply::of(serde_json::json!({}));
        assert_eq!(reply.emit(), b"{\"parameters\":{}}\0");
    }
}
