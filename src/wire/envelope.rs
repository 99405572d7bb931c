//! The header of every signed file: who signed it, how, under which name, and when.

use alloc::vec::Vec;
use core::ops::Range;

use crate::wire::codes::FormatVersion;
use crate::wire::encrypted::Encryption;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, Reader, once};
use crate::wire::text::OddField;

mod blocks;
pub(in crate::wire) mod fields;

pub use blocks::{SignatureInfo, Signer};
use blocks::{SignerBlock, signature_info};
pub use fields::field_name;

/// Which of the three signed formats a file is read as; the name asked for decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileKind {
    /// A trust list (`.tlv`): records follow the header.
    List,
    /// A signed file (`.sgn`): the payload follows the header.
    Signed,
    /// A signed and encrypted file (`.enc.sgn`): ciphertext follows the header.
    Encrypted,
}

impl FileKind {
    /// The kind that a file name announces; anything that is not a list is a signed file.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        // By the name that was asked for and never by the bytes: a server must not choose the rules
        // that its file is judged by.
        if name.ends_with(".tlv") {
            Self::List
        } else if name.ends_with(".enc.sgn") {
            Self::Encrypted
        } else {
            Self::Signed
        }
    }

    const fn major(self) -> u8 {
        match self {
            Self::List | Self::Signed => 1,
            Self::Encrypted => 2,
        }
    }
}

/// A field whose tag is not known: skipped, and reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownTag {
    /// The tag that no known version of the format has.
    pub tag: u8,
    /// Bytes from the start of the file to the tag.
    pub offset: usize,
}

/// A parsed header, together with the file it heads. Nothing in it has been verified.
///
/// # Layout
/// | tag | length | meaning |
/// | --- | ------ | ------- |
/// | 1   | 2      | version: 1.x, encrypted files 2.x; always first |
/// | 2   | 2      | bytes of the whole header; always second |
/// | 28  | 2      | signer version, optional |
/// | 3   | n      | signer: holds 4 name, 5 serial, 6 issuer |
/// | 7   | 15     | signature info: holds 8 digest (1), 9 (8): holds 10 algorithm (1), 11 modulus (1) |
/// | 12  | n      | signature |
/// | 14  | n      | file name |
/// | 15  | 4      | timestamp, seconds since 1970; parts of signed firmware have none |
/// | 16, 26, 27 | | encrypted files only, see [`Encryption`] |
/// | 13  | none   | one byte of padding, repeated at the end |
///
/// # Source
/// Technote 116232, reference tools, three `show` dumps by arithmetic; domain facts 3.2 and 3.5.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope<'a> {
    bytes: &'a [u8],
    /// Where the signature element is, tag and length included.
    signature_at: Range<usize>,
    /// Version of the format.
    pub version: FormatVersion,
    /// Bytes of the header; the body starts there.
    pub header_length: usize,
    /// Tag 28; 1.1 and above announce elliptic-curve keys and HTTPS provisioning.
    pub signer_version: Option<FormatVersion>,
    /// Who claims to have signed.
    pub signer: Signer<'a>,
    /// Under which algorithms it was signed.
    pub info: SignatureInfo,
    /// The signature itself, of a size that fits its modulus code.
    pub signature: &'a [u8],
    /// The name that the signature binds the content to.
    pub file_name: &'a str,
    /// Seconds since 1970, by the signer's clock; always there in lists and encrypted files.
    pub timestamp: Option<u32>,
    /// The key and cipher of an encrypted file.
    pub encryption: Option<Encryption<'a>>,
    /// Bytes of padding at the end of the header.
    pub padding: usize,
    /// Fields that were skipped.
    pub unknown: Vec<UnknownTag>,
    /// Names that are not proper text; they are for people, and decide nothing.
    pub odd: Vec<OddField>,
}

impl<'a> Envelope<'a> {
    /// Reads the header of a file of the given kind.
    ///
    /// # Errors
    /// [`Malformed`] with every fault but `TrailingGarbage` and `TooMany`, which are the body's.
    pub fn parse(bytes: &'a [u8], kind: FileKind) -> Result<Self, Malformed> {
        if bytes.is_empty() {
            return Err(Malformed::new(0, "file", Fault::Empty));
        }
        let mut reader = Reader::new(bytes);
        let version = version(&mut reader, kind)?;
        let header_length = header_length(&mut reader, bytes.len())?;
        let after = reader.offset();
        // No field may run past the announced header, so the reader ends there and not at the file.
        let fields = bytes.get(after..header_length).unwrap_or_default();
        let header = HeaderFields::read(Reader::at(fields, after), kind)?;
        header.finish(bytes, version, header_length, kind)
    }

    /// What the signature covers: the file either side of the signature element.
    ///
    /// # Source
    /// Reference tools, confirmed by building files; domain facts 3.6.
    #[must_use]
    pub fn signed_bytes(&self) -> [&'a [u8]; 2] {
        [
            self.bytes.get(..self.signature_at.start).unwrap_or_default(),
            self.bytes.get(self.signature_at.end..).unwrap_or_default(),
        ]
    }

    /// What follows the header: records, payload or ciphertext.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(self.header_length..).unwrap_or_default()
    }

    /// The whole file, header and body.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

fn version(reader: &mut Reader<'_>, kind: FileKind) -> Result<FormatVersion, Malformed> {
    let element = reader.element("version")?;
    if element.tag != 1 {
        return Err(Malformed::new(element.offset, "version", Fault::TagOrder(element.tag)));
    }
    let version = FormatVersion::from(element.array::<2>("version")?);
    // The minor number only adds fields, which are skipped by their tags.
    if version.major != kind.major() {
        let fault = Fault::Version { expected: kind.major(), found: version.major };
        return Err(Malformed::new(element.offset, "version", fault));
    }
    Ok(version)
}

/// The header's length, which must reach past what was read and not past the end of the file.
fn header_length(reader: &mut Reader<'_>, file: usize) -> Result<usize, Malformed> {
    let element = reader.element("header length")?;
    if element.tag != 2 {
        return Err(Malformed::new(element.offset, "header length", Fault::TagOrder(element.tag)));
    }
    let length = usize::from(element.u16("header length")?);
    // In this order: of a file that was cut, the overrun explains more than the limit.
    let fault = if length < reader.offset() {
        Fault::LengthMismatch { expected: reader.offset(), found: length }
    } else if length > file {
        Fault::LengthOverrun { expected: file, found: length }
    } else if length > MAX_HEADER {
        Fault::TooLong { expected: MAX_HEADER, found: length }
    } else {
        return Ok(length);
    };
    Err(Malformed::new(element.offset, "header length", fault))
}

/// The header's fields while they are collected, in whatever order they come.
#[derive(Default)]
struct HeaderFields<'a> {
    signer_version: Option<FormatVersion>,
    signer: Option<SignerBlock<'a>>,
    info: Option<SignatureInfo>,
    signature: Option<Element<'a>>,
    file_name: Option<&'a str>,
    timestamp: Option<u32>,
    encryption: Option<Element<'a>>,
    plain_digest: Option<Element<'a>>,
    plain_value: Option<Element<'a>>,
    padding: usize,
    unknown: Vec<UnknownTag>,
}

impl<'a> HeaderFields<'a> {
    fn read(mut reader: Reader<'a>, kind: FileKind) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        while let Some(tag) = reader.peek() {
            // It has no length, so it is not an element like the others.
            if tag == PADDING {
                fields.padding = padding(reader)?;
                break;
            }
            let element = reader.element(field_name(tag))?;
            // In other kinds of files these tags fall through to `keep`, which refuses them.
            match (element.tag, kind) {
                (16 | 26 | 27, FileKind::Encrypted) => fields.keep_encryption(element)?,
                _ => fields.keep(element)?,
            }
        }
        Ok(fields)
    }

    fn keep(&mut self, element: Element<'a>) -> Result<(), Malformed> {
        let name = field_name(element.tag);
        match element.tag {
            // Both have been read, so this is a second one.
            1 | 2 => Err(Malformed::new(element.offset, name, Fault::DuplicateTag(element.tag))),
            3 => once(&mut self.signer, &element, name, SignerBlock::parse(&element)?),
            7 => once(&mut self.info, &element, name, signature_info(&element)?),
            // Its size is checked at the end, when the modulus is known.
            12 => {
                element.some(name)?;
                once(&mut self.signature, &element, name, element)
            }
            14 => once(&mut self.file_name, &element, name, element.text(name)?),
            15 => once(&mut self.timestamp, &element, name, element.u32(name)?),
            28 => {
                let version = FormatVersion::from(element.array::<2>(name)?);
                once(&mut self.signer_version, &element, name, version)
            }
            // Children outside their block.
            4..=6 | 8..=11 | 17..=25 => {
                Err(Malformed::new(element.offset, name, Fault::TagOrder(element.tag)))
            }
            // Fields of an encrypted file, and a tag that no writer uses.
            0 | 16 | 26 | 27 => {
                Err(Malformed::new(element.offset, name, Fault::UnknownTag(element.tag)))
            }
            // A later version may add fields; the signature covers them all the same.
            tag => {
                self.unknown.push(UnknownTag { tag, offset: element.offset });
                Ok(())
            }
        }
    }

    fn keep_encryption(&mut self, element: Element<'a>) -> Result<(), Malformed> {
        let slot = match element.tag {
            16 => &mut self.encryption,
            26 => &mut self.plain_digest,
            _ => &mut self.plain_value,
        };
        once(slot, &element, field_name(element.tag), element)
    }

    fn finish(
        self,
        bytes: &'a [u8],
        version: FormatVersion,
        header_length: usize,
        kind: FileKind,
    ) -> Result<Envelope<'a>, Malformed> {
        // What is missing has no place: offset 0 is the header as such.
        let need = |tag| move || Malformed::new(0, field_name(tag), Fault::MissingField(tag));
        let signature = self.signature.ok_or_else(need(12))?;
        let info = self.info.ok_or_else(need(7))?;
        fits_modulus(&signature, info.modulus)?;
        let encryption = match version.major {
            2 => Some(Encryption::parse(
                &self.encryption.ok_or_else(need(16))?,
                &self.plain_digest.ok_or_else(need(26))?,
                &self.plain_value.ok_or_else(need(27))?,
            )?),
            _ => None,
        };
        // The element goes with its tag and length: neither is signed.
        let end = signature.offset + Element::PREFIX + signature.value.len();
        let (signer, odd) = self.signer.ok_or_else(need(3))?.finish()?;
        let file_name = self.file_name.ok_or_else(need(14))?;
        // Parts of signed firmware have none (domain facts 3.2); the others compare theirs.
        if self.timestamp.is_none() && kind != FileKind::Signed {
            return Err(need(15)());
        }
        Ok(Envelope {
            bytes,
            signature_at: signature.offset..end,
            version,
            header_length,
            signer_version: self.signer_version,
            signer,
            info,
            signature: signature.value,
            file_name,
            timestamp: self.timestamp,
            encryption,
            padding: self.padding,
            unknown: self.unknown,
            odd,
        })
    }
}

/// Padding follows the last field and fills the header (vectors, rule 4).
fn padding(mut reader: Reader<'_>) -> Result<usize, Malformed> {
    let count = reader.left();
    // Any other byte here could hide fields from a reader that stops at the first padding.
    while let Some(byte) = reader.peek() {
        if byte != PADDING {
            return Err(Malformed::new(reader.offset(), "padding", Fault::Padding(byte)));
        }
        reader.byte("padding")?;
    }
    Ok(count)
}

/// A signature of 512, 1024, 2048 or 4096 bits must have the modulus code of its size.
///
/// Other sizes have no code (the reference tools have none for 3072 bits), so with them any code
/// goes.
fn fits_modulus(signature: &Element<'_>, code: u8) -> Result<(), Malformed> {
    let by_length = MODULUS_BYTES.iter().position(|bytes| *bytes == signature.value.len());
    let by_code = MODULUS_BYTES.get(usize::from(code));
    match (by_length, by_code) {
        (Some(found), _) if found == usize::from(code) => Ok(()),
        (None, _) => Ok(()),
        (_, expected) => {
            let expected = expected.copied().unwrap_or_default();
            let fault = Fault::FieldLength { expected, found: signature.value.len() };
            Err(Malformed::new(signature.offset, field_name(12), fault))
        }
    }
}

/// Bytes of a header.
///
/// Bounds what is read before the signature is verified. Inferred from its parts: two
/// names of [`MAX_NAME`](crate::wire::text::MAX_NAME), a signature and a wrapped key of 512 bytes
/// each, a file name, a serial number and the fields of fixed sizes come to 3,700; headers seen
/// have 296 to 460 bytes.
pub const MAX_HEADER: usize = 4096;

/// The tag of the version, with which every envelope begins (domain facts 3.2): text never does.
pub const VERSION_TAG: u8 = 1;

/// Tag 13 comes without length and value.
const PADDING: u8 = 13;

/// Bytes of a signature for the modulus codes 0, 1, 2, 3 (domain facts 3.2).
const MODULUS_BYTES: [usize; 4] = [64, 128, 256, 512];
