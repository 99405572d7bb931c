//! Enrolment: when the phone asks CAPF for a certificate, with whom, and how often.
//!
//! What happens within a session is in [`session`].

mod application;
mod failure;
mod proof;
mod session;

use std::convert::Infallible;

use tokio::time::sleep;

use crate::agent::connections::{NotOpened, ShownPeer, Target};
use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::agent::world;
use crate::boot::{CertificateTrouble, Event};
use crate::io::capf::CapfConnection;
use crate::trust::Purpose;
use crate::wire::address::ServerAddress;
use crate::wire::capf::AuthenticationString;
use crate::wire::configuration::{AuthenticationMode, CapfFacts, Configuration, Root};

pub use failure::NotEnrolled;
pub use session::SessionEffect;

use application::{Application, Enrolling};
use proof::Credential;
use session::CapfDialogue;

impl Agent {
    /// Asks for a certificate whenever a pass has found that one may be due.
    pub(super) async fn enrol_when_due(&self) -> Infallible {
        loop {
            let trouble = self.enrolments.wished().await;
            self.enrol_if_due(trouble).await;
        }
    }

    /// Asks for a certificate if the last pass has found that one may be due, and returns when that
    /// is over: what [`run`](Self::run) does beside the passes, for those who drive passes one by
    /// one.
    pub async fn enrol_as_wished(&self) {
        if let Some(trouble) = self.enrolments.take_wish() {
            self.enrol_if_due(trouble).await;
        }
    }

    async fn enrol_if_due(&self, trouble: Option<CertificateTrouble>) {
        let facts = self.capf_facts();
        let Some(credential) = due(facts.mode, trouble) else {
            if facts.mode == AuthenticationMode::String {
                say(&Event::CapfAwaitsString {});
            }
            return;
        };
        // Files that are written by hand have none, and the phone gets along without.
        if facts.servers.is_empty() {
            if facts.mode != AuthenticationMode::None {
                say(&Event::CapfNowhere {});
            }
            return;
        }
        let why = trouble.map_or_else(|| facts.mode.to_string(), |trouble| trouble.to_string());
        let application = Application { servers: facts.servers, credential, why };
        // Nobody waits for the result: screen and log have it.
        let _shown = self.enrol_with(&application).await;
    }

    /// Asks for a certificate by order of a person, who may have entered the string for it.
    ///
    /// # Errors
    /// [`NotEnrolled`].
    pub async fn enrol(
        &self,
        string: Option<AuthenticationString>,
    ) -> Result<SessionEffect, NotEnrolled> {
        let facts = self.capf_facts();
        let credential = match (string, facts.mode) {
            (Some(string), _) => Credential::String(string),
            (None, AuthenticationMode::String) => return Err(NotEnrolled::NeedsString),
            (None, mode) => due(mode, None).unwrap_or(Credential::NullString),
        };
        let why = "by order".to_owned();
        self.enrol_with(&Application { servers: facts.servers, credential, why }).await
    }

    /// What is known about CAPF: by the last configuration since the start, else by the one before.
    fn capf_facts(&self) -> CapfFacts {
        self.enrolments.facts().or_else(|| self.stored_facts()).unwrap_or_default()
    }

    fn stored_facts(&self) -> Option<CapfFacts> {
        let settings = world::settings(&self.settings());
        let last = self.installed.configuration()?;
        // The default configuration says nothing about one phone, and nobody vouches for one that was
        // not signed.
        if settings.own_configuration()?.as_str() != last.name
            || self.installed.seen(&last.name).is_none()
        {
            return None;
        }
        let payload = self.installed.configuration_payload()?;
        Configuration::parse(&payload, Root::Device).ok().map(|read| read.capf)
    }

    /// Makes attempts until one succeeds or fails for good.
    async fn enrol_with(&self, application: &Application) -> Result<SessionEffect, NotEnrolled> {
        let held = self.enrolments.hold().ok_or(NotEnrolled::Busy)?;
        let ended = self.attempts(Enrolling { application, held, key: None }).await;
        match &ended {
            Ok(effect) => say(&Event::CapfDone { result: effect.words() }),
            Err(failure) => self.lsc_failed(failure.to_string()),
        }
        // The files for another certificate can be there already (CAPF facts A7).
        if matches!(ended, Ok(SessionEffect::Deleted | SessionEffect::Installed)) {
            self.enrolments.note_change();
            self.passes.ask();
        }
        ended
    }

    async fn attempts(&self, mut enrolling: Enrolling<'_>) -> Result<SessionEffect, NotEnrolled> {
        if enrolling.application.servers.is_empty() {
            return Err(NotEnrolled::NoServer);
        }
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match self.attempt(&mut enrolling).await {
                Err(failure) if failure.is_passing() && left > 0 => {
                    let pause = self.settings().capf.pause;
                    say(&Event::CapfAgain { seconds: pause.as_secs() });
                    sleep(pause).await;
                }
                ended => return ended,
            }
        }
    }

    /// Asks the servers in order, until one was reached.
    async fn attempt(&self, enrolling: &mut Enrolling<'_>) -> Result<SessionEffect, NotEnrolled> {
        let mut last = NotEnrolled::NoServer;
        for server in &enrolling.application.servers {
            match self.ask(server, enrolling).await {
                Err(failure) if failure.is_passing() => {
                    let (server, why) = (server.to_string(), failure.to_string());
                    say(&Event::CapfFailed { server, why });
                    last = failure;
                }
                // What else fails is logged with the end of the enrolment.
                ended => return ended,
            }
        }
        Err(last)
    }

    /// Has one session with one server. It is judged before it gets a byte.
    async fn ask(
        &self,
        server: &ServerAddress,
        enrolling: &mut Enrolling<'_>,
    ) -> Result<SessionEffect, NotEnrolled> {
        let why = enrolling.application.why.clone();
        say(&Event::CapfBegun { server: server.to_string(), why });
        let (settings, identity) = (self.settings(), self.identity());
        let around = self.around(&settings, &identity);
        let target = Target { server: server.clone(), purpose: Purpose::Capf, client: NOBODY };
        let met = self.connections.meet(&self.tvs, around, &target).await.map_err(not_met)?;
        let ShownPeer { handshaken, judged, .. } = met;
        let grant = judged.verdict.map_err(NotEnrolled::Distrusted)?;
        let certificate = handshaken.certificate().to_vec();
        let stream = handshaken.admit(&grant).map_err(|_| NotEnrolled::OtherCertificate)?;
        let mut connection = CapfConnection::new(stream);
        let mut dialogue = CapfDialogue::new(self, enrolling, &certificate);
        let ended = dialogue.run(&mut connection).await;
        connection.close().await;
        ended
    }
}

/// What to show by itself, if anything is to be asked for without a person.
///
/// # Source
/// CAPF facts A1: by the mode of the configuration, or by null string because of a certificate that
/// does not fit; a string is only ever shown for a person.
const fn due(mode: AuthenticationMode, trouble: Option<CertificateTrouble>) -> Option<Credential> {
    match (mode, trouble) {
        (AuthenticationMode::Lsc, _) => Some(Credential::Lsc),
        (AuthenticationMode::Mic, _) => Some(Credential::Mic),
        (AuthenticationMode::NullString, _) | (AuthenticationMode::None, Some(_)) => {
            Some(Credential::NullString)
        }
        (AuthenticationMode::String, _) | (AuthenticationMode::None, None) => None,
    }
}

fn not_met(not_opened: NotOpened) -> NotEnrolled {
    match not_opened {
        NotOpened::Distrusted(distrust) => NotEnrolled::Distrusted(distrust),
        other => NotEnrolled::Unreachable(other.to_string()),
    }
}

/// How often communication is tried (security guide; CAPF facts A1).
const ATTEMPTS: u32 = 3;

/// No local client: these connections are the agent's own.
const NOBODY: i32 = -1;
