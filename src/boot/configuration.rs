//! The phone's configuration: its own, or the default one for phones that the call manager does not
//! know.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::boot::configured::Configured;
use crate::boot::event::Event;
use crate::boot::file::{self, NotTaken, Obtained, Order};
use crate::boot::report::StatusMessage;
use crate::boot::seen::Form;
use crate::boot::world::{
    Change, Committed, LogServerChange, NotCommitted, NotFetched, PassSettings, Sort, World,
};
use crate::trust::Voucher;
use crate::trust::policy::DefaultConfiguration;
use crate::wire::configuration::{
    Configuration, Defect, Root, SettingsAccess, UnreadableConfiguration, WebAccess, encrypted_for,
};
use crate::wire::name::FileName;

/// Brings the configuration up to date.
pub(super) async fn refresh<W: World>(world: &mut W, settings: &PassSettings) -> Configured {
    for name in settings.own_configuration().into_iter().chain(FileName::parse(DEFAULT)) {
        // Only once the servers have answered that they do not have the phone's own.
        if name.as_str() == DEFAULT && is_kept(world, settings) {
            break;
        }
        let step = NameStep { settings, name: &name, asked_by: AskedBy::Pass };
        let configured = step.take(world).await;
        if configured != Configured::Absent {
            report(world, &name, &configured);
            return configured;
        }
    }
    world.say(Event::ConfigurationAbsent {});
    world.say(Event::MessageShown { message: StatusMessage::ConfigurationNotFound });
    Configured::Absent
}

/// Whether the phone keeps its own configuration although no server has one: anyone on the network
/// can answer "not found".
///
/// It does as long as the installed lists allow its signer to sign files. A phone that starts
/// afresh, or that now belongs to another cluster, takes the default one.
fn is_kept<W: World>(world: &mut W, settings: &PassSettings) -> bool {
    let anchors = world.anchors();
    let first = settings.policy.default_configuration == DefaultConfiguration::First;
    if !first || !anchors.demand_signed_files() {
        return false;
    }
    let own = format!("{}.cnf.xml", settings.device);
    let last = world.last_configuration().filter(|last| last.name == own);
    let name = last.and_then(|last| FileName::parse(&last.name).ok());
    let seen = name.and_then(|name| world.seen(&name));
    let is_listed = |signer| anchors.lists_file_signer(signer);
    // Without a known signer the store is of an older version, which must not lose the
    // configuration.
    let is_kept = seen.is_some_and(|seen| seen.signer.is_none_or(is_listed));
    if is_kept {
        world.say(Event::ConfigurationKept { name: own });
    }
    is_kept
}

/// Takes one configuration as a pass does, for a client that requests it by name: what is in place
/// is always what is kept, and complete, where the file of that name may only announce an encrypted
/// one. A failure is not shown on the screen: no one there has asked.
pub async fn take<W: World>(world: &mut W, settings: &PassSettings, name: &FileName) -> Configured {
    NameStep { settings, name, asked_by: AskedBy::Client }.take(world).await
}

/// Reports an outcome, in the log and on the screen.
fn report<W: World>(world: &mut W, name: &FileName, configured: &Configured) {
    let message = match configured {
        Configured::NotFetched { why: NotFetched::Absent, .. } => {
            Some(StatusMessage::ConfigurationNotFound)
        }
        Configured::NotFetched { why, .. } => {
            let (name, text) = (name.to_string(), why.to_string());
            world.say(Event::ConfigurationNotFetched { name, why: text });
            why.message(Sort::File)
        }
        // The guide has a message for one that the file system does not take; else the log has it.
        Configured::NotPut(NotCommitted { is_full: true, .. }) => {
            Some(StatusMessage::ConfigurationTooLarge)
        }
        Configured::ForAnother { .. } | Configured::Refused { .. } => {
            Some(StatusMessage::VerificationFailed)
        }
        Configured::Unread { name, why } => {
            let (name, text) = (name.clone(), why.to_string());
            world.say(Event::ConfigurationUnread { name, why: text });
            Some(StatusMessage::ConfigurationUnreadable)
        }
        Configured::Absent | Configured::NotPut(_) | Configured::Taken { .. } => None,
    };
    if let Some(message) = message {
        world.say(Event::MessageShown { message });
    }
}

/// The step for one name.
struct NameStep<'a> {
    settings: &'a PassSettings,
    name: &'a FileName,
    asked_by: AskedBy,
}

/// Who asks for a configuration.
#[derive(Clone, Copy, Eq, PartialEq)]
enum AskedBy {
    /// A process of the phone that names the file: it only gets what a pass would keep.
    Client,
    /// A boot pass, which takes what it finds first.
    Pass,
}

impl NameStep<'_> {
    /// Fetches, judges and keeps one configuration.
    ///
    /// One that was encrypted the last time is requested in that form first. A signed one may be
    /// short, and announce that the complete one is encrypted and for whom (domain facts 1.3 and
    /// 4.2).
    async fn take<W: World>(&self, world: &mut W) -> Configured {
        // Where nobody is verified, ciphertext is of no use, and the server has the plain form.
        if self.was_encrypted(world) && world.anchors().demand_signed_files() {
            match self.obtain(world, Form::Encrypted).await {
                Ok(obtained) if obtained.form == Form::Encrypted => {
                    return self.put(world, obtained);
                }
                // By HTTPS the server may have sent the plain one for it.
                Ok(obtained) => return self.take_plain(world, obtained).await,
                Err(NotTaken::Fetch { why: NotFetched::Absent, .. }) => {}
                Err(not_taken) => return self.take_undecrypted(world, not_taken.into()).await,
            }
        }
        match self.obtain(world, Form::Plain).await {
            Ok(obtained) => self.take_plain(world, obtained).await,
            Err(not_taken) => not_taken.into(),
        }
    }

    /// Goes on from a file that was not encrypted.
    async fn take_plain<W: World>(&self, world: &mut W, obtained: Obtained) -> Configured {
        let configuration = match self.read(&obtained) {
            Ok(configuration) => configuration,
            Err(unreadable) => return self.take_unread(world, obtained, unreadable).await,
        };
        match self.sealed(world, &obtained, &configuration) {
            Sealed::No => self.put_read(world, obtained, configuration),
            Sealed::ForAnother { theirs, ours } => {
                Configured::ForAnother { name: obtained.asked, theirs, ours }
            }
            Sealed::ForUs => self.take_sealed(world).await,
        }
    }

    /// Goes on from an encrypted configuration that was not taken. If it is for a key that the phone
    /// has lost, the signed one is read as well, which any phone can: it says whether CAPF has
    /// another certificate pending, how, and where.
    async fn take_undecrypted<W: World>(&self, world: &mut W, refused: Configured) -> Configured {
        if refused.certificate_trouble().is_none() {
            return refused;
        }
        let Ok(obtained) = self.obtain(world, Form::Plain).await else { return refused };
        let Ok(configuration) = self.read(&obtained) else { return refused };
        if !matches!(self.sealed(world, &obtained, &configuration), Sealed::No) {
            return refused;
        }
        match self.put_read(world, obtained, configuration) {
            // An old one changes nothing about the trouble.
            Configured::Absent | Configured::Refused { .. } => refused,
            put => put,
        }
    }

    /// Goes on from a file that cannot be read: an empty one counts as absent, and one that
    /// announces an encrypted configuration before it breaks off leads to that.
    async fn take_unread<W: World>(
        &self,
        world: &mut W,
        obtained: Obtained,
        why: UnreadableConfiguration,
    ) -> Configured {
        // Inferred: servers that make files on demand send nothing for what they do not have.
        if why.defect == Defect::Empty {
            world.say(Event::FileEmpty { name: obtained.asked });
            return Configured::Absent;
        }
        // Only if signed: anyone else could send the phone in search of a file that is not there.
        if obtained.by.is_some() && why.announces_encryption {
            let (name, why) = (obtained.asked.clone(), why.to_string());
            world.say(Event::ConfigurationUnreadSealed { name, why });
            if let Ok(whole) = self.obtain(world, Form::Encrypted).await {
                return self.put(world, whole);
            }
        }
        Configured::Unread { name: obtained.asked, why }
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

    /// Parses a configuration; its name decides which root element it must have.
    fn read(&self, obtained: &Obtained) -> Result<Configuration, UnreadableConfiguration> {
        let root = if self.name.as_str() == DEFAULT { Root::Default } else { Root::Device };
        Configuration::parse(&obtained.payload, root)
    }

    /// Whether a configuration announces that the complete one is encrypted, and whether it is for
    /// this phone's certificate; if it is not, that is logged.
    fn sealed<W: World>(
        &self,
        world: &mut W,
        obtained: &Obtained,
        configuration: &Configuration,
    ) -> Sealed {
        // Where no signer is verified, ciphertext is of no use, whatever the file announces.
        if obtained.by.is_none() {
            return Sealed::No;
        }
        // Over HTTPS the complete one comes as it is, and says of itself what the encrypted one does.
        if obtained.by == Some(Voucher::Https) && configuration.full != Some(false) {
            return Sealed::No;
        }
        let sealed = Sealed::from_configuration(configuration, world);
        // A complete one counts once its age is judged: see `put_read`.
        if !matches!(sealed, Sealed::No) {
            learn(world, configuration);
        }
        if let Sealed::ForAnother { theirs, ours } = &sealed {
            let ours = ours.as_ref().map_or("none".to_string(), |ours| format!("<{ours}>"));
            world.say(Event::EncryptedForAnother { how: encrypted_for(theirs), ours });
        }
        sealed
    }

    /// Keeps a configuration if it can be read.
    fn put<W: World>(&self, world: &mut W, obtained: Obtained) -> Configured {
        match self.read(&obtained) {
            // The short one again, where the complete one was to be.
            Ok(configuration)
                if obtained.form == Form::Plain && configuration.full == Some(false) =>
            {
                let why = UnreadableConfiguration {
                    defect: Defect::OnlyShort,
                    place: None,
                    announces_encryption: true,
                };
                Configured::Unread { name: obtained.asked, why }
            }
            Ok(configuration) => self.put_read(world, obtained, configuration),
            Err(why) => Configured::Unread { name: obtained.asked, why },
        }
    }

    /// Whether the phone has a use for the configuration: a pass requested it, it is the phone's
    /// own, or it is the one in place.
    fn is_wanted<W: World>(&self, world: &W) -> bool {
        let own = self.settings.own_configuration();
        let last = world.last_configuration().map(|last| last.name);
        self.asked_by == AskedBy::Pass
            || own.as_ref() == Some(self.name)
            || last.as_deref() == Some(self.name.as_str())
    }

    /// Keeps a configuration for the next start, and puts it in place.
    ///
    /// Only a verified one may name TVS members, in the order in which they are asked
    /// (domain facts 10, row 25), and a log server.
    fn put_read<W: World>(
        &self,
        world: &mut W,
        obtained: Obtained,
        configuration: Configuration,
    ) -> Configured {
        // One that was asked for by name, and has been replaced by the phone's own meanwhile.
        if !self.is_wanted(world) {
            return Configured::Absent;
        }
        if let Err(reason) = obtained.is_fresh(world, self.settings, self.name) {
            file::say_refusal(world, self.settings.path(self.name), &reason);
            return Configured::Refused { name: obtained.asked, reason, unanswered: None };
        }
        if obtained.by.is_some() {
            learn(world, &configuration);
        }
        for warning in &configuration.warnings {
            world.say(Event::ConfigurationOdd { what: warning.to_string() });
        }
        // An unsigned file must not choose the servers that vouch for others, nor who reads the log,
        // nor take away the phone's settings or its web page, or hand them out.
        let (members, access, web, log_server) = match obtained.by {
            Some(_) => {
                let access = configuration.settings_access.unwrap_or(SettingsAccess::Enabled);
                let web = configuration.web_access.unwrap_or(WebAccess::Enabled);
                let log_server = LogServerChange::Is(configuration.log_server.as_ref());
                (configuration.tvs, Some(access), Some(web), log_server)
            }
            None => (Vec::new(), None, None, LogServerChange::Stays),
        };
        let seen = obtained.seen(world, self.name);
        // Stored before it is put in place, so that a restart never brings back an older one.
        let kept = world.commit(Change::Keep {
            name: self.name,
            payload: &obtained.payload,
            form: obtained.form,
            by: obtained.by,
            seen,
            members: &members,
            access,
            web,
            log_server,
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
            let message = StatusMessage::ConfigurationUsed(self.name.to_string());
            world.say(Event::MessageShown { message });
        }
        Configured::Taken { name: obtained.asked, by: obtained.by }
    }
}

/// Reports what a verified configuration says about the phone's certificate.
fn learn<W: World>(world: &mut W, configuration: &Configuration) {
    world.learn(&configuration.capf);
    if let Some(hash) = configuration.cert_hash.as_ref().filter(|hash| !hash.is_empty()) {
        world.say(Event::CertificateNamed { hash: hash.clone() });
    }
}

/// Whether the complete configuration is encrypted, and for whom.
enum Sealed {
    /// For the owner of another certificate, by its hash.
    ForAnother { theirs: Box<str>, ours: Option<String> },
    /// For this phone's certificate, by its hash.
    ForUs,
    /// It is not encrypted.
    No,
}

impl Sealed {
    /// What a configuration announces to the phone.
    fn from_configuration<W: World>(configuration: &Configuration, world: &W) -> Self {
        if configuration.encrypted != Some(true) {
            return Self::No;
        }
        let theirs = configuration.cert_hash.clone().unwrap_or_default();
        if world.owns_certificate(&theirs) {
            return Self::ForUs;
        }
        Self::ForAnother { theirs, ours: world.certificate_md5() }
    }
}

/// The configuration of phones that the call manager does not know (domain facts 1.2).
pub const DEFAULT: &str = "XMLDefault.cnf.xml";
