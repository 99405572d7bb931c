//! A TFTP read over UDP: the thin socket around proto::tftp.
