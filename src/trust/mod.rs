//! Whom the phone trusts: signatures, the rule for each trust state, and the verdicts.
