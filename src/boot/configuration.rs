//! The phone's configuration: its own, or the default one for phones that the call manager does not
//! know.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::boot::event::Event;
use crate::boot::file::{self, NotTaken, Obtained, Order};
use crate::boot::report::Message;
use crate::boot::world::{
    Change, Committed, Form, NotCommitted, NotFetched, Room, Settings, Sort, World,
};
use crate::trust::{Reason, Unanswered, Voucher};
use crate::wire::configuration::{Configuration, Member};
use crate::wire::name::FileName;

/// What came of the configuration step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Configured {
    /// The servers have none; the last good one stays.
    Absent,
    /// It is encrypted for the owner of another certificate than this phone's, by their hashes.
    ForAnother {
        /// The name of what says so.
        name: String,
        /// The hash of the certificate that it is for.
        theirs: Box<str>,
        /// The hash of this phone's certificate, if it has one.
        ours: Option<String>,
    },
    /// It was not fetched. [`NotFetched::Absent`] if the server has announced it and does not have it.
    NotFetched {
        /// The name that it was asked for by.
        name: String,
        /// Why.
        why: NotFetched,
    },
    /// It was accepted, and could not be put in place.
    NotPut(NotCommitted),
    /// It is refused, or cannot be opened; the last good one stays.
    Refused {
        /// The name that it was asked for by.
        name: String,
        /// Why.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
    },
    /// It is in place.
    Taken {
        /// The name that it was asked for by.
        name: String,
        /// Who vouched for its signer; nobody if it was taken from anyone.
        by: Option<Voucher>,
    },
}

impl Configured {
    /// The outcome in one word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Absent
            | Self::ForAnother { .. }
            | Self::NotFetched {
                why: NotFetched::Absent | NotFetched::Failed(_) | NotFetched::TooLarge(_),
                ..
            }
            | Self::Refused { .. } => "failed",
            Self::NotFetched { why: NotFetched::Unreachable(_), .. } => "unreachable",
            Self::NotPut(_) => "broken",
            Self::Taken { .. } => "done",
        }
    }

    /// Whether the next try may end better without a change on the server.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::NotPut(_) | Self::NotFetched { why: NotFetched::Unreachable(_), .. })
    }
}

impl From<NotTaken> for Configured {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Fetch { why: NotFetched::Absent, .. } => Self::Absent,
            NotTaken::Fetch { asked, why } => Self::NotFetched { name: asked, why },
            NotTaken::Refused { asked, reason, unanswered } => {
                Self::Refused { name: asked, reason, unanswered }
            }
            NotTaken::Write(why) => Self::NotPut(why),
        }
    }
}

/// Brings the configuration up to date.
pub(super) async fn refresh<W: World>(world: &mut W, settings: &Settings) -> Configured {
    // A device name is made so that this is a file name.
    let own = FileName::parse(&format!("{}.cnf.xml", settings.device));
    for name in own.into_iter().chain(FileName::parse(DEFAULT)) {
        let configured = Step { settings, name: &name }.take(world).await;
        if configured != Configured::Absent {
            tell(world, &name, &configured);
            return configured;
        }
    }
    world.say(Event::ConfigurationAbsent {});
    world.say(Event::MessageShown { message: Message::ConfigurationNotFound });
    Configured::Absent
}

/// What a person is told of an outcome.
fn tell<W: World>(world: &mut W, name: &FileName, configured: &Configured) {
    let message = match configured {
        Configured::NotFetched { why: NotFetched::Absent, .. } => {
            Some(Message::ConfigurationNotFound)
        }
        Configured::NotFetched { why, .. } => {
            let (name, text) = (name.to_string(), why.to_string());
            world.say(Event::ConfigurationNotFetched { name, why: text });
            why.message(Sort::File)
        }
        // The guide has a message for one that the file system does not take; else the log has it.
        Configured::NotPut(NotCommitted { room: Room::None, .. }) => {
            Some(Message::ConfigurationTooLarge)
        }
        Configured::ForAnother { .. } | Configured::Refused { .. } => {
            Some(Message::VerificationFailed)
        }
        Configured::Absent | Configured::NotPut(_) | Configured::Taken { .. } => None,
    };
    if let Some(message) = message {
        world.say(Event::MessageShown { message });
    }
}

/// The step for one name.
struct Step<'a> {
    settings: &'a Settings,
    name: &'a FileName,
}

impl Step<'_> {
    /// Fetches, judges and keeps one configuration.
    ///
    /// One that was encrypted the last time is asked for in that form first. A signed one may be
    /// short and say that the whole one is encrypted, and for whom (domain facts 1.3 and 4.2).
    async fn take<W: World>(&self, world: &mut W) -> Configured {
        // Where nobody is verified, ciphertext is of no use, and the server has the plain form.
        if self.was_encrypted(world) && world.anchors().demand_signed_files() {
            match self.obtain(world, Form::Encrypted).await {
                Ok(obtained) => return self.put(world, obtained),
                Err(NotTaken::Fetch { why: NotFetched::Absent, .. }) => {}
                Err(not_taken) => return not_taken.into(),
            }
        }
        let obtained = match self.obtain(world, Form::Plain).await {
            Ok(obtained) => obtained,
            Err(not_taken) => return not_taken.into(),
        };
        match self.sealed(world, &obtained) {
            Sealed::No => self.put(world, obtained),
            Sealed::ForAnother { theirs, ours } => {
                Configured::ForAnother { name: obtained.asked, theirs, ours }
            }
            Sealed::ForUs => self.take_sealed(world).await,
        }
    }

    /// Goes on to the encrypted form, which a signed file has announced.
    async fn take_sealed<W: World>(&self, world: &mut W) -> Configured {
        match self.obtain(world, Form::Encrypted).await {
            Ok(whole) => self.put(world, whole),
            // The phone is known to the call manager: the default configuration is not for it.
            Err(NotTaken::Fetch { asked, why: NotFetched::Absent }) => {
                world.say(Event::EncryptedAbsent { name: self.name.to_string() });
                Configured::NotFetched { name: asked, why: NotFetched::Absent }
            }
            Err(not_taken) => not_taken.into(),
        }
    }

    async fn obtain<W: World>(&self, world: &mut W, form: Form) -> Result<Obtained, NotTaken> {
        let limit = self.settings.config_limit;
        let order = Order { name: self.name, limit, requester: "secd", form };
        file::obtain(world, self.settings, &order).await
    }

    fn was_encrypted<W: World>(&self, world: &W) -> bool {
        world
            .last_configuration()
            .is_some_and(|last| last.form == Form::Encrypted && last.name == self.name.as_str())
    }

    /// Whether a configuration says that the whole one is encrypted, and whether it is for the
    /// certificate that this phone has; the log says so if it is not.
    fn sealed<W: World>(&self, world: &mut W, obtained: &Obtained) -> Sealed {
        if obtained.by.is_none() {
            return Sealed::No;
        }
        let sealed = Sealed::of(&obtained.payload, world.certificate_md5());
        if let Sealed::ForAnother { theirs, ours } = &sealed {
            let ours = ours.as_ref().map_or("none".to_string(), |ours| format!("<{ours}>"));
            world.say(Event::EncryptedForAnother { theirs: theirs.clone(), ours });
        }
        sealed
    }

    /// Keeps a configuration for the next start, and puts it in place.
    fn put<W: World>(&self, world: &mut W, obtained: Obtained) -> Configured {
        let members = match obtained.by {
            Some(_) => members(world, &obtained.payload),
            None => Vec::new(),
        };
        let kept = world.commit(Change::Keep {
            name: self.name,
            payload: &obtained.payload,
            form: obtained.form,
            members: &members,
        });
        let changed = match kept {
            Ok(committed) => committed,
            Err(why) => {
                let name = self.name.to_string();
                world.say(Event::ConfigurationNotKept { name, why: why.to_string() });
                return Configured::NotPut(why);
            }
        };
        if let Err(not_taken) = file::put(world, self.name, &obtained) {
            return not_taken.into();
        }
        if changed == Committed::Changed {
            let message = Message::ConfigurationUsed(self.name.to_string());
            world.say(Event::MessageShown { message });
        }
        Configured::Taken { name: obtained.asked, by: obtained.by }
    }
}

/// The TVS members that a proven configuration names, in the order in which they are asked
/// (domain facts 10, row 25).
fn members<W: World>(world: &mut W, payload: &[u8]) -> Vec<Member> {
    match Configuration::parse(payload) {
        Ok(configuration) => {
            for skipped in &configuration.warnings {
                world.say(Event::ConfigurationOdd { what: skipped.to_string() });
            }
            configuration.tvs
        }
        Err(unreadable) => {
            world.say(Event::ConfigurationUnread { why: unreadable.to_string() });
            Vec::new()
        }
    }
}

/// Whether the whole configuration is encrypted, and for whom.
enum Sealed {
    /// For the owner of another certificate, by its hash.
    ForAnother { theirs: Box<str>, ours: Option<String> },
    /// For this phone.
    ForUs,
    /// It is not encrypted.
    No,
}

impl Sealed {
    /// What a configuration says of itself to the phone whose certificate has this hash.
    fn of(payload: &[u8], ours: Option<String>) -> Self {
        let Ok(configuration) = Configuration::parse(payload) else { return Self::No };
        if configuration.encrypted != Some(true) {
            return Self::No;
        }
        let theirs = configuration.cert_hash.unwrap_or_default();
        match ours {
            Some(ours) if ours.eq_ignore_ascii_case(&theirs) => Self::ForUs,
            ours => Self::ForAnother { theirs, ours },
        }
    }
}

/// The configuration of phones that the call manager does not know (domain facts 1.2).
const DEFAULT: &str = "XMLDefault.cnf.xml";
