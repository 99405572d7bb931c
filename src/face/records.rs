//! The parts of replies that have a name of their own.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::record::record;
use crate::face::terms::{
    Acceptance, CertificateKind, LayerGrade, Level, ListKind, Mark, StageName,
};

record! {
    /// The last trust list update alarm that was raised.
    Alarm {
        /// Its number in the call manager's alarms.
        code: u8,
        /// Its name in the call manager's alarms.
        name: String,
        /// When it was raised: seconds since 1970, by the phone's clock.
        time: u64,
    }
}

record! {
    /// One check of a diagnosis.
    Check {
        /// What was checked, in a few words.
        name: String,
        /// The result of the check.
        mark: Mark,
        /// What was found, in words.
        detail: String,
    }
}

record! {
    /// One of the conditions that must all hold before an ITL is deleted.
    Condition {
        /// The condition, in words.
        text: String,
        /// Whether it holds; absent if it cannot be known.
        holds: Option<bool>,
    }
}

record! {
    /// One layer of the sandbox, as the kernel reports it.
    Layer {
        /// Its name in status and log.
        name: String,
        /// How much of it is in force.
        grade: LayerGrade,
        /// What the kernel reports, in words.
        detail: String,
    }
}

record! {
    /// What was counted since the start.
    Counters {
        /// Boot passes that were begun.
        passes: u64,
        /// Files that were requested from servers.
        transfers: u64,
        /// Questions that were sent to TVS.
        tvs_questions: u64,
        /// Connections opened for clients.
        connections: u64,
        /// Connections that clients requested and did not get.
        refused_connections: u64,
        /// Connections that the server's side cut off, so that data may be missing.
        cut_connections: u64,
        /// Connections in TLS 1.0 to 1.2 without forward secrecy, to TVS and for clients.
        legacy_connections: u64,
        /// Calls on the socket.
        calls: u64,
        /// Calls by users without the right.
        refused_calls: u64,
    }
}

record! {
    /// A conclusion of a diagnosis.
    Finding {
        /// One word for machines.
        word: String,
        /// What it means, in words.
        text: String,
    }
}

record! {
    /// The boot pass that ended last.
    LastPass {
        /// Whether a stage failed.
        failed: bool,
        /// The first stage that failed, and why, in words.
        reason: Option<String>,
        /// Seconds since it ended.
        age: u64,
        /// Its stages, in their order, as far as it came.
        stages: Vec<Stage>,
    }
}

record! {
    /// A line of the console log.
    Line {
        /// Its number, counted from the start of the agent.
        sequence: u64,
        /// The severity of the line.
        level: Level,
        /// When it was written: RFC 3339 in UTC, with microseconds.
        time: String,
        /// The name of its event; nothing if it is a line of a library.
        event: Option<String>,
        /// The facts of its event.
        facts: Option<Map<String, Value>>,
        /// The text that the console log shows.
        text: String,
    }
}

record! {
    /// An installed trust list.
    List {
        /// Which of the two.
        kind: ListKind,
        /// The bytes of the file.
        length: usize,
        // As wide as in the file format (domain facts 10, row 4).
        /// When it was signed: seconds since 1970, by the signer's clock.
        timestamp: u32,
        /// The name of its signer.
        signer: String,
        /// Who vouched for its signer.
        acceptance: Acceptance,
        /// Whether it was read from the store at the start.
        stored: bool,
        /// Whether its entries are emptied, so that nothing is checked with it.
        blank: bool,
        // The two digests that trust screens and call managers show, for people to compare.
        /// MD5 of the file, in hexadecimal.
        md5: String,
        /// SHA-1 of the file, in hexadecimal.
        sha1: String,
        /// Its records, in the order of the file.
        records: Vec<Record>,
    }
}

record! {
    /// A status message of the phone's screen.
    Message {
        /// When it was shown: seconds since 1970.
        time: u64,
        /// The text, exactly as on the screen.
        text: String,
    }
}

record! {
    /// The outcome of a boot pass.
    Outcome {
        /// The trust state after it, such as S1.
        state: String,
        /// The trust state in words.
        meaning: String,
        /// Whether a stage failed.
        failed: bool,
        /// The first stage that failed, and why, in words.
        reason: Option<String>,
        /// Its stages, in their order, as far as it came.
        stages: Vec<Stage>,
        /// How the stage of the CTL went.
        ctl: String,
        /// How the stage of the ITL went.
        itl: String,
        /// How the stage of the configuration went.
        configuration: String,
        /// The last alarm since the start, if there was one.
        alarm: Option<Alarm>,
    }
}

record! {
    /// One of the phone's own certificates; its key is never shown.
    OwnCertificate {
        /// Which one it is.
        kind: CertificateKind,
        /// Whether the phone is known by it.
        in_use: bool,
        /// The subject, as call managers write it.
        subject: String,
        /// The issuer, in the same way.
        issuer: String,
        /// Its serial number, in hexadecimal.
        serial: String,
        /// The first second of its validity, since 1970.
        valid_from: u64,
        /// The last second of its validity, since 1970.
        valid_until: u64,
        /// Kind and size of its key.
        key: String,
        /// Whether encrypted configurations can be decrypted with its key.
        decrypts: bool,
        /// MD5 of its DER in hexadecimal, as `certHash` of a configuration names it.
        md5: String,
        /// What is odd about it, in words: its dates, its issuer.
        warnings: Vec<String>,
    }
}

record! {
    /// A record of a trust list.
    Record {
        /// Its role by name.
        role: String,
        /// Its role by number.
        role_code: u16,
        /// The certificate's subject, as the list prints it.
        subject: Option<String>,
        /// The certificate's issuer, as the list prints it.
        issuer: Option<String>,
        /// The certificate's serial number, in hexadecimal.
        serial: Option<String>,
        /// SHA-1 of the certificate, in hexadecimal.
        cert_sha1: Option<String>,
        /// Whether the list carries the certificate itself.
        has_certificate: bool,
    }
}

record! {
    /// A TFTP server or a TVS member.
    Server {
        /// Its address, as host and port.
        address: String,
        /// The result of the last contact; absent if there was none.
        last: Option<String>,
        /// Seconds since the last contact; absent if there was none.
        age: Option<u64>,
    }
}

record! {
    /// How a stage of a boot pass went.
    Stage {
        /// The stage that is over.
        stage: StageName,
        /// How it went, in one word.
        detail: String,
        /// Why it failed, in words; absent if it did not.
        reason: Option<String>,
    }
}

record! {
    /// An answer of TVS that has not expired.
    Verdict {
        /// SHA-256 of the certificate, in hexadecimal.
        sha256: String,
        /// The roles that TVS named; empty if it named none.
        roles: Vec<String>,
        /// The TVS member that answered.
        member: String,
        /// Seconds until it expires.
        expires_in: u64,
        /// Whether the certificate itself is kept.
        has_certificate: bool,
    }
}
