//! A server's first message says the same however much of it has come, once it says anything.

use secd::wire::hello::{ServerHello, certificate};

pub(crate) fn one(bytes: &[u8]) {
    let shown = certificate(bytes);
    for length in 0..bytes.len() {
        if let Ok(Some(certificate)) = certificate(&bytes[..length]) {
            assert_eq!(shown, Ok(Some(certificate)), "{length}");
            break;
        }
    }
    let whole = ServerHello::parse(bytes);
    for length in 0..bytes.len() {
        match ServerHello::parse(&bytes[..length]) {
            Ok(None) => {}
            Ok(said) => {
                assert_eq!(whole, Ok(said), "{length}");
                break;
            }
            Err(malformed) => {
                assert!(malformed.offset < bytes.len() && whole.is_err());
                break;
            }
        }
    }
    if let Ok(Some(hello)) = whole {
        let _shown = (hello.version.to_string(), hello.suite.to_string(), hello.suite.flaw());
    }
}
