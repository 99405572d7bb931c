//! What may be odd or wrong about a CAPF server.

use super::message::Command;

/// One deviation from an honest course.
///
/// A deviation of a message happens whenever that message is sent; the course goes on after it, as
/// far as the phone does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Odd {
    /// The certificate names CAPF as its issuer, and another key has signed it.
    BadSignature,
    /// Element 3 of the certificate's message.
    CertificateType(u8),
    /// The header announces so many bytes of payload, whatever follows.
    Claims(Command, u16),
    /// Closed, properly, after so many messages of the server.
    Closes(usize),
    /// The key is asked for on this curve.
    Curve(u8),
    /// Half of the message, and then the connection ends without close_notify.
    CutIn(Command),
    /// The session is ended with this reason in place of the operation.
    Ends(u8),
    /// The certificate was over in 2021.
    Expired,
    /// The certificate is of another key.
    ForeignKey,
    /// Bytes in place of the message that are none.
    Garbage(Command),
    /// This command without payload in place of the operation; one answer is read.
    Instead(Command),
    /// The RSA key is asked for with so many bits.
    KeySize(u16),
    /// The key is asked for with this type.
    KeyType(u8),
    /// An element that nobody knows fills the payload up to so many bytes.
    Large(Command, u16),
    /// The operation's last request and the end of the session in one record, at once.
    Merged,
    /// TCP is accepted, and that is all.
    NoHandshake,
    /// Bytes in place of the certificate that are none.
    NotACertificate,
    /// An authority has issued the certificate that nobody knows.
    OtherAuthority,
    /// The certificate is another phone's by its name.
    OtherName,
    /// The last element's length runs past the payload.
    Overrun(Command),
    /// The message in records of so many bytes.
    Pieces(Command, usize),
    /// The first sessions are put off in place of the operation.
    RetryLater {
        /// How many.
        times: usize,
        /// Element 12, which is otherwise left out.
        delay: Option<u16>,
    },
    /// Silent after so many messages of the server, until the phone leaves.
    Silent(usize),
    /// The header in two records, some time apart.
    Split(Command),
    /// The first element twice.
    Twice(Command),
    /// One more element, which nobody knows.
    Unknown(Command),
    /// The length in the certificate's wrapper is off by so much.
    WrapperLength(i16),
    /// The type in the certificate's wrapper.
    WrapperType(u8),
    /// The message is of the next session.
    WrongSession(Command),
}

impl Odd {
    /// The deviations that the command line knows: a name, what happens, and the deviation.
    pub const NAMED: [(&'static str, &'static str, Self); 25] = [
        ("bad-signature", "another key than CAPF's has signed the LSC", Self::BadSignature),
        ("close", "closes after the phone has authenticated", Self::Closes(1)),
        ("curve", "asks for a key on curve 9", Self::Curve(9)),
        ("cut", "ends the connection within the LSC", Self::CutIn(Command::STORE)),
        ("expired", "the LSC was over in 2021", Self::Expired),
        ("foreign-key", "the LSC is of another key", Self::ForeignKey),
        ("garbage", "sends bytes that are no message", Self::Garbage(Command::AUTH)),
        ("huge", "announces 65535 bytes of payload", Self::Claims(Command::AUTH, u16::MAX)),
        ("key-512", "asks for RSA of 512 bits", Self::KeySize(512)),
        ("key-8192", "asks for RSA of 8192 bits", Self::KeySize(8192)),
        ("large", "sends a payload of 20000 bytes", Self::Large(Command::STORE, 20_000)),
        ("merged", "sends the last two messages in one record", Self::Merged),
        ("no-certificate", "sends bytes that are no certificate", Self::NotACertificate),
        ("no-handshake", "accepts TCP and says nothing", Self::NoHandshake),
        ("other-authority", "an unknown authority has issued the LSC", Self::OtherAuthority),
        ("other-name", "the LSC bears another phone's name", Self::OtherName),
        ("retry", "puts the first two sessions off", Self::RetryLater { times: 2, delay: None }),
        ("session", "answers in another session", Self::WrongSession(Command::KEY)),
        ("sign", "asks for a signature", Self::Instead(Command::SIGN)),
        ("silent", "is silent once the phone has authenticated", Self::Silent(1)),
        ("split", "sends the header of the LSC in two records", Self::Split(Command::STORE)),
        ("twice", "sends the version twice", Self::Twice(Command::AUTH)),
        ("type-mic", "sends the LSC as a MIC", Self::CertificateType(2)),
        ("unknown", "sends an element that nobody knows", Self::Unknown(Command::AUTH)),
        ("wrapper", "the length around the LSC is one too long", Self::WrapperLength(1)),
    ];

    /// The deviation of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(other, ..)| *other == name).map(|(.., odd)| odd)
    }
}
