//! Files from the phone's servers: who is asked, by which way, and what came of it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::agent::narrate::say;
use crate::boot::{Event, NotFetched, Trouble, Wanted};
use crate::diagnose::Contact;
use crate::io::resolve;
use crate::io::settings;
use crate::wire::address::ServerAddress;

mod tftp;

/// The transfers of one phone.
#[derive(Default)]
pub(super) struct Files {
    /// Numbers the transfers in the log.
    transfers: Cell<u64>,
    /// What came of asking each server last, by the name that the settings have for it.
    contacts: RefCell<BTreeMap<ServerAddress, Contact>>,
}

impl Files {
    /// Reads a file from the first server that answers.
    ///
    /// The next server is asked only when the one before was not reached or failed. That a file is
    /// not there, or is too large, is an answer: the servers of a phone hold the same files, and
    /// one that lacks a file must be able to say so without a wait for all the others.
    ///
    /// # Errors
    /// [`NotFetched`], of the server that was asked last; that one was reached counts for more than
    /// that another was not.
    pub(super) async fn fetch(
        &self,
        settings: &settings::Tftp,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<u8>, NotFetched> {
        let number = self.transfers.get() + 1;
        self.transfers.set(number);
        let mut last = NotFetched::Unreachable(Trouble::of_no_server());
        for server in &settings.servers {
            let outcome = match resolve::one(server).await {
                Ok(addresses) => tftp::read(number, settings, wanted, &addresses).await,
                Err(unresolved) => {
                    let (host, why) = (server.host.to_string(), unresolved.to_string());
                    say(&Event::Unresolved { host, why });
                    let message = Trouble::of_no_server().message;
                    let why = format!("{} does not resolve: {unresolved}", server.host);
                    Err(NotFetched::Unreachable(Trouble { why, message }))
                }
            };
            self.note(server, wanted.name, &outcome);
            match outcome {
                Err(NotFetched::Unreachable(_)) if matches!(last, NotFetched::Failed(_)) => {}
                Err(why @ (NotFetched::Failed(_) | NotFetched::Unreachable(_))) => last = why,
                settled => return settled,
            }
        }
        Err(last)
    }

    fn note(&self, server: &ServerAddress, name: &str, outcome: &Result<Vec<u8>, NotFetched>) {
        let contact = match outcome {
            Ok(_) => Contact::Gave(name.to_owned()),
            Err(NotFetched::Absent) => Contact::Lacked(name.to_owned()),
            Err(why) => Contact::Failed(why.to_string()),
        };
        self.contacts.borrow_mut().insert(server.clone(), contact);
    }

    /// What came of asking a server last.
    pub(super) fn contact(&self, server: &ServerAddress) -> Contact {
        self.contacts.borrow().get(server).cloned().unwrap_or_default()
    }

    /// Forgets servers that are asked no more.
    pub(super) fn keep_only(&self, servers: &[ServerAddress]) {
        self.contacts.borrow_mut().retain(|server, _| servers.contains(server));
    }

    /// How many transfers there were.
    pub(super) fn transfers(&self) -> u64 {
        self.transfers.get()
    }
}
