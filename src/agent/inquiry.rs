//! Judging a file for a person, by lists that are given: as a phone would that has them installed,
//! TVS included, but without a store and without a pass.

use std::cell::RefCell;

use crate::agent::identity::PhoneIdentity;
use crate::agent::installed::Installed;
use crate::agent::legacy::LegacyCount;
use crate::agent::tvs::{Around, Confirming, TvsService};
use crate::io::clock::Timeline;
use crate::io::resolve::{Names, SystemFiles};
use crate::io::settings::{DeviceSettings, ServerAddress, Settings};
use crate::trust::decide::SearchStep;
use crate::trust::update::{self, Content, Offer};
use crate::trust::{
    Accepted, Anchors, Decision, Doubtful, ListKind, Policy, Proofs, Query, Reason, TrustList,
    Unanswered, Verified, Vouched,
};
use crate::wire::FileKind;
use crate::wire::configuration::Member;
use crate::wire::name::{DeviceName, Model};

/// A judgement under way.
pub struct Inquiry {
    settings: Settings,
    installed: Installed,
    identity: PhoneIdentity,
    names: Names,
    legacy: LegacyCount,
    tvs: TvsService,
    steps: RefCell<Vec<String>>,
}

/// Why a file is not trusted, and why TVS did not vouch, if it had to.
#[derive(Debug)]
pub struct NotTrustedFile {
    /// Why policy refuses it.
    pub reason: Reason,
    /// The result of asking TVS; nothing if no question arose.
    pub unanswered: Option<Unanswered>,
}

impl From<Reason> for NotTrustedFile {
    fn from(reason: Reason) -> Self {
        Self { reason, unanswered: None }
    }
}

impl Inquiry {
    /// Judges by these lists, and asks these servers in this order.
    ///
    /// # Panics
    /// Never: the name that TVS is asked in is a valid one.
    #[must_use]
    pub fn new(anchors: Anchors, servers: Vec<ServerAddress>) -> Self {
        let name = DeviceName::parse(CALLER).expect("a valid name");
        let device =
            DeviceSettings { name, model: Model::default(), address: None, identity: None };
        let mut settings = Settings::of_device(device);
        let members = servers.into_iter().zip(0..);
        settings.tvs.members =
            members.map(|(address, priority)| Member { address, priority }).collect();
        Self {
            tvs: TvsService::new(&settings.tvs, Timeline::start()),
            installed: Installed::of(anchors),
            identity: PhoneIdentity::default(),
            names: Names::of(&SystemFiles::default()),
            legacy: LegacyCount::default(),
            steps: RefCell::default(),
            settings,
        }
    }

    /// Judges a trust list. Must run inside a `LocalSet`, as everything that asks TVS.
    ///
    /// # Errors
    /// [`NotTrustedFile`].
    pub async fn list(
        &self,
        kind: ListKind,
        offer: Offer<'_>,
        policy: &Policy,
    ) -> Result<Accepted<Verified<TrustList>>, NotTrustedFile> {
        let (mut proofs, mut confirming) = (Proofs::default(), Confirming::default());
        // Each answer settles its question, or ends it: see `boot::list`.
        loop {
            match update::list_with(&self.installed.anchors(), kind, offer, policy, &proofs) {
                Decision::Trust(accepted) => return Ok(accepted),
                Decision::Refuse(reason) => return Err(reason.into()),
                Decision::Ask(Doubtful::Signer(query)) => {
                    proofs.signer = Some(self.vouched(&query).await?);
                }
                Decision::Ask(Doubtful::Record(record)) => {
                    let what = format!("{} record <{}>", record.role(), record.subject());
                    self.step(format!(
                        "{what}: not in any of the given lists, and this list is older"
                    ));
                    let asked = confirming.bound(self.tvs.record(self.around(), &record)).await;
                    proofs.records.push(asked.map_err(|why| {
                        self.step(SearchStep::Tvs(Err(why.clone())).to_string());
                        let reason = record.unanswered(&why);
                        NotTrustedFile { reason, unanswered: Some(why) }
                    })?);
                    self.step(format!("TVS: confirms the {what}"));
                }
            }
        }
    }

    /// Judges a file that is not a trust list. Must run inside a `LocalSet`.
    ///
    /// # Errors
    /// [`NotTrustedFile`].
    pub async fn file<'a>(
        &self,
        kind: FileKind,
        offer: Offer<'a>,
        policy: &Policy,
    ) -> Result<Accepted<Content<'a>>, NotTrustedFile> {
        let anchors = self.installed.anchors();
        match update::file(&anchors, kind, offer, policy) {
            Decision::Trust(accepted) => Ok(accepted),
            Decision::Refuse(reason) => Err(reason.into()),
            Decision::Ask(query) => {
                let vouched = self.vouched(&query).await?;
                Ok(update::file_vouched(&anchors, kind, offer, policy, &vouched)?)
            }
        }
    }

    /// The steps to the verdict so far, in words; none if no question arose.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        self.steps.borrow().clone()
    }

    async fn vouched(&self, query: &Query) -> Result<Vouched, NotTrustedFile> {
        self.step(format!("CTL and ITL: {}", query.otherwise));
        let asked = self.tvs.signer(self.around(), query).await;
        let roles = asked.as_ref().map(|vouched| vouched.endorsed().roles().map(Box::from));
        self.step(SearchStep::Tvs(roles.map_err(Clone::clone)).to_string());
        asked.map_err(|why| NotTrustedFile {
            reason: query.otherwise.clone(),
            unanswered: Some(why),
        })
    }

    const fn around(&self) -> Around<'_> {
        Around {
            settings: &self.settings,
            identity: &self.identity,
            installed: &self.installed,
            names: &self.names,
            legacy: &self.legacy,
        }
    }

    fn step(&self, step: String) {
        self.steps.borrow_mut().push(step);
    }
}

/// The name in which TVS is asked. No phone has the MAC address 0; that servers do not look names up
/// is inferred: the answer depends on the certificate alone.
const CALLER: &str = "SEP000000000000";
