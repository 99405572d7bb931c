//! The methods. Whoever adds one adds it here, in `secd.varlink`, and where it is carried out.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::errors::Error;
use crate::face::method::{Carry, Declaration, Method, Mode, methods};
use crate::face::record::{ObjectType as _, record};
use crate::face::records::{
    Alarm, Check, Condition, Counters, Finding, Line, List, Message, Outcome, Server, Stage,
    Verdict,
};
use crate::face::rights::Right;
use crate::face::shape::{Types, Unfit};
use crate::face::terms::{By, Level, Purpose, What};
use crate::wire::varlink::Call;

methods! {
    interface "org.varlink.service" {
        /// Says what service this is.
        Once GetInfo() {} -> /** What service this is. */ Info {
            /// Who made it.
            vendor: String,
            /// What it is.
            product: String,
            /// Its version.
            version: String,
            /// Where to read on.
            url: String,
            /// The names of its interfaces.
            interfaces: Vec<String>,
        }

        /// Describes an interface.
        Once GetInterfaceDescription() {
            /// Which.
            interface: String,
        } -> /** An interface. */ Description {
            /// In Varlink's own language.
            description: String,
        }
    }

    interface "phone.secd" {
        /// Writes a line into the console log.
        Once AppendLog(Any) {
            /// The caller's own tag.
            process: String,
            /// How grave it is.
            level: Level,
            /// What it says.
            text: String,
        } -> /** The line is written. */ Appended {}

        /// Opens a TLS connection to a server and judges it.
        Upgrade Connect(Connect) {
            /// The server.
            host: String,
            /// Its port.
            port: u16,
            /// What it is to the phone; directories and services if nothing else is said.
            purpose: Option<Purpose>,
        } -> /** The connection has become the plaintext stream. */ Connected {
            /// By what the server is trusted.
            by: By,
            /// Its number, for [`GetConnection`].
            connection: u64,
        }

        /// Finds out what is the matter between phone and cluster.
        Once Diagnose(Read) {} -> /** What is the matter. */ Diagnosis {
            /// What was looked at.
            checks: Vec<Check>,
            /// The technote's case.
            case: Finding,
            /// What the next boot pass does.
            next_boot: String,
            /// The least drastic remedy.
            remedy: Finding,
            /// Whether the ITL may be deleted; none where nothing is refused.
            conditions: Vec<Condition>,
        }

        /// Erases trust lists, by the second of two calls.
        Once Erase(Erase) {
            /// Which.
            what: What,
            /// What the first call answered.
            confirmation: Option<String>,
            /// SHA-256 of the certificate of the signer that the next first use waits for.
            pin: Option<String>,
        } -> /** What came of one of the two calls. */ Erased {
            /// Whether it was the second.
            erased: bool,
            /// What must come back in the second.
            confirmation: Option<String>,
        }

        /// Forgets the answers of TVS.
        Once FlushCache(Configure) {} -> /** They are forgotten. */ Flushed {
            /// How many there were.
            count: usize,
        }

        /// Reads the console log, and goes on with every new line.
        More FollowLog(Read) {
            /// How many of the last lines, at most.
            count: Option<usize>,
            /// Only lines as grave as this.
            level: Option<Level>,
        } -> /** Lines, as they come. */ News {
            /// The lines.
            lines: Vec<Line>,
            /// How many came faster than they were read.
            missed: u64,
        }

        /// Lists the answers of TVS that still hold.
        Once GetCache(Read) {} -> /** The answers of TVS that still hold. */ Verdicts {
            /// The next to expire first.
            verdicts: Vec<Verdict>,
        }

        /// Asks how a connection of the caller's has ended.
        Once GetConnection(Connect) {
            /// Its number.
            connection: u64,
        } -> /** How it has ended. */ Connection {
            /// Whether all that the server sent has come; nothing if that is not known, or not yet.
            whole: Option<bool>,
            /// How it ended, in words.
            end: Option<String>,
        }

        /// Fetches a file of the phone into the ram folder.
        Once GetFile(Fetch) {
            /// Its name, without what says that it is signed.
            name: String,
            /// The most bytes that it may have.
            limit: Option<usize>,
            /// Whether a descriptor comes with the reply.
            descriptor: Option<bool>,
        } -> /** The file is in the ram folder. */ File {
            /// Where.
            path: String,
            /// In bytes.
            length: usize,
            /// Whether someone who may sign it has.
            verified: bool,
            /// Which of the descriptors that came with the reply is the file's.
            descriptor: Option<usize>,
        }

        /// Reads the last lines of the console log.
        Once GetLog(Read) {
            /// How many, at most.
            count: Option<usize>,
            /// Only lines as grave as this.
            level: Option<Level>,
        } -> /** The last lines of the console log. */ Lines {
            /// Oldest first.
            lines: Vec<Line>,
        }

        /// Says how the agent is.
        Once GetStatus(Read) {} -> /** How the agent is. */ Status {
            /// Its version.
            version: String,
            /// The phone's name.
            device: String,
            /// In seconds.
            uptime: u64,
            /// The trust state.
            state: String,
            /// The trust state in words.
            meaning: String,
            /// Whether what was trusted cannot be read.
            locked: bool,
            /// The name of the configuration in use.
            configuration: Option<String>,
            /// Why the one on the server is not in use, where it cannot be read.
            configuration_fault: Option<String>,
            /// The TFTP servers.
            tftp: Vec<Server>,
            /// The TVS members.
            tvs: Vec<Server>,
            /// Answers of TVS that still hold.
            cached: usize,
            /// Connections that are open for clients.
            open_connections: usize,
            /// What was counted since the start.
            counters: Counters,
            /// How the process is fenced in.
            sandbox: String,
            /// What the console log shows.
            log_level: Level,
        }

        /// Says what is trusted.
        Once GetTrust(Read) {} -> /** What the Trust List screen shows. */ Trust {
            /// The trust state.
            state: String,
            /// The trust state in words.
            meaning: String,
            /// Whether what was trusted cannot be read.
            locked: bool,
            /// Whether files must be signed.
            signed_files: bool,
            /// SHA-256 of the certificate of the signer that the next first use waits for.
            pin: Option<String>,
            /// The installed lists.
            lists: Vec<List>,
            /// The last alarm.
            alarm: Option<Alarm>,
            /// The status messages, oldest first.
            messages: Vec<Message>,
        }

        /// Asks whether files must be signed.
        Once IsSecure(Fetch) {
            /// A host, for the log.
            server: Option<String>,
        } -> /** Whether files must be signed. */ Security {
            /// Whether they must.
            secure: bool,
        }

        /// Judges a certificate as a server's.
        Once Judge(Connect) {
            /// In PEM, with those above it; or in DER, in Base64.
            certificate: String,
            /// What the server is to the phone.
            purpose: Purpose,
            /// Whose certificate it is.
            host: Option<String>,
        } -> /** Whether a certificate is trusted. */ Judgement {
            /// Whether it is.
            trusted: bool,
            /// By what, if it is.
            by: Option<By>,
            /// Why not, if it is not.
            reason: Option<String>,
            /// The steps that led to the verdict, in their order, in words.
            steps: Vec<String>,
        }

        /// Goes through a boot pass.
        More Refresh(Configure) {} -> /** How a boot pass goes: a stage, or in the end the outcome. */ Progress {
            /// A stage that is over.
            stage: Option<Stage>,
            /// What came of the pass.
            outcome: Option<Outcome>,
        }

        /// Reads secd.toml again.
        Once Reload(Configure) {} -> /** It is in force. */ Reloaded {}

        /// Sets what the console log shows.
        Once SetLogLevel(Configure) {
            /// Lines as grave as this.
            level: Level,
        } -> /** It is set. */ LevelSet {}
    }
}
