//! The Wireshark dissector of `tools/wireshark`, by tshark on captures that are made here.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

#[path = "wireshark/capture.rs"]
mod capture;
#[path = "wireshark/files.rs"]
mod files;
#[path = "wireshark/live.rs"]
mod live;
#[path = "wireshark/messages.rs"]
mod messages;
#[path = "wireshark/shipped.rs"]
mod shipped;
#[path = "wireshark/tap.rs"]
mod tap;
#[path = "wireshark/tshark.rs"]
mod tshark;

/// Bytes in hexadecimal digits, as tshark shows them.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
