//! What an offered list costs before anybody has looked at its signature, against its size, up to
//! the largest that is taken: for each shape that a hostile list can have, on a phone without
//! lists, which has to decode the list that it is offered, and on one that has such a list
//! installed. Then what the certificates cost that a TLS server sends along.
//!
//! One line a measurement, `<what> <bytes or count> <microseconds>`: `scripts/bench` reads them.
//! The time may grow with the size, and no faster.

use std::hint::black_box;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use secd::trust::peer::{AuthorityPaths, Peer, ShownChain};
use secd::trust::update::{self, Offer};
use secd::trust::{Acceptance, Anchors, ListKind, Policy, Purpose, stored};
use secd::wire::list::{MAX_OF_ONE_SERIAL, MAX_RECORDS};
use secd::wire::text::MAX_NAME;
use secd_lab::certificate::{Identity, Profile, Usage};
use secd_lab::hostile::{self, Limits, Shape};
use secd_lab::keys::{Kind, Pool};
use secd_lab::list::{self, List, Role};
use secd_lab::names::{Layout, Name};

fn main() {
    let signer = hostile::signer();
    let first_use = Anchors::default();
    for shape in Shape::ALL {
        for size in SIZES {
            let file = shape.list(&signer, LIMITS, size);
            println!("{}-first {} {}", shape.word(), file.len(), offered(&first_use, &file));
        }
    }
    let installed = installed(&Shape::Serials.list(&signer, LIMITS, SIZES[SIZES.len() - 1]));
    for size in SIZES {
        let file = Shape::Serials.list(&signer, LIMITS, size);
        println!("serials-installed {} {}", file.len(), offered(&installed, &file));
    }
    let reported = hostile::reported();
    for (word, anchors) in [("first", &first_use), ("installed", &installed)] {
        println!("reported-{word} {} {}", reported.len(), offered(anchors, &reported));
    }
    for count in [1, 2, 4, 8, 16, 64, 206] {
        println!("intermediates {count} {}", intermediates(count));
    }
}

fn installed(file: &[u8]) -> Anchors {
    let mut anchors = Anchors::default();
    anchors.install(stored::list(ListKind::Itl, file, Acceptance::FirstUse).expect("a list"));
    anchors
}

/// Microseconds until a list is refused.
fn offered(anchors: &Anchors, file: &[u8]) -> u128 {
    let policy = Policy::default();
    microseconds(|| {
        let offer = Offer { name: "ITLFile.tlv", bytes: file };
        let decision = update::list(anchors, ListKind::Itl, black_box(offer), &policy);
        assert!(decision.unasked().is_err(), "nobody has signed it");
    })
}

/// Microseconds until a server has no path that sends so many authorities of one name along, of
/// which each may have issued each.
fn intermediates(count: usize) -> u128 {
    let pool = Pool::new();
    let [listed, sent] = ["listed", "sent"].map(|name| authority(&pool, name));
    let profile = Profile::new(Name::common("server"), pool.serial());
    let server = profile.issued_by(&sent, pool.take(Kind::P256)).certificate;
    let mut list = List::new(list::Kind::Itl, Layout::CallManager, 1);
    list.records = vec![list::Record::new(Role::APP_SERVER, &listed.certificate)];
    let profile = Profile::new(Name::common("signer"), pool.serial());
    let anchors = installed(&list.sign(&profile.self_signed(pool.take(Kind::Rsa1024))));
    let sent: Vec<_> = (0..count)
        .map(|count| {
            CertificateDer::from(hostile::other_than(&sent.certificate, count, count + 1).der)
        })
        .collect();
    let name = ServerName::try_from("localhost").expect("a name");
    let peer = Peer::read(ShownChain {
        purpose: Purpose::HttpsService,
        certificate: &server.der,
        intermediates: &sent,
        name: Some(&name),
        paths: AuthorityPaths::Count,
    });
    let peer = peer.expect("a certificate");
    let now = Some(UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000)));
    microseconds(|| {
        assert!(peer.under_authority(black_box(&anchors), ListKind::Itl, now).is_err(), "no path");
    })
}

fn authority(pool: &Pool, name: &str) -> Identity {
    let profile = Profile::new(Name::common(name), pool.serial());
    Profile { usage: Usage::Authority, ..profile }.self_signed(pool.take(Kind::P256))
}

/// The median over rounds, of the processor's time: what else the machine does is not in it.
fn microseconds(run: impl Fn()) -> u128 {
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let start = processor_time();
            run();
            (processor_time() - start).as_micros()
        })
        .collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2]
}

#[expect(clippy::disallowed_methods, reason = "a bench takes the time")]
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    time.map(Duration::from).expect("every system has this clock")
}

const ROUNDS: usize = 9;

/// Bytes of the lists, up to the most that is taken (domain facts 10, row 11).
const SIZES: [usize; 5] = [16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10];

const LIMITS: Limits = Limits {
    records: MAX_RECORDS,
    of_one_serial: MAX_OF_ONE_SERIAL,
    name: MAX_NAME,
    // That of `trust::name`, which nobody else has to know.
    attributes: 16,
};
