//! One trust list: fetched, judged, put in force.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::boot::event::Event;
use crate::boot::file::ANEW;
use crate::boot::report::{ListStep, StatusMessage};
use crate::boot::world::{Change, NotCommitted, NotFetched, PassSettings, Sort, Wanted, World};
use crate::trust::list::signed;
use crate::trust::policy::OlderList;
use crate::trust::signature::sha256;
use crate::trust::signers::ClaimedSigner;
use crate::trust::update::{self, Accepted, Offer};
use crate::trust::{
    Acceptance, Confirmed, Decision, Doubtful, ListKind, Policy, Proofs, Provenance, Reason,
    TrustList, Unanswered, Verified, Vouched,
};
use crate::wire::{Envelope, FileKind};

/// The outcome of the step for one list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Listed {
    /// The servers have none; what is in force stays.
    Absent,
    /// A new one is in force.
    Installed {
        /// The name under which it was fetched.
        name: String,
        /// Who vouched for its signer.
        acceptance: Acceptance,
    },
    /// It was not fetched.
    NotFetched {
        /// The name under which it was requested.
        name: String,
        /// Why the servers did not deliver it.
        why: NotFetched,
    },
    /// It was accepted, but could not be stored: the phone's own fault.
    NotInstalled {
        /// The name under which it was fetched.
        name: String,
        /// What could not be written, and why.
        why: NotCommitted,
    },
    /// It is refused; what is in force stays.
    Refused {
        /// The name under which it was fetched.
        name: String,
        /// Why it is not trusted, or not installed all the same.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
    },
    /// It is the one in force.
    Same {
        /// The name under which it was fetched.
        name: String,
    },
}

impl Listed {
    /// How the step went, for the screen.
    #[must_use]
    pub const fn step(&self) -> ListStep {
        match self {
            Self::Absent | Self::Same { .. } => ListStep::Kept,
            Self::Installed { .. } => ListStep::Installed,
            Self::NotFetched { .. } | Self::Refused { .. } => ListStep::Failed,
            Self::NotInstalled { .. } => ListStep::Broken,
        }
    }

    /// Why the step failed, in words; nothing if it did not.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Absent | Self::Installed { .. } | Self::Same { .. } => None,
            Self::NotFetched { why, .. } => Some(why.to_string()),
            Self::NotInstalled { why, .. } => Some(format!("not installed: {why}")),
            Self::Refused { reason, unanswered, .. } => Some(refusal(reason, unanswered.as_ref())),
        }
    }

    /// Whether the next try may end better without a change on the server.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused { unanswered, .. } => {
                unanswered.as_ref().is_some_and(Unanswered::is_passing)
            }
            Self::NotFetched { why: NotFetched::BrokenOff(_), .. } => true,
            listed => listed.step() == ListStep::Broken,
        }
    }

    /// Why the last request for it reached no server, if that is so: the pass ends there.
    #[must_use]
    pub fn unreachable(&self) -> Option<&str> {
        match self {
            Self::NotFetched { why: NotFetched::Unreachable(trouble), .. } => Some(&trouble.why),
            _ => None,
        }
    }
}

/// Why a file is refused, and why TVS did not vouch for its signer, if it had to.
pub(super) fn refusal(reason: &Reason, unanswered: Option<&Unanswered>) -> String {
    match unanswered {
        None => reason.to_string(),
        Some(why) => format!("{reason}; {why}"),
    }
}

/// Brings the list of a kind up to date. Whatever fails, the list in force stays.
///
/// If a list is refused, the other servers are still asked for theirs, under both names; each is
/// judged as if it were the first.
pub(super) async fn refresh<W: World>(
    world: &mut W,
    settings: &PassSettings,
    kind: ListKind,
) -> Listed {
    // The phone's own name first, then the generic one (technote; domain facts 1.1).
    let own = format!("{kind}{}.tlv", settings.device);
    let mut search = ListSearch { settings, kind, refused: None };
    for name in [own.as_str(), kind.generic_name()] {
        if let Some(listed) = search.under(world, name).await {
            return listed;
        }
    }
    if let Some((refused, _)) = search.refused {
        return refused;
    }
    world.say(Event::ListAbsent { list: kind });
    // The guide has this message for the CTL only: a cluster that is not in mixed mode has none.
    if kind == ListKind::Ctl {
        world.say(Event::MessageShown { message: StatusMessage::CtlNotFound });
    }
    Listed::Absent
}

/// The search for a list that can be put in force.
struct ListSearch<'a> {
    settings: &'a PassSettings,
    kind: ListKind,
    /// The refusal of the first list that was fetched, and the SHA-256 of that file.
    refused: Option<(Listed, [u8; 32])>,
}

impl ListSearch<'_> {
    /// Looks for it under one name; nothing if none can be put in force.
    async fn under<W: World>(&mut self, world: &mut W, name: &str) -> Option<Listed> {
        loop {
            match self.fetch(world, name).await {
                Ok(bytes) if bytes.is_empty() => {
                    world.say(Event::ListEmpty { name: name.to_string() });
                    return None;
                }
                Ok(bytes) => {
                    if let Some(listed) = self.settle(world, Offer { name, bytes: &bytes }).await {
                        return Some(listed);
                    }
                }
                Err(NotFetched::Absent) => return None,
                // What was given counts, and not that another server has failed as well.
                Err(_) if self.refused.is_some() => return None,
                Err(why) => return Some(not_fetched(world, name, why)),
            }
        }
    }

    /// From any server at first, then from those that have not delivered one yet.
    async fn fetch<W: World>(&self, world: &mut W, name: &str) -> Result<Vec<u8>, NotFetched> {
        let wanted = Wanted { name, limit: self.settings.list_limit, sort: Sort::List };
        if self.refused.is_none() {
            world.say(Event::ListRequested { name: name.to_string() });
            return world.fetch(&wanted).await.map(|fetched| fetched.bytes);
        }
        // Every server has delivered the list that is refused.
        if !world.has_another_server() {
            return Err(NotFetched::Absent);
        }
        world.say(Event::AskedElsewhere { name: name.to_string() });
        world.fetch_from_another(&wanted).await.map(|fetched| fetched.bytes)
    }

    /// Judges a fetched list; nothing if another server may have a better one.
    async fn settle<W: World>(&mut self, world: &mut W, offer: Offer<'_>) -> Option<Listed> {
        let digest = sha256(offer.bytes);
        // The same list again: TVS need not be asked again either.
        if self.refused.as_ref().is_some_and(|(_, refused)| *refused == digest) {
            return None;
        }
        let mut policy = self.settings.policy.clone();
        if self.refused.is_some() {
            // The newer one may be good and TVS away: a server that lags behind takes nobody back.
            policy.older_list = OlderList::Refuse;
        }
        match judge(world, &policy, self.kind, offer).await {
            refused @ Listed::Refused { .. } if !world.is_locked() => {
                self.refused.get_or_insert((refused, digest));
                None
            }
            // That another server has what is in force does not undo that one has something else.
            Listed::Same { .. } if self.refused.is_some() => None,
            settled => Some(settled),
        }
    }
}

fn not_fetched<W: World>(world: &mut W, name: &str, why: NotFetched) -> Listed {
    let name = name.to_string();
    world.say(Event::ListNotFetched { name: name.clone(), why: why.to_string() });
    if let Some(message) = why.message(Sort::List) {
        world.say(Event::MessageShown { message });
    }
    Listed::NotFetched { name, why }
}

/// Judges what was fetched, and installs it if it is trusted and new; again if the lists change
/// while TVS is being asked, but not for ever.
async fn judge<W: World>(
    world: &mut W,
    policy: &Policy,
    kind: ListKind,
    offer: Offer<'_>,
) -> Listed {
    let mut listed = judge_once(world, policy, kind, offer).await;
    for _ in 0..ANEW {
        if !matches!(listed, Listed::Refused { unanswered: Some(Unanswered::ListsChanged), .. }) {
            break;
        }
        listed = judge_once(world, policy, kind, offer).await;
    }
    if let Listed::Refused { name, reason, .. } = &listed {
        world.say(Event::ListRefused { name: name.clone(), reason: reason.clone() });
        if let Some(signer) = ClaimedSigner::of(&world.anchors(), FileKind::List, offer.bytes) {
            let ClaimedSigner { subject, serial, listed } = signer;
            world.say(Event::ListSigner { name: name.clone(), subject, serial, listed });
        }
    }
    listed
}

async fn judge_once<W: World>(
    world: &mut W,
    policy: &Policy,
    kind: ListKind,
    offer: Offer<'_>,
) -> Listed {
    let same = is_same(world, kind, offer);
    let mut proofs = Proofs::default();
    let judged = loop {
        if world.is_locked() {
            break Err((Reason::Locked, None));
        }
        // What is in force may have changed, or been lost, while TVS was asked.
        let policy = awaiting(policy, world.awaited());
        match update::list_with(&world.anchors(), kind, offer, &policy, &proofs) {
            Decision::Trust(accepted) => break Ok(accepted),
            Decision::Refuse(reason) => break Err((reason, None)),
            // What is in force need not be vouched for again.
            Decision::Ask(doubtful) if same => break Err((doubtful.otherwise(), None)),
            Decision::Ask(doubtful) => match ask(world, offer.name, doubtful).await {
                Ok(TvsAnswer::Signer(vouched)) => proofs.signer = Some(vouched),
                Ok(TvsAnswer::Record(confirmed)) => proofs.records.push(confirmed),
                Err((reason, why)) => break Err((reason, Some(why))),
            },
        }
    };
    settle(world, offer, same, judged)
}

/// The policy, narrowed to the signer that a person at the phone waits for, if there is one.
fn awaiting(policy: &Policy, awaited: Option<[u8; 32]>) -> Policy {
    let mut policy = policy.clone();
    if let Some(pin) = awaited {
        policy.first_use = policy.first_use.awaiting(pin);
    }
    policy
}

/// Whether an offered list is the one in force: the signed part is the same, wherever the signature
/// is.
fn is_same<W: World>(world: &W, kind: ListKind, offer: Offer<'_>) -> bool {
    let anchors = world.anchors();
    let Some(installed) = anchors.records(kind) else { return false };
    let signed = Envelope::parse(offer.bytes, FileKind::List).map(|file| signed(&file));
    signed.is_ok_and(|signed| installed.signed == signed)
}

/// An answer of TVS about an offered list.
enum TvsAnswer {
    Record(Confirmed),
    Signer(Vouched),
}

/// Asks TVS; the error is the reason for the refusal, and why TVS did not vouch.
///
/// Each answer settles its question, or the list is refused: there are at most as many questions as
/// [`QUESTIONS`](crate::trust::confirm::QUESTIONS), and two about the signer.
async fn ask<W: World>(
    world: &mut W,
    name: &str,
    doubtful: Doubtful,
) -> Result<TvsAnswer, (Reason, Unanswered)> {
    match doubtful {
        Doubtful::Signer(query) => match world.vouch(&query).await {
            Ok(vouched) => Ok(TvsAnswer::Signer(vouched)),
            Err(why) => {
                world.say(Event::SignerUnvouched { name: name.to_string(), why: why.clone() });
                Err((query.otherwise, why))
            }
        },
        Doubtful::Record(record) => {
            let (role, subject) = (record.role(), record.subject().to_string());
            let name = name.to_string();
            world.say(Event::RecordAsked { name: name.clone(), role, subject: subject.clone() });
            match world.confirm(&record).await {
                Ok(confirmed) => {
                    world.say(Event::RecordConfirmed { name, role, subject });
                    Ok(TvsAnswer::Record(confirmed))
                }
                Err(why) => Err((record.unanswered(&why), why)),
            }
        }
    }
}

/// Carries the verdict out.
fn settle<W: World>(
    world: &mut W,
    offer: Offer<'_>,
    same: bool,
    judged: Result<Accepted<Verified<TrustList>>, (Reason, Option<Unanswered>)>,
) -> Listed {
    let name = offer.name.to_string();
    match judged {
        Ok(accepted) if same => {
            say_verified(world, &accepted, offer);
            world.say(Event::ListSame { name: name.clone() });
            Listed::Same { name }
        }
        Ok(accepted) => install(world, accepted, offer),
        // The list in force stays even if it could not be accepted today, for example because its
        // signer is no longer listed.
        Err(_) if same => {
            world.say(Event::ListSame { name: name.clone() });
            Listed::Same { name }
        }
        Err((reason, unanswered)) => Listed::Refused { name, reason, unanswered },
    }
}

fn say_verified<W: World>(
    world: &mut W,
    accepted: &Accepted<Verified<TrustList>>,
    offer: Offer<'_>,
) {
    let header_length = offer.bytes.len() - accepted.value.value().body_length;
    world.say(Event::ListVerified { header_length });
}

fn install<W: World>(
    world: &mut W,
    accepted: Accepted<Verified<TrustList>>,
    offer: Offer<'_>,
) -> Listed {
    say_verified(world, &accepted, offer);
    let Accepted { value: list, warnings } = accepted;
    let name = offer.name.to_string();
    for warning in warnings {
        world.say(Event::ListOdd { name: name.clone(), warning });
    }
    // Loudly: whoever answers a phone without lists owns it (domain facts 10, row 1).
    if list.provenance() == Provenance::FirstUse {
        let signer = list.value().signer.clone();
        world.say(Event::ListFirstUse { name: name.clone(), signer });
    }
    match world.commit(Change::List { list: &list, name: offer.name, bytes: offer.bytes }) {
        Ok(_) => {
            world.say(Event::ListInstalled { list: list.value().kind });
            Listed::Installed { name, acceptance: list.provenance().acceptance() }
        }
        Err(why) => {
            world.say(Event::ListNotInstalled { name: name.clone(), why: why.to_string() });
            Listed::NotInstalled { name, why }
        }
    }
}
