//! A phone configuration is read within bounds, whatever is in it.

use secd::wire::address::ServerAddress;
use secd::wire::configuration::{Configuration, Root, TVS_PORT};

pub(crate) fn one(bytes: &[u8]) {
    let device = Configuration::parse(bytes, Root::Device);
    let default = Configuration::parse(bytes, Root::Default);
    match &device {
        Ok(configuration) => {
            assert_eq!(device, default, "a root for one phone will do for all");
            assert!(configuration.tvs.len() <= 5);
            assert!(configuration.tvs.is_sorted_by_key(|member| member.priority));
            for member in &configuration.tvs {
                let noted = member.address.to_string();
                let read = ServerAddress::parse(&noted, TVS_PORT);
                assert_eq!(read.as_ref(), Ok(&member.address), "lost over a restart");
            }
        }
        Err(unreadable) => assert!((1..1000).contains(&unreadable.to_string().len())),
    }
    // What some servers put behind a file changes nothing, unless it is half a character.
    if device.is_ok() && !bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff") {
        let padded = [bytes, b"\r\n\0"].concat();
        assert_eq!(Configuration::parse(&padded, Root::Device), device);
    }
}
