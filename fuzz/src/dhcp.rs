//! Whatever an answer of DHCP says of file servers, what is taken for one is one, and what is said
//! of the rest is one line of plain text.

use arbitrary::{Arbitrary, Unstructured};
use secd::io::settings::TFTP_PORT;
use secd::wire::address::ServerAddress;
use secd::wire::dhcp::{DhcpAnswer, MAX_SERVERS};

pub(crate) fn one(input: &[u8]) {
    let Ok(fields) = <[Option<String>; 4]>::arbitrary_take_rest(Unstructured::new(input)) else {
        return;
    };
    let [option_150, option_66, sname, siaddr] = fields;
    let found = DhcpAnswer { option_150, option_66, sname, siaddr }.servers();
    assert!(found.servers.len() <= MAX_SERVERS);
    for server in &found.servers {
        let again = ServerAddress::parse(&server.to_string(), TFTP_PORT);
        assert_eq!(again.as_ref(), Ok(server), "the agent reads what was written");
    }
    for dropped in &found.dropped {
        let line = dropped.to_string();
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}
