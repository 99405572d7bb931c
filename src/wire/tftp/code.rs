//! The codes of ERROR packets.

use crate::wire::coded::coded;

coded! {
    /// The code of an ERROR packet.
    ///
    /// # Source
    /// RFC 1350, appendix "Error Codes"; 8 is RFC 2347, "Negotiation Protocol".
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum ErrorCode: u16 {
        /// 0: not defined, see the message.
        Undefined = 0,
        /// 1: file not found.
        NotFound = 1,
        /// 2: access violation, which some servers answer for a missing file.
        AccessViolation = 2,
        /// 3: disk full or allocation exceeded.
        DiskFull = 3,
        /// 4: illegal TFTP operation.
        IllegalOperation = 4,
        /// 5: unknown transfer ID.
        UnknownTid = 5,
        /// 6: file already exists.
        FileExists = 6,
        /// 7: no such user.
        NoSuchUser = 7,
        /// 8: the options are not acceptable.
        OptionRefused = 8,
        ;
        /// Any other, which no RFC defines: kept for the log.
        Unknown
    }
}
