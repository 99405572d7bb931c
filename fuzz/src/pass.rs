//! Whatever servers and TVS answer, and whatever cannot be written: a boot pass ends, a failure
//! never changes what is installed, and nothing weaker is installed without a newer signed list.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use arbitrary::{Arbitrary, Result, Unstructured};
use secd::boot::{
    Change, Committed, Configured, Event, Fetched, Form, LastConfiguration, ListStep, Listed,
    NotCommitted, NotFetched, Outcome, PassSettings, Seen, StatusMessage, Trouble, Wanted, World,
    pass,
};
use secd::trust::confirm::RecordToConfirm;
use secd::trust::decrypt::{self, DeviceKey};
use secd::trust::signature::sha256;
use secd::trust::{
    Anchors, Confirmed, ListKind, Policy, Provenance, Query, Reason, Unanswered, Unvouched,
    Verified, Vouched, tvs,
};
use secd::wire::name::{DeviceName, FileName};
use secd::wire::tvs::{Response, Status};
use secd::wire::{Envelope, Role};
use zeroize::Zeroizing;

/// Files that real signers made: what the answers are built from.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    let mut files: Vec<_> = ["good", "trust", "tolerated", "plain", "bad"]
        .iter()
        .flat_map(|name| std::fs::read_dir(format!("{folder}/{name}")).into_iter().flatten())
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files.iter().filter_map(|path| std::fs::read(path).ok()).collect()
});

static CERTIFICATES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let lists = FILES.iter().filter_map(|file| {
        let file = Envelope::parse(file, secd::wire::FileKind::List).ok()?;
        secd::trust::TrustList::decode(ListKind::Itl, &file).ok()
    });
    let records = lists.flat_map(|list| list.anchors);
    records.filter_map(|record| record.certificate.map(Vec::from)).collect()
});

/// A world that answers as the input says.
struct Any<'a> {
    input: Unstructured<'a>,
    anchors: Arc<Anchors>,
    last: Option<LastConfiguration>,
    steps: usize,
    /// What is remembered of configurations, with the line of lists.
    seen: BTreeMap<FileName, (u32, Seen)>,
    /// Servers that have not given a file yet.
    others: u8,
    /// Whether what was trusted was lost.
    locked: bool,
}

impl<'a> Any<'a> {
    fn step(&mut self) {
        self.steps += 1;
        assert!(self.steps < 100, "a pass ends");
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        self.input.choose(of).ok().cloned()
    }

    /// A genuine file, sometimes damaged in one place; or bytes of the input's own.
    fn file(&mut self) -> Vec<u8> {
        match self.input.int_in_range(0..=9).unwrap_or(0) {
            0 => Vec::arbitrary(&mut self.input).unwrap_or_default(),
            1 => {
                let mut file = self.pick(&FILES).unwrap_or_default();
                let place = self.input.choose_index(file.len()).unwrap_or_default();
                if let Some(byte) = file.get_mut(place) {
                    *byte ^= u8::arbitrary(&mut self.input).unwrap_or(1);
                }
                file
            }
            _ => self.pick(&FILES).unwrap_or_default(),
        }
    }

    /// The store cannot be read any more: nobody is known, and nothing may be taken for it.
    fn lose(&mut self) {
        self.locked = true;
        self.anchors = Arc::default();
    }

    /// After an encrypted file, a plain one is newer.
    fn assert_not_plain(&self, before: Option<Seen>, after: Option<Seen>) {
        if let (Some(before), Some(after)) = (before, after) {
            let was_encrypted = before.form == Form::Encrypted && after.form == Form::Plain;
            assert!(!was_encrypted || after.newest > before.newest, "{before:?}, {after:?}");
        }
    }

    fn flips(&mut self, one_in: u32) -> bool {
        self.input.ratio(1, one_in).unwrap_or(false)
    }
}

impl World for Any<'_> {
    fn anchors(&self) -> Arc<Anchors> {
        self.anchors.clone()
    }

    fn is_locked(&self) -> bool {
        self.locked
    }

    fn last_configuration(&self) -> Option<LastConfiguration> {
        self.last.clone()
    }

    fn seen(&self, name: &FileName) -> Option<Seen> {
        let line = self.anchors.line();
        self.seen.get(name).filter(|(of, _)| *of == line).map(|(_, seen)| *seen)
    }

    fn certificate_md5(&self) -> Option<String> {
        Some("0a1b".to_owned())
    }

    fn decrypt(
        &self,
        file: &Verified<Envelope<'_>>,
    ) -> std::result::Result<Zeroizing<Vec<u8>>, Reason> {
        static KEY: LazyLock<Option<DeviceKey>> = LazyLock::new(|| {
            DeviceKey::of_pem(include_bytes!("../../tests/vectors/keys/device.key")).ok()
        });
        decrypt::decrypt(file, KEY.as_ref().ok_or(Reason::NoKey)?)
    }

    async fn first_server(&mut self) -> Option<String> {
        None
    }

    async fn fetch(&mut self, _: &Wanted<'_>) -> std::result::Result<Fetched, NotFetched> {
        self.step();
        if self.flips(64) {
            self.lose();
        }
        self.others = self.input.int_in_range(0..=2).unwrap_or(0);
        let trouble = || Trouble { why: String::new(), message: StatusMessage::TftpError };
        match self.input.int_in_range(0..=11).unwrap_or(0) {
            0 => Err(NotFetched::Absent),
            1 => Err(NotFetched::Failed(trouble())),
            2 => Err(NotFetched::TooLarge(String::new())),
            3 => Err(NotFetched::Unreachable(trouble())),
            _ => Ok(self.file().into()),
        }
    }

    fn has_another_server(&self) -> bool {
        self.others > 0
    }

    async fn fetch_from_another(
        &mut self,
        _: &Wanted<'_>,
    ) -> std::result::Result<Fetched, NotFetched> {
        self.step();
        self.others -= 1;
        if self.flips(4) { Err(NotFetched::Absent) } else { Ok(self.file().into()) }
    }

    async fn vouch(&mut self, query: &Query) -> std::result::Result<Vouched, Unanswered> {
        self.step();
        // The lists may change while TVS is asked, or be lost.
        if self.flips(16) {
            self.lose();
        }
        if self.flips(4) {
            let kind = if self.flips(2) { ListKind::Ctl } else { ListKind::Itl };
            Arc::make_mut(&mut self.anchors).erase(kind);
        }
        let role = Role::from(u16::arbitrary(&mut self.input).unwrap_or(0) % 12);
        let fits = CERTIFICATES.iter().find_map(|der| {
            let response = Response {
                status: Status::Trusted,
                roles: Some(vec![role]),
                ttl: None,
                certificate: Some(der),
                unknown: Vec::new(),
            };
            tvs::signer(query, &response).ok()
        });
        fits.ok_or(Unanswered::Unvouched(Unvouched::Invalid))
    }

    async fn confirm(
        &mut self,
        record: &RecordToConfirm,
    ) -> std::result::Result<Confirmed, Unanswered> {
        self.step();
        if self.flips(16) {
            self.lose();
        }
        let role = Role::from(u16::arbitrary(&mut self.input).unwrap_or(0) % 12);
        let certificate = CERTIFICATES.iter().find(|_| self.input.ratio(1, 3).unwrap_or(false));
        let response = Response {
            status: Status::Trusted,
            roles: Some(vec![role]),
            ttl: None,
            certificate: certificate.map(Vec::as_slice),
            unknown: Vec::new(),
        };
        record.confirm(&response).map_err(Unanswered::Unvouched)
    }

    fn commit(&mut self, change: Change<'_>) -> std::result::Result<Committed, NotCommitted> {
        self.step();
        assert!(!self.locked, "nothing is changed where nothing can be proven");
        if self.flips(8) {
            let (path, why) = (String::new(), String::new());
            return Err(NotCommitted { path, why, is_full: false });
        }
        match change {
            Change::File { .. } | Change::Restore => {}
            Change::Keep { name, form, seen, .. } => {
                let before = self.seen(name);
                self.assert_not_plain(before, seen);
                let line = self.anchors.line();
                self.seen.extend(seen.map(|seen| (name.clone(), (line, seen))));
                self.last = Some(LastConfiguration { name: name.to_string(), form });
            }
            Change::List { list, bytes, .. } => {
                assert_eq!(list.value().sha256, sha256(bytes), "what is installed is what came");
                assert_not_weaker(&self.anchors, list);
                Arc::make_mut(&mut self.anchors).install(list.clone());
            }
        }
        Ok(Committed::Changed)
    }

    fn say(&mut self, event: Event) {
        assert!(!event.to_string().is_empty() || event.name() == "Client");
        assert!(!event.facts().iter().any(|(name, _)| name.is_empty()));
    }
}

/// A list that switches checks off must be newer than every one of its line.
fn assert_not_weaker(anchors: &Anchors, list: &Verified<secd::trust::TrustList>) {
    let list_kind = list.value().kind;
    let Some(before) = anchors.records(list_kind) else { return };
    let weaker = list.value().is_blank() || (before.serves_files() && !list.value().serves_files());
    if weaker {
        let newest = anchors.standing(list_kind).map(|standing| standing.newest);
        assert!(Some(list.value().timestamp) > newest, "a weaker list is newer than {newest:?}");
    }
    if before.serves_files() {
        let first_use = list.provenance() == Provenance::FirstUse;
        assert!(!first_use, "a list that demands signed files is not replaced without proof");
    }
}

/// What a step that failed must have left alone.
fn assert_kept(listed: Option<&Listed>, before: Option<[u8; 32]>, after: Option<[u8; 32]>) {
    if listed.is_some_and(|listed| {
        matches!(listed.step(), ListStep::Failed | ListStep::Broken | ListStep::Kept)
    }) {
        // Erased while TVS was asked, or as it was.
        assert!(after == before || after.is_none(), "{listed:?} changes nothing");
    }
}

fn digest(anchors: &Anchors, kind: ListKind) -> Option<[u8; 32]> {
    anchors.records(kind).map(|list| list.sha256)
}

fn at_once(future: impl Future<Output = Outcome>) -> Outcome {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn passes(input: Unstructured<'_>) -> Result<()> {
    let settings = PassSettings {
        device: DeviceName::parse("SEP001122334455").expect("a device name"),
        list_limit: 1 << 18,
        config_limit: 550_001,
        policy: Policy::default(),
        folder: "/ram".to_owned(),
    };
    let mut world = Any {
        input,
        anchors: Arc::default(),
        last: None,
        seen: BTreeMap::new(),
        steps: 0,
        others: 0,
        locked: false,
    };
    if world.flips(4) {
        let name = "SEP001122334455.cnf.xml".to_owned();
        world.last = Some(LastConfiguration { name, form: Form::Encrypted });
    }
    for _ in 0..PASSES {
        world.steps = 0;
        let before = world.anchors.clone();
        let outcome = at_once(pass(&mut world, &settings));
        for (kind, listed) in [(ListKind::Ctl, &outcome.ctl), (ListKind::Itl, &outcome.itl)] {
            assert_kept(listed.as_ref(), digest(&before, kind), digest(&world.anchors, kind));
        }
        if std::env::var_os("REACH").is_some() {
            reach(&outcome);
        }
        if let Some(Configured::Taken { by: None, .. }) = outcome.configuration {
            assert!(
                !world.locked && !world.anchors.demand_signed_files(),
                "unsigned where signed ones are demanded"
            );
        }
    }
    Ok(())
}

/// What a pass came to, a line a step: `REACH=1 target -runs=0 corpus | sort | uniq -c`.
fn reach(outcome: &Outcome) {
    let word = |step: &dyn std::fmt::Debug| {
        let text = format!("{step:?}");
        text.split_once(|c: char| !c.is_alphanumeric())
            .map_or(text.clone(), |(word, _)| word.into())
    };
    for (stage, listed) in [("CTL", &outcome.ctl), ("ITL", &outcome.itl)] {
        if let Some(listed) = listed {
            let by = match listed {
                Listed::Installed { acceptance, .. } => acceptance.word(),
                Listed::Refused { reason, .. } => reason.class(),
                _ => "",
            };
            println!("{stage} {} {by}", word(listed));
        }
    }
    if let Some(configured) = &outcome.configuration {
        println!("configuration {}", word(configured));
    }
}

pub(crate) fn one(bytes: &[u8]) {
    let _end_of_input = passes(Unstructured::new(bytes));
}

/// Passes one after the other, so that lists replace lists.
const PASSES: usize = 3;
