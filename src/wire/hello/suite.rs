//! Cipher suites that this agent does not speak.

use core::fmt;

/// A cipher suite by its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Suite(pub u16);

impl Suite {
    /// What servers of the last decades offer and this agent does not, from the better to the
    /// worse: a server that goes by the client's order then chooses its best.
    ///
    /// # Source
    /// IANA, TLS Cipher Suites.
    #[rustfmt::skip]
    pub const OUTDATED: [(u16, &'static str); 34] = [
        (0xC0AD, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"),
        (0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
        (0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
        (0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
        (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        (0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
        (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
        (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
        (0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
        (0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
        (0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
        (0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        (0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
        (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
        (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
        (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
        (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
        (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
        (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
        (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
        (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
        (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
        (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
        (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
        (0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
        (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
        (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
        (0x0009, "TLS_RSA_WITH_DES_CBC_SHA"),
    ];

    /// What this agent speaks in TLS 1.2, which is all that `rustls` has with `ring`.
    pub const CURRENT: [u16; 6] = [0xC02C, 0xC02B, 0xCCA9, 0xC030, 0xC02F, 0xCCA8];

    /// Its name, if it is an outdated one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::OUTDATED.iter().find(|(code, _)| *code == self.0).map(|(_, name)| *name)
    }

    /// What is outdated about it, if anything.
    #[must_use]
    pub fn flaw(self) -> Option<&'static str> {
        // The names follow one pattern up to TLS 1.2, so the flaw can be read from them.
        let name = self.name()?;
        let (key_exchange, cipher) = name.split_once("_WITH_")?;
        let is_cbc = cipher.contains("_CBC_");
        Some(match key_exchange {
            "TLS_RSA" if is_cbc => "RSA key exchange with CBC",
            // Whoever gets hold of the server's key later can read what was recorded.
            "TLS_RSA" => "RSA key exchange",
            "TLS_DHE_RSA" if is_cbc => "finite-field Diffie-Hellman with CBC",
            "TLS_DHE_RSA" => "finite-field Diffie-Hellman",
            _ if is_cbc => "CBC cipher suites",
            _ if cipher.starts_with("RC4") => "RC4 cipher suites",
            _ => "CCM cipher suites",
        })
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "cipher suite {:#06x}", self.0),
        }
    }
}
