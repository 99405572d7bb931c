//! Which listed certificates are an authority's, and how far that goes.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use secd::trust::peer::{AuthorityPaths, Peer, ShownChain};
use secd::trust::{Acceptance, Anchors, ListKind, Purpose, stored};
use secd_lab::certificate::{Certificate, Profile};
use secd_lab::keys::{Kind, Pool};
use secd_lab::list::{Kind as LabKind, List, Record, Role};
use secd_lab::names::{Layout, Name};

use crate::authority::{AUTHORITY, Authority, END, Leaf};

/// What comes of a certificate under the listed ones: whether a path counts, or why none does. No
/// path is looked for where nobody listed is an authority.
fn judged(
    listed: &[(Role, &Certificate)],
    purpose: Purpose,
    chain: &[&Certificate],
    host: Option<&str>,
) -> Result<bool, String> {
    let mut list = List::new(LabKind::Itl, Layout::CallManager, 1);
    list.records = listed.iter().map(|(role, it)| Record::new(*role, it)).collect();
    let pool = Pool::new();
    let signer = Profile::new(Name::common("signer"), pool.serial());
    let list = list.sign(&signer.self_signed(pool.take(Kind::Rsa1024)));
    let mut anchors = Anchors::default();
    anchors.install(stored::list(ListKind::Itl, &list, Acceptance::FirstUse).expect("a list"));
    let sent: Vec<_> = chain.iter().map(|it| CertificateDer::from(it.der.as_slice())).collect();
    let (certificate, intermediates) = sent.split_first().expect("the server's own");
    let name = host.map(|host| ServerName::try_from(host).expect("a name"));
    let (name, paths) = (name.as_ref(), AuthorityPaths::Count);
    let peer = Peer::read(ShownChain { purpose, certificate, intermediates, name, paths });
    let found = peer.expect("a certificate").under_authority(&anchors, ListKind::Itl, NOW);
    found.map(|grant| grant.is_some()).map_err(|no_path| no_path.to_string())
}

/// The same for an application server with one listed record.
fn under(listed: &Certificate, chain: &[&Certificate]) -> Result<bool, String> {
    judged(&[(Role::APP_SERVER, listed)], Purpose::HttpsService, chain, Some("localhost"))
}

#[test]
fn only_a_certificate_that_may_sign_others_and_is_no_servers_is_an_authority() {
    for (extensions, counts) in [
        (AUTHORITY, true),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,digitalSignature", true),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\nextendedKeyUsage=serverAuth", true),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\nsubjectAltName=email:ca@lab.test", true),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\n1.3.6.1.4.1.311.99=DER:0500", true),
        // It is restricted by what nobody here understands.
        (
            "basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\n1.3.6.1.4.1.311.99=critical,DER:0500",
            false,
        ),
        // It may not, or does not say so.
        ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign", false),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign", false),
        ("basicConstraints=critical,CA:TRUE", false),
        ("keyUsage=critical,keyCertSign", false),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\nextendedKeyUsage=clientAuth", false),
        // It is a server's own.
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\nsubjectAltName=DNS:cm1.lab.test", false),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\nsubjectAltName=IP:192.0.2.1", false),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign,keyEncipherment", false),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign,dataEncipherment", false),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign,keyAgreement", false),
    ] {
        let authority = Authority::saying(extensions, END);
        let server = authority.issue(&Leaf::GOOD).certificate();
        assert_eq!(under(&authority.certificate(), &[&server]), Ok(counts), "{extensions}");
    }
}

#[test]
fn a_server_whose_key_may_not_be_used_for_tls_has_no_path() {
    let authority = Authority::new();
    for (usage, counts) in [
        ("serverAuth\nkeyUsage=critical,digitalSignature", true),
        ("serverAuth\nkeyUsage=critical,keyEncipherment", true),
        ("serverAuth\nkeyUsage=critical,keyAgreement", true),
        ("serverAuth\nkeyUsage=critical,cRLSign", false),
        ("serverAuth\nkeyUsage=critical,dataEncipherment", false),
    ] {
        let server = authority.issue(&Leaf { usage, ..Leaf::GOOD }).certificate();
        let why = "no valid path to a listed CA (the certificate's key may not be used for TLS)";
        let expected = if counts { Ok(true) } else { Err(why.to_owned()) };
        assert_eq!(under(&authority.certificate(), &[&server]), expected, "{usage}");
    }
}

#[test]
fn the_certificates_of_call_managers_file_servers_and_capf_mint_for_nobody() {
    let authority = Authority::new();
    let server = authority.issue(&Leaf::GOOD).certificate();
    for (role, purpose) in [
        (Role::CAPF, Purpose::Capf),
        (Role::CCM, Purpose::Signalling),
        (Role::CCM_TFTP, Purpose::HttpsProvisioning),
        (Role::CCM_TFTP, Purpose::Signalling),
        (Role::SAST, Purpose::HttpsService),
        (Role::TFTP, Purpose::HttpsProvisioning),
        (Role::TVS, Purpose::HttpsService),
    ] {
        let listed = [(role, &authority.certificate())];
        let found = judged(&listed, purpose, &[&server], Some("localhost"));
        assert_eq!(found, Ok(false), "{role:?}, {purpose}");
    }
}

#[test]
fn a_listed_authority_counts_only_while_it_is_valid() {
    let authority = Authority::saying(AUTHORITY, "20260101000000Z");
    let expired = authority.certificate();
    let server = authority.issue(&Leaf::GOOD).certificate();
    assert_eq!(
        under(&expired, &[&server]),
        Err("no valid path to a listed CA (the listed CA is not valid at this time)".to_owned())
    );
    // Renewed, with the same name and key: listed beside the old one.
    authority.sign_itself(AUTHORITY, END);
    let renewed = authority.certificate();
    let both = [(Role::APP_SERVER, &expired), (Role::APP_SERVER, &renewed)];
    let found = judged(&both, Purpose::HttpsService, &[&server], Some("localhost"));
    assert_eq!(found, Ok(true));
}

#[test]
fn the_length_of_a_path_is_the_listed_authoritys_to_allow() {
    let none = AUTHORITY.replace("CA:TRUE", "CA:TRUE,pathlen:0");
    let authority = Authority::saying(&none, END);
    let direct = authority.issue(&Leaf::GOOD).certificate();
    assert_eq!(under(&authority.certificate(), &[&direct]), Ok(true));
    let below = authority.above("below", AUTHORITY, END);
    let server = below.issue(&Leaf::GOOD).certificate();
    let longer = "no valid path to a listed CA (the path is longer than the listed CA allows)";
    let chain = [&server, &below.certificate()];
    assert_eq!(under(&authority.certificate(), &chain), Err(longer.to_owned()));

    let one = Authority::saying(&AUTHORITY.replace("CA:TRUE", "CA:TRUE,pathlen:1"), END);
    let below = one.above("below", AUTHORITY, END);
    let server = below.issue(&Leaf::GOOD).certificate();
    assert_eq!(under(&one.certificate(), &[&server, &below.certificate()]), Ok(true));
}

#[test]
fn an_authority_on_the_way_counts_only_if_it_may_sign_as_well() {
    let authority = Authority::new();
    let no_signing = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature";
    for (extensions, ends, why) in [
        (AUTHORITY, END, None),
        ("basicConstraints=critical,CA:TRUE", END, None),
        (no_signing, END, Some("an intermediate certificate may not sign others")),
        (AUTHORITY, "20260101000000Z", Some("a certificate has expired")),
        ("keyUsage=critical,keyCertSign", END, Some("a certificate violates the rules for paths")),
    ] {
        let below = authority.above("below", extensions, ends);
        let server = below.issue(&Leaf::GOOD).certificate();
        let found = under(&authority.certificate(), &[&server, &below.certificate()]);
        let expected =
            why.map_or(Ok(true), |why| Err(format!("no valid path to a listed CA ({why})")));
        assert_eq!(found, expected, "{extensions}");
    }
}

#[test]
fn a_host_that_no_certificate_can_name_has_no_path() {
    let authority = Authority::new();
    let server = authority.issue(&Leaf::GOOD).certificate();
    let listed = [(Role::APP_SERVER, &authority.certificate())];
    let found = judged(&listed, Purpose::HttpsService, &[&server], None);
    assert_eq!(found, Err("no certificate can name this host".to_owned()));
}

#[test]
fn eight_certificates_of_those_that_a_server_sends_are_looked_at() {
    let authority = Authority::new();
    let below = authority.above("below", AUTHORITY, END);
    let server = below.issue(&Leaf::GOOD).certificate();
    let others: Vec<_> =
        (0..8).map(|count| authority.above(&format!("other{count}"), AUTHORITY, END)).collect();
    let others: Vec<_> = others.iter().map(Authority::certificate).collect();
    let behind = |count: usize| {
        let mut chain = vec![&server];
        chain.extend(&others[..count]);
        let last = below.certificate();
        chain.push(&last);
        under(&authority.certificate(), &chain)
    };
    assert_eq!(behind(7), Ok(true));
    assert!(behind(8).is_err(), "the ninth is not looked at");
}

#[test]
fn two_certificates_of_one_name_are_looked_at() {
    let authority = Authority::new();
    let alike: Vec<_> = (0..3).map(|_| authority.above("below", AUTHORITY, END)).collect();
    let certificates: Vec<_> = alike.iter().map(Authority::certificate).collect();
    for (place, counts) in [(0, true), (1, true), (2, false)] {
        let server = alike[place].issue(&Leaf::GOOD).certificate();
        let chain = [&server, &certificates[0], &certificates[1], &certificates[2]];
        let found = under(&authority.certificate(), &chain);
        assert_eq!(found.is_ok(), counts, "{place}: {found:?}");
    }
}

/// In the middle of what is valid for long.
const NOW: Option<UnixTime> = Some(UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000)));
