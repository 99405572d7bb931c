//! The names of a header's fields.

/// The format's own words for the header's tags.
#[must_use]
pub const fn field_name(tag: u8) -> &'static str {
    match tag {
        1 => "version",
        2 => "header length",
        3 => "signer",
        4 => "signer name",
        5 => "serial number",
        6 => "issuer",
        7 => "signature info",
        8 => "digest algorithm",
        9 => "signature algorithm info",
        10 => "signature algorithm",
        11 => "signature modulus",
        12 => "signature",
        13 => "padding",
        14 => "file name",
        15 => "timestamp",
        16 => "encryption info",
        17 => "initialisation vector info",
        18 => "initialisation vector marker",
        19 => "initialisation vector",
        20 => "padding count",
        21 => "key info",
        22 => "key marker",
        23 => "key size",
        24 => "key algorithm",
        25 => "encrypted key",
        26 => "plaintext digest algorithm",
        27 => "plaintext digest",
        28 => "signer version",
        _ => "field of unknown tag",
    }
}
