//! A world that is a script: files by their names, answers by a function, changes in a list.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use secd::boot::{
    Change, Committed, Event, Fetched, LastConfiguration, NotCommitted, NotFetched, Outcome,
    PassSettings, Seen, StatusMessage, Trouble, Wanted, World, pass,
};
use secd::trust::confirm::RecordToConfirm;
use secd::trust::decrypt::{self, DeviceKey};
use secd::trust::{
    Anchors, Confirmed, ListKind, Policy, Query, Reason, Unanswered, Verified, Vouched, Warning,
    tvs,
};
use secd::wire::configuration::CapfFacts;
use secd::wire::name::{DeviceName, FileName};
use secd::wire::tvs::{Response, Status, TvsRequest};
use secd::wire::{Envelope, Role};
use secd_lab::cluster::Cluster;
use zeroize::Zeroizing;

/// What a step of the script does when a signer is asked about.
pub(crate) type Tvs = Box<dyn FnMut(&mut Arc<Anchors>, &Query) -> Result<Vouched, Unanswered>>;

/// What it does when a record of an older list is asked about.
pub(crate) type Confirm = Box<dyn FnMut(&mut Arc<Anchors>, &RecordToConfirm) -> Answered>;

type Answered = Result<Confirmed, Unanswered>;

/// The world.
pub(crate) struct Script {
    /// The files of the servers.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The files of further servers, asked in this order for a better one.
    pub(crate) others: Vec<BTreeMap<String, Vec<u8>>>,
    /// How many of them have given a file since the last request.
    given: usize,
    /// Names that cannot be fetched.
    pub(crate) faults: BTreeMap<String, NotFetched>,
    pub(crate) policy: Policy,
    pub(crate) tvs: Tvs,
    pub(crate) confirm: Confirm,
    /// What is remembered of files, with the line of lists.
    pub(crate) seen: BTreeMap<String, (u32, Seen)>,
    pub(crate) anchors: Arc<Anchors>,
    pub(crate) last: Option<LastConfiguration>,
    /// The TVS members in force.
    pub(crate) members: Vec<String>,
    pub(crate) key: Option<DeviceKey>,
    pub(crate) certificate_md5: Option<String>,
    pub(crate) locked: Rc<Cell<bool>>,
    /// Nothing can be written.
    pub(crate) full: bool,
    /// What was asked for, in order.
    pub(crate) asked: Vec<String>,
    /// What was changed, in order.
    pub(crate) changes: Vec<String>,
    /// What was put where the phone looks for files.
    pub(crate) ram: BTreeMap<String, Vec<u8>>,
    pub(crate) said: Vec<Event>,
    /// What was learned about CAPF, in order.
    pub(crate) learned: Vec<CapfFacts>,
}

impl Script {
    /// A phone fresh from the box, at servers with these files.
    pub(crate) fn new(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            files,
            others: Vec::new(),
            given: 0,
            faults: BTreeMap::new(),
            policy: Policy::default(),
            tvs: Box::new(|_, _| Err(Unanswered::NobodyToAsk)),
            confirm: Box::new(|_, _| Err(Unanswered::NobodyToAsk)),
            seen: BTreeMap::new(),
            anchors: Arc::default(),
            last: None,
            members: Vec::new(),
            key: None,
            certificate_md5: None,
            locked: Rc::default(),
            full: false,
            asked: Vec::new(),
            changes: Vec::new(),
            ram: BTreeMap::new(),
            said: Vec::new(),
            learned: Vec::new(),
        }
    }

    /// The same phone, once it has booted from this cluster.
    pub(crate) fn booted(cluster: &Cluster) -> Self {
        let mut script = Self::new(cluster.files());
        script.boot();
        script.forget();
        script
    }

    /// Goes through a pass.
    pub(crate) fn boot(&mut self) -> Outcome {
        let settings = PassSettings { policy: self.policy.clone(), ..settings() };
        at_once(pass(self, &settings))
    }

    /// Forgets what was asked, changed and said.
    pub(crate) fn forget(&mut self) {
        (self.asked, self.changes, self.said, self.learned) = Default::default();
    }

    fn remember(&mut self, name: &FileName, seen: Option<Seen>) {
        let line = self.anchors.line();
        self.seen.remove(name.as_str());
        self.seen.extend(seen.map(|seen| (name.to_string(), (line, seen))));
    }

    /// The names of what was said, in order.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.said.iter().map(Event::name).collect()
    }

    /// What was odd about files that were taken.
    pub(crate) fn odd_files(&self) -> Vec<Warning> {
        let odd = self.said.iter().filter_map(|event| match event {
            Event::FileOdd { warning, .. } => Some(*warning),
            _ => None,
        });
        // Every signature of the lab is by SHA-1.
        odd.filter(|warning| *warning != Warning::Sha1).collect()
    }

    /// The status messages, in order.
    pub(crate) fn messages(&self) -> Vec<String> {
        let message = |event: &Event| match event {
            Event::MessageShown { message } => Some(message.to_string()),
            _ => None,
        };
        self.said.iter().filter_map(message).collect()
    }

    /// The codes of the alarms, in order.
    pub(crate) fn alarms(&self) -> Vec<u8> {
        let alarm = |event: &Event| match event {
            Event::AlarmRaised { alarm } => Some(alarm.code()),
            _ => None,
        };
        self.said.iter().filter_map(alarm).collect()
    }
}

impl World for Script {
    fn anchors(&self) -> Arc<Anchors> {
        self.anchors.clone()
    }

    fn is_locked(&self) -> bool {
        self.locked.get()
    }

    fn last_configuration(&self) -> Option<LastConfiguration> {
        self.last.clone()
    }

    fn seen(&self, name: &FileName) -> Option<Seen> {
        let line = self.anchors.line();
        self.seen.get(name.as_str()).filter(|(of, _)| *of == line).map(|(_, seen)| *seen)
    }

    fn certificate_md5(&self) -> Option<String> {
        self.certificate_md5.clone()
    }

    fn decrypt(&self, file: &Verified<Envelope<'_>>) -> Result<Zeroizing<Vec<u8>>, Reason> {
        decrypt::decrypt(file, self.key.as_ref().ok_or(Reason::NoKey)?)
    }

    async fn first_server(&mut self) -> Option<String> {
        Some("::ffff:192.0.2.1".to_owned())
    }

    async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        self.asked.push(wanted.name.to_owned());
        self.given = 0;
        if let Some(fault) = self.faults.get(wanted.name) {
            return Err(fault.clone());
        }
        self.files.get(wanted.name).cloned().map(Fetched::from).ok_or(NotFetched::Absent)
    }

    fn has_another_server(&self) -> bool {
        self.given < self.others.len()
    }

    async fn fetch_from_another(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        self.asked.push(format!("{}:{}", self.given + 2, wanted.name));
        let bytes = self.others[self.given].get(wanted.name).cloned().ok_or(NotFetched::Absent)?;
        self.given += 1;
        Ok(bytes.into())
    }

    async fn vouch(&mut self, query: &Query) -> Result<Vouched, Unanswered> {
        (self.tvs)(&mut self.anchors, query)
    }

    async fn confirm(&mut self, record: &RecordToConfirm) -> Answered {
        (self.confirm)(&mut self.anchors, record)
    }

    fn learn(&mut self, capf: &CapfFacts) {
        self.learned.push(capf.clone());
    }

    fn commit(&mut self, change: Change<'_>) -> Result<Committed, NotCommitted> {
        if self.full {
            let (path, why) = ("/full".to_owned(), "/full: cannot be written".to_owned());
            return Err(NotCommitted { path, why, is_full: true });
        }
        match change {
            Change::File { name, payload, seen } => {
                self.remember(name, seen);
                self.ram.insert(name.to_string(), payload.to_vec());
                self.changes.push(format!("file {name}"));
            }
            Change::Keep { name, form, seen, members, .. } => {
                self.remember(name, seen);
                let last = LastConfiguration { name: name.to_string(), form };
                if !members.is_empty() {
                    self.members = members.iter().map(|it| it.address.to_string()).collect();
                }
                let known = self.last.replace(last.clone()) == Some(last);
                self.changes.push(format!("keep {name} {form:?}, {} members", members.len()));
                return Ok(if known { Committed::Same } else { Committed::Changed });
            }
            Change::List { list, name, .. } => {
                self.changes.push(format!("list {name}"));
                Arc::make_mut(&mut self.anchors).install(list.clone());
            }
            Change::Restore => return Ok(Committed::Same),
        }
        Ok(Committed::Changed)
    }

    fn say(&mut self, event: Event) {
        self.said.push(event);
    }
}

/// A TVS that knows what is in a cluster's certificate stores.
pub(crate) fn tvs_of(cluster: &Cluster) -> Tvs {
    let store = cluster.store();
    Box::new(move |_, query| {
        let of = |der: &[u8]| {
            let response = Response {
                status: Status::Trusted,
                roles: Some(vec![Role::Sast, Role::CcmTftp, Role::Tftp]),
                ttl: None,
                certificate: Some(der),
                unknown: Vec::new(),
            };
            tvs::signer(query, &response).ok()
        };
        let unknown = Unanswered::Unvouched(secd::trust::Unvouched::Invalid);
        store.iter().find_map(|stored| of(&stored.certificate.der)).ok_or(unknown)
    })
}

/// That no server was reached.
pub(crate) fn unreachable() -> NotFetched {
    let (why, message) = ("no server answers".to_owned(), StatusMessage::TftpTimeout);
    NotFetched::Unreachable(Trouble { why, message })
}

/// The installed list of a kind, by its digest.
pub(crate) fn digest(script: &Script, kind: ListKind) -> Option<[u8; 32]> {
    script.anchors.records(kind).map(|list| list.sha256)
}

pub(crate) fn settings() -> PassSettings {
    PassSettings {
        device: DeviceName::parse("SEP001122334455").expect("a device name"),
        list_limit: 1 << 18,
        config_limit: 550_001,
        policy: Policy::default(),
        folder: "/ram".to_owned(),
    }
}

/// What a future gives that never waits: a script has everything at hand.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing in a script waits"),
    }
}

/// The same, asked about records of older lists: each certificate may do what its entry says.
pub(crate) fn confirming(cluster: &Cluster) -> Confirm {
    let store = cluster.store();
    Box::new(move |_, record| {
        let asked = match record.request() {
            TvsRequest::Verify { certificate } => certificate.to_vec(),
            TvsRequest::Query { .. } => panic!("the lists of the lab have the certificates"),
        };
        let known = store.iter().find(|stored| stored.certificate.der == asked);
        let response = Response {
            status: if known.is_some() { Status::Trusted } else { Status::Invalid },
            roles: Some(vec![Role::Sast, Role::CcmTftp, Role::Tftp]),
            ttl: None,
            certificate: None,
            unknown: Vec::new(),
        };
        record.confirm(&response).map_err(Unanswered::Unvouched)
    })
}
