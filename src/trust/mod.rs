//! Whom the phone trusts: signatures, the rule for each trust state, and the verdicts.
//!
//! Policy does no I/O: where the answer needs the network, it is a [`Decision::Ask`].

pub mod accepted;
pub mod anchors;
pub mod cache;
pub mod certificate;
pub mod confirm;
pub mod decide;
pub mod decrypt;
pub mod distrust;
pub mod fresh;
pub mod list;
pub mod lsc;
pub mod name;
pub mod own;
pub mod peer;
pub mod policy;
pub mod purpose;
pub mod query;
pub mod reason;
pub mod signature;
pub mod signers;
pub mod standing;
pub mod stored;
pub mod tvs;
pub mod update;
pub mod verified;
pub mod weakness;

pub use accepted::Accepted;
pub use anchors::{Anchors, State};
pub use cache::Cache;
pub use confirm::{Confirmed, Doubtful, Proofs};
pub use decide::Decision;
pub use distrust::Distrust;
pub use list::{ListKind, TrustList};
pub use own::{Expiry, LscOrigin, OwnFacts, Which};
pub use policy::Policy;
pub use purpose::Purpose;
pub use query::Query;
pub use reason::{Reason, Warning};
pub use tvs::{Endorsed, Unanswered, Unvouched, Vouched, VouchedAt};
pub use update::{Content, Offer};
pub use verified::{Acceptance, Grant, GrantedBy, Provenance, Served, Verified, Voucher};
pub use weakness::Weakness;
