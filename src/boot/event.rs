//! Every line that the console log can show: its name, its facts, and its words.
//!
//! One row a line. The logic emits an [`Event`], which is data; the text that a person reads, its
//! level and its process are in the table below and nowhere else. The lines of the golden
//! trace are the firmware's own (technote 116232): odd spellings and levels are part of them.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use crate::boot::report::{Alarm, Stage, StatusMessage};
use crate::trust::{ListKind, Reason, State, Unanswered, Warning};
use crate::wire::Role;
use crate::wire::name::DeviceName;
use crate::wire::tvs::Status;

/// The severity of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// `ERR`: something failed, or the technote's firmware logs it so.
    Error,
    /// `WRN`: something is odd, but was accepted.
    Warning,
    /// `NOT`: what a person usually wants to read.
    Notice,
    /// `INF`: details for an administrator.
    Info,
    /// `DEB`: details for a developer.
    Debug,
}

/// One row of the table, as it is written there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LineRow {
    /// The name of the event.
    pub name: &'static str,
    /// Its level, or what decides it.
    pub level: &'static str,
    /// The process in whose name it is written.
    pub process: &'static str,
    /// Its text, with the names of facts in braces.
    pub text: &'static str,
}

/// A fact of a line, for programs that read the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fact {
    /// A count, a size, or a number that the system assigned.
    Number(i64),
    /// Anything else, as the line prints it.
    Text(String),
}

/// What can be a fact.
trait AsFact {
    fn as_fact(&self) -> Fact;
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl AsFact for $type {
            fn as_fact(&self) -> Fact {
                Fact::Number(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )* };
}

macro_rules! texts {
    ($($type:ty),*) => { $(
        impl AsFact for $type {
            fn as_fact(&self) -> Fact {
                Fact::Text(self.to_string())
            }
        }
    )* };
}

numbers!(i32, i64, u8, u16, u32, u64, usize);
texts!(
    &'static str,
    Alarm,
    Box<str>,
    DeviceName,
    IpAddr,
    Level,
    ListKind,
    StatusMessage,
    Reason,
    Role,
    Stage,
    State,
    String,
    Unanswered,
    Warning
);

impl AsFact for Status {
    fn as_fact(&self) -> Fact {
        Fact::Number(match self {
            Self::Trusted => 0,
            Self::Invalid => 1,
            Self::Unknown(code) => i64::from(*code),
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

/// Makes the table: a variant, its fields, its level and process (expressions that may look at the
/// fields), and its text.
macro_rules! events {
    ($(
        $name:ident { $($field:ident: $type:ty),* $(,)? } $level:expr, $process:expr, $text:literal;
    )*) => {
        /// Something that happened, by its facts.
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[allow(missing_docs, reason = "the text of a line is its documentation, its facts are in it")]
        pub enum Event { $(
            #[doc = concat!("`", $text, "`")]
            $name { $($field: $type),* },
        )* }

        #[allow(unused_variables, reason = "few lines decide level or process by their facts")]
        impl Event {
            /// All lines, in the order of the table.
            pub const LINES: &'static [LineRow] = &[$(LineRow {
                name: stringify!($name),
                level: stringify!($level),
                process: stringify!($process),
                text: $text,
            }),*];

            /// The name of the line, for programs.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => stringify!($name)),* }
            }

            /// Its severity, as the console log prints it.
            #[must_use]
            pub const fn level(&self) -> Level {
                match self { $(Self::$name { $($field),* } => $level),* }
            }

            /// The process of the phone in whose name it is written.
            #[must_use]
            pub fn process(&self) -> &str {
                match self { $(Self::$name { $($field),* } => $process),* }
            }

            /// Its facts by name.
            #[must_use]
            pub fn facts(&self) -> Vec<(&'static str, Fact)> {
                match self { $(
                    Self::$name { $($field),* } => {
                        alloc::vec![$((stringify!($field), $field.as_fact())),*]
                    }
                )* }
            }
        }

        /// The text of the line, without number, level, time and process.
        #[allow(unused_variables, reason = "few lines decide level or process by their facts")]
        impl fmt::Display for Event {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$name { $($field),* } => write!(f, $text)),* }
            }
        }
    };
}

use Level::{Debug as Deb, Error, Info, Notice, Warning as Warn};

events! {
    // --- the agent itself
    Started { version: &'static str, device: DeviceName }
        Notice, SECD, "run: secd {version} for {device}";
    Ended {} Notice, SECD, "run: ended by signal";
    Confined { mode: &'static str, layers: String }
        Notice, SECD, "sandbox: {mode}; in force are {layers}";
    LayerMissing { layer: &'static str, detail: String }
        Warn, SECD, "sandbox: without {layer} ({detail})";
    NotConfined {} Notice, SECD, "sandbox: off, as secd.toml says";
    StillListening { why: String }
        Warn, SECD, "sandbox: the agent may still open sockets for clients, {why}";
    PathOutside { key: &'static str, path: String }
        Warn, SECD,
        "reload: {key}: {path} is outside the folders that the sandbox left open; it can be reached after the next start";
    DescriptorLimitStays { why: String }
        Warn, SECD, "run: the descriptor limit could not be raised, {why}";
    DescriptorsScarce { limit: usize, connections: usize, slots: usize }
        Warn, SECD,
        "run: only {limit} descriptors, enough for {connections} connections to the socket and {slots} to servers";
    ManagerUnreachable { why: String }
        Warn, SECD, "run: the service manager is not notified, {why}";
    LinesForwarded { server: String } Notice, SECD, "syslog: lines go to {server}";
    LinesNotForwarded { server: String, why: String }
        Warn, SECD, "syslog: {server} gets no lines, {why}; trying again";
    LinesLost { server: String, count: u64 }
        Warn, SECD, "syslog: {count} lines for {server} were lost";
    ReloadedInPart { what: &'static str }
        Warn, SECD, "reload: changes to {what} take effect at the next start";
    Reloaded { file: String } Notice, SECD, "reload: {file} is now in effect";
    NotReloaded { fault: String }
        Error, SECD, "EROR:reload: {fault}; the previous settings stay in effect";
    LogLevelSet { level: &'static str } Notice, SECD, "console: level {level}";
    CertificateNotOffered { why: String }
        Warn, SECD, "device.certificate: not presented to servers, {why}";
    KeyUnreadable { path: String, why: String } Warn, SECD, "device.key: {path}: {why}";
    KeyNotRsa { path: String }
        Warn, SECD, "device.key: {path}: not an RSA key, cannot decrypt configurations";
    LscInstalled { subject: String, issuer: String }
        Notice, SECD, "lsc: installed, {subject}, issued by {issuer}";
    LscNotInstalled { why: String } Error, SECD, "EROR:lsc: not installed: {why}";
    LscFailed { why: String } Error, SECD, "EROR:lsc: enrolment failed: {why}";
    LscDeleted {} Notice, SECD, "lsc: certificate and key deleted";
    OwnCertificateExpires { which: &'static str, until: String, days: i64 }
        Warn, SECD, "certificate: the {which} expires on {until}, in {days} days: enrol a new LSC";
    OwnCertificateExpired { which: &'static str, until: String }
        Warn, SECD, "certificate: the {which} expired on {until}: enrol a new LSC";
    OwnCertificateNotYet { which: &'static str, from: String }
        Warn, SECD, "certificate: the {which} is valid only from {from}: is the clock right?";
    IdentityExported { which: &'static str, folder: String }
        Notice, SECD, "certificate: the {which} and its key are in {folder}";
    IdentityNotExported { why: String } Warn, SECD, "identity.export: {why}";
    IdentityWithdrawn { folder: String }
        Notice, SECD, "certificate: the phone has none, its files in {folder} are removed";
    LscBefore { damage: String }
        Error, SECD, "EROR:lsc: {damage}; using the LSC before it, enrol a new one";
    LscLost { damage: String }
        Error, SECD, "EROR:lsc: {damage}; the phone has no LSC until it is enrolled again";
    LscBeforeForgotten {}
        Info, SECD, "lsc: a file was decrypted with the new key, the key before it is deleted";
    UnwrappedByOther { key: &'static str }
        Info, SECD, "verifyFile: decrypted with the key of {key}";
    CertificateNamed { hash: Box<str> }
        Info, SECD, "certHash: the configuration is for certificate <{hash}>";

    // --- enrolment with CAPF
    CapfBegun { server: String, why: String } Notice, SECD, "capf: asking {server} for a certificate, {why}";
    CapfIntroduced { how: String } Info, SECD, "capf: showing {how}";
    CapfKeyBegun { kind: String } Notice, SECD, "capf: making a key, {kind}";
    CapfKeyKept { kind: String }
        Notice, SECD, "capf: using the key of the attempt before, {kind}";
    CapfKeyMade { kind: String, millis: u64 } Notice, SECD, "capf: key made, {kind}, in {millis} ms";
    CapfLscSent { what: &'static str } Notice, SECD, "capf: sending {what}, as requested";
    CapfOdd { what: String } Warn, SECD, "capf: {what}";
    CapfEnded { reason: String } Notice, SECD, "capf: session ended by the server: {reason}";
    CapfFailed { server: String, why: String } Error, SECD, "EROR:capf: {server}: {why}";
    CapfDone { result: &'static str } Notice, SECD, "capf: done, {result}";
    CapfAgain { seconds: u64 } Notice, SECD, "capf: next attempt in {seconds} seconds";
    CapfNowhere {} Warn, SECD, "capf: a certificate is pending, but the configuration names no CAPF server";
    CapfAwaitsString {}
        Notice, SECD, "capf: a certificate is pending until the authentication string is entered (`secd lsc enrol --string`)";

    // --- the store
    StoreRead { folder: String, state: State } Notice, SECD, "store: {folder}, state {state}";
    StoreInUse {}
        Error, SECD, "EROR:store: waiting until the other process ends; nothing has to be repaired or erased";
    StoreLocked {}
        Error, SECD, "EROR:store: LOCKED: nothing is trusted until the store is repaired or erased";
    StoreDamaged { damage: String } Error, SECD, "EROR:store: {damage}";
    StoreOdd { what: String } Warn, SECD, "store: {what}";
    StoredListsLost {}
        Error, SECD,
        "EROR:store: the configuration was accepted under trust lists, but they are missing";
    StoredListUnread { list: ListKind, reason: Reason } Error, SECD, "EROR:store: {list}: {reason}";
    StoredListWeaker { list: ListKind, damage: String }
        Error, SECD, "EROR:store: {damage}; the previous {list} enforces less, so it is not used";
    StoredListOfBefore { list: ListKind }
        Error, SECD, "EROR:store: the {list} before the damaged one belongs to another line of lists, so it is not used";
    StoredListBefore { list: ListKind, damage: String }
        Warn, SECD, "store: {damage}; using the previous {list}";
    StoredConfigurationBefore { damage: String }
        Warn, SECD, "store: {damage}; using the previous configuration";
    ConfigurationRestored { name: String }
        Notice, SECD, "store: {name} restored from the last start";

    // --- a boot pass
    StageOver { stage: Stage, outcome: &'static str }
        Info, SECD, "refresh: {stage} {outcome}";
    StageFailed { stage: Stage, outcome: &'static str, reason: String }
        Info, SECD, "refresh: {stage} {outcome}: {reason}";
    RefreshLocked {} Error, SECD, "refresh: the store is LOCKED, no server is contacted";
    RefreshCut { list: ListKind, why: String, state: State }
        Error, SECD, "refresh: ended early, no {list} from any server: {why}; state {state} stays";
    RefreshDone { state: State, meaning: &'static str, configuration: &'static str }
        Notice, SECD, "refresh: done, state {state} ({meaning}), configuration {configuration}";
    RefreshAgain { seconds: u64 }
        Notice, SECD, "refresh: next try in {seconds} seconds, or on SIGHUP";
    MessageShown { message: StatusMessage } Notice, SECD, "status message: {message}";
    AlarmRaised { alarm: Alarm }
        if alarm.is_success() { Notice } else { Error }, SECD, "Trust List update alarm: {alarm}";

    // --- trust lists
    ListRequested { name: String } Notice, SECD, "tlRequestFile: Request {name}";
    ListEmpty { name: String } Warn, SECD, "tlRequestFile: {name} is empty: treated as not found";
    ListAbsent { list: ListKind } Notice, SECD, "tlRequestFile: no {list} on the server";
    ListNotFetched { name: String, why: String } Error, SECD, "EROR:tlRequestFile: {name}: {why}";
    ListVerified { header_length: usize }
        Notice, SECD,
        "validate_file_envelope: File sign verify SUCCESS; header length <{header_length}>";
    ListOdd { name: String, warning: Warning }
        Warn, SECD, "validate_file_envelope: {name}: {warning}";
    ListSigner { name: String, subject: String, serial: String, listed: String }
        Notice, SECD,
        "validate_file_envelope: {name} is signed by {subject}, serial {serial}; listed signers: {listed}";
    ListRefused { name: String, reason: Reason }
        Error, SECD, "EROR:validate_file_envelope: File sign verify FAILED, {name}: {reason}";
    ListSame { name: String } Info, SECD, "updateFromFile: {name} is already installed";
    ListFirstUse { name: String, signer: Box<str> }
        Warn, SECD, "updateFromFile: {name} trusted on FIRST USE, signed by {signer}";
    ListInstalled { list: ListKind } Notice, SECD, "updateFromFile: {list} file updated";
    ListNotInstalled { name: String, why: String }
        Error, SECD, "EROR:updateFromFile: {name} not installed: {why}";
    RecordAsked { name: String, role: Role, subject: String }
        Notice, SECD, "processTvsClntReq: {name} is older: asking TVS about its {role} record <{subject}>";
    RecordConfirmed { name: String, role: Role, subject: String }
        Notice, SECD, "processTvsClntReq: {role} record <{subject}> of {name} confirmed";
    ListAhead { list: ListKind, timestamp: u32 }
        Warn, SECD,
        "updateFromFile: {list} of {timestamp} is more than a day ahead of the clock: not used as the time";
    SignerUnvouched { name: String, why: Unanswered }
        Error, SECD, "EROR:processTvsClntReq: signer of {name} not vouched for: {why}";

    // --- other files of the phone
    FileRequested { requester: String, name: String, path: String, limit: usize }
        Notice, TFTP_CLIENT,
        "tftp request rcv'd from {requester}, srcFile = {name}, dstFile = {path} max size = {limit}";
    AuthServer { server: String } Notice, TFTP_CLIENT, "auth server - tftpList[0] = {server}";
    ServerLookUp {} Notice, TFTP_CLIENT, "look up server - 0";
    SecurityLookedUp { security: &'static str } Notice, SECD, "lookupCTL: TFTP SRVR {security}";
    SecurityLookedUpFor { security: &'static str, server: String }
        Notice, SECD, "lookupCTL: TFTP SRVR {security}, {server}";
    SecurityValue { value: &'static str } Notice, TFTP_CLIENT, "secVal = {value}";
    ServerSecure { server: String } Notice, TFTP_CLIENT, "{server} is a secure server";
    ServerNotSecure { server: String } Notice, TFTP_CLIENT, "{server} is not a secure server";
    SecurityReturned { value: &'static str } Notice, TFTP_CLIENT, "retval = {value}";
    SecureFileRequested {} Notice, TFTP_CLIENT, "Secure file requested";
    SignedFileApproved { name: String }
        Notice, TFTP_CLIENT, "authenticated file approved - add .sgn -- {name}";
    EncryptedFileRequested {} Notice, TFTP_CLIENT, "Encrypted file requested";
    EncryptedFileApproved { name: String }
        Notice, TFTP_CLIENT, "encrypted file approved - add .enc.sgn -- {name}";
    FileVerified { path: String } Notice, SECD, "verifyFile: verify SUCCESS <{path}>";
    FileOdd { name: String, warning: Warning } Warn, SECD, "verifyFile: {name}: {warning}";
    FileServed { path: String }
        Notice, SECD, "verifyFile: not signed, vouched for by the HTTPS connection <{path}>";
    FileUnsigned { path: String } Warn, SECD, "verifyFile: UNSIGNED, accepted as is <{path}>";
    FileUnchecked { path: String }
        Warn, SECD, "verifyFile: NOT VERIFIED, accepted from anyone <{path}>";
    FileSignerUnlisted { path: String }
        Error, SECD,
        "EROR:verifyFile: sgn verify file failed <{path}>, errclass 8, errcode 19 (signer not in CTL)";
    FileRefused { path: String, reason: Reason }
        Error, SECD, "EROR:verifyFile: sgn verify file failed <{path}>: {reason}";
    FileSigner { name: String, subject: String, serial: String, listed: String }
        Notice, SECD, "verifyFile: {name} is signed by {subject}, serial {serial}; listed signers: {listed}";
    FileFailed { path: String } Error, SECD, "EROR:verifyFile: verify FAILED, <{path}>";
    FileEmpty { name: String } Warn, TFTP_CLIENT, "{name} is empty: treated as not found";
    FileEvicted { name: String, bytes: u64 }
        Notice, SECD, "ram: {name} removed to make room, {bytes} bytes";
    RamTidied { count: usize }
        Notice, SECD, "ram: {count} unfinished files from an earlier run removed";
    FileNotWritten { why: String } Error, SECD, "EROR:verifyFile: {why}";
    ConfigurationNotKept { name: String, why: String }
        Error, SECD, "EROR:verifyFile: {name} not saved: {why}";
    ConfigurationAbsent {}
        Error, TFTP_CLIENT, "no configuration on the server; the last good one stays in use";
    ConfigurationKept { name: String }
        Warn, TFTP_CLIENT,
        "{name}: not found, which proves nothing: the phone keeps its own and requests no default one";
    ConfigurationNotFetched { name: String, why: String } Error, TFTP_CLIENT, "{name}: {why}";
    ConfigurationOdd { what: String } Warn, SECD, "configuration: {what}";
    ConfigurationUnread { name: String, why: String }
        Error, SECD,
        "EROR:configuration: {name}: {why}; the last good one and its TVS members stay in use";
    ConfigurationUnreadSealed { name: String, why: String }
        Warn, SECD, "configuration: {name}: {why}; it announces an encrypted one";
    EncryptedAbsent { name: String }
        Error, TFTP_CLIENT, "{name}.enc.sgn was announced, but is not on the server";
    EncryptedForAnother { how: String, ours: String }
        Error, SECD,
        "EROR:certHash: the configuration is {how}; this phone has {ours}";

    // --- transfers
    Requesting { number: u64, name: String, server: String }
        Notice, TFTP, "[{number}]:Requesting {name} from {server}";
    RequestingUpTo { number: u64, name: String, server: String, limit: usize }
        Notice, TFTP, "[{number}]:Requesting {name} from {server} with size limit of {limit}";
    TransferFinished { number: u64, bytes: usize }
        Notice, TFTP, "[{number}]:Finished --> rcvd {bytes} bytes";
    TransferFailed { number: u64, why: String, level: Level } *level, TFTP, "[{number}]:{why}";
    ForeignAnswer { number: u64, from: IpAddr, server: IpAddr }
        Warn, TFTP, "[{number}]:answers come from {from}, not from {server}";
    AbsenceDoubted { name: String, server: String }
        Notice, SECD,
        "{name}: not found by HTTP, no answer by TFTP: looking for other files by HTTP. If {server} has no TFTP, leave tftp out of provisioning.order";
    AskedElsewhere { name: String } Notice, SECD, "{name}: trying another server or way for a better one";
    Unresolved { host: String, why: String } Warn, SECD, "resolve: {host}: {why}";

    // --- questions to the Trust Verification Service
    SignerQuestion {} Notice, SECD, "processTvsClntReq: TVS Query Certificate request";
    PeerQuestion {} Notice, SECD, "processTvsClntReq: TVS Certificate Authentication request";
    CacheHit {} Notice, SECD, "lookupAuthCertTvsCacheEntry: Matching entry found at cache";
    CacheHitOdd { warning: Warning } Warn, SECD, "lookupAuthCertTvsCacheEntry: {warning}";
    CacheMiss {} Notice, SECD, "lookupAuthCertTvsCacheEntry: No matching entry found at cache";
    QuestionShared {} Info, SECD, "processTvsClntReq: the same question is already pending";
    NobodyToAsk { lack: &'static str } Error, SECD, "EROR:processTvsClntReq: no TVS to ask, {lack}";
    QuestionUnsendable { why: String } Error, SECD, "EROR:processTvsClntReq: {why}";
    NoServerSocket {} Notice, SECD, "processTvsClntReq: No server sock exists, must be created";
    TvsSocketBound { descriptor: i32, endpoint: String }
        Notice, SECD, "secReq_initClient: clnt sock fd {descriptor} bound to <{endpoint}>";
    TvsFamily { family: &'static str }
        Notice, SECD, "getTvsServerInfo: Phone in {family} only mode";
    TvsAddress { family: &'static str }
        Notice, SECD, "getTvsServerInfo: Retrieving {family} address";
    TvsConnecting { ip: IpAddr, port: u16, default: &'static str }
        Notice, SECD,
        "connectToTvsServer: Successfully started a TLS connection establishment to the TVS server: IP:{ip}, port:{port}{default}; Waiting for it to get connected.";
    TvsRecordSearched { list: ListKind }
        Notice, SECD, "findByIssuerAndSerialAndRoleInTL: Searching TL from {list} file";
    TvsHashMatches {} Notice, SECD, "verifyCertWithHashFromTL: cert hash and hash in TL MATCH";
    TvsHashDiffers {} Error, SECD, "EROR:verifyCertWithHashFromTL: cert hash and hash in TL DIFFER";
    TvsVerified { ip: IpAddr }
        Notice, SECD, "tvs_cert_vfy: TVS cert verified with hash from TL, <{ip}>";
    TvsUnlisted { ip: IpAddr } Error, SECD, "EROR:tvs_cert_vfy: TVS cert not in CTL or ITL, <{ip}>";
    TvsNotACertificate { ip: IpAddr } Error, SECD, "EROR:tvs_cert_vfy: not a single DER certificate, <{ip}>";
    QuestionSent { question: &'static str }
        Notice, SECD,
        "sendTvsClientReqToSrvr: {question} : request sent to TVS server - waiting for response";
    AnswerReceived { answer: &'static str, status: Status }
        Notice, SECD, "processTvsSrvrResponse: {answer} received, status : {status}";
    AnswerOdd { warning: Warning } Warn, SECD, "processTvsSrvrResponse: {warning}";
    AnswerOutdated { question: &'static str }
        Notice, SECD, "processTvsSrvrResponse: {question}: the trust lists changed before the answer, deciding again";
    MemberFailed { member: String, why: String }
        Error, SECD, "EROR:processTvsClntReq: TVS server {member}: {why}";
    AnswerKept { default: &'static str, seconds: u64 }
        Notice, SECD,
        "saveCertToTvsCache: Saving certificate in TVS cache with {default}time-to-live value: {seconds} seconds";
    AnswerNotKept {} Warn, SECD, "saveCertToTvsCache: the answer is not cached";
    CacheFlushRequested {} Notice, SECD, "tvsReqFlushTvsCertCache: the trust lists have changed";
    CacheFlushed { count: usize }
        Notice, SECD, "tvsFlushCertCache: Completed, {count} answers dropped";
    AnswersFlushed { count: usize } Notice, SECD, "TVS cache: {count} answers dropped on request";

    // --- connections for the phone's other processes
    Connecting { family: &'static str, ip: IpAddr, port: u16 }
        Notice, SECD, "clpSetupSsl: Trying to connect to {family}, IP: {ip}, Port : {port}";
    ConnectWaiting { ip: IpAddr, client: i32, descriptor: i32, port: u16 }
        Notice, SECD,
        "clpSetupSsl: TCP connect() waiting, <{ip}> c:{client} s:{descriptor} port: {port}";
    ConnectFailed { ip: IpAddr, why: String }
        Error, SECD, "EROR:clpSetupSsl: TCP connect() failed, <{ip}>: {why}";
    Connected { ip: IpAddr, client: i32, descriptor: i32 }
        Notice, SECD, "clpSetupSsl: TCP connected, <{ip}> c:{client} s:{descriptor}";
    HandshakeBegun { ip: IpAddr, client: i32, descriptor: i32 }
        Notice, SECD, "clpSetupSsl: start SSL/TLS handshake, <{ip}> c:{client} s:{descriptor}";
    HandshakeRefused { ip: IpAddr, why: String }
        Error, SECD, "EROR:clpState: SSL_connect:failed, <{ip}>: {why}";
    HandshakeFailed { ip: IpAddr, client: i32, descriptor: i32 }
        Error, SECD, "EROR:clpSetupSsl: ** SSL handshake failed, <{ip}> c:{client} s:{descriptor}";
    IdentityMissing { ip: IpAddr }
        Error, SECD, "EROR:clpState: <{ip}> asks for the phone's certificate, and there is none";
    IdentityOffered { ip: IpAddr }
        Notice, SECD, "clpSetupSsl: connecting again to offer the phone's certificate, <{ip}>";
    SessionResumed { ip: IpAddr } Info, SECD, "clpState: earlier TLS session resumed, <{ip}>";
    SessionsDropped { server: String }
        Notice, SECD, "clpSetupSsl: connecting to {server} again, without its earlier TLS session";
    LegacyTried { ip: IpAddr, setting: &'static str }
        Notice, SECD, "legacy TLS: no handshake in TLS 1.2 or 1.3 with <{ip}>; connecting again in legacy TLS, since {setting} is on";
    LegacySpoken { ip: IpAddr, terms: String }
        Warn, SECD, "legacy {terms}: no forward secrecy, <{ip}>";
    ConnectionRefused { server: String }
        Error, SECD, "EROR:clpSndStatus: SSL CLNT ERR, srvr<{server}>";
    ConnectionEnded { server: String, end: String, up: u64, down: u64 }
        Notice, SECD, "clpState: connection to {server} {end}, {up} bytes up, {down} down";
    ConnectionCut { server: String, end: String, up: u64, down: u64 }
        Warn, SECD, "clpState: connection to {server} {end}: data may be missing, {up} bytes up, {down} down";
    ConnectionUnwanted { client: i32 }
        Notice, SECD, "clpSetupSsl: c:{client} has hung up, connection abandoned";
    PeerValidation {} Notice, SECD, "srvr_cert_vfy: Server Certificate Validation needs to be done";
    PeerSearched { list: ListKind }
        Notice, SECD, "findByCertAndRoleInTL: Searching TL from {list} file";
    PeerNoPath { list: ListKind, why: String } Notice, SECD, "findCaInTL: {list}: {why}";
    PeerUnlisted { peer: String }
        Error, SECD, "EROR:https_cert_vfy: HTTPS cert not in CTL, <{peer}>";
    PeerOdd { peer: String, warning: Warning } Warn, SECD, "srvr_cert_vfy: <{peer}>: {warning}";
    PeerListed { list: ListKind, peer: String }
        Notice, SECD, "https_cert_vfy: HTTPS cert in {list}, <{peer}>";
    PeerUnderAuthority { list: ListKind, peer: String }
        Notice, SECD, "https_cert_vfy: HTTPS cert under a CA in {list}, <{peer}>";
    PeerByCache {} Notice, SECD, "Authenticated the HTTPS conn via TVS cache";
    // The technote's firmware logs this as an error.
    PeerByTvs {} Error, SECD, "Authenticated the HTTPS conn via TVS";
    PeerDistrusted { peer: String, why: String }
        Error, SECD, "EROR:https_cert_vfy: HTTPS cert not trusted, <{peer}>: {why}";

    // --- the local socket
    SocketNotOpen { why: String } Error, SECD, "EROR:ipc: {why}; no client is served until the socket can be opened";
    SocketOpen {} Notice, SECD, "ipc: the socket is open now";
    AcceptFailed { why: String } Error, SECD, "EROR:ipc: accept: {why}";
    UserCrowded { uid: u32, connections: usize }
        Warn, SECD, "ipc: uid {uid} already has {connections} connections, refusing another";
    CrowdClosed { who: String, count: u64 }
        Notice, SECD, "ipc: {count} more connections of {who} refused";
    ClientGone { uid: u32, why: String } Info, SECD, "ipc: client of uid {uid}: {why}";
    CallRefused { method: String, uid: u32, gid: u32, pid: i32, right: &'static str }
        Warn, SECD,
        "ipc: {method} not allowed for uid {uid}, gid {gid}, pid {pid}: the right {right} is missing";
    GroupsUntold { uid: u32, gid: u32, why: String }
        Info, SECD, "ipc: client of uid {uid}: {why}: of its groups, only {gid} counts";
    CallsRefused { who: String, count: u64 }
        Warn, SECD, "ipc: {count} more calls of {who} refused";
    LinesLeftOut { who: String, count: u64 }
        Warn, SECD, "ipc: {count} more lines of {who} omitted";
    Erasing { what: &'static str, uid: u32 } Notice, SECD, "erase: {what} by uid {uid}";
    EraseBarred { what: &'static str, uid: u32, access: &'static str }
        Warn, SECD, "erase: {what} by uid {uid} refused: the configuration has settings access {access}";
    ConfirmationWrong { uid: u32 } Warn, SECD, "erase: wrong confirmation from uid {uid}";
    DoctorLooks {} Notice, SECD, "doctor: diagnosing, nothing will be changed";
    DoctorSays { case: &'static str, remedy: &'static str }
        Notice, SECD, "doctor: case {case}, remedy {remedy}; nothing was changed";

    // --- the phone's web page
    WebOpen { address: String, networks: String }
        Notice, SECD, "web: listening on {address}, open to {networks}";
    WebOpenToAll { address: String }
        Warn, SECD, "web: {address} is open to all hosts: whoever reaches it reads status and log; name your networks in web.allow";
    WebNotOpen { why: String }
        Error, SECD, "EROR:web: {why}; then restart the agent";
    WebClosed {} Notice, SECD, "web: closed by the configuration (webAccess)";
    WebReopened {} Notice, SECD, "web: open, the configuration no longer closes it";
    WebAcceptFailed { why: String } Error, SECD, "EROR:web: accept: {why}";
    WebRefused { peer: IpAddr, why: String } Deb, SECD, "web: {peer}: {why}";
    WebMoreRefused { count: u64 } Deb, SECD, "web: {count} more refused";

    // A line of another process of the phone, under its own name.
    Client { process: String, level: Level, text: String } *level, process, "{text}";
}

/// The names of the phone's processes in the log.
const SECD: &str = "SECD";
const TFTP: &str = "TFTP";
const TFTP_CLIENT: &str = "tftpClient";

/// Whether only the agent writes under this name, or a person could mistake it for such a name:
/// other case, digits in place of letters or at an end. No one may forge a verdict in the log.
#[must_use]
pub fn is_ours(process: &str) -> bool {
    // With digits cut off at both ends, since `SECD1` would pass for the agent at a glance.
    let names = [process, process.trim_matches(|c: char| c.is_ascii_digit())];
    OURS.iter().any(|ours| names.iter().any(|name| looks(name).eq(looks(ours))))
}

/// What a name looks like to a reader, in ASCII: its letters, whatever their case and whichever
/// character imitates them.
fn looks(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().map(|c| match c.to_ascii_lowercase() {
        '0' => 'o',
        '1' | 'i' => 'l',
        '3' => 'e',
        '5' => 's',
        '7' => 't',
        other => other,
    })
}

/// The names under which only the agent writes.
const OURS: [&str; 3] = [SECD, TFTP, TFTP_CLIENT];
