use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert};

use crate::wire::address::{Host, NoAddress, ServerAddress};
use crate::wire::configuration::{
    AuthenticationMode, CapfFacts, Configuration, ConfigurationWarning, Defect, MAX_BYTES, Member,
    MemberFault, Root, SettingsAccess, TextPosition, UnreadableConfiguration,
};

const CONFIGURATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<device  xsi:type="axl:XIPPhone" ctiid="7" uuid="{00000000-0000-4000-8000-000000000001}">
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
    parse(&text).unwrap()
}

fn parse(text: &str) -> Result<Configuration, UnreadableConfiguration> {
    Configuration::parse(text.as_bytes(), Root::Device)
}

/// Why and where a text cannot be read.
#[track_caller]
fn defect(text: &str) -> (Defect, Option<TextPosition>) {
    let unreadable = parse(text).unwrap_err();
    (unreadable.defect, unreadable.place)
}

fn place(line: u32, column: u32) -> TextPosition {
    TextPosition { line, column }
}

#[test]
fn members_are_in_the_order_of_their_priority() {
    let configuration = parse(CONFIGURATION).unwrap();
    let expected = [
        member(0, "10.1.2.3", 2445),
        member(1, "cucm2.example.test", 2446),
        member(2, "2001:db8::7", 2445),
    ];
    assert_eq!(configuration.tvs, expected);
    assert_eq!(configuration.warnings, []);
}

#[test]
fn the_other_facts_are_read() {
    let configuration = parse(CONFIGURATION).unwrap();
    assert_eq!((configuration.full, configuration.encrypted), (Some(true), Some(false)));
    assert_eq!((configuration.security_mode, configuration.cert_hash), (Some(1), None));
    let urls: Vec<_> = configuration.urls.iter().map(|(name, url)| (*name, &**url)).collect();
    let expected = [
        ("authenticationURL", "http://10.1.2.3:8080/ccmcip/authenticate.jsp"),
        ("secureDirectoryURL", "https://cucm1:8443/ccmcip/x.jsp?a=1&b=2"),
    ];
    assert_eq!(urls, expected);
}

#[test]
fn the_access_to_settings_is_read_where_call_managers_write_it() {
    let read = |text: &str| parse(&format!("<device>{text}</device>")).unwrap();
    let vendor = |text: &str| read(&format!("<vendorConfig><a/>{text}</vendorConfig>"));
    for (number, access) in [
        ("0", SettingsAccess::Disabled),
        (" 1\n", SettingsAccess::Enabled),
        ("2", SettingsAccess::Restricted),
    ] {
        let found = vendor(&format!("<settingsAccess>{number}</settingsAccess>"));
        assert_eq!((found.settings_access, found.warnings), (Some(access), Vec::new()));
        assert_eq!(SettingsAccess::of_word(access.word()), Some(access));
        assert_eq!(found.urls.len(), 0, "it is no URL");
    }
    for text in [
        "<vendorConfig/>",
        "<settingsAccess>0</settingsAccess>",
        "<a><vendorConfig><settingsAccess>0</settingsAccess></vendorConfig></a>",
        "<vendorConfig><a><settingsAccess>0</settingsAccess></a></vendorConfig>",
        "<vendorConfig><settingsAccess/></vendorConfig>",
    ] {
        assert_eq!((read(text).settings_access, read(text).warnings), (None, Vec::new()), "{text}");
    }
    let odd = vendor("<settingsAccess>3</settingsAccess>");
    assert_eq!(odd.settings_access, None);
    let words = "settingsAccess: expected 0, 1 or 2, found \"3\": treated as 1, enabled";
    assert_eq!(odd.warnings[0].to_string(), words);
    let both = "<settingsAccess>2</settingsAccess><settingsAccess>1</settingsAccess>";
    assert_eq!(vendor(both).settings_access, Some(SettingsAccess::Restricted), "the first counts");
}

#[test]
fn an_element_in_another_case_is_another_one_and_that_is_a_warning() {
    let members = "<members><member priority=\"0\"><address>a</address></member></members>";
    let read = parse(&format!("<device>\n<tvs>{members}</tvs></device>")).unwrap();
    assert_eq!(read.tvs, []);
    let words = "2:1: skipped, the name of the element is TVS, in this case";
    assert_eq!(read.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), [words]);
    let deeper = parse("<device><a><tvs/></a><TVS/><x/></device>").unwrap();
    assert_eq!(deeper.warnings, []);
}

#[test]
fn a_log_server_is_that_of_the_vendors_settings_and_a_bad_one_is_named() {
    let named = |inner: &str| parse(&format!("<device>{inner}</device>")).unwrap();
    let server = "<logServer>10.1.2.3:5514@@base=7;pfs=0</logServer>";
    let found = named(&format!("<vendorConfig>{server}</vendorConfig>")).log_server;
    assert_eq!(found.map(|server| server.to_string()).as_deref(), Some("udp://10.1.2.3:5514"));
    for elsewhere in [server, "<vendorConfig><logServer/></vendorConfig>"] {
        let found = named(elsewhere);
        assert_eq!((found.log_server, found.warnings), (None, vec![]), "{elsewhere}");
    }
    let odd = named("<vendorConfig><logServer>a b</logServer></vendorConfig>");
    let warnings: Vec<_> = odd.warnings.iter().map(ToString::to_string).collect();
    let expected = "log server \"a b\", not used: neither an IP address nor a host name";
    assert_eq!((odd.log_server, warnings), (None, vec![expected.to_owned()]));
}

#[test]
fn a_short_configuration_points_to_the_encrypted_one() {
    let text = "<device><fullConfig>false</fullConfig><encrConfig>true</encrConfig>\
        <certHash>0a1b</certHash></device>";
    let configuration = parse(text).unwrap();
    assert_eq!((configuration.full, configuration.encrypted), (Some(false), Some(true)));
    assert_eq!(configuration.cert_hash.as_deref(), Some("0a1b"));
}

#[test]
fn a_configuration_without_tvs_has_no_members() {
    assert_eq!(parse("<device/>"), Ok(Configuration::default()));
}

#[test]
fn members_without_a_usable_address_are_skipped() {
    let long = "a".repeat(64);
    let configuration = with(&format!(
        r#"<member priority="0"><port>0</port><address>a</address></member>
        <member priority="0"><port>65536</port><address>a</address></member>
        <member priority="0"><port>2445</port></member>
        <member priority="0"><address></address></member>
        <member priority="0"><address>a/b</address></member>
        <member priority="0"><address>10.1.2.300</address></member>
        <member priority="0"><address>{long}</address></member>
        <member priority="0"><address>cucm-</address></member>
        <member priority="0"><address>fe80::1%eth0</address></member>
        <member priority="3"><address>good</address></member>"#
    ));
    let host = |found: &str| MemberFault::Address { found: found.into(), why: NoAddress::Host };
    let faults = [
        MemberFault::Port { found: "0".into() },
        MemberFault::Port { found: "65536".into() },
        MemberFault::NoAddress,
        MemberFault::NoAddress,
        host("a/b"),
        host("10.1.2.300"),
        host(&long),
        host("cucm-"),
        MemberFault::Address { found: "fe80::1%eth0".into(), why: NoAddress::Zone },
    ];
    let expected: Vec<_> = faults
        .into_iter()
        .enumerate()
        .map(|(position, fault)| ConfigurationWarning::Member { position, fault })
        .collect();
    assert_eq!(configuration.warnings, expected);
    assert_eq!(configuration.tvs, [member(3, "good", 2445)]);
}

#[test]
fn members_without_a_priority_are_asked_last() {
    let configuration = with(
        r#"<member><address>none</address></member>
        <member priority="first"><address>odd</address></member>
        <member x:priority=" 7 "><address>[2001:db8::7]</address></member>"#,
    );
    let warning =
        |position| ConfigurationWarning::Member { position, fault: MemberFault::Priority };
    assert_eq!(configuration.warnings, [warning(0), warning(1)]);
    let last = u8::MAX;
    let expected =
        [member(7, "2001:db8::7", 2445), member(last, "none", 2445), member(last, "odd", 2445)];
    assert_eq!(configuration.tvs, expected);
}

#[test]
fn five_members_are_asked() {
    let written = r#"<member priority="1"><address>a</address></member>"#.repeat(6)
        + r#"<member priority="0"><address>first</address></member>"#;
    let configuration = with(&written);
    assert_eq!(configuration.tvs.len(), 5);
    assert_eq!(configuration.tvs[0], member(0, "first", 2445));
    assert_eq!(configuration.warnings, [ConfigurationWarning::TooMany { found: 7 }]);
    let many = with(&r#"<member priority="1"><address>a</address></member>"#.repeat(5000));
    assert_eq!(many.warnings, [ConfigurationWarning::TooMany { found: 5000 }]);
}

#[test]
fn elements_count_by_their_path_from_the_root() {
    let member = r#"<members><member priority="0"><address>a</address></member></members>"#;
    for text in [
        format!("<device><vendorConfig><TVS>{member}</TVS></vendorConfig></device>"),
        format!("<device><callManagerGroup>{member}</callManagerGroup></device>"),
        format!("<device><TVS><x>{member}</x></TVS></device>"),
        "<device><x><encrConfig>true</encrConfig></x></device>".to_owned(),
        "<device><!-- <encrConfig>true</encrConfig> --></device>".to_owned(),
        format!("<device><!-- <TVS>{member}</TVS> --></device>"),
        format!("<device><![CDATA[<TVS>{member}</TVS>]]></device>"),
    ] {
        assert_eq!(parse(&text), Ok(Configuration::default()), "{text}");
    }
    let prefixed = "<a:device><b:encrConfig>true</b:encrConfig></a:device>";
    assert_eq!(parse(prefixed).unwrap().encrypted, Some(true));
}

#[test]
fn the_first_of_two_counts() {
    let text = r#"<device>
<encrConfig>false</encrConfig>
<TVS><members><member priority="0"><address>a</address><address>b</address></member></members>
<members/></TVS>
<TVS/><encrConfig>true</encrConfig>
</device>"#;
    let configuration = parse(text).unwrap();
    assert_eq!(configuration.encrypted, Some(false));
    assert_eq!(configuration.tvs, [member(0, "a", 2445)]);
    let repeated = |element, line, column| ConfigurationWarning::Repeated {
        element,
        place: place(line, column),
    };
    let expected = [
        repeated("address", 3, 56),
        repeated("members", 4, 1),
        repeated("TVS", 5, 1),
        repeated("encrConfig", 5, 7),
    ];
    assert_eq!(configuration.warnings, expected);
    assert_eq!(expected[3].to_string(), "5:7: encrConfig is repeated, the first one counts");
    let many = parse(&format!("<device>{}</device>", "<TVS/>".repeat(1000))).unwrap();
    assert_eq!(many.warnings.len(), 8);
}

#[test]
fn text_is_what_is_written_without_comments() {
    for written in [
        "http://a/b?x=1&amp;y=2",
        "http://a/b?x=1&y=2",
        "<![CDATA[http://a/b?x=1&y=2]]>",
        "http://a/<!-- not this -->b?x=&#49;&#x26;y=2",
        "\n http://a/b?x=1&y=2<x>nor this</x>\n",
    ] {
        let text = format!("<device><servicesURL>{written}</servicesURL></device>");
        let urls = parse(&text).unwrap().urls;
        assert_eq!(urls.get("servicesURL").map(|url| &**url), Some("http://a/b?x=1&y=2"), "{text}");
    }
    let undefined = parse("<device><certHash>a&bomb;b&</certHash></device>").unwrap();
    assert_eq!(undefined.cert_hash.as_deref(), Some("a&bomb;b&"));
}

#[test]
fn the_default_configuration_has_a_root_of_its_own() {
    let default = b"<?xml version=\"1.0\"?><Default><encrConfig>false</encrConfig></Default>";
    let read = Configuration::parse(default, Root::Default).unwrap();
    assert_eq!(read.encrypted, Some(false));
    assert!(Configuration::parse(b"<device/>", Root::Default).is_ok());
    let found = Defect::Root { found: "Default".into() };
    assert_eq!(defect("<Default/>"), (found, Some(place(1, 1))));
}

#[test]
fn something_else_is_not_a_configuration() {
    let page = "<!DOCTYPE html>\n<html><body>device</body></html>";
    let unreadable = parse(page).unwrap_err();
    let words = "2:1: not a configuration, the root element is \"html\"";
    assert_eq!(unreadable.to_string(), words);
    for text in ["text", "text<device/>", "<device/>text", "<device/>&amp;", "<device/><device/>"] {
        assert_eq!(defect(text).0, Defect::Outside, "{text}");
    }
    // The last is a byte order mark and nothing behind it.
    for text in ["", "\0", " \n", "\u{feff}"] {
        assert_eq!(defect(text).0, Defect::Empty, "{text}");
    }
    for text in ["<?xml version='1.0'?>", "<!-- nothing -->", " \n<?xml version='1.0'?>\n"] {
        assert_eq!(defect(text).0, Defect::Cut, "{text}");
    }
}

#[test]
fn what_may_announce_encryption_is_not_taken_for_its_absence() {
    for text in [
        "<device><encrConfig/></device>",
        "<device><encrConfig> </encrConfig></device>",
        "<device><encrConfig/><encrConfig>true</encrConfig></device>",
        "<device><encrConfig>yes</encrConfig></device>",
        "<device><fullConfig>false</fullConfig></device>",
        "<device><fullConfig>false</fullConfig><encrConfig>false</encrConfig></device>",
    ] {
        let unreadable = parse(text).unwrap_err();
        assert!(unreadable.announces_encryption, "{text}: {unreadable}");
    }
    assert!(
        parse("<device><fullConfig>false</fullConfig><encrConfig>1</encrConfig></device>").is_ok()
    );
    assert!(parse("<device><certHash/><fullConfig/></device>").is_ok());
}

#[test]
fn any_part_of_a_configuration_is_cut_short() {
    let root = CONFIGURATION.find("<device").unwrap();
    for end in root + 1..CONFIGURATION.len() - 1 {
        let unreadable = parse(&CONFIGURATION[..end]).unwrap_err();
        assert_eq!(unreadable.defect, Defect::Cut, "{end}");
    }
    let cut = parse("<device>\n<a>").unwrap_err();
    assert_eq!(cut.to_string(), "2:4: the file is cut short");
}

#[test]
fn what_can_be_read_of_a_broken_one_announces_the_encrypted_one() {
    let announces = |text: &str| parse(text).unwrap_err().announces_encryption;
    assert!(announces("<device><encrConfig>true</encrConfig><certHash>"));
    assert!(announces("<device><a></b><encrConfig>true</encrConfig></device>"));
    assert!(announces(
        "<!DOCTYPE device [<!ENTITY a 'b'>]><device><encrConfig>1</encrConfig></device>"
    ));
    assert!(!announces("<device><encrConfig>true"), "the value may go on");
    assert!(!announces("<device><encrConfig>false</encrConfig>"));
    assert!(!announces("<html><encrConfig>true</encrConfig></html>"));
}

#[test]
fn a_word_that_is_neither_true_nor_false_decides_nothing() {
    let odd = parse("<device><encrConfig>maybe</encrConfig></device>").unwrap_err();
    assert_eq!(odd.to_string(), "encrConfig: expected true or false, found \"maybe\"");
    assert!(odd.announces_encryption);
    let read = |text| parse(&format!("<device><encrConfig>{text}</encrConfig></device>"));
    assert_eq!(read(" TRUE\n").unwrap().encrypted, Some(true));
}

#[test]
fn a_document_type_is_skipped_and_one_with_a_subset_is_not_read() {
    let bomb = "<?xml version='1.0'?>\n<!DOCTYPE device [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]>\
        <device>&b;</device>";
    assert_eq!(defect(bomb), (Defect::DocumentType, Some(place(2, 1))));
    for plain in ["<!DOCTYPE device>", "<!DOCTYPE device SYSTEM \"http://a/b.dtd\">"] {
        assert!(parse(&format!("{plain}<device/>")).is_ok(), "{plain}");
    }
}

#[test]
fn a_text_that_is_not_well_formed_is_refused_with_its_place() {
    for (text, start) in [
        ("<device>\n<a></b></device>", "2:4: not well-formed, "),
        ("<device></device></a>", "1:18: not well-formed, "),
        ("<device><!x></device>", "1:9: not well-formed, "),
        // Not "not well-formed": a transfer that broke off is the likelier cause.
        ("<device>\n<![CDATA[", "2:1: the file is cut short"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with(start), "{text}: {error}");
    }
    let long = format!("<device><{0}></b></device>", "a".repeat(100_000));
    assert!(parse(&long).unwrap_err().to_string().len() < 200);
}

#[test]
fn the_bytes_decide_what_the_encoding_is() {
    let text = "<device><label>M\u{fc}ller</label><certHash>a\u{fc}</certHash></device>";
    let latin1: Vec<u8> = text.chars().map(|it| u8::try_from(u32::from(it)).unwrap()).collect();
    let declared = |name: &str, bytes: &[u8]| {
        [format!("<?xml version='1.0' encoding='{name}'?>").as_bytes(), bytes].concat()
    };
    let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}<?xml version='1.0' encoding='UTF-16'?>{text}")
            .encode_utf16()
            .flat_map(unit)
            .collect()
    };
    for bytes in [
        text.as_bytes().to_vec(),
        declared("UTF-8", text.as_bytes()),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        latin1.clone(),
        declared("iso-8859-1", &latin1),
        declared("UTF-8", &latin1),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        // An odd byte at the end.
        [wide(u16::to_le_bytes), vec![0]].concat(),
    ] {
        let read = Configuration::parse(&bytes, Root::Device).unwrap();
        assert_eq!(read.cert_hash.as_deref(), Some("a\u{fc}"), "{bytes:?}");
    }
}

#[test]
fn a_larger_file_is_refused_unread() {
    let bytes = vec![b' '; MAX_BYTES + 1];
    let error = Configuration::parse(&bytes, Root::Device).unwrap_err();
    let defect = Defect::TooLarge { found: MAX_BYTES + 1 };
    assert_eq!(error, UnreadableConfiguration { defect, place: None, announces_encryption: false });
}

#[test]
fn depth_is_bounded() {
    assert_eq!(defect(&format!("<device>{}", "<a>".repeat(300_000))).0, Defect::TooDeep);
    let nested = format!("<device>{}{}</device>", "<a>".repeat(60), "</a>".repeat(60));
    assert!(parse(&nested).is_ok());
}

/// Each took a tree with namespaces minutes, or memory without bounds.
#[test]
fn time_grows_with_the_size_alone() {
    let attributes: String = (0..60_000).map(|number| format!("a{number}='' ")).collect();
    let attributes = &attributes[..500_000];
    assert!(parse(&format!("<device {attributes}/>")).is_ok());
    assert_eq!(with(&format!("<member {attributes}/>")).tvs, []);
    let namespaces: String = (0..9_000).map(|number| format!("<a xmlns:n{number}='u'/>")).collect();
    assert!(parse(&format!("<device>{namespaces}</device>")).is_ok());
    let text = format!("<device><idleURL>{}</idleURL></device>", "&amp;".repeat(200_000));
    assert_eq!(parse(&text).unwrap().urls["idleURL"].len(), 200_000);
    for unit in ["&", "& ", "&a", "<!---->", "<a/>", "]]>"] {
        let many = unit.repeat(900_000 / unit.len());
        assert!(parse(&format!("<device>{many}</device>")).is_ok(), "{unit}");
    }
    let names = format!("<{0}></{0}>", "a".repeat(5_000)).repeat(100);
    assert!(parse(&format!("<device>{names}</device>")).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_give_facts_or_an_error(bytes in collection::vec(any::<u8>(), 0..200)) {
        let _ = Configuration::parse(&bytes, Root::Default);
    }

    #[test]
    fn any_damage_to_a_configuration_is_survived(at in 0..CONFIGURATION.len(), byte: u8) {
        let mut bytes = CONFIGURATION.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(configuration) = Configuration::parse(&bytes, Root::Device) {
            prop_assert!(configuration.tvs.len() <= 3);
        }
    }
}

#[test]
fn what_names_files_is_found_in_its_places_and_the_first_of_each_counts() {
    let text = "<device><sipProfile><dialTemplate> dialplan.xml </dialTemplate><softKeyFile/>\
         </sipProfile><dialTemplate>elsewhere.xml</dialTemplate>\
         <featurePolicyFile>policy.xml</featurePolicyFile>\
         <featurePolicyFile>again.xml</featurePolicyFile>\
         <userLocale><name>English_United_States</name><uid>1</uid></userLocale></device>";
    let read = Configuration::parse(text.as_bytes(), Root::Device).unwrap();
    let named: Vec<_> = read.named.iter().map(|(name, text)| (*name, &**text)).collect();
    let expected = [
        ("dialTemplate", "dialplan.xml"),
        ("featurePolicyFile", "policy.xml"),
        ("userLocale", "English_United_States"),
    ];
    assert_eq!(named, expected);
    assert!(read.warnings.is_empty());
}

#[test]
fn capf_is_read_as_call_managers_write_it() {
    let found = parse(
        "<device><capfAuthMode>2</capfAuthMode><capfList>\
         <capf><phonePort>3805</phonePort><processNodeName>cm1.lab.test</processNodeName></capf>\
         <capf><processNodeName/></capf><capf/>\
         <capf><phonePort></phonePort><processNodeName>10.1.2.3</processNodeName></capf>\
         </capfList></device>",
    );
    let found = found.unwrap();
    let servers: Vec<_> = found.capf.servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["cm1.lab.test:3805", "10.1.2.3:3804"]);
    assert_eq!((found.capf.mode, found.warnings), (AuthenticationMode::NullString, Vec::new()));
    assert_eq!(found.urls.len(), 0, "none of it is a URL");
    // Neither elsewhere, nor confused with members of TVS.
    let found = parse(
        "<device><a><capfList><capf><processNodeName>a</processNodeName></capf></capfList></a>\
         <TVS><members><member priority=\"0\"><address>b</address></member></members></TVS>\
         <capfList><capf><address>c</address></capf></capfList></device>",
    );
    let found = found.unwrap();
    assert_eq!((found.capf, found.tvs.len()), (CapfFacts::default(), 1));
}

#[test]
fn an_unknown_mode_and_an_unusable_server_of_capf_are_named() {
    let found = parse(
        "<device><capfAuthMode>5</capfAuthMode><capfList>\
         <capf><phonePort>0</phonePort><processNodeName>a</processNodeName></capf>\
         <capf><processNodeName>a b</processNodeName></capf></capfList></device>",
    );
    let found = found.unwrap();
    assert_eq!(found.capf, CapfFacts::default());
    let words: Vec<_> = found.warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "capfAuthMode: expected 0 to 4, found \"5\": treated as 0, nothing to do",
        "CAPF server 0 skipped: expected a port number, found \"0\"",
        "CAPF server 1 skipped: \"a b\": neither an IP address nor a host name",
    ];
    assert_eq!(words, expected);
}

#[test]
fn of_many_capf_servers_the_first_five_count() {
    let one = |number| format!("<capf><processNodeName>s{number}</processNodeName></capf>");
    let many: String = (0..100).map(one).collect();
    let found = parse(&format!("<device><capfList>{many}</capfList></device>")).unwrap();
    let servers: Vec<_> = found.capf.servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["s0:3804", "s1:3804", "s2:3804", "s3:3804", "s4:3804"]);
}
