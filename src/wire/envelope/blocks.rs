//! The blocks of a header that hold other elements, and the names of its tags.

use crate::wire::codes::{Digest, Serial};
use crate::wire::envelope::{SignatureInfo, Signer};
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, once, required};

/// The children of the signer block; one that is missing is told after the whole header was read,
/// because a child outside its block is the better explanation.
pub(super) struct SignerBlock<'a> {
    offset: usize,
    name: Option<&'a str>,
    serial: Option<Serial<'a>>,
    issuer: Option<&'a str>,
}

impl<'a> SignerBlock<'a> {
    pub(super) fn parse(block: &Element<'a>) -> Result<Self, Malformed> {
        let mut found = Self { offset: block.offset, name: None, serial: None, issuer: None };
        let mut reader = block.inside();
        while reader.left() > 0 {
            let child = reader.element("signer")?;
            let field = field_name(child.tag);
            match child.tag {
                4 => once(&mut found.name, &child, field, said(&child, field)?)?,
                5 => once(&mut found.serial, &child, field, Serial::new(child.some(field)?))?,
                6 => once(&mut found.issuer, &child, field, said(&child, field)?)?,
                tag => return Err(Malformed::new(child.offset, "signer", Fault::TagOrder(tag))),
            }
        }
        Ok(found)
    }

    pub(super) fn finish(self) -> Result<Signer<'a>, Malformed> {
        Ok(Signer {
            name: required(self.name, 4, field_name(4), self.offset)?,
            serial: required(self.serial, 5, field_name(5), self.offset)?,
            issuer: required(self.issuer, 6, field_name(6), self.offset)?,
        })
    }
}

/// A name that says something: a blank signer could match a blank record.
fn said<'a>(element: &Element<'a>, field: &'static str) -> Result<&'a str, Malformed> {
    let text = element.text(field)?;
    if text.is_empty() {
        return Err(Malformed::new(element.offset, field, Fault::ZeroLength));
    }
    Ok(text)
}

pub(super) fn signature_info(block: &Element<'_>) -> Result<SignatureInfo, Malformed> {
    block.array::<15>(field_name(7))?;
    let (mut digest, mut algorithm) = (None, None);
    let mut reader = block.inside();
    while reader.left() > 0 {
        let child = reader.element(field_name(7))?;
        let field = field_name(child.tag);
        match child.tag {
            8 => once(&mut digest, &child, field, child.array::<1>(field)?)?,
            9 => once(&mut algorithm, &child, field, algorithm_info(&child)?)?,
            tag => return Err(Malformed::new(child.offset, field_name(7), Fault::TagOrder(tag))),
        }
    }
    let [digest] = required(digest, 8, field_name(8), block.offset)?;
    let (algorithm, modulus) = required(algorithm, 9, field_name(9), block.offset)?;
    Ok(SignatureInfo { digest: Digest::from(digest), algorithm, modulus })
}

fn algorithm_info(block: &Element<'_>) -> Result<(u8, u8), Malformed> {
    let (mut algorithm, mut modulus) = (None, None);
    let mut reader = block.inside();
    while reader.left() > 0 {
        let child = reader.element(field_name(9))?;
        let field = field_name(child.tag);
        match child.tag {
            10 => once(&mut algorithm, &child, field, child.array::<1>(field)?)?,
            11 => once(&mut modulus, &child, field, child.array::<1>(field)?)?,
            tag => return Err(Malformed::new(child.offset, field_name(9), Fault::TagOrder(tag))),
        }
    }
    let [algorithm] = required(algorithm, 10, field_name(10), block.offset)?;
    let [modulus] = required(modulus, 11, field_name(11), block.offset)?;
    Ok((algorithm, modulus))
}

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
