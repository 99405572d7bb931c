//! The members of the Trust Verification Service that a verified configuration names, and how the
//! store remembers them.

use log::warn;

use crate::agent::SECD;
use crate::io::store::Entry;
use crate::wire::address::ServerAddress;
use crate::wire::configuration::{Configuration, Member, TVS_PORT};

/// The members that a configuration names, in the order in which they are asked.
pub(super) fn named_by(configuration: &[u8]) -> Vec<Member> {
    match Configuration::parse(configuration) {
        Ok(provision) => {
            for skipped in &provision.warnings {
                warn!(target: SECD, "provision: {skipped}");
            }
            ranked(provision.tvs.into_iter().map(|member| member.address))
        }
        Err(unreadable) => {
            warn!(target: SECD, "provision: {unreadable}; the TVS members before stay");
            Vec::new()
        }
    }
}

/// The entry with a note for each member, in their order.
pub(super) fn noted(entry: Entry, members: &[Member]) -> Entry {
    members
        .iter()
        .zip(NOTES)
        .fold(entry, |entry, (member, key)| entry.with(key, &member.address.to_string()))
}

/// The members that the notes of an entry name.
pub(super) fn of_notes(entry: &Entry) -> Vec<Member> {
    let written = NOTES.into_iter().map_while(|key| entry.note(key));
    let addresses = written.filter_map(|text| ServerAddress::parse(text, TVS_PORT));
    ranked(addresses)
}

/// Only their order counts, and only it is remembered.
fn ranked(addresses: impl Iterator<Item = ServerAddress>) -> Vec<Member> {
    addresses.zip(0..).map(|(address, priority)| Member { address, priority }).collect()
}

/// The keys of the notes, as many as a configuration may name members.
const NOTES: [&str; 5] = ["tvs-0", "tvs-1", "tvs-2", "tvs-3", "tvs-4"];

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURATION: &[u8] = b"<device><TVS><members>\
        <member priority=\"3\"><address>::1</address></member>\
        <member priority=\"1\"><port>2446</port><address>cm1.lab.test</address></member>\
        </members></TVS></device>";

    fn shown(members: &[Member]) -> Vec<String> {
        members.iter().map(|member| member.address.to_string()).collect()
    }

    #[test]
    fn members_come_in_the_order_of_their_priority() {
        assert_eq!(shown(&named_by(CONFIGURATION)), ["cm1.lab.test:2446", "[::1]:2445"]);
    }

    #[test]
    fn the_store_gives_back_what_was_noted() {
        let members = named_by(CONFIGURATION);
        let entry = noted(Entry::new(Vec::new()), &members);
        assert_eq!(of_notes(&entry), members);
    }

    #[test]
    fn an_unreadable_configuration_names_nobody() {
        assert!(named_by(b"<device>").is_empty());
    }
}
