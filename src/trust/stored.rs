//! Lists that were verified before they were stored.

use crate::trust::list::{ListKind, TrustList};
use crate::trust::reason::Reason;
use crate::trust::verified::{Acceptance, Provenance, Verified};
use crate::wire::{Envelope, FileKind};

/// Trusts a list again that the store has kept intact since it was accepted.
///
/// Its signer may no longer be listed; what vouches for it is the store, whose digest the caller
/// has compared.
///
/// # Errors
/// [`Reason`] if the bytes are not a list: the store is damaged, or belongs to another program.
pub fn list(
    kind: ListKind,
    bytes: &[u8],
    acceptance: Acceptance,
) -> Result<Verified<TrustList>, Reason> {
    // No signature check and no policy: both were applied before the list was stored.
    let file = Envelope::parse(bytes, FileKind::List)?;
    let list = TrustList::decode(kind, &file)?;
    Ok(Verified::assertion(list, Provenance::Stored(acceptance)))
}
