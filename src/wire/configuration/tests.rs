use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert};

use crate::wire::address::{Host, NoAddress, ServerAddress};
use crate::wire::configuration::{
    Configuration, Fault, MAX_OCTETS, Member, Place, Skipped, Unreadable,
};

const CONFIGURATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<device xsi:type="axl:XIPPhone" ctiid="7" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<fullConfig>true</fullConfig>
<deviceProtocol>SIP</deviceProtocol>
<devicePool><callManagerGroup><members><member priority="0"><callManager>
<processNodeName>10.0.0.9</processNodeName></callManager></member></members></callManagerGroup>
</devicePool>
<TVS>
<members>
<member priority="1"><port>2446</port><address>cucm2.example.test</address></member>
<member priority="0"><port></port><address> 10.1.2.3 </address></member>
<member priority="2"><address>2001:db8::7</address></member>
</members>
</TVS>
<authenticationURL>http://10.1.2.3:8080/ccmcip/authenticate.jsp</authenticationURL>
<secureDirectoryURL>https://cucm1:8443/ccmcip/x.jsp?a=1&amp;b=2</secureDirectoryURL>
<idleURL></idleURL>
<deviceSecurityMode>1</deviceSecurityMode>
<certHash></certHash>
<encrConfig>false</encrConfig>
</device>
"#;

fn member(priority: u8, address: &str, port: u16) -> Member {
    let host = Host::parse(address).unwrap();
    Member { priority, address: ServerAddress { host, port } }
}

/// A configuration with these members, read.
fn with(members: &str) -> Configuration {
    let text = format!("<device><TVS><members>{members}</members></TVS></device>");
    Configuration::parse(text.as_bytes()).unwrap()
}

fn place(line: u32, column: u32) -> Place {
    Place { line, column }
}

#[test]
fn the_members_stand_in_the_order_of_their_priority() {
    let provision = Configuration::parse(CONFIGURATION.as_bytes()).unwrap();
    let expected = [
        member(0, "10.1.2.3", 2445),
        member(1, "cucm2.example.test", 2446),
        member(2, "2001:db8::7", 2445),
    ];
    assert_eq!(provision.tvs, expected);
    assert_eq!(provision.warnings, []);
}

#[test]
fn the_other_facts_are_read() {
    let provision = Configuration::parse(CONFIGURATION.as_bytes()).unwrap();
    assert_eq!((provision.full, provision.encrypted), (Some(true), Some(false)));
    assert_eq!((provision.security_mode, provision.cert_hash), (Some(1), None));
    let urls: Vec<_> = provision.urls.iter().map(|(name, url)| (*name, &**url)).collect();
    let expected = [
        ("authenticationURL", "http://10.1.2.3:8080/ccmcip/authenticate.jsp"),
        ("secureDirectoryURL", "https://cucm1:8443/ccmcip/x.jsp?a=1&b=2"),
    ];
    assert_eq!(urls, expected);
}

#[test]
fn a_short_configuration_points_to_the_encrypted_one() {
    let text = b"<device><fullConfig>false</fullConfig><encrConfig>true</encrConfig>\
        <certHash>0a1b</certHash></device>";
    let provision = Configuration::parse(text).unwrap();
    assert_eq!((provision.full, provision.encrypted), (Some(false), Some(true)));
    assert_eq!(provision.cert_hash.as_deref(), Some("0a1b"));
}

#[test]
fn a_configuration_without_tvs_has_no_members() {
    assert_eq!(Configuration::parse(b"<Default/>"), Ok(Configuration::default()));
}

#[test]
fn faulty_members_are_skipped_and_told() {
    let long = "a".repeat(64);
    let provision = with(&format!(
        r#"<member><address>a</address></member>
        <member priority="5"><address>a</address></member>
        <member priority="0"><port>0</port><address>a</address></member>
        <member priority="0"><port>65536</port><address>a</address></member>
        <member priority="0"><port>2445</port></member>
        <member priority="0"><address>a/b</address></member>
        <member priority="0"><address>10.1.2.300</address></member>
        <member priority="0"><address>{long}</address></member>
        <member priority="3"><address>good</address></member>"#
    ));
    let faults = [
        Fault::Priority,
        Fault::Priority,
        Fault::Port { found: "0".into() },
        Fault::Port { found: "65536".into() },
        Fault::NoAddress,
        Fault::Address { found: "a/b".into(), why: NoAddress::Host },
        Fault::Address { found: "10.1.2.300".into(), why: NoAddress::Host },
        Fault::Address { found: long.as_str().into(), why: NoAddress::Host },
    ];
    let expected: Vec<_> =
        faults.into_iter().enumerate().map(|(place, fault)| Skipped { place, fault }).collect();
    assert_eq!(provision.warnings, expected);
    assert_eq!(provision.tvs, [member(3, "good", 2445)]);
}

#[test]
fn five_members_are_asked() {
    let written = r#"<member priority="1"><address>a</address></member>"#.repeat(6)
        + r#"<member priority="0"><address>first</address></member>"#;
    let provision = with(&written);
    assert_eq!(provision.tvs.len(), 5);
    assert_eq!(provision.tvs[0], member(0, "first", 2445));
    assert_eq!(provision.warnings[0].fault, Fault::TooMany { found: 7 });
}

#[test]
fn a_document_type_is_refused() {
    let bomb = b"<?xml version='1.0'?>\n<!DOCTYPE x [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]>\
        <x>&b;</x>";
    assert_eq!(Configuration::parse(bomb), Err(Unreadable::DocumentType(place(2, 1))));
}

#[test]
fn an_undefined_entity_is_an_error_with_its_place() {
    let error = Configuration::parse(b"<device>\n <a>&bomb;</a></device>").unwrap_err();
    assert!(matches!(error, Unreadable::Xml(_)), "{error:?}");
    assert!(error.to_string().starts_with("2:5: not well-formed"), "{error}");
}

#[test]
fn other_encodings_are_told() {
    let declared = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xfc</a>";
    let error = Unreadable::Encoding { declared: "ISO-8859-1".into() };
    assert_eq!(Configuration::parse(declared), Err(error));
    let undeclared = b"<a>\n<b>x\xc3\xbcy\xfc</b></a>";
    assert_eq!(Configuration::parse(undeclared), Err(Unreadable::Utf8(place(2, 7))));
    let wide: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Configuration::parse(&wide), Err(Unreadable::Utf8(place(1, 1))));
}

#[test]
fn plain_ascii_is_read_whatever_it_calls_itself() {
    let text = b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a/>";
    assert!(Configuration::parse(text).is_ok());
    assert!(Configuration::parse(b"<?xml version='1.0' encoding='latin1'?><a/>").is_ok());
}

#[test]
fn a_larger_file_is_refused_unread() {
    let octets = vec![b' '; MAX_OCTETS + 1];
    let error = Unreadable::TooLarge { found: MAX_OCTETS + 1 };
    assert_eq!(Configuration::parse(&octets), Err(error));
}

/// What is refused as too much, and where.
fn too_much(text: &str) -> (&'static str, Place) {
    match Configuration::parse(text.as_bytes()) {
        Err(Unreadable::TooMany { what, place }) => (what, place),
        other => panic!("expected too much of something, got {other:?}"),
    }
}

#[test]
fn what_would_take_the_parser_long_is_refused_before() {
    let deep = "<a>".repeat(100_000);
    assert_eq!(too_much(&deep), ("levels", place(1, 193)));
    let attributes: String = (0..60_000).map(|number| format!("a{number}='' ")).collect();
    assert_eq!(
        too_much(&format!("\n<a {}/>", &attributes[..500_000])),
        ("attributes", place(2, 1))
    );
    let namespaces: String = (0..9_000).map(|number| format!("<a xmlns:n{number}='u'/>")).collect();
    assert_eq!(too_much(&format!("<d>{namespaces}</d>")).0, "namespaces");
    assert_eq!(too_much(&format!("<d>{}</d>", "<b/>".repeat(100_000))).0, "nodes");
}

#[test]
fn comments_and_character_data_hide_no_tags() {
    let text = format!(
        "<d><!-- <a> > {0} --><![CDATA[{0}]]><?p {0}?><e f='>{0}'/></d>",
        "&lt;a&gt;".repeat(100)
    );
    assert!(Configuration::parse(text.as_bytes()).is_ok());
    let nested = format!("<d><!--{}--></d>", "<a>".repeat(1000));
    assert!(Configuration::parse(nested.as_bytes()).is_ok());
    let shallow = format!("<d>{}</d>", "<a></a>".repeat(1000));
    assert!(Configuration::parse(shallow.as_bytes()).is_ok());
}

#[test]
fn text_that_is_not_well_formed_is_told_with_its_place() {
    for text in ["", "<", "<a", "<a><!--", "<a></b>", "<a b='", "text", "<a/><b/>", "<!x>"] {
        let error = Configuration::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Unreadable::Xml(_)), "{text}: {error:?}");
        assert!(error.to_string().starts_with(|digit: char| digit.is_ascii_digit()), "{error}");
    }
}

proptest! {
    #[test]
    fn any_octets_give_facts_or_an_error(octets in collection::vec(any::<u8>(), 0..200)) {
        let _ = Configuration::parse(&octets);
    }

    #[test]
    fn any_damage_to_a_configuration_is_survived(place in 0..CONFIGURATION.len(), octet: u8) {
        let mut octets = CONFIGURATION.as_bytes().to_vec();
        octets[place] = octet;
        if let Ok(provision) = Configuration::parse(&octets) {
            prop_assert!(provision.tvs.len() + provision.warnings.len() <= 3);
        }
    }
}
