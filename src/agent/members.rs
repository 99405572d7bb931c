//! How the store remembers the members of the Trust Verification Service that the last verified
//! configuration names.

use crate::io::store::StoreEntry;
use crate::wire::address::ServerAddress;
use crate::wire::configuration::{Member, TVS_PORT};

/// Returns the entry with a note for each member, in their order.
pub(super) fn noted(entry: StoreEntry, members: &[Member]) -> StoreEntry {
    members
        .iter()
        .zip(NOTES)
        .fold(entry, |entry, (member, key)| entry.with(key, &member.address.to_string()))
}

/// The members that the notes of an entry name.
pub(super) fn of_notes(entry: &StoreEntry) -> Vec<Member> {
    // The first missing key ends the list: notes are written without gaps.
    let written = NOTES.into_iter().map_while(|key| entry.note(key));
    let addresses = written.filter_map(|text| ServerAddress::parse(text, TVS_PORT).ok());
    // Priorities serve only to order the members: the notes keep the order and not the numbers.
    addresses.zip(0..).map(|(address, priority)| Member { address, priority }).collect()
}

/// The keys of the notes: as many as a configuration can name members (domain facts 5.8).
const NOTES: [&str; 5] = ["tvs-0", "tvs-1", "tvs-2", "tvs-3", "tvs-4"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::{Loaded, Slot, Store};
    use crate::wire::configuration::{Configuration, Root};

    /// The store takes the longest address that a configuration may have, and reads it again.
    #[test]
    fn a_member_of_a_configuration_is_there_after_a_restart() {
        let long = format!("{}.{}", ["a".repeat(63).as_str(); 3].join("."), "b".repeat(61));
        let hosts = [long.as_str(), "cucm_pub01", "[2001:db8::7]", "10.1.1.1", "name."];
        let member =
            |host: &&str| format!("<member><port>65535</port><address>{host}</address></member>");
        let members: String = hosts.iter().map(member).collect();
        let text = format!("<device><TVS><members>{members}</members></TVS></device>");
        let read = Configuration::parse(text.as_bytes(), Root::Device).unwrap().tvs;
        assert_eq!(read.len(), hosts.len());
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(folder.path()).unwrap();
        store.install(Slot::Configuration, &noted(StoreEntry::new(Vec::new()), &read)).unwrap();
        let Loaded::Current(entry) = store.load(Slot::Configuration) else {
            panic!("it is installed");
        };
        let again = of_notes(&entry);
        let addresses = |members: &[Member]| -> Vec<_> {
            members.iter().map(|member| member.address.clone()).collect()
        };
        assert_eq!(addresses(&again), addresses(&read));
    }

    #[test]
    fn the_store_returns_what_was_noted() {
        let written = ["cm1.lab.test:2446", "[::1]:2445", "192.0.2.1:2445"];
        let parse = |text: &&str| ServerAddress::parse(text, TVS_PORT).unwrap();
        let members: Vec<_> = written
            .iter()
            .map(parse)
            .zip(0..)
            .map(|(address, priority)| Member { address, priority })
            .collect();
        assert_eq!(of_notes(&noted(StoreEntry::new(Vec::new()), &members)), members);
    }
}
