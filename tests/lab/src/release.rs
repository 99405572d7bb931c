//! Whose style files are written in.

/// Whose style files are written in.
///
/// # Source
/// Public configurations and logs of call manager 8 to 14 (domain facts 1.7, 2.6 and 3.5); what
/// differs between releases is named where it is written. Nothing is copied from any of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Release {
    /// Call manager 8: the ITL is signed by CallManager.pem, SHA-1.
    #[default]
    Cucm8,
    /// Call manager 12: the ITL is signed by ITLRecovery, SHA-1.
    Cucm12,
    /// Call manager 14: the ITL is signed by ITLRecovery, SHA-512.
    Cucm14,
    /// Well-formed to the letter, and no more elements than a test asks for.
    Tidy,
}

impl Release {
    /// Whether ITLRecovery signs the ITL.
    pub fn has_recovery(self) -> bool {
        matches!(self, Self::Cucm12 | Self::Cucm14)
    }
}

impl std::str::FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "8" => Self::Cucm8,
            "12" => Self::Cucm12,
            "14" => Self::Cucm14,
            "tidy" => Self::Tidy,
            other => return Err(format!("no such release: {other}; 8, 12, 14 or tidy")),
        })
    }
}
