//! Files from the phone's servers: which server is asked, by which protocol, and the result.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::agent::contacts::Contacts;
use crate::boot::{Fetched, NotFetched, Seen, Trouble, Wanted};
use crate::diagnose::Contact;
use crate::io::clock::Timeline;
use crate::io::settings::Settings;
use crate::wire::address::ServerAddress;
use crate::wire::name::FileName;
use crate::wire::way::FileWay;

mod asked;
mod errand;
mod habit;
mod http;
mod https;
mod notes;
mod silent;
mod survey;
mod tftp;
mod walk;
mod ways;
mod witness;

pub(super) use errand::{Court, FileErrand, OnTrial};
pub(super) use habit::Habit;
pub(super) use walk::ServerWalk;

use asked::{Asked, NumberedTransfer, OtherWays, absent_after, graver};
use silent::SilentPorts;

/// The transfers of one phone, and what is remembered of them.
pub(super) struct Files {
    /// Numbers the transfers in the log.
    transfers: Cell<u64>,
    /// The last request to each server.
    pub(super) contacts: Contacts,
    /// What is remembered of the files that were accepted, by their names, with the line of lists.
    seen: RefCell<BTreeMap<FileName, (u32, Seen)>>,
    /// Ports for HTTP that did not answer lately.
    silent: SilentPorts,
}

impl Files {
    /// No transfer yet; times are those of this time line.
    pub(super) fn new(timeline: Timeline) -> Self {
        let (transfers, seen) = (Cell::default(), RefCell::default());
        let silent = SilentPorts::new(timeline.clone());
        Self { transfers, contacts: Contacts::new(timeline), seen, silent }
    }

    /// What is remembered of the files of a name in this line of lists.
    pub(super) fn seen(&self, name: &FileName, line: u32) -> Option<Seen> {
        let seen = self.seen.borrow();
        seen.get(name).filter(|(of, _)| *of == line).map(|(_, seen)| *seen)
    }

    /// Forgets what is remembered of all files.
    pub(super) fn forget_seen(&self) {
        self.seen.borrow_mut().clear();
    }

    /// Remembers a file that was accepted, so that an older one can be recognized later; with an
    /// unsigned one nothing can be compared.
    pub(super) fn remember(&self, name: &FileName, line: u32, seen: Option<Seen>) {
        let mut remembered = self.seen.borrow_mut();
        // Timestamps of another line come from another cluster's clock.
        remembered.retain(|_, (of, _)| *of == line);
        match seen {
            None => drop(remembered.remove(name)),
            // What is known stays: whoever could push a file out could replay an older one.
            Some(_) if remembered.len() >= REMEMBERED && !remembered.contains_key(name) => {}
            Some(seen) => drop(remembered.insert(name.clone(), (line, seen))),
        }
    }

    /// Reads a file from the first server that sends it.
    ///
    /// The next server is asked when the one before was not reached, failed, or has a file that is
    /// too large. That a file is not there is an answer, and ends the walk: the servers of a phone
    /// hold the same files, and one that lacks a file must be able to say so without a wait for all
    /// the others.
    ///
    /// # Errors
    /// [`NotFetched`], of the server that came nearest to sending it.
    pub(super) async fn fetch(
        &self,
        mut errand: FileErrand<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Fetched, NotFetched> {
        errand.walk.begin(wanted.name);
        let servers = errand.walk.order(&errand.settings.tftp.servers);
        self.fetch_along(&mut errand, wanted, &servers).await
    }

    /// Whether a server is left that has not sent a file since the last [`Files::fetch`].
    pub(super) fn has_another(walk: &ServerWalk, settings: &Settings) -> bool {
        !walk.others(&settings.tftp.servers, &settings.provisioning.ways).is_empty()
    }

    /// Reads a file from one of the servers that are left, as when the first one's was refused.
    ///
    /// # Errors
    /// [`NotFetched`], of the server that came nearest to sending it.
    pub(super) async fn fetch_from_another(
        &self,
        mut errand: FileErrand<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Fetched, NotFetched> {
        let Settings { tftp, provisioning, .. } = errand.settings;
        errand.walk.note_refused();
        let servers = errand.walk.others(&tftp.servers, &provisioning.ways);
        self.fetch_along(&mut errand, wanted, &servers).await
    }

    async fn fetch_along(
        &self,
        errand: &mut FileErrand<'_>,
        wanted: &Wanted<'_>,
        servers: &[ServerAddress],
    ) -> Result<Fetched, NotFetched> {
        // One number for all servers: the log then shows them as tries at one file.
        let number = self.next_number();
        let mut gravest = NotFetched::Unreachable(Trouble::of_no_server());
        for server in servers {
            let transfer = NumberedTransfer { number, wanted, before: OtherWays::Nothing };
            let asked = self.ask(errand, server, transfer).await;
            let walk = &mut *errand.walk;
            self.note(server, wanted.name, &asked);
            match asked.outcome {
                Ok(fetched) => {
                    walk.note_given(server, asked.way);
                    return Ok(fetched);
                }
                // It has sent one by another way, which was of no use: that says nothing of the rest.
                Err(NotFetched::Absent) if walk.has_given(server) => {
                    walk.note_failed(server);
                    gravest = graver(gravest, NotFetched::Absent);
                }
                Err(NotFetched::Absent) => return Err(absent_after(gravest)),
                Err(why) => {
                    match why {
                        NotFetched::BrokenOff(_) | NotFetched::Unreachable(_) => {
                            walk.note_missed(server);
                        }
                        _ => walk.note_failed(server),
                    }
                    gravest = graver(gravest, why);
                }
            }
        }
        Err(gravest)
    }

    fn note(&self, server: &ServerAddress, name: &str, asked: &Asked) {
        let by = match asked.way {
            FileWay::Tftp => String::new(),
            way => format!(" by {way}"),
        };
        let contact = match (&asked.outcome, &asked.foreign) {
            (Ok(_), _) => Contact::Sent(format!("{name}{by}")),
            (Err(NotFetched::Absent), _) => Contact::Lacked(name.to_owned()),
            // It says more than "no answer": the answers came, but from elsewhere.
            (Err(_), Some(foreign)) => foreign.clone(),
            (Err(why), None) => Contact::Failed(why.to_string()),
        };
        self.contacts.note(server, contact);
    }

    /// Forgets servers that are no longer asked.
    pub(super) fn keep_only(&self, servers: &[ServerAddress]) {
        self.contacts.keep_only(|server| servers.contains(server));
        self.forget_silence();
    }

    /// Forgets which ports were silent, so that each way is tried in its turn.
    pub(super) fn forget_silence(&self) {
        self.silent.forget();
    }

    /// The number of the transfer that begins now.
    fn next_number(&self) -> u64 {
        let number = self.transfers.get() + 1;
        self.transfers.set(number);
        number
    }

    /// How many transfers there were since the start.
    pub(super) fn transfers(&self) -> u64 {
        self.transfers.get()
    }
}

/// Names of files that are remembered. Inferred: a phone has some dozens of ring tones, pictures
/// and phrases.
const REMEMBERED: usize = 256;
