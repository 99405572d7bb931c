//! Files from the phone's servers: which server is asked, by which protocol, and the result.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::agent::contacts::Contacts;
use crate::agent::narrate::say;
use crate::boot::{Event, NotFetched, Seen, Trouble, Wanted};
use crate::diagnose::Contact;
use crate::io::clock::Timeline;
use crate::io::settings;
use crate::wire::address::ServerAddress;
use crate::wire::name::FileName;

mod asked;
mod habit;
mod tftp;
mod walk;

pub(super) use habit::Habit;
pub(super) use walk::ServerWalk;

use asked::{Asked, NumberedTransfer};

/// The transfers of one phone, and what is remembered of them.
pub(super) struct Files {
    /// Numbers the transfers in the log.
    transfers: Cell<u64>,
    /// The last request to each server.
    pub(super) contacts: Contacts,
    /// What is remembered of the files that were accepted, by their names, with the line of lists.
    seen: RefCell<BTreeMap<FileName, (u32, Seen)>>,
}

impl Files {
    /// No transfer yet; times are those of this time line.
    pub(super) fn new(timeline: Timeline) -> Self {
        let (transfers, seen) = (Cell::default(), RefCell::default());
        Self { transfers, contacts: Contacts::new(timeline), seen }
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
        walk: &mut ServerWalk,
        settings: &settings::TftpSettings,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<u8>, NotFetched> {
        walk.begin();
        let servers = walk.order(&settings.servers);
        self.fetch_along(walk, settings, wanted, &servers).await
    }

    /// Whether a server is left that has not sent a file since the last [`Files::fetch`].
    pub(super) fn has_another(walk: &ServerWalk, settings: &settings::TftpSettings) -> bool {
        !walk.others(&settings.servers).is_empty()
    }

    /// Reads a file from one of the servers that are left, as when the first one's was refused.
    ///
    /// # Errors
    /// [`NotFetched`], of the server that came nearest to sending it.
    pub(super) async fn fetch_from_another(
        &self,
        walk: &mut ServerWalk,
        settings: &settings::TftpSettings,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<u8>, NotFetched> {
        let servers = walk.others(&settings.servers);
        self.fetch_along(walk, settings, wanted, &servers).await
    }

    async fn fetch_along(
        &self,
        walk: &mut ServerWalk,
        settings: &settings::TftpSettings,
        wanted: &Wanted<'_>,
        servers: &[ServerAddress],
    ) -> Result<Vec<u8>, NotFetched> {
        // One number for all servers: the log then shows them as tries at one file.
        let number = self.transfers.get() + 1;
        self.transfers.set(number);
        let mut gravest = NotFetched::Unreachable(Trouble::of_no_server());
        for server in servers {
            let Asked { outcome, foreign } =
                self.ask(walk, settings, server, NumberedTransfer { number, wanted }).await;
            self.note(server, wanted.name, &outcome, foreign);
            match outcome {
                Ok(bytes) => {
                    walk.note_given(server);
                    return Ok(bytes);
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

    async fn ask(
        &self,
        walk: &mut ServerWalk,
        settings: &settings::TftpSettings,
        server: &ServerAddress,
        transfer: NumberedTransfer<'_>,
    ) -> Asked {
        match walk.names.resolve(server).await {
            Ok(addresses) => tftp::read(walk, settings, transfer, &addresses).await,
            Err(unresolved) => {
                let (host, why) = (server.host.to_string(), unresolved.to_string());
                say(&Event::Unresolved { host, why });
                // The phone's screen has no message for names: to a person no server answered.
                let message = Trouble::of_no_server().message;
                let why = format!("{} does not resolve: {unresolved}", server.host);
                let trouble = Trouble { why, message };
                Asked { outcome: Err(NotFetched::Unreachable(trouble)), foreign: None }
            }
        }
    }

    fn note(
        &self,
        server: &ServerAddress,
        name: &str,
        outcome: &Result<Vec<u8>, NotFetched>,
        foreign: Option<Contact>,
    ) {
        let contact = match (outcome, foreign) {
            (Ok(_), _) => Contact::Sent(name.to_owned()),
            (Err(NotFetched::Absent), _) => Contact::Lacked(name.to_owned()),
            // It says more than "no answer": the answers came, but from elsewhere.
            (Err(_), Some(foreign)) => foreign,
            (Err(why), None) => Contact::Failed(why.to_string()),
        };
        self.contacts.note(server, contact);
    }

    /// Forgets servers that are no longer asked.
    pub(super) fn keep_only(&self, servers: &[ServerAddress]) {
        self.contacts.keep_only(|server| servers.contains(server));
    }

    /// How many transfers there were since the start.
    pub(super) fn transfers(&self) -> u64 {
        self.transfers.get()
    }
}

/// What counts when one server lacks a file that another did not send: it does not exist, unless a
/// server has it and it is too large.
fn absent_after(before: NotFetched) -> NotFetched {
    match before {
        NotFetched::TooLarge(_) => before,
        _ => NotFetched::Absent,
    }
}

/// The failure of the server that came nearer to sending the file: "unreachable" may be reported
/// only if no server was reached.
fn graver(one: NotFetched, other: NotFetched) -> NotFetched {
    let rank = |why: &NotFetched| match why {
        NotFetched::Absent | NotFetched::Unreachable(_) => 0,
        NotFetched::BrokenOff(_) | NotFetched::Failed(_) => 1,
        NotFetched::TooLarge(_) => 2,
    };
    if rank(&one) > rank(&other) { one } else { other }
}

/// Names of files that are remembered. Inferred: a phone has some dozens of ring tones, pictures
/// and phrases.
const REMEMBERED: usize = 256;
