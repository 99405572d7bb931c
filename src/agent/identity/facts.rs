//! What the phone's certificates say, for those who look at them.

use super::{PhoneIdentity, Which};
use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::boot::Event;
use crate::diagnose::OwnFound;
use crate::io::clock;
use crate::io::identity::DeviceIdentity;
use crate::trust::certificate::Certificate;
use crate::trust::{Anchors, Expiry, LscOrigin, OwnFacts};

impl PhoneIdentity {
    /// The LSC and the MIC, as far as they are there, beside the lists and the `certHash` that
    /// count for them.
    pub(in crate::agent) fn found(&self, anchors: &Anchors, hash: Option<&str>) -> Vec<OwnFound> {
        let now = clock::seconds();
        let in_use = self.in_use().map(|(which, _)| which);
        let found = |(which, identity): (Which, &DeviceIdentity)| {
            let certificate = Certificate::parse(identity.certificate()).ok()?;
            let facts = OwnFacts::of(which, &certificate);
            let md5 = identity.certificate_md5();
            let origin = LscOrigin::of(&certificate, self.line, anchors);
            Some(OwnFound {
                dates: [facts.validity.0, facts.validity.1].map(|at| clock::date(at).to_string()),
                expiry: facts.expiry(now),
                facts,
                is_in_use: in_use == Some(which),
                decrypts: identity.unwrapping().is_some(),
                is_named: hash.map(|hash| hash.eq_ignore_ascii_case(&md5)),
                origin: (which == Which::Lsc).then_some(origin),
            })
        };
        let lsc = self.lsc().map(|lsc| (Which::Lsc, lsc));
        let mic = self.mic().map(|mic| (Which::Mic, mic));
        lsc.into_iter().chain(mic).filter_map(found).collect()
    }
}

impl Agent {
    /// The phone's certificates, beside the lists in force and the last configuration.
    pub(in crate::agent) fn own_found(&self) -> Vec<OwnFound> {
        self.identity().found(&self.installed.anchors(), self.cert_hash().as_deref())
    }

    /// Warns of certificates that expire soon, or have: at each pass, for as long as it is so.
    pub(in crate::agent) fn warn_of_expiry(&self) {
        for OwnFound { facts, dates: [from, until], expiry, .. } in self.own_found() {
            let which = facts.which.word();
            match expiry {
                Expiry::Expired => say(&Event::OwnCertificateExpired { which, until }),
                Expiry::NotYet => say(&Event::OwnCertificateNotYet { which, from }),
                Expiry::Soon { days } => {
                    say(&Event::OwnCertificateExpires { which, until, days });
                }
                Expiry::Good | Expiry::Unknown => {}
            }
        }
    }
}
