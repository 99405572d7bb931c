//! How long it takes to find an answer among many, and a certificate in a long list.
//!
//! One line a measurement, `<what> <how many there are> <nanoseconds>`: `scripts/bench` reads them.

use std::hint::black_box;
use std::time::Duration;

use rustls::pki_types::ServerName;
use secd::io::clock;
use secd::trust::cache::{Cache, LONGEST_TTL, Source};
use secd::trust::peer::{AuthorityPaths, Peer, ShownChain};
use secd::trust::signature::sha256;
use secd::trust::{Acceptance, Anchors, ListKind, Purpose, stored, tvs};
use secd::wire::tvs::{Response, Status};
use secd::wire::{Role, Serial};
use secd_lab::certificate::Certificate;
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::keys::Kind;
use secd_lab::list::{self, List, Material, Record};

fn main() {
    for entries in [10, 1_000, 10_000] {
        println!("cache {entries} {}", cached(entries));
    }
    for records in [4, 300] {
        let [found, judged] = listed(records);
        println!("list {records} {found}\njudged {records} {judged}");
    }
}

/// The search for an answer about a certificate.
fn cached(entries: usize) -> u128 {
    let mut cache = Cache::new(entries, LONGEST_TTL);
    let certificates: Vec<_> = (0..entries).map(usize::to_be_bytes).collect();
    for certificate in &certificates {
        let answer = Response {
            status: Status::Trusted,
            roles: Some(vec![Role::AppServer]),
            ttl: None,
            certificate: None,
            unknown: Vec::new(),
        };
        let endorsed = tvs::peer(Purpose::HttpsService, certificate, &answer);
        let source = Source { member: Box::from("cm1") };
        cache.insert_peer(endorsed.expect("it vouches").value, source, Duration::ZERO);
    }
    let keys: Vec<_> = certificates.iter().map(|certificate| sha256(certificate)).collect();
    nanoseconds(&keys, |key| cache.peer(key, Purpose::HttpsService, Duration::ZERO).is_some())
}

/// The search for a record by serial number, and the judgement of a peer by the list.
fn listed(records: usize) -> [u128; 2] {
    let cluster = Cluster::new(Setup::default());
    let mut list = List::new(list::Kind::Itl, cluster.setup.layout, cluster.timestamp());
    list.records = cluster.itl_records(0);
    let key = cluster.setup.pool.take(Kind::P256);
    // Room for one server in the shortest list.
    list.records.truncate(3);
    let own = list.records.len();
    let server = |_| {
        let profile = cluster.setup.profile("server.lab.test");
        profile.self_signed(key.clone()).certificate
    };
    let servers: Vec<Certificate> = (own..records).map(server).collect();
    let record = |server| Record::new(list::Role::APP_SERVER, server).with(Material::Hash);
    list.records.extend(servers.iter().map(record));
    let bytes = list.sign(&cluster.nodes[0].callmanager);
    let mut anchors = Anchors::default();
    anchors.install(stored::list(ListKind::Itl, &bytes, Acceptance::FirstUse).expect("a list"));
    let trust_list = anchors.records(ListKind::Itl).expect("it was installed");
    assert_eq!(trust_list.anchors.len(), records);
    let found = nanoseconds(&servers, |server| {
        trust_list.find_serial(Serial::new(&server.serial)).len() == 1
    });
    let name = ServerName::try_from("server.lab.test").expect("a name");
    let judged = nanoseconds(&servers, |server| {
        let shown = ShownChain {
            purpose: Purpose::HttpsService,
            certificate: &server.der,
            intermediates: &[],
            name: Some(&name),
            paths: AuthorityPaths::Count,
        };
        Peer::read(shown).is_ok_and(|peer| peer.listed(&anchors, ListKind::Itl).is_some())
    });
    [found, judged]
}

/// The median over rounds of what one search takes; what is sought changes each time.
fn nanoseconds<T>(sought: &[T], search: impl Fn(&T) -> bool) -> u128 {
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|round| {
            let start = clock::monotonic();
            for turn in 0..SEARCHES {
                // A stride through all of them, so that the processor's caches do not help.
                let place = (round + turn * 7919) % sought.len();
                assert!(search(black_box(&sought[place])));
            }
            start.elapsed().as_nanos() / u128::try_from(SEARCHES).expect("a small number")
        })
        .collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2]
}

const ROUNDS: usize = 51;
const SEARCHES: usize = 2_000;
