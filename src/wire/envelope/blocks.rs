//! The blocks of a header that hold other elements.

use alloc::vec::Vec;

use crate::wire::codes::{Digest, Serial};
use crate::wire::envelope::fields::field_name;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, once, required};
use crate::wire::text::{OddField, Text};

/// The certificate that the header names as the signer's; it is not in the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signer<'a> {
    /// Subject, as written by the signing tool.
    pub name: Text<'a>,
    /// Serial number of the certificate, unique at its issuer only.
    pub serial: Serial<'a>,
    /// Issuer, as written by the signing tool.
    pub issuer: Text<'a>,
}

/// How the file was signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignatureInfo {
    /// Tag 8: what the signed bytes are hashed with.
    pub digest: Digest,
    /// Tag 10: 0 is RSA PKCS#1 v1.5, the only one known.
    pub algorithm: u8,
    /// Tag 11: 0 to 3 for 512, 1024, 2048, 4096 bits.
    pub modulus: u8,
}

/// The children of the signer block. One that is missing is reported after the whole header was
/// read, because a child outside its block is the better explanation.
pub(super) struct SignerBlock<'a> {
    offset: usize,
    name: Option<Text<'a>>,
    serial: Option<Serial<'a>>,
    issuer: Option<Text<'a>>,
    odd: Vec<OddField>,
}

impl<'a> SignerBlock<'a> {
    pub(super) fn parse(block: &Element<'a>) -> Result<Self, Malformed> {
        let mut found =
            Self { offset: block.offset, name: None, serial: None, issuer: None, odd: Vec::new() };
        // In any order: the reference tools write the issuer before the serial number, and phones
        // accept both (domain facts 3.5).
        for child in block.children("signer") {
            let child = child?;
            let field = field_name(child.tag);
            match child.tag {
                4 => {
                    let name = found.printed(&child, field)?;
                    once(&mut found.name, &child, field, name)?;
                }
                5 => once(&mut found.serial, &child, field, Serial::new(child.some(field)?))?,
                6 => {
                    let name = found.printed(&child, field)?;
                    once(&mut found.issuer, &child, field, name)?;
                }
                tag => return Err(Malformed::new(child.offset, "signer", Fault::TagOrder(tag))),
            }
        }
        Ok(found)
    }

    /// A name of whatever bytes: people read it, and it is sent to the service as it is. The NUL at
    /// its end is part of the format (vectors, rule 5).
    fn printed(
        &mut self,
        element: &Element<'a>,
        field: &'static str,
    ) -> Result<Text<'a>, Malformed> {
        element.some(field)?;
        let text = Text::from_element(element, field)?;
        if !text.is_terminated() {
            return Err(Malformed::new(element.offset, field, Fault::Text));
        }
        // Latin-1 as call managers have written it: a warning, and no reason to lose the list.
        if text.is_odd() {
            self.odd.push(OddField { field, offset: element.offset });
        }
        Ok(text)
    }

    pub(super) fn finish(self) -> Result<(Signer<'a>, Vec<OddField>), Malformed> {
        let signer = Signer {
            name: required(self.name, 4, field_name(4), self.offset)?,
            serial: required(self.serial, 5, field_name(5), self.offset)?,
            issuer: required(self.issuer, 6, field_name(6), self.offset)?,
        };
        Ok((signer, self.odd))
    }
}

pub(super) fn signature_info(block: &Element<'_>) -> Result<SignatureInfo, Malformed> {
    // Two children of fixed sizes: 4 bytes for tag 8, 11 for tag 9.
    block.array::<15>(field_name(7))?;
    let (mut digest, mut algorithm) = (None, None);
    for child in block.children(field_name(7)) {
        let child = child?;
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
    for child in block.children(field_name(9)) {
        let child = child?;
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
