//! A file that is not a trust list: requested under the right name, judged, and put in place
//! without its envelope.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::boot::event::Event;
use crate::boot::seen::{Dated, Form, Seen, Signed};
use crate::boot::world::{
    Change, Fetched, NotCommitted, NotFetched, PassSettings, Sort, Wanted, World,
};
use crate::trust::signers::ClaimedSigner;
use crate::trust::update::{self, Accepted, Content, Offer, SignedFile};
use crate::trust::{Anchors, Decision, Provenance, Reason, Unanswered, Verified, Voucher, Warning};
use crate::wire::envelope::VERSION_TAG;
use crate::wire::name::FileName;
use crate::wire::{Envelope, FileKind};

/// A file that the phone needs.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Its name, without the suffix of a signed file.
    pub name: &'a FileName,
    /// The most bytes that it may have.
    pub limit: usize,
    /// The process that requests it, for the log.
    pub requester: &'a str,
    /// The form in which it is requested.
    pub form: Form,
}

/// A file that was fetched and judged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Obtained {
    /// The name under which it was requested.
    pub asked: String,
    /// Its content, without the envelope; wiped from memory when dropped.
    pub payload: Zeroizing<Vec<u8>>,
    /// Who vouched for it or its signer; nothing if it was accepted from anyone.
    pub by: Option<Voucher>,
    /// Whether it was encrypted for this phone.
    pub form: Form,
    /// What decides whether it is older than others; nothing if it was accepted from anyone.
    pub signed: Option<Signed>,
}

impl Obtained {
    /// Refuses it if it is too old; if it is older but accepted, that is logged.
    ///
    /// # Errors
    /// [`Reason::OlderFile`], which the caller logs.
    pub(super) fn is_fresh<W: World>(
        &self,
        world: &mut W,
        settings: &PassSettings,
        name: &FileName,
    ) -> Result<(), Reason> {
        let Some(signed) = &self.signed else { return Ok(()) };
        let before = world.seen(name);
        let policy = settings.policy.older_file;
        let warning = signed.judge(self.form, before.as_ref(), policy)?;
        let was_plain = || {
            let last = world.last_configuration().filter(|last| last.name == name.as_str());
            last.is_some_and(|last| last.form == Form::Plain)
        };
        match warning {
            // The warning was for the one that came by HTTPS meanwhile.
            Some(Warning::NoLongerEncrypted) if was_plain() => {}
            Some(warning) => world.say(Event::FileOdd { name: self.asked.clone(), warning }),
            None => {}
        }
        Ok(())
    }

    /// What to remember of it.
    pub(super) fn seen<W: World>(&self, world: &W, name: &FileName) -> Option<Seen> {
        let before = world.seen(name);
        self.signed.map(|signed| signed.after(self.form, before.as_ref()))
    }
}

/// Why a file is not in place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotTaken {
    /// It was not fetched.
    Fetch {
        /// The name under which it was requested.
        asked: String,
        /// Why the servers did not deliver it.
        why: NotFetched,
    },
    /// It was fetched and is refused.
    Refused {
        /// The name under which it was requested.
        asked: String,
        /// Why policy refuses it, or why it could not be decrypted.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
    },
    /// It was not written.
    Write(NotCommitted),
}

/// Fetches a file, judges it, and puts it into the folder of verified files.
///
/// # Errors
/// [`NotTaken`]; what was in place stays.
pub async fn take<W: World>(
    world: &mut W,
    settings: &PassSettings,
    order: &Order<'_>,
) -> Result<Obtained, NotTaken> {
    let obtained = obtain(world, settings, order).await?;
    if let Err(reason) = obtained.is_fresh(world, settings, order.name) {
        say_refusal(world, settings.path(order.name), &reason);
        return Err(NotTaken::Refused { asked: obtained.asked, reason, unanswered: None });
    }
    put(world, order.name, &obtained)?;
    Ok(obtained)
}

/// Puts a file into the folder of verified files; the same bytes again change nothing.
pub(super) fn put<W: World>(
    world: &mut W,
    name: &FileName,
    obtained: &Obtained,
) -> Result<(), NotTaken> {
    let seen = obtained.seen(world, name);
    let written = world.commit(Change::File { name, payload: &obtained.payload, seen });
    written.map(|_| ()).map_err(|not_written| {
        world.say(Event::FileNotWritten { why: not_written.to_string() });
        NotTaken::Write(not_written)
    })
}

/// Fetches and judges one file.
///
/// # Errors
/// [`NotTaken`], all but [`NotTaken::Write`].
pub(super) async fn obtain<W: World>(
    world: &mut W,
    settings: &PassSettings,
    order: &Order<'_>,
) -> Result<Obtained, NotTaken> {
    let Order { name, limit, requester, form } = *order;
    let path = settings.path(name);
    world.say(Event::FileRequested {
        requester: requester.to_string(),
        name: name.to_string(),
        path: path.clone(),
        limit,
    });
    // In the technote's order: the lines are compared with its trace.
    look_up_servers(world).await;
    let asked = asked(world, name, form);
    let wanted = Wanted { name: &asked, limit, sort: Sort::File };
    // What a server was judged by: a proof of it is worth nothing under other lists.
    let judged_by = world.anchors();
    let mut fetched = match world.fetch(&wanted).await {
        // Inferred: servers that make files on demand give nothing for what they do not have.
        Ok(Fetched { bytes, .. }) if bytes.is_empty() => {
            world.say(Event::FileEmpty { name: asked.clone() });
            return Err(NotTaken::Fetch { asked, why: NotFetched::Absent });
        }
        Ok(fetched) => fetched,
        Err(why) => return Err(NotTaken::Fetch { asked, why }),
    };
    let judging = Judging { settings, name, form, path: &path };
    loop {
        if let Some(found) = judging.take_served(world, &judged_by, &fetched) {
            let FoundFile { payload, by, signed } = found;
            return Ok(Obtained { asked, payload, by, form: Form::Plain, signed });
        }
        let bytes = &fetched.bytes;
        match judging.judge(world, Offer { name: &asked, bytes }).await {
            Ok(FoundFile { payload, by, signed }) => {
                return Ok(Obtained { asked, payload, by, form, signed });
            }
            Err((reason, unanswered)) => {
                say_refusal(world, path.clone(), &reason);
                say_signer(world, &asked, bytes, judging.kind());
                // TVS may be back soon; a server that lags behind takes nobody back meanwhile.
                if unanswered.as_ref().is_some_and(Unanswered::is_passing) {
                    return Err(NotTaken::Refused { asked, reason, unanswered });
                }
                match another(world, &wanted, &reason, bytes).await {
                    Some(other) => fetched = other,
                    None => return Err(NotTaken::Refused { asked, reason, unanswered }),
                }
            }
        }
    }
}

/// Fetches a different file from another server, in place of a refused one, if there is one.
async fn another<W: World>(
    world: &mut W,
    wanted: &Wanted<'_>,
    refused: &Reason,
    bytes: &[u8],
) -> Option<Fetched> {
    // These lie with the phone, and no other file helps.
    if matches!(refused, Reason::DecryptFailed | Reason::Locked | Reason::NoKey) {
        return None;
    }
    while world.has_another_server() {
        world.say(Event::AskedElsewhere { name: wanted.name.to_string() });
        match world.fetch_from_another(wanted).await {
            // The same bytes would be refused again, and TVS would be asked again for nothing.
            Ok(useless) if useless.bytes.is_empty() || useless.bytes == bytes => {}
            given => return given.ok(),
        }
    }
    None
}

/// Logs whether the servers are secure, in the technote's lines. It is the lists that make them so:
/// no address is compared (domain facts 8.2).
async fn look_up_servers<W: World>(world: &mut W) {
    let Some(server) = world.first_server().await else { return };
    let secure = world.anchors().demand_signed_files();
    world.say(Event::AuthServer { server: server.clone() });
    world.say(Event::ServerLookUp {});
    world.say(Event::SecurityLookedUp { security: security_word(secure) });
    if secure {
        world.say(Event::SecurityValue { value: "0x9" });
        world.say(Event::ServerSecure { server });
        world.say(Event::SecurityReturned { value: "SRVR_SECURE" });
    } else {
        world.say(Event::SecurityValue { value: "0x0" });
        world.say(Event::ServerNotSecure { server });
        world.say(Event::SecurityReturned { value: "SRVR_NONSECURE" });
    }
}

/// The log's words for servers whose files must be signed, or need not be.
#[must_use]
pub const fn security_word(secure: bool) -> &'static str {
    if secure { "secure" } else { "not secure" }
}

/// The name under which a file is requested; logs the choice in the technote's lines.
fn asked<W: World>(world: &mut W, name: &FileName, form: Form) -> String {
    match form {
        Form::Encrypted => {
            let asked = format!("{name}.enc.sgn");
            world.say(Event::EncryptedFileRequested {});
            world.say(Event::EncryptedFileApproved { name: asked.clone() });
            asked
        }
        Form::Plain if world.anchors().demand_signed_files() => {
            let asked = format!("{name}.sgn");
            world.say(Event::SecureFileRequested {});
            world.say(Event::SignedFileApproved { name: asked.clone() });
            asked
        }
        Form::Plain => name.to_string(),
    }
}

/// A refusal, and why TVS did not vouch, if it had to.
type FileRefusal = (Reason, Option<Unanswered>);

/// The content of a file, and who vouches for it; nothing if it was accepted from anyone.
struct FoundFile {
    payload: Zeroizing<Vec<u8>>,
    by: Option<Voucher>,
    signed: Option<Signed>,
}

impl FoundFile {
    fn unchecked(payload: &[u8]) -> Self {
        Self { payload: Zeroizing::new(payload.to_vec()), by: None, signed: None }
    }
}

/// The judgement of one file.
struct Judging<'a> {
    settings: &'a PassSettings,
    name: &'a FileName,
    form: Form,
    /// Where it will be put, for the log.
    path: &'a str,
}

impl Judging<'_> {
    /// Takes the configuration without a signature from a server that is trusted for it; nothing if it
    /// has one, is another file, or if other lists are in force than those that the server was judged
    /// by.
    fn take_served<W: World>(
        &self,
        world: &mut W,
        judged_by: &Arc<Anchors>,
        Fetched { bytes, served }: &Fetched,
    ) -> Option<FoundFile> {
        let served = served.as_ref()?;
        let anchors = world.anchors();
        // Whoever may sign files begins them with the version of the envelope, and XML cannot: a bad
        // envelope is not taken for a plain file.
        let is_envelope = bytes.first() == Some(&VERSION_TAG);
        let is_other = !Arc::ptr_eq(&anchors, judged_by);
        let is_own = self.settings.own_configuration().as_ref() == Some(self.name);
        if world.is_locked() || is_envelope || is_other || !is_own || !anchors.announces_https() {
            return None;
        }
        world.say(Event::FileServed { path: self.path.to_string() });
        let signed = Signed { dated: Dated::Now(served.read()), signer: served.certificate() };
        let payload = Zeroizing::new(bytes.clone());
        Some(FoundFile { payload, by: Some(Voucher::Https), signed: Some(signed) })
    }

    /// Judges a file, and again if the lists change while TVS is being asked: but not for ever.
    async fn judge<W: World>(
        &self,
        world: &mut W,
        offer: Offer<'_>,
    ) -> Result<FoundFile, FileRefusal> {
        let mut judged = self.judge_once(world, offer).await;
        for _ in 0..ANEW {
            match judged {
                Err((_, Some(Unanswered::ListsChanged))) => {
                    judged = self.judge_once(world, offer).await;
                }
                settled => return settled,
            }
        }
        judged
    }

    async fn judge_once<W: World>(
        &self,
        world: &mut W,
        offer: Offer<'_>,
    ) -> Result<FoundFile, FileRefusal> {
        if world.is_locked() {
            return Err((Reason::Locked, None));
        }
        // Looked at again, since the lists may have changed while the file was fetched. An unsigned
        // file is what was asked for then; a signed one is taken as well, for its payload.
        let anchors = world.anchors();
        let plain = self.form == Form::Plain;
        let signed = anchors.demand_signed_files();
        if plain && !signed && Envelope::parse(offer.bytes, FileKind::Signed).is_err() {
            world.say(Event::FileUnsigned { path: self.path.to_string() });
            return Ok(FoundFile::unchecked(offer.bytes));
        }
        let policy = &self.settings.policy;
        let accepted = match update::file(&anchors, self.kind(), offer, policy) {
            Decision::Trust(accepted) => accepted,
            Decision::Refuse(reason) => return Err((reason, None)),
            Decision::Ask(query) => match world.vouch(&query).await {
                // What is in force may have changed, or been lost, while TVS was asked.
                Ok(_) if world.is_locked() => return Err((Reason::Locked, None)),
                Ok(vouched) => {
                    update::file_vouched(&world.anchors(), self.kind(), offer, policy, &vouched)
                        .map_err(|reason| (reason, None))?
                }
                Err(unanswered) => {
                    let why = unanswered.clone();
                    world.say(Event::SignerUnvouched { name: offer.name.to_string(), why });
                    return Err((query.otherwise, Some(unanswered)));
                }
            },
        };
        self.open(world, offer.name, accepted).map_err(|reason| (reason, None))
    }

    const fn kind(&self) -> FileKind {
        match self.form {
            Form::Encrypted => FileKind::Encrypted,
            Form::Plain => FileKind::Signed,
        }
    }

    fn open<W: World>(
        &self,
        world: &mut W,
        name: &str,
        accepted: Accepted<Content<'_>>,
    ) -> Result<FoundFile, Reason> {
        for warning in accepted.warnings {
            world.say(Event::FileOdd { name: name.to_string(), warning });
        }
        match accepted.value {
            Content::Verified(found) => {
                let SignedFile { file, signer } = *found;
                // Decrypted only now: nobody but a trusted signer learns anything from a failure.
                let payload = match file.value().encryption {
                    None => Zeroizing::new(file.value().body().to_vec()),
                    // The world has the phone's key; it takes only a verified file.
                    Some(_) => world.decrypt(&file)?,
                };
                world.say(Event::FileVerified { path: self.path.to_string() });
                let dated = Dated::Signed(file.value().timestamp);
                let signed = Some(Signed { dated, signer });
                Ok(FoundFile { payload, by: voucher(&file), signed })
            }
            // Ciphertext of nobody in particular is of no use.
            Content::Unchecked(_) if self.form == Form::Encrypted => Err(Reason::WrongSigner),
            Content::Unchecked(payload) => {
                world.say(Event::FileUnchecked { path: self.path.to_string() });
                Ok(FoundFile::unchecked(payload))
            }
        }
    }
}

fn voucher(file: &Verified<Envelope<'_>>) -> Option<Voucher> {
    match file.provenance() {
        Provenance::Chained(voucher) => Some(voucher),
        // Neither occurs for files: both are for trust lists.
        Provenance::FirstUse | Provenance::Stored(_) => None,
    }
}

pub(super) fn say_refusal<W: World>(world: &mut W, path: String, reason: &Reason) {
    world.say(match reason {
        // The firmware has a code of its own for this one, which administrators search for.
        Reason::WrongSigner => Event::FileSignerUnlisted { path: path.clone() },
        _ => Event::FileRefused { path: path.clone(), reason: reason.clone() },
    });
    world.say(Event::FileFailed { path });
}

/// Logs who has signed a refused file, and who may, so that a person can compare.
fn say_signer<W: World>(world: &mut W, name: &str, bytes: &[u8], kind: FileKind) {
    if let Some(signer) = ClaimedSigner::of(&world.anchors(), kind, bytes) {
        let ClaimedSigner { subject, serial, listed } = signer;
        world.say(Event::FileSigner { name: name.to_string(), subject, serial, listed });
    }
}

/// How often a file, list or peer is judged again because the lists changed while TVS was being
/// asked. Inferred: a person at the phone erases once.
pub const ANEW: usize = 2;
