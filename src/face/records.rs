//! The parts of replies that have a name of their own.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::record::record;
use crate::face::terms::{Acceptance, Level, ListKind, Mark, StageName};

record! {
    /// The last trust list update alarm that was raised.
    Alarm {
        /// The call manager's number.
        code: u8,
        /// The call manager's name.
        name: String,
    }
}

record! {
    /// One check of a diagnosis.
    Check {
        /// What was looked at.
        name: String,
        /// What came of it.
        mark: Mark,
        /// What was found.
        detail: String,
    }
}

record! {
    /// One of the conditions that must all hold before an ITL is deleted.
    Condition {
        /// In words.
        text: String,
        /// Nothing if it cannot be known.
        holds: Option<bool>,
    }
}

record! {
    /// What was counted since the start.
    Counters {
        /// Boot passes.
        passes: u64,
        /// Files asked for.
        transfers: u64,
        /// Questions to TVS.
        tvs_questions: u64,
        /// Connections opened for clients.
        connections: u64,
        /// Connections that were not.
        refused_connections: u64,
        /// Connections that the server's side cut off, so that perhaps not all has come.
        cut_connections: u64,
        /// Calls on the socket.
        calls: u64,
        /// Calls by users without the right.
        refused_calls: u64,
    }
}

record! {
    /// A conclusion.
    Finding {
        /// One word for machines.
        word: String,
        /// What it means.
        text: String,
    }
}

record! {
    /// A line of the console log.
    Line {
        /// Its number, from the start.
        sequence: u64,
        /// How grave it is.
        level: Level,
        /// When it was written: RFC 3339 in UTC, with microseconds.
        time: String,
        /// The name of its event; nothing if it is a line of a library.
        event: Option<String>,
        /// The facts of its event.
        facts: Option<Map<String, Value>>,
        /// As it is shown.
        text: String,
    }
}

record! {
    /// An installed trust list.
    List {
        /// Which of the two.
        kind: ListKind,
        /// In bytes.
        length: usize,
        /// When it was signed.
        timestamp: u32,
        /// The name of its signer.
        signer: String,
        /// Who vouched for its signer.
        acceptance: Acceptance,
        /// Whether it was read from the store at the start.
        stored: bool,
        /// Whether its entries are emptied, so that nothing is checked by it.
        blank: bool,
        /// Of the file.
        md5: String,
        /// Of the file.
        sha1: String,
        /// Its records.
        records: Vec<Record>,
    }
}

record! {
    /// A status message of the phone's screen.
    Message {
        /// When it was shown.
        time: u64,
        /// What it says.
        text: String,
    }
}

record! {
    /// What came of a boot pass.
    Outcome {
        /// The trust state.
        state: String,
        /// The trust state in words.
        meaning: String,
        /// How the stage of the CTL went.
        ctl: String,
        /// How the stage of the ITL went.
        itl: String,
        /// How the stage of the configuration went.
        configuration: String,
        /// The last alarm.
        alarm: Option<Alarm>,
    }
}

record! {
    /// A record of a trust list.
    Record {
        /// Its role by name.
        role: String,
        /// Its role by number.
        role_code: u16,
        /// The certificate's subject.
        subject: Option<String>,
        /// The certificate's issuer.
        issuer: Option<String>,
        /// The certificate's serial number, in hexadecimal.
        serial: Option<String>,
        /// SHA-1 of the certificate.
        cert_sha1: Option<String>,
        /// Whether the list carries the certificate itself.
        has_certificate: bool,
    }
}

record! {
    /// A TFTP server or a TVS member.
    Server {
        /// Host and port.
        address: String,
        /// What came of talking to it last; empty if that was never.
        last: String,
    }
}

record! {
    /// How a stage of a boot pass went.
    Stage {
        /// Which.
        stage: StageName,
        /// In one word.
        detail: String,
    }
}

record! {
    /// An answer of TVS that still holds.
    Verdict {
        /// Of the certificate.
        sha256: String,
        /// What the certificate may be.
        roles: Vec<String>,
        /// Who answered.
        member: String,
        /// In seconds.
        expires_in: u64,
        /// Whether the certificate itself is kept.
        has_certificate: bool,
    }
}
