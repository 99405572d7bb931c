//! The methods. A new one has to be added here, in `secd.varlink`, and where it is carried out.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::face::errors::Error;
use crate::face::method::{Carry, Declaration, Method, Mode, methods};
use crate::face::record::{ObjectType as _, record};
use crate::face::records::{
    Alarm, Check, Condition, Counters, Finding, LastPass, Layer, Line, List, Message, Outcome,
    OwnCertificate, Server, Stage, Verdict,
};
use crate::face::rights::Right;
use crate::face::shape::{Types, Unfit};
use crate::face::terms::{By, EnrolmentResult, Level, ListKind, Purpose, What};
use crate::wire::varlink::Call;

methods! {
    interface "org.varlink.service" {
        /// Describes the service and its interfaces.
        Once GetInfo() {} -> /** What service this is. */ Info {
            /// Who publishes the service.
            vendor: String,
            /// The name of the program.
            product: String,
            /// The version of the program.
            version: String,
            /// Where to read more.
            url: String,
            /// The names of its interfaces.
            interfaces: Vec<String>,
        }

        /// Describes an interface in Varlink's own language.
        Once GetInterfaceDescription() {
            /// The full name of the interface.
            interface: String,
        } -> /** An interface. */ Description {
            /// In Varlink's own language.
            description: String,
        }
    }

    interface "phone.secd" {
        /// Writes a line into the console log.
        Once AppendLog(Any) {
            // Never a name of the agent's own, under which a client could forge a verdict in the
            // log.
            /// The caller's own tag.
            process: String,
            /// The severity of the line.
            level: Level,
            /// Its text, which the log cleans of control characters.
            text: String,
        } -> /** The line is written. */ Appended {}

        /// Opens a TLS connection to a server and judges it.
        Upgrade Connect(Connect) {
            /// The server's name or address, which its certificate may have to match.
            host: String,
            /// The TCP port of the server.
            port: u16,
            /// What the server is to the phone; directories and services if absent.
            purpose: Option<Purpose>,
        } -> /** The connection has become the plaintext stream. */ Connected {
            /// What vouches for the server.
            by: By,
            // Asked about on another connection, since this one has become the plaintext stream.
            /// Its number, to pass to [`GetConnection`].
            connection: u64,
        }

        // Two calls, as for Erase.
        /// Deletes the LSC and its key, at the second of two calls.
        Once DeleteIdentity(Erase) {
            /// What the first call returned; absent in the first call.
            confirmation: Option<String>,
        } -> /** The result of one of the two calls. */ Deleted {
            /// Whether the LSC was deleted, by the second call.
            deleted: bool,
            /// What the second call must pass.
            confirmation: Option<String>,
        }

        /// Finds out what is wrong between phone and cluster.
        Once Diagnose(Read) {} -> /** What is wrong. */ Diagnosis {
            /// What was looked at.
            checks: Vec<Check>,
            /// The technote's case that this is.
            case: Finding,
            /// What the next boot pass will do.
            next_boot: String,
            /// The least drastic remedy.
            remedy: Finding,
            /// Whether the ITL may be deleted; empty if nothing is refused.
            conditions: Vec<Condition>,
        }

        // Returns when the session is over, which takes minutes on a slow board.
        /// Asks CAPF for what it has pending for this phone, such as a new LSC.
        Once Enrol(Erase) {
            /// The authentication string, if CAPF asks for one.
            string: Option<String>,
        } -> /** The session is over. */ Enrolled {
            /// What came of it.
            result: EnrolmentResult,
        }

        // Two calls, so that a slip does not erase: the second has to return what the first replied
        // with, within ten seconds.
        /// Erases trust lists, at the second of two calls.
        Once Erase(Erase) {
            /// Which of the lists to erase.
            what: What,
            /// What the first call returned; absent in the first call.
            confirmation: Option<String>,
            /// SHA-256 of the certificate of the signer that the next first use waits for.
            pin: Option<String>,
        } -> /** The result of one of the two calls. */ Erased {
            /// Whether the lists were erased, by the second call.
            erased: bool,
            /// What the second call must pass.
            confirmation: Option<String>,
        }

        /// Forgets the answers of TVS.
        Once FlushCache(Configure) {} -> /** The answers are forgotten. */ Flushed {
            /// How many answers were forgotten.
            count: usize,
        }

        /// Reads the console log, and continues with every new line.
        More FollowLog(Read) {
            /// How many of the last lines, at most.
            count: Option<usize>,
            /// Only lines at least as severe as this.
            level: Option<Level>,
        } -> /** Lines, as they are written. */ News {
            /// The new lines, oldest first.
            lines: Vec<Line>,
            // Counted and dropped: a reader that is slow must not hold the agent up.
            /// How many were lost because they were written faster than they were read.
            missed: u64,
        }

        /// Lists the answers of TVS that have not expired.
        Once GetCache(Read) {} -> /** The answers of TVS that have not expired. */ Verdicts {
            /// The answers, the next to expire first.
            verdicts: Vec<Verdict>,
        }

        /// Shows how a connection of the caller has ended.
        Once GetConnection(Connect) {
            /// The number that [`Connect`] returned.
            connection: u64,
        } -> /** How it has ended. */ Connection {
            /// Whether everything that the server sent has arrived; absent if that is unknown, or
            /// not known yet.
            whole: Option<bool>,
            /// How it ended, in words.
            end: Option<String>,
        }

        /// Fetches a file of the phone into the ram folder.
        Once GetFile(Fetch) {
            /// Its name, without the suffix of a signed file.
            name: String,
            /// The most bytes that it may have.
            limit: Option<usize>,
            // For callers of other users, who cannot open the path.
            /// Whether a descriptor comes with the reply.
            descriptor: Option<bool>,
        } -> /** The file is in the ram folder. */ File {
            /// Its path, which only the agent's user can open.
            path: String,
            /// The bytes of its content, without the envelope.
            length: usize,
            /// Whether it was signed by someone who may sign it.
            verified: bool,
            /// Which of the descriptors that came with the reply is the file's.
            descriptor: Option<usize>,
        }

        /// Shows the phone's own certificates, without their keys.
        Once GetIdentity(Read) {} -> /** The phone's own certificates. */ Identity {
            /// The LSC and the MIC, as far as they are there.
            certificates: Vec<OwnCertificate>,
            /// The `certHash` of the last verified configuration since the start, if there was one.
            cert_hash: Option<String>,
            /// The folder in which the certificate in use is for other programs.
            exported: Option<String>,
        }

        // In parts and not as a descriptor: a file of its own in memory for each caller would have
        // no bound, and any client can read Base64.
        /// Reads a part of the file of an installed list.
        Once GetList(Read) {
            /// Which of the two.
            kind: ListKind,
            /// How many bytes of the file to leave out.
            offset: Option<usize>,
        } -> /** A part of the file. */ ListPart {
            /// The bytes of the whole file.
            length: usize,
            /// SHA-256 of the whole file, in hexadecimal.
            sha256: String,
            /// The part, in Base64; empty at the end of the file.
            bytes: String,
        }

        /// Reads the last lines of the console log.
        Once GetLog(Read) {
            /// How many lines, at most.
            count: Option<usize>,
            /// Only lines at least as severe as this.
            level: Option<Level>,
        } -> /** The last lines of the console log. */ Lines {
            /// The lines, oldest first.
            lines: Vec<Line>,
        }

        /// Shows the state of the agent.
        Once GetStatus(Read) {} -> /** The state of the agent. */ Status {
            /// The version of the program.
            version: String,
            /// The phone's name, from which file names are made.
            device: String,
            // For a reader that has ages and needs dates.
            /// The phone's clock: seconds since 1970.
            time: u64,
            /// Seconds since the start of the agent.
            uptime: u64,
            /// The trust state by its number, such as S1.
            state: String,
            /// The trust state in words.
            meaning: String,
            /// Whether the store is locked, because the installed lists cannot be read.
            locked: bool,
            /// Whether a boot pass is under way.
            pass_under_way: bool,
            /// The boot pass that ended last; absent before the first has ended.
            last_pass: Option<LastPass>,
            /// Seconds until the next pass begins by itself, as after a failure that may pass.
            next_try: Option<u64>,
            /// The last alarm since the start, if there was one.
            alarm: Option<Alarm>,
            /// The name of the configuration in use.
            configuration: Option<String>,
            /// Who vouched for it: `ctl`, `itl` or `tvs` for its signer, `https` for the connection that
            /// it came over; absent if it was accepted from anyone.
            configuration_by: Option<String>,
            /// Why the one on the server is not in use, if it cannot be read.
            configuration_fault: Option<String>,
            /// The phone's own certificates.
            identity: Identity,
            /// The access to the phone's settings, by the last verified configuration: `enabled`,
            /// `restricted` or `disabled`; absent if there was none.
            settings_access: Option<String>,
            /// The TFTP servers, in the order in which they are asked.
            tftp: Vec<Server>,
            /// The TVS members, in the order in which they are asked.
            tvs: Vec<Server>,
            /// How many answers of TVS are cached.
            cached: usize,
            /// How many connections are open for clients.
            open_connections: usize,
            /// What was counted since the start.
            counters: Counters,
            /// What happens where a layer of the sandbox is missing: `best-effort`, `enforce` or `off`.
            sandbox: String,
            /// Each layer as the kernel reports it.
            layers: Vec<Layer>,
            /// The least severe level that the console log shows.
            log_level: Level,
        }

        /// Shows what is trusted.
        Once GetTrust(Read) {} -> /** What the Trust List screen shows. */ Trust {
            /// The trust state by its number, such as S1.
            state: String,
            /// The trust state in words.
            meaning: String,
            /// Whether the store is locked, because the installed lists cannot be read.
            locked: bool,
            /// Whether files must be signed.
            signed_files: bool,
            /// SHA-256 of the certificate of the signer that the next first use waits for.
            pin: Option<String>,
            /// The installed lists, the CTL first.
            lists: Vec<List>,
            /// The last alarm since the start, if there was one.
            alarm: Option<Alarm>,
            /// The status messages, oldest first.
            messages: Vec<Message>,
        }

        /// Shows whether files must be signed.
        Once IsSecure(Fetch) {
            // No address is compared: it is the lists that make servers secure (domain facts 8.2).
            /// A host, only for the log.
            server: Option<String>,
        } -> /** Whether files must be signed. */ Security {
            /// Whether files must be signed; the same for all servers.
            secure: bool,
        }

        /// Judges a certificate as that of a server.
        Once Judge(Connect) {
            // With those above it, because a path to a listed CA may lead through them (domain
            // facts 6.4).
            /// The certificate in PEM, with those above it; or in DER, in Base64.
            certificate: String,
            /// What the server is to the phone.
            purpose: Purpose,
            /// Whose certificate it is.
            host: Option<String>,
        } -> /** Whether a certificate is trusted. */ Judgement {
            /// Whether a connection would be allowed.
            trusted: bool,
            /// What vouches for it, if it is trusted.
            by: Option<By>,
            /// Why it is not trusted, if it is not.
            reason: Option<String>,
            /// The steps that led to the verdict, in their order, in words.
            steps: Vec<String>,
        }

        /// Runs a boot pass.
        More Refresh(Configure) {} -> /** The progress of a boot pass: a stage, or finally the outcome. */ Progress {
            /// A stage that is over.
            stage: Option<Stage>,
            /// The outcome of the pass, in the last reply.
            outcome: Option<Outcome>,
        }

        /// Reads secd.toml again, and puts it into effect if it has no faults.
        Once Reload(Configure) {} -> /** The settings are in effect. */ Reloaded {}

        /// Sets what the console log shows.
        Once SetLogLevel(Configure) {
            /// Show only lines at least as severe as this.
            level: Level,
        } -> /** The level is set. */ LevelSet {}

        /// Shows what is trusted, and continues with whatever happens to it.
        More Watch(Read) {} -> /** What has happened since the previous reply. */ Happenings {
            // After everything else in the same reply: who draws a screen needs nothing but this.
            /// What is trusted now, in the first reply and whenever it may have changed.
            trust: Option<Trust>,
            /// The phone's own certificates now, in the first reply and whenever they have changed.
            identity: Option<Identity>,
            /// The status messages that were shown, oldest first.
            messages: Vec<Message>,
            /// The alarms that were raised, oldest first.
            alarms: Vec<Alarm>,
            /// The stages of boot passes that are over.
            stages: Vec<Stage>,
            /// The boot passes that are over, by their outcomes.
            outcomes: Vec<Outcome>,
            /// How many of all these were lost because they came faster than they were read.
            missed: u64,
        }
    }
}
