//! Lists and answers of the input's choice, and a peer that shows one of their certificates, one
//! of its own, or one with a bit changed: it is trusted exactly where a record or an answer is for
//! this certificate in a role of the purpose.

use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use secd::trust::cache::Source;
use secd::trust::certificate::Certificate;
use secd::trust::decide::peer::{AtHand, peer};
use secd::trust::peer::{AuthorityPaths, Pinned, ShownChain, is_impostor, pinned};
use secd::trust::signature::sha256;
use secd::trust::{
    Acceptance, Anchors, Cache, Decision, Grant, GrantedBy, ListKind, Purpose, stored, tvs,
};
use secd::wire::Role;
use secd::wire::tvs::{Response, Status};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::keys::{Kind, Pool};
use secd_lab::list::{self, List, Material, Record};
use secd_lab::names::{Layout, Name};

pub(crate) fn one(input: &[u8]) {
    let _end_of_input = judged(Unstructured::new(input));
}

/// A record: which certificate, its role, and how much of it is written.
type Listed = (usize, Role, Material);

fn judged(mut input: Unstructured<'_>) -> Result<()> {
    let ctl = records(&mut input)?;
    let itl = records(&mut input)?;
    let (cache, answered) = answers(&mut input)?;
    let purpose = *input.choose(&PURPOSES)?;
    let which = input.choose_index(SERVERS.len())?;
    let mut shown = SERVERS[which].certificate.der.clone();
    let is_changed = input.ratio(1, 4)?;
    if is_changed {
        let at = input.choose_index(shown.len())?;
        shown[at] ^= 1 << input.int_in_range(0..=7)?;
    }
    let model = Model { lists: [&ctl, &itl], which: (!is_changed).then_some(which) };
    let anchors = installed(&ctl, &itl);
    let granted = verdict(&anchors, &cache, purpose, &shown);
    let listed = model.listed(purpose.roles());
    match &granted {
        Some(grant) => {
            assert_eq!(*grant.certificate(), sha256(&shown));
            match grant.by() {
                GrantedBy::Listed(kind) => assert_eq!(Some(kind), listed),
                GrantedBy::Cache => {
                    assert!(purpose != Purpose::Tvs && listed.is_none() && !is_changed);
                    assert!(answered.iter().any(|(other, roles)| {
                        *other == which && serves(roles.as_deref(), purpose)
                    }));
                }
                other => panic!("nobody has said so: {other:?}"),
            }
        }
        None => assert_eq!(listed, None),
    }
    if let Ok(certificate) = Certificate::parse(&shown) {
        let found = pinned(&anchors, &certificate);
        match model.listed(Purpose::Tvs.roles()) {
            Some(kind) => assert_eq!(found, Pinned::Fits(kind)),
            None => assert!(!matches!(found, Pinned::Fits(_))),
        }
        assert!(
            !is_impostor(&anchors, &certificate) || matches!(found, Pinned::OtherCertificate(_))
        );
    }
    fewer(anchors, &cache, (purpose, &shown), granted.is_some());
    Ok(())
}

/// With a list less, or without answers, nobody is trusted who was not.
fn fewer(anchors: Anchors, cache: &Cache, (purpose, shown): (Purpose, &[u8]), was: bool) {
    for kind in ListKind::ALL {
        let mut without = anchors.clone();
        without.erase(kind);
        assert!(was || verdict(&without, cache, purpose, shown).is_none());
    }
    assert!(was || verdict(&anchors, &Cache::default(), purpose, shown).is_none());
}

fn verdict(anchors: &Anchors, cache: &Cache, purpose: Purpose, shown: &[u8]) -> Option<Grant> {
    let chain = ShownChain {
        purpose,
        certificate: shown,
        intermediates: &[],
        name: None,
        paths: AuthorityPaths::Count,
    };
    let at_hand = AtHand { anchors, cache, now: None, instant: Duration::from_secs(2) };
    let walked = peer(chain, &at_hand);
    match walked.verdict {
        Decision::Trust(grant) => Some(grant),
        Decision::Ask(stranger) => {
            assert!(purpose != Purpose::Tvs, "TVS vouches for itself");
            settled(&stranger, shown);
            None
        }
        Decision::Refuse(distrust) => {
            assert!(!distrust.to_string().is_empty());
            None
        }
    }
}

/// An answer opens the connection for this certificate and purpose alone.
fn settled(stranger: &secd::trust::decide::peer::Stranger<'_>, shown: &[u8]) {
    for server in SERVERS.iter() {
        let der = &server.certificate.der;
        for role in ROLES {
            let answer = response(Some(vec![role]));
            let Ok(accepted) = tvs::peer(stranger.purpose(), der, &answer) else { continue };
            let grant = stranger.settled(Ok(&accepted.value), None).verdict;
            let is_this = der == shown && stranger.purpose().roles().contains(&role);
            assert_eq!(grant.is_ok(), is_this, "{role}");
        }
    }
}

/// Who is on the lists, and who shows a certificate.
struct Model<'a> {
    lists: [&'a [Listed]; 2],
    which: Option<usize>,
}

impl Model<'_> {
    /// The first list with this certificate in one of the roles.
    fn listed(&self, roles: &[Role]) -> Option<ListKind> {
        let which = self.which?;
        let is_for = |(other, role, material): &Listed| {
            *other == which && roles.contains(role) && *material != Material::Nothing
        };
        let lists = ListKind::ALL.into_iter().zip(self.lists);
        lists.into_iter().find(|(_, list)| list.iter().any(is_for)).map(|(kind, _)| kind)
    }
}

fn serves(roles: Option<&[Role]>, purpose: Purpose) -> bool {
    match roles {
        None => purpose == Purpose::HttpsService,
        Some(roles) => roles.iter().any(|role| purpose.roles().contains(role)),
    }
}

fn records(input: &mut Unstructured<'_>) -> Result<Vec<Listed>> {
    let count = input.int_in_range(0..=4)?;
    let material = [Material::Certificate, Material::Hash, Material::Nothing];
    (0..count)
        .map(|_| {
            let which = input.choose_index(SERVERS.len())?;
            Ok((which, *input.choose(&ROLES)?, *input.choose(&material)?))
        })
        .collect()
}

type Answered = Vec<(usize, Option<Vec<Role>>)>;

/// The answers that were cached a second ago; of one certificate the last counts.
fn answers(input: &mut Unstructured<'_>) -> Result<(Cache, Answered)> {
    let (mut cache, mut answered) = (Cache::default(), Vec::new());
    for _ in 0..input.int_in_range(0..=2)? {
        let which = input.choose_index(SERVERS.len())?;
        let roles = match input.int_in_range(0..=3)? {
            0 => None,
            count => (0..count)
                .map(|_| input.choose(&ROLES).copied())
                .collect::<Result<_>>()
                .map(Some)?,
        };
        let asked = *input.choose(&PURPOSES)?;
        let der = &SERVERS[which].certificate.der;
        if let Ok(accepted) = tvs::peer(asked, der, &response(roles.clone())) {
            let source = Source { member: Box::from("tvs1") };
            cache.insert_peer(accepted.value, source, Duration::from_secs(1));
            answered.retain(|(other, _)| *other != which);
            answered.push((which, roles));
        }
    }
    Ok((cache, answered))
}

fn response(roles: Option<Vec<Role>>) -> Response<'static> {
    Response { status: Status::Trusted, roles, ttl: None, certificate: None, unknown: Vec::new() }
}

fn installed(ctl: &[Listed], itl: &[Listed]) -> Anchors {
    let mut anchors = Anchors::default();
    for (kind, written, records) in
        [(ListKind::Ctl, list::Kind::Ctl, ctl), (ListKind::Itl, list::Kind::Itl, itl)]
    {
        if records.is_empty() {
            continue;
        }
        let mut bytes = HEADERS[usize::from(kind == ListKind::Itl)].clone();
        for (which, role, material) in records {
            let record = Record::new(list::Role(role.code()), &SERVERS[*which].certificate);
            bytes.extend(record.with(*material).encode(written, Layout::CallManager));
        }
        let list = stored::list(kind, &bytes, Acceptance::FirstUse).expect("a list of the lab");
        anchors.install(list);
    }
    anchors
}

/// The headers of a CTL and an ITL. A store is trusted to have kept what was verified, so that the
/// signatures in them are nobody's: to make them for each input would take most of the time.
static HEADERS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [list::Kind::Ctl, list::Kind::Itl]
        .map(|kind| List::new(kind, Layout::CallManager, 1).sign(&SERVERS[0]))
});

/// The first signs lists. Two share a serial number, and two a name.
static SERVERS: LazyLock<Vec<Identity>> = LazyLock::new(|| {
    let pool = Pool::new();
    let serial = pool.serial();
    let shared = pool.serial();
    [
        (Kind::Rsa1024, "cm1", &serial),
        (Kind::P256, "tvs1", &shared),
        (Kind::P256, "web1", &shared),
        (Kind::P256, "tvs1", &pool.serial()),
        (Kind::Rsa2048, "capf1", &pool.serial()),
    ]
    .map(|(kind, name, serial)| {
        Profile::new(Name::common(name), serial.clone()).self_signed(pool.take(kind))
    })
    .into()
});

const ROLES: [Role; 8] = [
    Role::Sast,
    Role::Ccm,
    Role::CcmTftp,
    Role::Tftp,
    Role::Capf,
    Role::AppServer,
    Role::Tvs,
    Role::Unknown(99),
];

const PURPOSES: [Purpose; 5] = [
    Purpose::Capf,
    Purpose::HttpsProvisioning,
    Purpose::HttpsService,
    Purpose::Signalling,
    Purpose::Tvs,
];
