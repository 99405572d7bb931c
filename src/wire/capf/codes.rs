//! Numbers with a meaning in CAPF messages.

use crate::wire::coded::coded;

coded! {
    /// What a message is.
    ///
    /// # Source
    /// Reference server and client; domain facts 11.2.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum CapfCommand: u8 {
        /// 1: the server asks who the phone is.
        AuthRequest = 1 "auth request",
        /// 2: the phone introduces itself.
        AuthResponse = 2 "auth response",
        /// 3: the server asks for a new key.
        KeyRequest = 3 "key generate request",
        /// 4: its public half, or that there is none.
        KeyResponse = 4 "key generate response",
        /// 5: no capture has it.
        EncryptResponse = 5 "encrypt response",
        /// 6: no capture has it.
        EncryptRequest = 6 "encrypt request",
        /// 7: no capture has it.
        DecryptRequest = 7 "decrypt request",
        /// 8: no capture has it.
        DecryptResponse = 8 "decrypt response",
        /// 9: the server issues a certificate.
        StoreRequest = 9 "store certificate request",
        /// 10: whether the phone has stored it.
        StoreResponse = 10 "store certificate response",
        /// 11: the server asks for the certificate that the phone has.
        FetchRequest = 11 "fetch certificate request",
        /// 12: that certificate, or that there is none.
        FetchResponse = 12 "fetch certificate response",
        /// 13: the server has the certificate deleted.
        DeleteRequest = 13 "delete certificate request",
        /// 14: whether it is deleted.
        DeleteResponse = 14 "delete certificate response",
        /// 15: the server ends the session, with a reason.
        End = 15 "end session",
        /// 16: the server has no time; no capture has it.
        RetryLater = 16 "retry later",
        /// 17: the phone is at work on a key.
        InProgress = 17 "request in progress",
        /// 18: no capture has it.
        StatusRequest = 18 "status request",
        /// 19: no capture has it.
        StatusResponse = 19 "status response",
        /// 20: the server breaks the session off; no capture has it.
        AbortRequest = 20 "abort request",
        /// 21: the phone agrees.
        AbortResponse = 21 "abort response",
        /// 22: no capture has it.
        SignRequest = 22 "sign certificate request",
        /// 23: no capture has it.
        SignResponse = 23 "sign certificate response",
        ;
        /// Any other number, which no table has.
        Unknown "command"
    }
}

coded! {
    /// How a request ended.
    ///
    /// # Source
    /// Reference server, tried; an independent client against a call manager for 7 and 9; CAPF
    /// facts A3.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum CapfReason: u8 {
        /// 0: nothing is pending for this phone.
        Nothing = 0 "nothing to do",
        /// 1: done as it was asked.
        Done = 1 "done",
        /// 7: declined: wrong string, bad proof, no such certificate, or one was already issued.
        Declined = 7 "declined",
        /// 9: the server does not know the phone.
        UnknownDevice = 9 "unknown device",
        ;
        /// Any other number, which no table has.
        Unknown "reason"
    }
}

coded! {
    /// What a certificate is to the phone.
    ///
    /// # Source
    /// Reference server; CAPF facts A3.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum CertificateType: u8 {
        /// 1: the locally significant certificate, which CAPF issues.
        Lsc = 1 "LSC",
        /// 2: that of the manufacturer.
        Mic = 2 "MIC",
        ;
        /// Any other number, which no table has.
        Unknown "certificate type"
    }
}

coded! {
    /// A curve.
    ///
    /// # Source
    /// Reference server; CAPF facts A3.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum Curve: u8 {
        /// 0: the curve P-256 of NIST.
        P256 = 0 "P-256",
        /// 1: the curve P-384 of NIST.
        P384 = 1 "P-384",
        /// 2: the curve P-521 of NIST.
        P521 = 2 "P-521",
        ;
        /// Any other number, which no table has.
        Unknown "curve"
    }
}
